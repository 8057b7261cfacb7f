"""The two ends of the pipes between the gate and the process in which a team's code judges.

Pickled values go to that process, and lines of JSON come back, each written when it is made: the gate unpickles nothing
that a team could have written. A line says what was compared, never whether it holds.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from inspect import signature
from io import FileIO
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, Final

from ..criteria import Criterion
from ..estimates import Estimate
from ..facts import Fact
from ..findings import Concluded, Conclusion, Outcome
from ..judgement import Doubt, describe
from ..quantities import Quantity
from ..semantics.unresolved import Assumed
from ..terraform.resources import REDACTED, UNKNOWN, Configuration, KeptAnswers

#: Digits that a number may have before or after its point.
_DIGITS: Final = 40
#: Most bytes of a line.
LONGEST: Final = 4 << 20
_LENGTH: Final = struct.Struct(">Q")
_MARKS: Final = {"unknown": UNKNOWN, "redacted": REDACTED}


class BoundaryError(Exception):
    """The process on the other side is gone, or writes what is no line of this protocol."""


class EndedError(BoundaryError):
    """The process on the other side has ended."""


# ── Values that go to the process


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The modules that a process imports, and for which layer."""

    layer: str
    root: Path
    folders: Sequence[Path]
    """The project's folders of policies, and the gate's."""
    policies: Sequence[Path]
    suites: Sequence[Path]
    """Files of policies and of checks."""


@dataclass(frozen=True, slots=True)
class Observe:
    """A request to run the team's observers."""

    about: Mapping[str, Any]
    """The account, region and time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The gate's answer to an observer's question: a value, or the exception to raise in its place."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Judge:
    """A request to judge one subject."""

    number: int
    name: str
    criterion: Any
    subject: bytes | int | tuple[int, int]
    """A frozen fact, the number of a fact of the team's, or the places of a configuration and of a resource in it."""
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration whose resources later requests name."""

    frozen: bytes


class _Pickler(pickle.Pickler):
    """Pickles facts with their unobserved fields, and the two values that are recognised by their identity."""

    def persistent_id(self, value: Any) -> str | None:
        return next((name for name, each in _MARKS.items() if value is each), None)

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, KeptAnswers):
            return KeptAnswers, ()
        if isinstance(value, Assumed):
            return Assumed, (str.__str__(value), value.what, value.reason)
        if isinstance(value, Fact):
            return _make_fact, (type(value), {each.name: value.peek(each.name) for each in fields(value)})
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: str) -> Any:
        return _MARKS[name]


def _make_fact(kind: type[Fact], members: Mapping[str, Any]) -> Fact:
    return kind(**members)


def freeze(value: Any) -> bytes:
    """Return a value as bytes."""
    made = io.BytesIO()
    _Pickler(made, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return made.getvalue()


def thaw(data: bytes) -> Any:
    """Return what ``freeze`` was given; only of bytes that the gate itself made."""
    return _Unpickler(io.BytesIO(data)).load()


def _refuse(*_: object, **__: object) -> Any:
    raise TypeError("what is judged is the same for every judge, and can't be changed; copy it first")


class FrozenDict(dict[Any, Any]):
    """A dict that nobody can change."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> Any:
        return dict, (dict(self),)  # a copy can be changed


