"""Observers: functions that observe an account and yield facts of the kinds they are registered for."""

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, TypeVar

from ..aws.account import Account
from ..aws.actions import reads
from ..aws.answers import LEFT_OUT, Absent, Unreadable, noting_what_is_missing, why_missing
from ..findings import Undetermined
from . import Fact, Facts

__all__ = ["Account", "observes", "reads"]

Observer = Callable[[Account], Iterable[Fact]]
F = TypeVar("F", bound=Fact)
O = TypeVar("O", bound=Observer)  # noqa: E741

#: Every observer, with the kinds of fact that can't be judged if it fails.
OBSERVERS: dict[Observer, tuple[type[Fact], ...]] = {}


def observes(*kinds: type[Fact]) -> Callable[[O], O]:
    """Register a function as the observer of these kinds of fact."""

    def register(observer: O) -> O:
        OBSERVERS[observer] = kinds
        return observer

    return register


def observes_each(
    kind: type[F],
    rows: Callable[[Account], Iterable[Any]],
    *names: str,
    types: Sequence[str] = (),
    at_once: bool = False,
    **known: Any,
) -> Callable[[Callable[[Account, Any], F | Iterable[F]]], Callable[[Account], Iterator[F]]]:
    """Register a function that derives facts of this kind from one row, and observe every row, each as in ``apart``.

    ``at_once`` handles several rows at the same time. Such a function must call no observer that does so as well:
    threads would wait for one another.
    """

    def register(look: Callable[[Account, Any], F | Iterable[F]]) -> Callable[[Account], Iterator[F]]:
        @wraps(look)
        def observe(account: Account) -> Iterator[F]:
            look_apart = all_apart(kind, lambda row: _list_facts(look(account, row)), *names, types=types, **known)
            for found in (account.each if at_once else map)(look_apart, rows(account)):
                yield from found

        return observes(kind)(observe)

    return register


def _list_facts(found: Fact | Iterable[Any]) -> Iterable[Any]:
    return (found,) if isinstance(found, Fact) else found


#: Python's exceptions for a value of an unexpected form; the last would silently end a loop over rows.
_ODD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, StopIteration)


def apart(kind: type[F], look: Callable[[Any], F], *names: str, **known: Any) -> Callable[[Any], F]:
    """Return ``look`` for one resource of many: a malformed row costs only its own fact.

    The fact is then unread except for the ``known`` fields, with a sentence why. ``names`` are the members that may
    name a row, the best first; a row that is a text or a fact names itself, and the first of several values names
    theirs.
    """
    look_at_all = all_apart(kind, lambda row: (look(row),), *names, **known)
    return lambda row: look_at_all(row)[-1]


def all_apart(
    kind: type[F], look: Callable[[Any], Iterable[F]], *names: str, types: Sequence[str] = (), **known: Any
) -> Callable[[Any], tuple[F, ...]]:
    """Do the same as ``apart`` for a resource with several facts: those already derived are kept.

    ``types`` are all Terraform types that such facts may have: each gets an unread one then, for judges of that type
    alone.
    """
    unread: Sequence[Mapping[str, Any]] = [{**known, "type": one} for one in types] or [known]

    def look_apart(row: Any) -> tuple[F, ...]:
        seen: list[F] = []
        with noting_what_is_missing() as missing:
            try:
                for fact in look(row):
                    _ = fact.subject  # without a name the fact can't be described; reading it raises then
                    seen.append(fact)
                return tuple(seen)
            except Unreadable as error:
                reason = error.reason
            except Undetermined as error:
                reason = error.conclusion.reason
            except Absent as error:
                reason = f"a part of it does not exist, or no longer ({error.code})"
            except _ODD as error:
                told = f"was not understood: {type(error).__name__}: {error}"
                reason = missing[-1] if missing else why_missing(error) or told
        return (*seen, *(kind.unread(_name_row(row, names), reason, **each) for each in unread))

    return look_apart


def _name_row(row: Any, names: Iterable[str]) -> str:
    if isinstance(row, tuple):
        return _name_row(row[0], names)
    if isinstance(row, str | Fact):
        return row if isinstance(row, str) else row.subject
    stated = row if isinstance(row, Mapping) else {name: getattr(row, name) for name in names}
    known = [stated[name] for name in names if name in stated]
    return next((one for one in known if isinstance(one, str)), f"something without {' and '.join(names)}")


def import_all(package: str) -> None:
    """Import every module below a package, sorted by name, which registers their observers."""
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        import_module(module.name)


def observe_all(account: Account, observers: Mapping[Observer, tuple[type[Fact], ...]] = OBSERVERS) -> Facts:
    """Run observers on an account concurrently; the kinds of a failed one are unreadable."""
    with ThreadPoolExecutor(max(len(observers), 1), thread_name_prefix="observers") as threads:
        seen = list(threads.map(lambda observer: _run_observer(observer, account), observers))
    known = tuple(fact for facts, _ in seen for fact in facts)
    unreadable: dict[type, dict[str, None]] = defaultdict(dict)
    for kinds, (_, reason) in zip(observers.values(), seen, strict=True):
        for kind in kinds if reason else ():
            unreadable[kind][reason] = None
    made_of: dict[type | str, frozenset[str]] = {}
    for observer, kinds in observers.items():
        asked = frozenset(account.asked.get(observer, ()))
        made_of |= {kind: made_of.get(kind, frozenset()) | asked for kind in kinds}
    return Facts(known, {kind: "; ".join(reasons) for kind, reasons in unreadable.items()}, made_of)


def _run_observer(observer: Observer, account: Account) -> tuple[tuple[Fact, ...], str]:
    """Return the facts of an observer, or why there are none: any exception makes its kinds undetermined."""
    with noting_what_is_missing() as missing:
        seen, reason, bug = _try_observer(observer, account)
        if bug and why_missing(bug):
            return (), missing[-1] if missing else LEFT_OUT
        if bug:
            traceback.print_exception(bug)
        return seen, reason


def _try_observer(observer: Observer, account: Account) -> tuple[tuple[Fact, ...], str, Exception | None]:
    try:
        seen = account.once(observer)
        for fact in seen:
            _ = fact.subject  # as in ``apart``
        return seen, "", None
    except Unreadable as error:
        return (), error.reason, None
    except Undetermined as error:
        return (), error.conclusion.reason, None
    except Absent as error:
        return (), f"{observer.__name__} did not expect that AWS answers {error.code}", None
    except Exception as bug:  # noqa: BLE001  an observer of any team may raise anything; the gate must still conclude
        return (), f"{observer.__name__} failed: {type(bug).__name__}: {bug}", bug
