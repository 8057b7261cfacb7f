"""Fixtures for tests of whole runs."""

from pathlib import Path

import pytest

from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project
from tests.repositories import commit, git
from tests.trees import write_tree

from . import committed, small_shop


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small project that declares a queue."""
    write_tree(
        tmp_path,
        {"criteria.toml": small_shop.CRITERIA, "infra/main.tf": small_shop.TREE, "policies/shop.py": small_shop.POLICY},
    )
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    write_tree(
        tmp_path,
        {
            "infra/main.tf": 'module "m" {\n  source = "./m"\n}\n',
            "infra/m/main.tf": "locals {}\n",
            "criteria.toml": committed.CRITERIA,
            ".gitignore": "*_override.tf\n.terraform\n",
        },
    )
    git(tmp_path, "init", "-q")
    commit(tmp_path, "x")
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))
