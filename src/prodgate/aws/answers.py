"""Results of a call: a structure that may lack members, an absent resource, or no answer at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from ..semantics.json_texts import read_json

#: The reason if another reader found the gap and knows the member: an answer that several ask for is read only once.
LEFT_OUT: Final = "something that it is made of is left out of AWS's answer"


@dataclass(frozen=True, slots=True)
class Unread:
    """Takes the place of a fact's field that could not be observed."""

    reason: str


class Absent(Exception):
    """AWS says that there is no such thing, which is a fact. ``code`` is AWS's error code, ``reason`` a sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code, self.reason = code, f"AWS answers {code}"


class Unreadable(Exception):
    """There is no answer: denied, throttled, unsupported, cut off. ``reason`` says why, and of which call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Answer(dict[str, Any]):
    """A structure of an answer; a member that AWS left out is Missing rather than a KeyError.

    Which members there are depends on a resource's age, engine and state, whatever documentation calls required.
    """

    __slots__ = ("call",)

    def __init__(self, members: Mapping[str, Any], call: str) -> None:
        super().__init__(members)
        self.call = call
        """Whose answer it is, such as ``rds DescribeDBInstances``."""

    def __missing__(self, member: str) -> Any:
        missing = Missing(f"{self.call} does not state its {member}")
        if (noted := _NOTED.get(None)) is not None:
            noted.append(missing.reason)
        return missing


def _refuse(missing: Unread, *_: Any, **__: Any) -> NoReturn:
    raise Unreadable(missing.reason)


class Missing(Unread):
    """A missing member of an answer. It may be stored in the field of a fact; any other use raises."""

    __slots__ = ()
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __bool__ = __len__ = __iter__ = _refuse
    __contains__ = __getitem__ = __str__ = __format__ = __int__ = __float__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __or__ = __ror__ = __and__ = __rand__ = __mod__ = __rmod__ = __call__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(self)


_NOTED: Final[ContextVar[list[str]]] = ContextVar("noted")


def as_answer(value: Any, call: str) -> Any:
    """Return plain values with every structure an Answer to a call."""
    if isinstance(value, dict):
        return Answer({key: as_answer(item, call) for key, item in value.items()}, call)
    return [as_answer(item, call) for item in value] if isinstance(value, list | tuple) else value


def why_missing(bug: Exception) -> str:
    """Return why something was handed what an answer leaves out, and said so in words of its own; else nothing."""
    if not isinstance(bug, TypeError) or Missing.__name__ not in str(bug):
        return ""
    noted = _NOTED.get(None)
    return noted[-1] if noted else LEFT_OUT


@contextmanager
def noting_what_is_missing() -> Iterator[list[str]]:
    """Note what answers were found to leave out, as sentences; some functions choke on it in words of their own."""
    noted: list[str] = []
    before = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(before)


def require_state(place: str, state: str, *working: str) -> None:
    """Raise Unreadable unless a resource is in a state in which it works; ``place`` is call and member."""
    if state not in working:
        raise Unreadable(f"{place} is {state}")


def read_document(text: str | bytes, what: str) -> Any:
    """Return the value of a JSON text in an answer. Raises Unreadable when it is none, or holds a key twice."""
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{what}: {error}") from None
