"""A layer of which a library is not installed says what brings it; one that lacks a module of the gate is a bug."""

from __future__ import annotations

from typing import Any, cast

import pytest

from prodgate.criteria import UsageError
from prodgate.run.layer_process import _observe


class Lacking:
    """A layer that can't import something."""

    def __init__(self, name: str) -> None:
        self.name = name

    def observe(self, at: object) -> object:
        raise ModuleNotFoundError(name=self.name)


def test_what_an_extra_brings_is_the_reason_of_the_layer() -> None:
    with pytest.raises(UsageError, match=r"boto3 is not installed, which asks AWS; pip install 'prod-gate\[core\]'"):
        _observe(cast(Any, Lacking("boto3")), cast(Any, None))


def test_what_nothing_brings_is_a_bug_of_the_gate() -> None:
    with pytest.raises(ModuleNotFoundError):
        _observe(cast(Any, Lacking("prodgate.nothing")), cast(Any, None))
