"""Trees that real core evaluates once for all tests that use them."""

from functools import partial
from pathlib import Path

import pytest

from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.resources import Configuration
from tests.prodgate.terraform.tree_files import TREES, Find, Plant
from tests.trees import write_tree


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files below a fresh directory, and return it."""
    return partial(write_tree, tmp_path / "tree")


@pytest.fixture(scope="module")
def plant_once(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """The same for a tree that all tests of a module share."""
    return partial(write_tree, tmp_path_factory.mktemp("shared") / "tree")


@pytest.fixture(scope="session")
def shop() -> Configuration:
    """A root with most of the language in it; see trees/shop/live/main.tf."""
    return evaluate(TREES / "shop")


@pytest.fixture
def in_shop(shop: Configuration) -> Find:
    return {resource.address: resource for resource in shop.resources}.__getitem__
