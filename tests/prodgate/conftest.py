"""Fixtures for tests of the machinery."""

from pathlib import Path

import pytest

from prodgate.evidence import runs

from .sample_run import ABOUT, CRITERIA


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return runs.create(tmp_path / "runs", ABOUT, tmp_path / "criteria.toml", tmp_path / "waivers.toml")
