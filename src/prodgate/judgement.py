"""What arises while one subject is judged: comparisons and doubts, in whatever thread, task or context they arise.

Each counts from the moment it is made. An exception only carries it to whoever wrote the check, who may catch it, but
can't undo it; what a check can do without is said by ``allow_unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why the answer is not known, whatever else was compared."""

    reason: str
    expected: str = ""
    observed: str = ""
    needs: str = ""
    words: tuple[str, ...] = field(default=(), compare=False)
    """Fields in the words of whoever wrote the judge."""


@dataclass(slots=True, kw_only=True, eq=False)
class Judgement:
    """What was compared, doubted and set aside while one subject was judged by one criterion."""

    criterion: Any = None
    """What is judged by, a copy for this judgement alone; a comparison with another is a doubt. None takes any."""
    compared: list[Any] = field(default_factory=list)
    """Conclusions that were compared, in order."""
    doubts: list[Doubt] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """What could not be known and was not needed, each with the reason."""
    uncalled: dict[object, str] = field(default_factory=dict)
    """Names of the comparisons that were taken out of the criterion and have not been called."""
    goes_on: bool = False
    """Whether what does not hold is noted and ends nothing, so that what else does not hold is heard, too."""
    locate: Callable[[], Any] | None = None
    """What tells where the judge looks, called as each comparison is made."""
    places: list[Any] = field(default_factory=list)
    """What ``locate`` told of each comparison, in order."""

    def ended(self) -> None:
        """Note comparisons that were prepared and never made by a judge that came to its end."""
        if names := sorted(set(self.uncalled.values())):
            self.doubt(
                f"took {', '.join(names)} out of its criterion and never called it; call it, so that it compares"
            )

    def doubt(self, reason: str) -> None:
        """Note why the answer is not known."""
        self.doubts.append(Doubt(reason=reason))


class NotKnown(Exception):
    """A value is not known; a check that can do without it says so by ``allow_unknown``."""


@dataclass(slots=True, eq=False)
class _Allowance:
    because: str
    judgements: tuple[Judgement, ...]
    open: bool = True


#: The judgements that are going on, the innermost last. Of the process, not of a context: threads and tasks share it.
_OPEN: list[Judgement] = []
#: What goes on beside each judgement, to note doubts that no exception brings; see run/watching.py.
WATCHES: Final[list[Callable[[Judgement], AbstractContextManager[None]]]] = []
_ALLOWED: ContextVar[_Allowance | None] = ContextVar("allowed", default=None)


@contextmanager
def open_judgement(
    criterion: Any = None, *, goes_on: bool = False, locate: Callable[[], Any] | None = None
) -> Iterator[Judgement]:
    """Collect what is compared and doubted in this process while the context is open.

    The judge is given ``judgement.criterion``, which is of this judgement alone.
    """
    own = replace(criterion) if criterion is not None else None
    judgement = Judgement(criterion=own, goes_on=goes_on, locate=locate)
    with ExitStack() as watches:
        for watch in WATCHES:
            watches.enter_context(watch(judgement))
        _OPEN.append(judgement)
        try:
            yield judgement
            if judgement.criterion != criterion:
                judgement.doubt("changed its criterion; leave it as it is")
        finally:
            _OPEN.remove(judgement)


@contextmanager
def allow_unknown(because: str) -> Iterator[None]:
    """Do without what is not known in this block, and say in the finding why that decides nothing.

    An unknown value, or a field that was not observed, ends the block, and the code after it takes another way. What
    is compared in the block counts, and so does an undetermined that is raised there. Raises TypeError without reason.
    """
    if not isinstance(because, str) or not because.strip():
        raise TypeError(f"allow_unknown: the reason is {because!r}; say why the judgement does not need the value")
    allowance = _Allowance(because, tuple(_OPEN))
    prepared = [dict(judgement.uncalled) for judgement in allowance.judgements]
    token = _ALLOWED.set(allowance)
    try:
        yield
    except NotKnown:
        for judgement, uncalled in zip(allowance.judgements, prepared, strict=True):
            judgement.uncalled = uncalled  # what the unknown value was to be compared by
    finally:
        allowance.open = False
        _ALLOWED.reset(token)


def is_judging() -> bool:
    """Whether a subject is being judged."""
    return bool(_OPEN)


def is_going_on() -> bool:
    """Whether what is judged goes on after what does not hold."""
    return any(judgement.goes_on for judgement in tuple(_OPEN))


def record_taken(name: str) -> object:
    """Note that a comparison is at hand and yet to be called; return what stands for it in ``record_called``."""
    taken = object()
    for judgement in tuple(_OPEN):
        judgement.uncalled[taken] = name
    return taken


def record_called(taken: object) -> None:
    """Note that a comparison is called."""
    for judgement in tuple(_OPEN):
        judgement.uncalled.pop(taken, None)


def record_comparison(conclusion: Any) -> None:
    """Note what was compared in every judgement that is going on."""
    for judgement in tuple(_OPEN):
        judgement.compared.append(conclusion)
        judgement.places.append(judgement.locate() if judgement.locate else None)


def record_criterion(criterion: Any) -> None:
    """Note a doubt where a criterion other than the judged one decides."""
    for judgement in tuple(_OPEN):
        judged = judgement.criterion
        if judged is not None and judged is not criterion and judged != criterion:
            judgement.doubt(f"was compared by {criterion.id!r} as written elsewhere; use the criterion that is given")


def record_doubt(doubt: Doubt, *, optional: bool = False) -> None:
    """Note a doubt in every judgement that is going on; one that is ``optional`` may be set aside."""
    allowed = _ALLOWED.get() if optional else None
    for judgement in tuple(_OPEN):
        if allowed and allowed.open and judgement in allowed.judgements:
            judgement.set_aside.append(f"{doubt.reason}, which decides nothing: {allowed.because}")
        else:
            judgement.doubts.append(doubt)


def record_set_aside(reason: str) -> None:
    """Note in every judgement that is going on what could not be known and was not needed."""
    for judgement in tuple(_OPEN):
        judgement.set_aside.append(reason)


def note(reason: str) -> None:
    """Note a doubt in every judgement that is going on."""
    record_doubt(Doubt(reason=reason))


def describe(value: object) -> str:
    """Return a value as text, also one that refuses to be."""
    try:
        return "true" if value is True else "false" if value is False else str(value)
    except Exception as error:  # noqa: BLE001  a value of any team may do anything
        return f"<{type(value).__name__} that can't be shown: {type(error).__name__}>"
