"""The tasks that an arrival may perform: those of the locustfile's users, by weight."""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from locust import FastHttpUser, User

from ..contents import read_stated


class UnusableLocustfile(Exception):
    """The locustfile can't be driven by arrivals; the message says where, and what to write instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One task of one class of readers."""

    readers: type[FastHttpUser]
    perform: Callable[[Any], Any]
    weight: float

    @property
    def name(self) -> str:
        """Class and function, as written in the locustfile."""
        return f"{self.readers.__name__}.{self.perform.__name__}"


class WeightedTasks:
    """Every task with its share of the arrivals. Raises UnusableLocustfile."""

    def __init__(self, users: Sequence[type[User]]) -> None:
        self.tasks = [task for readers in users for task in _read_tasks(readers)]
        self.holds = {request: held for readers in users for request, held in _read_holds(readers).items()}
        """By request, a text that its answers must hold, or how many bytes."""
        self._until = list(accumulate(task.weight for task in self.tasks))

    def choose(self, choice: float) -> Task:
        """Return the task that a number from 0 to 1 stands for."""
        return self.tasks[min(bisect(self._until, choice * self._until[-1]), len(self.tasks) - 1)]


def _where(readers: type[User]) -> str:
    return f"{getattr(sys.modules.get(readers.__module__), '__file__', readers.__module__)}: {readers.__name__}"


def _read_holds(readers: type[User]) -> dict[str, str | int]:
    try:
        return read_stated(getattr(readers, "holds", {}))
    except ValueError as error:
        raise UnusableLocustfile(f"{_where(readers)} {error}") from error


def _read_tasks(readers: type[User]) -> list[Task]:
    where = _where(readers)
    if not issubclass(readers, FastHttpUser):
        raise UnusableLocustfile(
            f"{where} is no FastHttpUser; derive it from that, its self.client has the same methods"
        )
    if not readers.tasks:
        raise UnusableLocustfile(f"{where} has no tasks; mark what its readers do with @task")
    tasks: list[Any] = list(readers.tasks)
    for perform in tasks:
        if isinstance(perform, type) or not callable(perform):
            raise UnusableLocustfile(
                f"{where} has the task set {perform!r}; an arrival performs one @task method, write one"
            )
    return [Task(readers, perform, readers.weight / len(tasks)) for perform in tasks]
