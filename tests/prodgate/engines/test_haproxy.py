"""HAProxy is found, got, or missed with a reason and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from prodgate.engines import haproxy
from prodgate.engines.environments import EngineError
from prodgate.engines.haproxy import HAProxy, ensure_haproxy

from .conftest import quiet
from .test_chromium import program

VERSION = "HAProxy version 3.0.11-1+deb13u5 2026/11/18 - https://haproxy.org/\nStatus: long-term"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no HAProxy of this machine be found."""
    monkeypatch.setattr(haproxy, "_PLACES", "")


def says(version: str, installs: Path | None = None, code: int = 0) -> haproxy.Run:
    def run(command: Sequence[str], _limit: float) -> tuple[int, str]:
        if command[0] != "apt-get":
            return 0, version
        if installs and "install" in command and code == 0:
            program(installs, "haproxy")
        return code, "E: Unable to locate package haproxy\n"

    return run


def test_the_one_on_the_path_is_taken(tmp_path: Path) -> None:
    there = program(tmp_path / "bin", "haproxy")
    found = ensure_haproxy(quiet, {"PATH": str(tmp_path / "bin")}, run=says(VERSION), root=False)
    assert found == HAProxy(str(there), "3.0.11-1+deb13u5")


def test_one_that_is_named_wrongly_is_not_replaced_in_silence(tmp_path: Path) -> None:
    program(tmp_path, "haproxy")
    environment = {"PRODGATE_HAPROXY": "/no/such", "PATH": str(tmp_path)}
    with pytest.raises(EngineError, match=r"PRODGATE_HAPROXY: '/no/such' is no program; name HAProxy's, or unset it"):
        ensure_haproxy(quiet, environment, run=says(VERSION), root=False)


def test_root_installs_it(tmp_path: Path) -> None:
    program(tmp_path, "apt-get")
    found = ensure_haproxy(quiet, {"PATH": str(tmp_path)}, run=says(VERSION, installs=tmp_path), root=True)
    assert found.program == str(tmp_path / "haproxy")


@pytest.mark.parametrize(("root", "why"), [(False, "this user may install none"), (True, "Unable to locate package")])
def test_without_one_it_is_said_what_to_do(tmp_path: Path, root: bool, why: str) -> None:
    program(tmp_path, "apt-get")
    with pytest.raises(EngineError, match=rf"no HAProxy: .*{why}.*; set PRODGATE_HAPROXY, or run as root: apt-get"):
        ensure_haproxy(quiet, {"PATH": str(tmp_path)}, run=says(VERSION, code=100), root=root)


@pytest.mark.parametrize(
    ("said", "why"), [("HAProxy version 2.2.9 2021/02/06", "is too old"), ("nginx version: 1.26", "tells no version")]
)
def test_what_is_none_or_too_old_is_refused(tmp_path: Path, said: str, why: str) -> None:
    program(tmp_path, "haproxy")
    with pytest.raises(EngineError, match=why):
        ensure_haproxy(quiet, {"PATH": str(tmp_path)}, run=says(said), root=False)
