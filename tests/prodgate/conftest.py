"""Fixtures for tests of the machinery."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from prodgate.cli import main
from prodgate.evidence import runs

from .sample_run import ABOUT, CRITERIA


class Said(NamedTuple):
    """A command's output."""

    out: str
    err: str


Gate = Callable[..., Said]


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    """Run a command of the gate in this process: ``gate("verify", run, ends=4)`` must end with that exit code."""

    def command(*words: object, ends: int = 0) -> Said:
        code = main([*map(str, words)])
        said = Said(*capsys.readouterr())
        assert code == ends, f"{words} ended with {code}\n{said.out}{said.err}"
        return said

    return command


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return runs.create(tmp_path / "runs", ABOUT, tmp_path / "criteria.toml", tmp_path / "waivers.toml")