class FrozenList(list[Any]):
    """A list that nobody can change."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = _refuse
    pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> Any:
        return list, (list(self),)


def harden(subject: Any) -> Any:
    """Return a fact or configuration whose values nobody can change, at any depth."""
    if isinstance(subject, Fact):
        return _make_fact(type(subject), {each.name: _harden(subject.peek(each.name)) for each in fields(subject)})
    if isinstance(subject, Configuration):
        for resource in (*subject.resources, *subject.providers):
            resource.harden(_harden)
    return subject


def _harden(value: Any) -> Any:
    if type(value) is dict:
        return FrozenDict({key: _harden(each) for key, each in value.items()})
    if type(value) in (list, tuple):
        made = [_harden(each) for each in value]
        return FrozenList(made) if isinstance(value, list) else tuple(made)
    return value


# ── The gate's end


@dataclass(slots=True)
class Calling:
    """The gate's end of the pipes."""

    requests: FileIO
    lines: FileIO
    limit: float
    """Seconds that the next line may take."""
    _rest: bytearray = field(default_factory=bytearray)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, value: Any) -> None:
        """Send a value. Raises BoundaryError."""
        data = freeze(value)
        rest, until = memoryview(_LENGTH.pack(len(data)) + data), monotonic() + self.limit
        with self._lock:
            os.set_blocking(self.requests.fileno(), False)
            while rest:
                if not select([], [self.requests], [], max(0.0, until - monotonic()))[1]:
                    raise BoundaryError(f"took no request within {self.limit:g} s")
                try:
                    rest = rest[self.requests.write(rest) or 0 :]
                except OSError as error:
                    raise BoundaryError(f"took no more requests: {error.strerror}") from error

    def read(self, until: float | None = None) -> Mapping[str, Any]:
        """Return the next line, which comes within the limit or ``until`` a time. Raises BoundaryError."""
        until = monotonic() + self.limit if until is None else until
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > LONGEST:
                raise BoundaryError(f"wrote a line of more than {LONGEST:,} bytes")
            if not select([self.lines], [], [], max(0.0, until - monotonic()))[0]:
                raise BoundaryError(f"did not answer within {self.limit:g} s")
            if not (more := self.lines.read(1 << 16)):
                raise EndedError("ended before it had answered")
            self._rest += more
        text = bytes(self._rest[:end])
        del self._rest[: end + 1]
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or not isinstance(line.get("word"), str):
            raise BoundaryError(f"wrote {text[:80]!r}, which is no line of a judge")
        return line


# ── The end of the process


@dataclass(slots=True)
class Telling:
    """The process's end of the pipes."""

    requests: int
    lines: int
    about: int = 0
    """The number of the request that is being answered."""
    locate: Callable[[], Sequence[tuple[str, str]]] = tuple
    """Returns (address, path) of each value that was read since the last call."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self) -> Any:
        """Return the next request, or None after the last."""
        head = self._read(_LENGTH.size)
        return thaw(self._read(_LENGTH.unpack(head)[0])) if head else None

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size and (more := os.read(self.requests, size - len(data))):
            data += more
        return bytes(data)

    def tell(self, word: str, **said: Any) -> None:
        """Write a line, whole."""
        with self._lock:
            reads = [list(each) for each in self.locate()]
            text = json.dumps({"word": word, "about": self.about, "reads": reads, **said}, ensure_ascii=False)
            rest = memoryview(text.encode("utf-8", "backslashreplace") + b"\n")
            while rest:
                rest = rest[os.write(self.lines, rest) :]


#: This process's end of the pipes; empty in a process that does not judge.
_TELLING: list[Telling] = []


def tell_comparisons(telling: Telling) -> None:
    """Let criteria of this process write a line for each comparison."""
    _TELLING[:] = [telling]


class ToldCriterion(Criterion):
    """A criterion that writes each comparison to the gate before it makes it for the judge."""

    __slots__ = ()

    @classmethod
    def of(cls, criterion: Criterion) -> ToldCriterion:
        """Return the criterion as one that tells."""
        return cls(**{each.name: getattr(criterion, each.name) for each in fields(criterion)})

    def require(self, *given: Any, **named: Any) -> None:
        """Compare with the bound; see Criterion."""
        __tracebackhide__ = True
        _compare(self, "require", given, named)

    def hold(self, *given: Any, **named: Any) -> None:
        """State a fact; see Criterion."""
        __tracebackhide__ = True
        _compare(self, "hold", given, named)

    def exclude(self, *given: Any, **named: Any) -> None:
        """State what must not be there; see Criterion."""
        __tracebackhide__ = True
        _compare(self, "exclude", given, named)

    def cover(self, *given: Any, **named: Any) -> None:
        """Compare with the window; see Criterion."""
        __tracebackhide__ = True
        _compare(self, "cover", given, named)


def _compare(criterion: ToldCriterion, word: str, given: Any, named: Any) -> None:
    """Write the line of a comparison, and compare. An error on the way becomes a doubt."""
    __tracebackhide__ = True
    method = getattr(Criterion, word)
    try:
        bound = signature(method).bind(criterion, *given, **named)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        del arguments["self"]
        if word == "exclude":
            arguments["found"] = [describe(each) for each in arguments["found"]]
        if word != "hold" or isinstance(arguments["ok"], bool):  # else it is a doubt, which is told as such
            _tell(word, **{name: _encode_argument(word, name, each) for name, each in arguments.items()})
        method(criterion, **arguments)
    except Concluded:
        raise
    except BaseException as error:
        reason = f"{word}() could not compare: {type(error).__name__}: {describe(error)}"
        _tell("doubt", **encode_doubt(Doubt(reason=reason)))
        raise


def _encode_argument(word: str, name: str, value: Any) -> Any:
    if word in ("require", "cover"):
        return encode(value) if name == "observed" else value
    if name == "premise":
        return bool(value)
    return value if name in ("ok", "found") else describe(value)


def _tell(word: str, **said: Any) -> None:
    for telling in _TELLING:
        telling.tell(word, **said)


class Told(list[Any]):
    """A list of a judgement that writes a line for each item as it comes."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def append(self, item: Any) -> None:
        """Keep an item, and tell it."""
        _tell(self.word, **(encode_doubt(item) if isinstance(item, Doubt) else {"reason": str(item)}))
        super().append(item)


