"""Declaring an observer: a function that looks at an account and says which kinds of fact it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..aws.account import Account
from . import Fact

O = TypeVar("O", bound=Callable[[Account], Iterable[Fact]])  # noqa: E741

#: Observers, with the kinds of fact that can't be judged when one of them can't look.
OBSERVERS: dict[Callable[[Account], Iterable[Fact]], tuple[type[Fact], ...]] = {}


def observes(*kinds: type[Fact]) -> Callable[[O], O]:
    """Register a function as the observer of these kinds of fact."""

    def register(observer: O) -> O:
        OBSERVERS[observer] = kinds
        return observer

    return register
