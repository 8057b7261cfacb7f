"""System programs are found, or reported missing with a remedy, and installed only on request."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from prodgate.engines import programs
from prodgate.engines.environments import EngineError
from prodgate.engines.programs import (
    Chromium,
    HAProxy,
    MissingProgram,
    PostgreSQL,
    Run,
    describe_install,
    find_chromium,
    find_postgresql,
    find_programs,
    has_japanese_fonts,
    may_install,
    print_page,
    require_chromium,
    require_haproxy,
)

from .conftest import quiet


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let no HAProxy of this machine be found, and no Debian PostgreSQL except the test's own."""
    monkeypatch.setattr(programs, "_HAPROXY_PLACES", "")
    monkeypatch.setattr(programs, "_POSTGRESQL_KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


def test_one_that_is_named_is_taken_before_one_on_the_path(tmp_path: Path) -> None:
    there = program(tmp_path / "bin", "chromium")
    mine = program(tmp_path / "own", "my-chromium")
    named = {"PRODGATE_CHROMIUM": str(mine), "PATH": str(there.parent)}
    assert find_chromium(named) == Chromium(str(mine), "PRODGATE_CHROMIUM")
    assert require_chromium({"PATH": str(there.parent)}) == Chromium(str(there), "PATH")


def test_one_that_is_named_wrongly_is_not_replaced_in_silence(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    with pytest.raises(EngineError, match=r"PRODGATE_CHROMIUM: '/no/such' is no program; name Chromium's, or unset it"):
        require_chromium({"PRODGATE_CHROMIUM": "/no/such", "PATH": str(tmp_path)})


def test_the_one_that_playwright_keeps_is_used_where_nothing_else_is(tmp_path: Path) -> None:
    kept = tmp_path / "chromium_headless_shell-1255"
    kept.mkdir()
    told = f"Chrome Headless Shell 159\n  Install location:    {kept}\n  Download url: https://cdn.example/\n"
    with pytest.raises(
        MissingProgram, match="none of chromium-headless-shell, chromium.*; run with --install, set PROD"
    ):
        require_chromium({"PATH": ""}, lambda _command, _limit: (0, told))
    (kept / "INSTALLATION_COMPLETE").touch()
    assert require_chromium({"PATH": ""}, lambda _command, _limit: (0, told)) == Chromium("", "Playwright")


@pytest.mark.parametrize(
    ("answer", "drawn"), [((0, "Noto Sans CJK JP\n"), True), ((0, "\n"), False), ((127, ""), True)]
)
def test_japanese_is_drawn_where_a_font_is_or_nobody_knows(answer: tuple[int, str], drawn: bool) -> None:
    assert has_japanese_fonts(lambda _command, _limit: answer) is drawn


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("initdb", "postgres"):
        program(folder, name)
    return folder


def says(told: str, code: int = 0) -> Run:
    return lambda _command, _limit: (code, told)


POSTGRESQL = says("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n")


def test_the_postgresql_on_the_path_is_taken(tmp_path: Path, kept: Path) -> None:
    put(kept / "17" / "bin")
    there = put(tmp_path / "bin")
    found = find_postgresql({"PATH": f"/nowhere:{there}"}, run=POSTGRESQL)
    assert found == PostgreSQL(str(there / "initdb"), str(there / "postgres"), "15.14")


def test_else_the_newest_that_debian_keeps(kept: Path) -> None:
    for version in ("9", "15", "common"):
        put(kept / version / "bin")
    assert find_postgresql({}, run=POSTGRESQL).server == str(kept / "15" / "bin" / "postgres")


def test_both_programs_are_of_one_folder(tmp_path: Path, kept: Path) -> None:
    program(tmp_path / "bin", "initdb")
    put(kept / "15" / "bin")
    assert find_postgresql({"PATH": str(tmp_path / "bin")}, run=POSTGRESQL).initdb == str(
        kept / "15" / "bin" / "initdb"
    )


@pytest.mark.parametrize(
    ("environment", "says_what"),
    [
        ({}, r"no PostgreSQL is on PATH or in .*; install the package postgresql"),
        ({"PRODGATE_POSTGRESQL": "none"}, "says 'none'"),
    ],
)
def test_without_one_the_reason_is_said(environment: dict[str, str], says_what: str) -> None:
    with pytest.raises(EngineError, match=says_what):
        find_postgresql(environment, run=POSTGRESQL)


@pytest.mark.parametrize("told", [says("Segmentation fault", 139), says("postgres 1")])
def test_one_that_tells_no_version_is_none(tmp_path: Path, told: Run) -> None:
    there = put(tmp_path / "bin")
    with pytest.raises(EngineError, match=re.escape(f"{there}/postgres: tells no version of PostgreSQL")):
        find_postgresql({"PATH": str(there)}, run=told)


HAPROXY = "HAProxy version 3.0.11-1+deb13u5 2026/11/18 - https://haproxy.org/\nStatus: long-term"


def test_the_haproxy_on_the_path_is_taken(tmp_path: Path) -> None:
    there = program(tmp_path / "bin", "haproxy")
    found = require_haproxy({"PATH": str(tmp_path / "bin")}, says(HAPROXY))
    assert found == HAProxy(str(there), "3.0.11-1+deb13u5")


def test_a_haproxy_that_is_named_wrongly_is_not_replaced_in_silence(tmp_path: Path) -> None:
    program(tmp_path, "haproxy")
    environment = {"PRODGATE_HAPROXY": "/no/such", "PATH": str(tmp_path)}
    with pytest.raises(EngineError, match=r"PRODGATE_HAPROXY: '/no/such' is no program; name HAProxy's, or unset it"):
        require_haproxy(environment)


def test_without_a_haproxy_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        MissingProgram, match="no HAProxy: .*; run with --install, set PRODGATE_HAPROXY, or run as root:"
    ):
        require_haproxy({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("said", "why"), [("HAProxy version 2.2.9 2021/02/06", "is too old"), ("nginx version: 1.26", "tells no version")]
)
def test_what_is_none_or_too_old_is_refused(tmp_path: Path, said: str, why: str) -> None:
    program(tmp_path, "haproxy")
    with pytest.raises(EngineError, match=why):
        require_haproxy({"PATH": str(tmp_path)}, says(said))


BOTH = ("Chromium", "HAProxy")


class Machine:
    """A machine whose apt-get and Playwright are scripted; it records the commands."""

    def __init__(self, folder: Path, *, apt: int, playwright: int = 1) -> None:
        self.environment = {"PATH": str(program(folder, "apt-get").parent)}
        self.ran: list[str] = []
        self._folder, self._codes = folder, {"apt-get": apt, "playwright": playwright}
        self._kept = folder / "chromium_headless_shell-1255"

    def run(self, command: Sequence[str], _limit: float) -> tuple[int, str]:
        text = " ".join(command).replace(sys.executable, "python")
        if "--dry-run" in text:
            return 0, f"Install location: {self._kept}\n"
        if command[0] == str(self._folder / "haproxy"):
            return 0, "HAProxy version 3.0.11"
        self.ran.append(text)
        tool = "apt-get" if "apt-get" in text else "playwright"
        if self._codes[tool]:
            return self._codes[tool], f"E: no network\nfailed: {tool}\n"
        if tool == "playwright":
            self._kept.mkdir()
            (self._kept / "INSTALLATION_COMPLETE").touch()
        elif "install" in command:
            for package in {"chromium-headless-shell", "haproxy"} & {*command}:
                program(self._folder, package)
        return 0, ""

    def find(self, *, installs: bool, root: bool = True, names: Sequence[str] = BOTH) -> Mapping[str, str]:
        found = find_programs(names, quiet, installs=installs, environment=self.environment, run=self.run, root=root)
        return {name: str(each) if isinstance(each, EngineError) else each.program for name, each in found.items()}


def test_nothing_is_installed_where_nobody_asked(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=0)
    assert "no Chromium: " in machine.find(installs=False)["Chromium"]
    assert machine.ran == []


def test_what_is_missing_is_installed_at_once_and_nothing_else(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=0)
    found = machine.find(installs=True)
    assert found == {"Chromium": str(tmp_path / "chromium-headless-shell"), "HAProxy": str(tmp_path / "haproxy")}
    wait = "apt-get -o DPkg::Lock::Timeout=300"
    packages = "chromium-headless-shell fonts-noto-cjk haproxy"
    assert machine.ran == [f"{wait} update", f"{wait} install -y --no-install-recommends {packages}"]
    machine.find(installs=True)
    assert len(machine.ran) == 2


def test_only_what_is_asked_for_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=0)
    machine.find(installs=True, names=["HAProxy"])
    assert machine.ran[-1].endswith("--no-install-recommends haproxy")


def test_who_is_not_root_asks_sudo_without_a_password_and_then_playwright(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=100, playwright=0)
    found = machine.find(installs=True, root=False)
    assert machine.ran[0].startswith("sudo -n apt-get ")
    assert machine.ran[-1].endswith(" -m playwright install --only-shell chromium")
    assert found["Chromium"] == ""  # Playwright finds its own
    assert found["HAProxy"].endswith("(apt-get: failed: apt-get)")


def test_where_none_can_be_had_it_says_what_was_tried(tmp_path: Path) -> None:
    found = Machine(tmp_path, apt=100).find(installs=True)
    assert found["Chromium"].endswith("(apt-get: failed: apt-get; playwright install: failed: playwright)")


def test_one_that_is_named_wrongly_is_no_reason_to_install(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=0)
    machine.environment["PRODGATE_HAPROXY"] = "/no/such"
    assert machine.find(installs=True, names=["HAProxy"])["HAProxy"].startswith("PRODGATE_HAPROXY: ")
    assert machine.ran == []


@pytest.mark.parametrize(
    ("asked", "environment", "mark", "may"),
    [
        (False, {}, False, False),
        (False, {"CI": "false"}, False, False),
        (True, {}, False, True),
        (False, {"CI": "true"}, False, True),
        (False, {"container": "podman"}, False, True),
        (False, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False, True),
        (False, {}, True, True),
    ],
)
def test_it_is_asked_for_or_this_is_ci_or_a_container(
    tmp_path: Path, asked: bool, environment: Mapping[str, str], mark: bool, may: bool
) -> None:
    if mark:
        (tmp_path / ".dockerenv").touch()
    assert may_install(asked, environment, [tmp_path / ".dockerenv"]) is may


@pytest.mark.parametrize(
    ("root", "typed"),
    [
        (True, "apt-get update && apt-get install -y --no-install-recommends haproxy"),
        (False, "sudo apt-get update && sudo apt-get install -y --no-install-recommends haproxy"),
    ],
)
def test_a_person_is_told_the_whole_command(tmp_path: Path, root: bool, typed: str) -> None:
    environment = {"PATH": str(program(tmp_path, "apt-get").parent)}
    assert describe_install(["haproxy"], environment, root=root) == typed
    assert describe_install(["haproxy"], {"PATH": ""}, root=root) == "install what your system calls haproxy"


# ── Printing


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report & more.html"
    path.write_text("<!DOCTYPE html><title>T</title><p>printed", "utf-8")
    return path


@pytest.mark.once
@pytest.mark.xdist_group("browser")
def test_prints_with_the_chromium_of_this_machine(page: Path) -> None:
    require_chromium()
    pdf = page.with_suffix(".pdf")
    print_page(page, pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1


def test_says_what_to_do_where_there_is_no_chromium(page: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no Chromium to print with: .* set PRODGATE_CHROMIUM, run: apt-get install"):
        print_page(page, tmp_path / "x.pdf", {"PATH": str(tmp_path)})
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize("code", [0, 1])
def test_what_is_no_pdf_is_not_kept(page: Path, tmp_path: Path, code: int) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    def run(command: Sequence[str], _limit: float) -> tuple[int, str]:
        made = next(word for word in command if word.startswith("--print-to-pdf=")).partition("=")[2]
        Path(made).write_bytes(b"%PDF-1.4" if code else b"<html>")
        return code, "a line\nno display\n"

    with pytest.raises(EngineError, match="printed no PDF: no display"):
        print_page(page, tmp_path / "x.pdf", {"PATH": str(tmp_path)}, run)
    assert not (tmp_path / "x.pdf").exists()


def test_prints_with_the_chromium_that_playwright_keeps(page: Path, tmp_path: Path) -> None:
    kept = tmp_path / "chromium_headless_shell-1255"
    shell = kept / "chrome-linux" / "headless_shell"
    shell.parent.mkdir(parents=True)
    shell.touch()
    ran: list[str] = []

    def run(command: Sequence[str], _limit: float) -> tuple[int, str]:
        if "--dry-run" in command:
            return 0, f"Chrome Headless Shell 159\n  Install location:    {kept}\n"
        ran.append(command[0])
        made = next(word for word in command if word.startswith("--print-to-pdf=")).partition("=")[2]
        Path(made).write_bytes(b"%PDF-1.4")
        return 0, ""

    pdf = tmp_path / "x.pdf"
    with pytest.raises(EngineError, match="no Chromium to print with"):
        print_page(page, pdf, {"PATH": ""}, run)
    (kept / "INSTALLATION_COMPLETE").touch()
    print_page(page, pdf, {"PATH": ""}, run)
    assert ran == [str(shell)]
    assert pdf.read_bytes() == b"%PDF-1.4"
