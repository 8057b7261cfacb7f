"""Roots that real core evaluates with the stand-in provider."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.prodgate.terraform.provider.playground import PROVIDER, Root, playground

Play = Callable[..., Root]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need the real provider, unless requested: `tox -e differential`."""
    if "differential" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("differential")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Start a provider and core for a root with this text, after the usual provider block."""
    with ExitStack() as stack:

        def start(text: str, provider: str = PROVIDER) -> Root:
            return stack.enter_context(playground(tmp_path, provider + text))

        yield start
