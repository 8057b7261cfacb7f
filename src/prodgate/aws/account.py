"""An AWS account as observers see it: read-only calls, each made once however many ask, and complete lists."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, Self, TypeVar

from ..quantities import Quantity
from .answers import Absent, Missing, Unread, Unreadable, as_answer, why_missing

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741


#: Threads that call AWS at the same time; each client keeps as many connections.
WORKERS: Final = 16

#: Seconds to wait for an answer that another thread has requested: two observers that ask each other ``once`` would
#: wait for ever.
MAX_WAIT: Final = 1_800.0


#: The places that the observer of this thread has asked so far, itself or through another, such as "rds in us-east-1".
_ASKED: Final[ContextVar[set[str]]] = ContextVar("asked")


class Calls(Protocol):
    """Where answers come from: AWS itself, or the evidence of an earlier run."""

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Return every page of a ``whole`` answer, or an answer that has only one.

        Raises Absent and Unreadable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The calls of an observer. Operations have AWS's own names: ``account.list("rds", "DescribeDBClusters")``."""

    id: str
    """The account, 12 digits."""
    region: str
    now: datetime
    """When the account was observed. Ages are counted from here, even if the evidence is judged a year later."""
    calls: Calls
    pool: ThreadPoolExecutor
    declared: Callable[[str], Mapping[str, Mapping[str, Any]]]
    """``declared("aws_ecs_service")``: what Terraform declares, resolved, by address. Raises Unreadable."""
    files: Callable[[str], Mapping[str, str]]
    """``files("dags")``: SHA-256 in hex of every file below a folder of the project, by relative path."""
    asked: dict[Any, set[str]] = field(default_factory=dict)
    """Observer -> what it asked, such as ``rds in us-east-1``, once it has run."""
    _known: dict[Any, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, service: str, operation: str, /, *, region: str = "", **parameters: Any) -> Any:
        """Return the answer to one call. Raises Absent when AWS says there is no such thing, Unreadable otherwise.

        An answer that is the first page of several is Unreadable, unless a limit such as ``MaxResults`` asks for it.
        """
        return self._pages(service, operation, region, parameters, whole=False)[0]

    def find(self, service: str, operation: str, /, *, region: str = "", **parameters: Any) -> Any | None:
        """Return the answer to one call, or None when AWS says there is no such thing. Raises Unreadable."""
        try:
            return self.get(service, operation, region=region, **parameters)
        except Absent:
            return None

    def list(
        self, service: str, operation: str, key: str, /, *, region: str = "", **parameters: Any
    ) -> tuple[Any, ...]:
        """Return the items of every page under ``key``, such as ``MetricAlarms`` or ``DistributionList.Items``."""
        found: list[Any] = []
        for page in self._pages(service, operation, region, parameters, whole=True):
            for part in key.split("."):
                page = (page or {}).get(part)  # noqa: PLW2901
            found += page or ()
        return tuple(found)

    def each(self, function: Callable[[I], T], items: Iterable[I]) -> tuple[T, ...]:
        """Apply a function that calls AWS to every item, several at a time, in order. Raises what it raises."""
        # a thread of the pool must not wait for others of the pool: that could be for ever
        if threading.current_thread().name.startswith("calls"):
            return tuple(map(function, items))
        # each item in a context of its own, so that its calls count for the present caller
        return tuple(
            self.pool.map(lambda one: one[0].run(function, one[1]), [(copy_context(), each) for each in items])
        )

    def age(self, time: datetime) -> Quantity:
        """Return how many whole seconds before the observation a time was; 0 for one after it."""
        return Quantity.between(time, self.now)

    def attempt(self, function: Callable[..., T], *arguments: Any, **parameters: Any) -> T:
        """Return what ``function`` returns, or Unread, for the field of a fact, where there is no answer."""
        try:
            return function(*arguments, **parameters)
        except Unreadable as error:
            return Unread(error.reason)  # type: ignore[return-value]  # a fact raises Undetermined when it is read
        except TypeError as bug:
            if not (reason := why_missing(bug)):
                raise
            return Unread(reason)  # type: ignore[return-value]

    def defer(self, function: Callable[..., T], *arguments: Any, **parameters: Any) -> T:
        """Return what ``function`` returns; where there is no answer, what raises Unreadable once it is looked into.

        So a list of things is not lost of one of which nothing is known.
        """
        try:
            found = self.attempt(function, *arguments, **parameters)
        except Absent as error:
            found = Unread(f"a part of it does not exist, or no longer ({error.code})")  # type: ignore[assignment]
        return Missing(found.reason) if isinstance(found, Unread) else found  # type: ignore[return-value]

    def once(self, observer: Callable[[Self], Iterable[T]]) -> tuple[T, ...]:
        """Return what another observer yields; it runs once, however many ask. Raises what it raises."""
        try:
            return self._ask_once(observer, lambda: copy_context().run(self._look, observer))
        finally:
            _count_asked(self.asked.get(observer, ()))

    def _look(self, observer: Callable[[Self], Iterable[T]]) -> tuple[T, ...]:
        asked = self.asked[observer] = set()
        _ASKED.set(asked)
        return tuple(observer(self))

    def _pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        place = region or self.region
        _count_asked((f"{service} in {place}",))
        key = (service, operation, place, repr(sorted(parameters.items())), whole)
        return self._ask_once(key, lambda: self._ask(service, operation, place, parameters, whole=whole))

    def _ask(
        self, service: str, operation: str, place: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        for missing in (one for one in parameters.values() if isinstance(one, Missing)):
            raise Unreadable(missing.reason)
        pages = self.calls.pages(service, operation, place, parameters, whole=whole)
        return [as_answer(page, f"{service} {operation}") for page in pages]

    def _ask_once(self, key: Any, ask: Callable[[], T]) -> T:
        with self._lock:
            future, mine = self._known.get(key), key not in self._known
            if future is None:
                future = self._known[key] = Future()
        if mine:
            try:
                future.set_result(ask())
            except BaseException as error:  # noqa: BLE001  passed on to every thread that waits
                future.set_exception(error)
        answer: T = future.result(MAX_WAIT)
        return answer


def _count_asked(places: Iterable[str]) -> None:
    """Note places for the observer that runs now, if one does."""
    if (asked := _ASKED.get(None)) is not None:
        asked.update(places)


def batched(names: Sequence[T], most: int) -> Iterator[list[T]]:
    """Yield names in lists that one call takes: ``most`` in each but the last."""
    return ([*names[first : first + most]] for first in range(0, len(names), most))
