"""Fixtures for tests of a watch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout import watching
from prodgate.layers.rollout.target import Scene
from prodgate.sections.rollout import ROLLOUT
from tests.prodgate.layers.context import layer_context

from .town import TARGET, Town


@pytest.fixture(autouse=True)
def nothing_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch begins at once: a test that wants requests before a deployment waits for these, not for a time."""
    monkeypatch.setattr(watching, "BEFORE", 0.0)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def context_in_town(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[ModuleType, str], LayerContext]:
    """Return a function that makes a context of some criteria, in which a module of the layer finds the town."""

    @contextmanager
    def scene(_: Any) -> Iterator[Scene]:
        limits = ROLLOUT.read({"limit": "120 s", "poll": "0.01 s"}).watching
        with town.looking() as look:
            yield Scene(place="a town", look=look, url="", watching=limits)

    def make(module: ModuleType, criteria: str) -> LayerContext:
        monkeypatch.setattr(module, "open_scene", scene)
        (tmp_path / "criteria.toml").write_text(criteria, "utf-8")
        return layer_context(tmp_path, "rollout", TARGET)

    return make
