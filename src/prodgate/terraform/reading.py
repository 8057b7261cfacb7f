"""Reading declared values strictly, so that a policy can't pass by accident.

An unknown value raises Unresolved; an attribute that the provider's schema does not have raises NoSuchAttribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from ..judgement import Doubt, is_judging, record_doubt
from ..semantics.json_texts import DuplicateKeyError, read_json
from ..semantics.policy_documents import Statement, read_statements
from ..semantics.unresolved import Assumed, Unknown, Unresolved
from .reads import Declaration, note_reads


class NoSuchAttribute(Exception):
    """A policy read an attribute that the provider's schema does not have."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        record_doubt(Doubt(reason=said))


#: A value that Terraform or AWS decides when the configuration is applied.
UNKNOWN: Final = Unknown("is decided later by Terraform or AWS")

#: A sensitive value that was judged when it was observed, and left out of the evidence.
REDACTED: Final = Unknown("is sensitive and was not kept in the evidence")


def find_unknown(value: Any) -> Unknown | None:
    """Return the first unknown in a value or anything inside it, or None when all of it is known."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return next((found for item in value if (found := find_unknown(item)) is not None), None)
    return None


class WatchedValues(Mapping[str, Any]):
    """Arguments that note a doubt when one that is not known, or holds what is not known, is taken out of them."""

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self._place, self._held = place, values

    def __getitem__(self, name: str) -> Any:
        value = self._held[name]
        if (doubt := value if isinstance(value, Assumed) else find_unknown(value)) is not None:
            record_doubt(Doubt(reason=f"{self._place}.{name} {doubt.reason}"), optional=True)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(dict(self))


class Block:
    """A block of arguments, read strictly. ``path`` is its dotted path inside ``resource``."""

    def __init__(self, resource: Declaration, path: str, values: Mapping[str, Any]) -> None:
        self.resource, self.path, self._values = resource, path, values

    @property
    def values(self) -> Mapping[str, Any]:
        """The arguments as they are. While something is judged, taking one that is not known in full is a doubt."""
        return (
            WatchedValues(f"{self.resource.address}.{self.path}".rstrip("."), self._values)
            if is_judging()
            else self._values
        )

    def search(self) -> Mapping[str, Any]:
        """Return the arguments as they are, to look for what nobody may write there; an unknown in them is no doubt."""
        return self._values

    def known(self, name: str) -> Any:
        """Return the value of an argument of this block if it is known, or None; for what decides nothing alone."""
        value = self._values.get(name)
        return value if find_unknown(value) is None else None

    def _read(self, name: str) -> Any:
        value: Any = self._values
        path = self.path
        if not value and not path:
            raise Unresolved(f"{self.resource.address}.{name}", "is not in the plan: the resource has no values at all")
        absent = False  # whether a block on the way is not there, so that nothing in it is set
        for part in name.split("."):
            if isinstance(value, Sequence) and not isinstance(value, str):
                absent = absent or not value
                value = value[0] if value else {}
            path = f"{path}.{part}".lstrip(".")
            if isinstance(value, Unknown):
                break
            if absent:
                value = None
                continue
            if not isinstance(value, Mapping) or (value and part not in value):
                raise NoSuchAttribute(f"{self.resource.type} has no attribute {path!r} in the provider's schema")
            value = value.get(part)
        note_reads(((self.resource, path),))
        return None if value is UNKNOWN and self._is_left_out(path) else value

    def _is_left_out(self, path: str) -> bool:
        """Whether the source says nothing at ``path``: then it is not set, and the provider's default will hold.

        A plan says "unknown" of such an argument as of one whose value is decided later; only the source tells.
        """
        written = self.resource.origin.arguments if self.resource.origin else {}
        parent = path.rpartition(".")[0]
        return bool(written) and path not in written and (not parent or parent in written)

    def _read_known(self, name: str) -> Any:
        value = self._read(name)
        if (doubt := value if isinstance(value, Assumed) else find_unknown(value)) is not None:
            raise Unresolved(f"{self.resource.address}.{name}", doubt.reason)
        return value

    def has(self, name: str) -> bool:
        """Whether the argument is set to anything but null, an empty text or an empty list.

        An unknown value counts as set when it comes from one resource, as ``aws_kms_key.data.arn`` does. Where several
        decide, one of them may decide that it is null; where none does, only AWS knows. Both raise Unresolved.
        """
        value = self._read(name)
        if not isinstance(value, Unknown) or value is REDACTED:
            return isinstance(value, Unknown) or value not in (None, "", [], {})
        argument = f"{self.path}.{name}".lstrip(".").split(".", maxsplit=1)[0]
        if len(set(self.resource.references.get(argument, ()))) != 1:
            raise Unresolved(f"{self.resource.address}.{name}", value.reason)
        return True

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a text, or ``default`` when the argument is not set."""
        value = self._read_known(name)
        return default if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list or set of texts; a single text counts as a list of one."""
        value = self._read_known(name)
        if value is None:
            return ()
        return (value,) if isinstance(value, str) else tuple(str(item) for item in value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a bool, or ``default`` when the argument is not set."""
        value = self._read_known(name)
        if value is None:
            return default
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise Unresolved(
            f"{self.resource.address}.{name}", f"is {self._render_value(name, value)}, which is neither true nor false"
        )

    def _render_value(self, name: str, value: object) -> str:
        top = f"{self.path}.{name}".lstrip(".").split(".")[0]
        return "a sensitive text" if top in self.resource.sensitive else repr(value)

    def number(self, name: str, default: Decimal | int | None = None) -> Decimal:
        """Return a number. Raises Unresolved when it is not set and there is no default."""
        value = self._read_known(name)
        value = default if value is None else value
        with suppress(ArithmeticError):
            number = Decimal(str(value))
            if number.is_finite() and not isinstance(value, bool):
                return number
        raise Unresolved(
            f"{self.resource.address}.{name}", f"is {self._render_value(name, value)}, which is not a number"
        )

    def mapping(self, name: str) -> Mapping[str, str]:
        """Return a map of texts; empty when not set."""
        value = self._read_known(name)
        return {} if value is None else {key: str(item) for key, item in value.items() if item is not None}

    def json(self, name: str) -> Any:
        """Return the value of an argument that holds JSON text, such as a policy document; None when not set."""
        value = self._read_known(name)
        if value in (None, ""):
            return None
        try:
            return read_json(value)
        except DuplicateKeyError as error:
            raise Unresolved(f"{self.resource.address}.{name}", str(error)) from None
        except ValueError as error:
            raise Unresolved(f"{self.resource.address}.{name}", f"is not JSON: {error}") from None

    def statements(self, name: str) -> tuple[Statement, ...]:
        """Return the statements of an IAM policy document; none when it is not set. Raises Unresolved."""
        return read_statements(self.json(name), f"{self.resource.address}.{name}")

    def allow_statements(self, name: str) -> tuple[Statement, ...]:
        """Return the statements of an IAM policy document that allow something. Raises Unresolved."""
        return tuple(statement for statement in self.statements(name) if statement.allows)

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Return the nested blocks of that name, in order; empty when there is none."""
        value = self._read(name)
        items: Sequence[Any] = value if isinstance(value, list | tuple) else [] if value is None else [value]
        for item in items:
            if isinstance(item, Unknown):
                raise Unresolved(f"{self.resource.address}.{name}", item.reason)
        path = f"{self.path}.{name}".lstrip(".")
        return tuple(Block(self.resource, path, item) for item in items)

    def block(self, name: str) -> Block | None:
        """Return the first nested block of that name, or None."""
        return next(iter(self.blocks(name)), None)
