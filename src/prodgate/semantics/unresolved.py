"""Unknown values: a placeholder and an exception, so that nothing is judged on half a value."""

from collections.abc import Iterable
from typing import Any

from ..judgement import Doubt, NotKnown, describe, is_judging, record_doubt


class Unresolved(NotKnown):
    """A value is not known before Terraform or AWS decides it, or is written in a way that is not understood here."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}".strip())
        self.path = path
        record_doubt(Doubt(reason=str(self)), optional=True)


class Unknown:
    """Stands for a leaf whose value nobody here can know. Has no truth value on purpose, and equals nothing but itself.

    While something is judged, a comparison with another value raises Unresolved, and so does writing it as text.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        raise Unresolved("", "a value that is not known has no truth value")

    def __eq__(self, other: object) -> bool:
        if other is not self and is_judging():
            raise Unresolved("", f"a value that {self.reason} was compared with {describe(other)}")
        return other is self

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        if is_judging():
            raise Unresolved("", f"a value that {self.reason} was read as text")
        return repr(self)

    def __repr__(self) -> str:
        record_doubt(Doubt(reason=f"a value that {self.reason} was read as text"), optional=True)
        return f"<unknown: {self.reason}>"


class UnknownPart(Unknown):
    """An unknown part of a document, of any type. Whatever is done with it but to pass it on raises Unresolved."""

    def _refuse(self, *_: object) -> Any:
        raise Unresolved("", self.reason)

    __bool__ = __str__ = __hash__ = __contains__ = __iter__ = __len__ = __getitem__ = __add__ = __radd__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refuse()


class Assumed(str):
    """A text with a stand-in for something that nobody stated. For looking up what it names, it will do."""

    __slots__ = ("reason", "what")

    what: frozenset[str]
    """What something stands in for: ``account``, ``region``."""
    reason: str

    def __new__(cls, text: str, what: Iterable[str], reason: str) -> "Assumed":
        """Return the text with the reason for which it may not be judged."""
        made = super().__new__(cls, text)
        made.what, made.reason = frozenset(what), reason
        return made
