"""Pages printed with the Chromium of this machine, and what is said where there is none."""

from __future__ import annotations

import os
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
    program = ensure_chromium(print).program
    if not program:
        pytest.skip("Playwright keeps the only Chromium")
    pdf = page.with_suffix(".pdf")
    print_page(page, pdf, {**os.environ, "PRODGATE_CHROMIUM": program})
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
