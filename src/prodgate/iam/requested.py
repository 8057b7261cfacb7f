"""Requests as variables, taken apart where actions and ARNs are: each part is a short text of its own to the solver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import z3

from .callers import Caller
from .documents import Statement
from .evaluation import Request
from .formulas import Formula, Formulas, constant, exact, fits, is_letters, is_word, text_of
from .patterns import Pattern, Wild, is_everything, matches, read_arn_pattern, read_pattern
from .space import Space
from .truth import Doubt, doubt

_LOGIC: Final = Formulas()


def read_named(text: str) -> str | Pattern | Doubt:
    """Return a resource as it is, or the pattern of those that a text with wildcards names."""
    if ("*" not in text and "?" not in text) or is_everything(text):
        return text
    pattern = read_arn_pattern(text, None)
    assert pattern is not None  # without variables, none of them is without a value
    return pattern


class Requests:
    """The requests of a space. An action or resource that is given is no variable."""

    def __init__(self, space: Space, *, resource: str | Pattern | None = None, action: str = "") -> None:
        self.space = space
        self._action, self._resource = action, resource
        self._service, self._verb = z3.String("service"), z3.String("verb")
        self._parts = [z3.String(f"resource {number}") for number in range(6)]
        self._is_everything = z3.Bool("the resource is *")

    def rules(self) -> Iterator[Any]:
        """Yield what holds of every request."""
        if not self._action:
            yield from (is_word(self._service, "-"), is_word(self._verb, "-_"))
            # everybody may, whatever policies say
            yield z3.Or(self._service != z3.StringVal("sts"), self._verb != z3.StringVal("getcalleridentity"))
        if not isinstance(self._resource, str):
            yield from (z3.Not(z3.Contains(part, ":")) for part in self._parts[:5])
            yield z3.Or(self._is_everything, self._parts[0] == z3.StringVal("arn"))
        if isinstance(self._resource, tuple):
            yield z3.And(z3.Not(self._is_everything), self._fits(self._resource))
        for key in self.space.keys.values():
            yield from key.rules()

    def readable(self) -> Iterator[Any]:
        """Yield what makes requests readable."""
        if not self._action:
            yield from (is_letters(text) for text in (self._service, self._verb))
        if not isinstance(self._resource, str):
            yield from (is_word(part, "-") for part in self._parts[1:3])
            yield from (z3.Or(part == "", is_word(part, "-")) for part in self._parts[3:5])
            yield is_word(self._parts[5], "ABCDEFGHIJKLMNOPQRSTUVWXYZ:/-_.")
        for key in self.space.keys.values():
            yield from key.readable()

    def applies(self, statement: Statement) -> Formula:
        """Return that a statement speaks of the request, under its conditions."""
        return _LOGIC.all_of(
            [
                self._match_action(statement),
                self._match_resource(statement),
                *(self.space.holds(one, statement.has_variables) for one in statement.conditions),
                *([constant(doubt(statement.doubted), statement.doubted)] if statement.doubted else ()),
            ]
        )

    def _match_action(self, statement: Statement) -> Formula:
        written = statement.actions if statement.actions is not None else statement.not_actions
        patterns = [read_pattern(one.lower(), None) for one in written or ()]
        found = _LOGIC.any_of([self._fits_action(one) for one in patterns if isinstance(one, tuple)])
        return found if statement.actions is not None else _LOGIC.negate(found)

    def _fits_action(self, pattern: Pattern) -> Formula:
        if self._action:
            return constant(matches(pattern, self._action))
        ways = [z3.And(fits(self._service, left), fits(self._verb, right)) for left, right in _split_action(pattern)]
        return exact(z3.Or(ways))

    def _match_resource(self, statement: Statement) -> Formula:
        if statement.resources is not None:
            return _LOGIC.any_of([self._match_one(one, statement, False) for one in statement.resources])
        if statement.not_resources is not None:
            named = [self._match_one(one, statement, True) for one in statement.not_resources]
            return _LOGIC.negate(_LOGIC.any_of(named))
        return constant(True)

    def _match_one(self, text: str, statement: Statement, inverted: bool) -> Formula:
        if is_everything(text):
            return constant(True)
        pattern = read_arn_pattern(text, self.space.look_up if statement.has_variables else None)
        if pattern is None and inverted:
            pattern = doubt(f"{text} names a variable without a value")
        if pattern is None or isinstance(pattern, Doubt):
            return constant(False if pattern is None else pattern, f"{text} {statement.has_variables}")
        if isinstance(self._resource, str):
            return constant(matches(pattern, self._resource))
        return exact(z3.And(z3.Not(self._is_everything), self._fits(pattern)))

    def _fits(self, pattern: Pattern) -> Any:
        """Return that the resource fits a pattern of ARNs."""
        return z3.And([fits(part, tokens) for part, tokens in zip(self._parts, _split_arn(pattern), strict=True)])

    def read(self, model: Any, caller: Caller, account: str) -> Request:
        """Return the request of a model."""
        context = {key: value for key, value in self.space.given.items() if value is not None}
        found = {name: key.read(model) for name, key in self.space.keys.items()}
        return Request(
            caller=caller,
            action=self._action or f"{text_of(model, self._service)}:{text_of(model, self._verb)}",
            resource=self._read_resource(model),
            account=account,
            context=context | {name: value for name, value in found.items() if value is not None},
        )

    def _read_resource(self, model: Any) -> str:
        if isinstance(self._resource, str):
            return self._resource
        if z3.is_true(model.eval(self._is_everything, model_completion=True)):
            return "*"
        return ":".join(text_of(model, part) for part in self._parts)


def _split_arn(pattern: Pattern) -> list[Pattern]:
    """Return the patterns of the six parts; a colon between two of them is a token of its own."""
    parts: list[list[str | Wild]] = [[]]
    for token in pattern:
        if token == ":" and len(parts) < 6:  # noqa: S105  a sign, no secret
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def _split_action(pattern: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """Yield each way to take a pattern apart at the only colon of an action, which an asterisk may stand for, too."""
    for number, token in enumerate(pattern):
        before, after = pattern[:number], pattern[number + 1 :]
        if isinstance(token, str):
            for at in (n for n, sign in enumerate(token) if sign == ":"):
                yield (*before, token[:at]), (token[at + 1 :], *after)
        else:
            yield ((*before, token), (token, *after)) if token.many else (before, after)
