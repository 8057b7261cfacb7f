"""Fixtures for tests of whole runs."""

from pathlib import Path

import pytest

from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project

from . import committed, small_shop
from .committed import git


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
