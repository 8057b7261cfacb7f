"""Pages printed with the Chromium of this machine, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from prodgate.engines.chromium import ensure_chromium
from prodgate.engines.environments import EngineError
from prodgate.engines.printing import print_page


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report & more.html"
    path.write_text("<!DOCTYPE html><title>T</title><p>printed", "utf-8")
    return path


@pytest.mark.once
@pytest.mark.xdist_group("browser")
def test_prints_with_the_chromium_of_this_machine(page: Path) -> None:
    ensure_chromium(print)
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
