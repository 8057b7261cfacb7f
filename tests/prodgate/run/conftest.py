"""What tests of whole runs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project
from prodgate.terraform.policy import POLICIES

from . import committed, small_shop
from .committed import git
from .gated import Gate


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small project that declares a queue."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "criteria.toml").write_text(small_shop.CRITERIA, "utf-8")
    (tmp_path / "infra" / "main.tf").write_text(small_shop.TREE)
    (tmp_path / "policies" / "shop.py").write_text(small_shop.POLICY)
    return tmp_path


@pytest.fixture
def gate(pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Pytest in a folder, with the criteria of `gated.py`."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    for registered in tuple(POLICIES):  # those of other tests in this process belong to none of the files here
        monkeypatch.delitem(POLICIES, registered)
    return Gate(pytester, tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that git holds."""
    (tmp_path / "infra" / "m").mkdir(parents=True)
    (tmp_path / "infra" / "main.tf").write_text('module "m" {\n  source = "./m"\n}\n')
    (tmp_path / "infra" / "m" / "main.tf").write_text("locals {}\n")
    (tmp_path / "criteria.toml").write_text(committed.CRITERIA)
    (tmp_path / ".gitignore").write_text("*_override.tf\n.terraform\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "x")
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))
