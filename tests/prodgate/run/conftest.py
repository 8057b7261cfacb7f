"""What tests of whole runs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small_shop import CRITERIA, POLICY, TREE


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small project that declares a queue."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "infra" / "main.tf").write_text(TREE)
    (tmp_path / "policies" / "shop.py").write_text(POLICY)
    return tmp_path