# ── Values on a line


def encode(observed: object) -> Any:
    """Return what was observed as JSON; of what can't be compared, the name of its type."""
    if isinstance(observed, Quantity):
        return {"magnitude": str(observed.magnitude), "unit": observed.unit}
    if isinstance(observed, Estimate):
        return {each.name: encode(getattr(observed, each.name)) for each in fields(observed)}
    plain = isinstance(observed, str | int | float) and not isinstance(observed, bool)
    return observed if plain else [type(observed).__name__]


def decode(said: Any) -> Any:
    """Return what ``encode`` was given. Raises whatever an invalid value raises."""
    if isinstance(said, dict) and said.keys() == {"magnitude", "unit"}:
        magnitude = Decimal(said["magnitude"])
        if magnitude.is_finite() and abs(magnitude.adjusted()) > _DIGITS:  # written out, it would take all memory
            raise ValueError(f"{said['magnitude']} has too many digits")
        return Quantity.of(magnitude, said["unit"])
    if isinstance(said, dict):
        members = {name: decode(each) for name, each in said.items()}
        for each in fields(Estimate):
            if type(members[each.name]) not in _MEMBERS[each.type]:
                raise TypeError(f"{each.name} of an estimate is {members[each.name]!r}")
        return Estimate(**members)
    if not isinstance(said, str | int | float):
        raise TypeError(f"a {said[0]} can't be compared with a bound")
    return said


#: Type of a member of an estimate -> the types of what JSON has for it.
_MEMBERS: Final[Mapping[Any, tuple[type, ...]]] = {Quantity: (Quantity,), int: (int,), str: (str,), float: (int, float)}


def encode_doubt(doubt: Doubt) -> dict[str, Any]:
    """Return a doubt as JSON."""
    return {each.name: _plain(getattr(doubt, each.name)) for each in fields(doubt)}


def encode_conclusion(conclusion: Conclusion) -> dict[str, Any]:
    """Return a conclusion as JSON."""
    return {each.name: _plain(getattr(conclusion, each.name)) for each in fields(conclusion)}


def _plain(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, tuple) else str(value)


def decode_doubt(said: Mapping[str, Any], criterion: Criterion) -> Doubt:
    """Return the doubt on a line."""
    return Doubt(**_read_texts(said, ("reason", "expected", "observed")), **_read_needs(said, criterion))


def decode_conclusion(said: Mapping[str, Any], criterion: Criterion) -> Conclusion:
    """Return the conclusion on a line. Raises ValueError for an outcome that is none."""
    texts = _read_texts(said, ("expected", "observed", "reason", "aspect"))
    return Conclusion(outcome=Outcome(str(said.get("outcome"))), **texts, **_read_needs(said, criterion))


def _read_texts(said: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: str(said.get(name, "")) for name in names}


def _read_needs(said: Mapping[str, Any], criterion: Criterion) -> dict[str, Any]:
    """Return the outcomes that only the criterion allows, and which fields are in the judge's words."""
    words = said.get("words")
    needs = "production" if criterion.needs_production and said.get("needs") == "production" else ""
    return {"needs": needs, "words": tuple(map(str, words)) if isinstance(words, list) else ()}
