"""Roots that real core evaluates with the stand-in provider."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.prodgate.terraform.provider.playground import PROVIDER, Root, playground

Play = Callable[..., Root]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Start a provider and core for a root with this text, after the usual provider block."""
    with ExitStack() as stack:

        def start(text: str, provider: str = PROVIDER) -> Root:
            return stack.enter_context(playground(tmp_path, provider + text))

        yield start
