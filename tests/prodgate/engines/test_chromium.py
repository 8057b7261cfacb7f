"""Chromium is found, got, or missed with a reason and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from prodgate.engines.chromium import PACKAGES, Chromium, ensure_chromium, find_chromium, has_japanese_fonts
from prodgate.engines.environments import EngineError

from .conftest import quiet


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


class Machine:
    """Stands for the programs of a machine: records what was run, and does what the test states."""

    def __init__(self, does: Callable[[str], tuple[int, str]]) -> None:
        self.ran: list[str] = []
        self._does = does

    def __call__(self, command: Sequence[str], _limit: float) -> tuple[int, str]:
        text = " ".join(command).replace(sys.executable, "python")
        self.ran.append(text)
        return self._does(text)


def nothing(command: str) -> tuple[int, str]:
    return 1, f"E: no network\nfailed: {command.split(maxsplit=1)[0]}\n"


def test_one_that_is_named_is_taken_before_one_on_the_path(tmp_path: Path) -> None:
    program(tmp_path / "bin", "chromium")
    mine = program(tmp_path / "own", "my-chromium")
    named = {"PRODGATE_CHROMIUM": str(mine), "PATH": str(tmp_path / "bin")}
    assert find_chromium(named) == Chromium(str(mine), "PRODGATE_CHROMIUM")
    assert ensure_chromium(quiet, {"PATH": str(tmp_path / "bin")}) == Chromium(
        str(tmp_path / "bin" / "chromium"), "PATH"
    )


def test_one_that_is_named_wrongly_is_not_replaced_in_silence(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    with pytest.raises(EngineError, match=r"PRODGATE_CHROMIUM: '/no/such' is no program; name Chromium's, or unset it"):
        ensure_chromium(quiet, {"PRODGATE_CHROMIUM": "/no/such", "PATH": str(tmp_path)})


def test_the_one_that_playwright_keeps_is_used_where_nothing_else_is(tmp_path: Path) -> None:
    kept = tmp_path / "chromium_headless_shell-1255"
    kept.mkdir()
    told = f"Chrome Headless Shell 159\n  Install location:    {kept}\n  Download url: https://cdn.example/\n"
    machine = Machine(lambda _: (0, told))
    with pytest.raises(EngineError):
        ensure_chromium(
            quiet, {"PATH": ""}, run=Machine(lambda c: (0, told) if "--dry-run" in c else nothing(c)), root=False
        )
    (kept / "INSTALLATION_COMPLETE").touch()
    assert ensure_chromium(quiet, {"PATH": ""}, run=machine, root=True) == Chromium("", "Playwright")
    assert [each for each in machine.ran if "--dry-run" not in each] == []


def test_root_gets_the_system_s_package_with_its_font(tmp_path: Path) -> None:
    apt = program(tmp_path, "apt-get")
    said: list[str] = []

    def install(command: str) -> tuple[int, str]:
        if command.endswith(" ".join(PACKAGES)):
            program(tmp_path, "chromium-headless-shell")
            return 0, ""
        return (0, "") if command.endswith("update") else nothing(command)

    machine = Machine(install)
    got = ensure_chromium(said.append, {"PATH": str(apt.parent)}, run=machine, root=True)
    assert got == Chromium(str(tmp_path / "chromium-headless-shell"), "PATH")
    assert said == ["getting Chromium with apt-get; this takes a minute, once"]
    assert [each.split()[:4] for each in machine.ran[1:]] == [
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", verb] for verb in ("update", "install")
    ]


def test_who_is_not_root_asks_playwright_and_installs_nothing_else(tmp_path: Path) -> None:
    program(tmp_path, "apt-get")
    machine = Machine(nothing)
    with pytest.raises(EngineError):
        ensure_chromium(quiet, {"PATH": str(tmp_path)}, run=machine, root=False)
    assert not any(each.startswith("apt-get") for each in machine.ran)
    assert "python -P -m playwright install --only-shell chromium" in machine.ran


def test_where_none_can_be_had_it_says_what_was_tried_and_what_to_do(tmp_path: Path) -> None:
    program(tmp_path, "apt-get")
    with pytest.raises(EngineError) as told:
        ensure_chromium(quiet, {"PATH": str(tmp_path)}, run=Machine(nothing), root=True)
    text = str(told.value)
    assert "none of chromium-headless-shell, chromium" in text
    assert "(apt-get: failed: apt-get; playwright install: failed: python)" in text
    assert text.endswith("set PRODGATE_CHROMIUM, or run: apt-get install chromium-headless-shell fonts-noto-cjk")


@pytest.mark.parametrize(
    ("answer", "drawn"), [((0, "Noto Sans CJK JP\n"), True), ((0, "\n"), False), ((127, ""), True)]
)
def test_japanese_is_drawn_where_a_font_is_or_nobody_knows(answer: tuple[int, str], drawn: bool) -> None:
    assert has_japanese_fonts(lambda _command, _limit: answer) is drawn
