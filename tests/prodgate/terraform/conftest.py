"""Trees that real core evaluates once for all tests that look at them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.resources import Configuration
from tests.prodgate.terraform.tree_files import TREES, Find, Plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files below a fresh directory, and return it."""

    def write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "tree"
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture(scope="session")
def shop() -> Configuration:
    """A root with most of the language in it; see trees/shop/live/main.tf."""
    return evaluate(TREES / "shop")


@pytest.fixture
def in_shop(shop: Configuration) -> Find:
    """Find a resource of the shop by address."""
    return {resource.address: resource for resource in shop.resources}.__getitem__
