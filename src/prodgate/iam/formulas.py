"""What z3 is told: formulas that hold for certain, perhaps, or as far as what is not understood holds.

z3 comes with the extra ``iam``; this module is its door.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import z3

from .patterns import Pattern, Wild
from .truth import Doubt, Truth

#: z3's own count of steps that one question may take, some seconds: the same on every machine, as a time is not.
STEPS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Formula:
    """A statement about a request, three ways."""

    surely: Any
    """Holds only where the statement does for certain."""
    exactly: Any
    """Holds where the statement does; what is not understood is a variable, the same wherever the same is written."""
    perhaps: Any
    """Holds wherever the statement may."""


def exact(expression: Any) -> Formula:
    """Return a formula in which all is understood."""
    return Formula(expression, expression, expression)


def constant(value: Truth, name: str = "") -> Formula:
    """Return what is known for every request. A doubt becomes a variable: a new one, or the one of a name, which then
    must say all that its truth depends on but the request."""
    if isinstance(value, Doubt):
        variable = z3.Bool(f"doubt: {name}") if name else z3.FreshBool("doubt")
        return Formula(z3.BoolVal(False), variable, z3.BoolVal(True))
    return exact(z3.BoolVal(value))


class Formulas:
    """The logic of proofs."""

    def all_of(self, values: Iterable[Formula]) -> Formula:
        """Return whether all hold."""
        return _combine(z3.And, list(values))

    def any_of(self, values: Iterable[Formula]) -> Formula:
        """Return whether one holds."""
        return _combine(z3.Or, list(values))

    def negate(self, value: Formula) -> Formula:
        """Return the opposite."""
        return Formula(z3.Not(value.perhaps), z3.Not(value.exactly), z3.Not(value.surely))

    def constant(self, value: Truth) -> Formula:
        """Return what is known for every request."""
        return constant(value)


def _combine(join: Any, values: Sequence[Formula]) -> Formula:
    return Formula(
        *(z3.simplify(join([getattr(value, side) for value in values])) for side in ("surely", "exactly", "perhaps"))
    )


_CHARACTER: Final = z3.AllChar(z3.ReSort(z3.StringSort()))
_NO_COLON: Final = z3.Union(z3.Range(chr(0), "9"), z3.Range(";", chr(0x2FFFF)))


def text(written: str) -> Any:
    """Return a text as it is written: z3 would take a backslash for the beginning of a character's number."""
    return z3.StringVal(written.replace("\\", "\\u{5c}"))


def fits(variable: Any, pattern: Pattern) -> Any:
    """Return that a text fits a pattern, as read."""
    tokens = [token for token in pattern if token != ""]
    parts = [_render(token) for token in tokens]
    if all(isinstance(token, str) for token in tokens):
        return variable == text("".join(map(str, tokens)))
    if len(tokens) == 1 and isinstance(tokens[0], Wild) and tokens[0].many:
        return z3.BoolVal(True)  # of a part of an ARN, which holds nothing that it must not cross
    return z3.InRe(variable, z3.Concat(*parts) if len(parts) > 1 else parts[0])


def fits_in_any_case(variable: Any, wanted: str) -> Any:
    """Return that a text is another one but for capitals."""
    parts = [z3.Union(z3.Re(text(one.lower())), z3.Re(text(one.upper()))) for one in wanted]
    return z3.InRe(variable, z3.Concat(*parts) if len(parts) > 1 else parts[0]) if parts else variable == ""


def _render(token: str | Wild) -> Any:
    if isinstance(token, str):
        return z3.Re(text(token))
    one = _NO_COLON if token.within else _CHARACTER
    return z3.Star(one) if token.many else one


def is_readable(variable: Any) -> Any:
    """Return that a text is made of letters, digits and what ARNs hold: for requests that people can read."""
    return is_word(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:/-_.@")


def is_word(variable: Any, signs: str) -> Any:
    """Return that a text is made of small letters, digits and some signs, and is not empty."""
    return z3.InRe(variable, z3.Plus(z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), *map(z3.Re, signs))))


def is_letters(variable: Any) -> Any:
    """Return that a text begins with letters, at least two characters long, as services and verbs do."""
    letter = z3.Range("a", "z")
    return z3.InRe(variable, z3.Concat(letter, z3.Plus(z3.Union(letter, z3.Range("0", "9"), z3.Re("-")))))


class Unsettled(Exception):
    """The solver gave up."""


def find_model(*constraints: Any) -> Any | None:
    """Return values that satisfy all constraints, or None: then it is proven that there are none. Raises Unsettled."""
    solver = z3.Solver()
    solver.set("rlimit", STEPS)
    solver.set("ctrl_c", False)  # it would put the handler back such that no later wait of this process is interrupted
    solver.add(*constraints)
    found = solver.check()
    if found == z3.unknown:
        raise Unsettled("the solver did not come to an end within its steps")
    return solver.model() if found == z3.sat else None


def text_of(model: Any, variable: Any) -> str:
    """Return the text that a model gives to a variable."""
    written = model.eval(variable, model_completion=True).as_string()
    return re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda found: chr(int(found[1], 16)), written)
