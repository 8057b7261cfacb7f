"""The command line in a test, in a folder that has criteria."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate import cli

from .sections.test_criteria_file import VALID


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    return (code, *capsys.readouterr())


def enter_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write criteria, and go there."""
    (tmp_path / "criteria.toml").write_text(VALID, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
