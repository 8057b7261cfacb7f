"""The rule of a composite alarm, computed from the states of the alarms that it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final

from .unresolved import Unresolved

_STATE: Final = re.compile(r'(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|\'([^\']+)\'|([^"\')]+?))\s*\)')
_WORDS: Final = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}


def holds(rule: str, state_of: Callable[[str], str]) -> bool:
    """Whether a rule holds; ``state_of`` returns the state of an alarm by its name. Raises Unresolved.

    >>> holds('ALARM("slow") AND NOT ALARM("planned")', {"slow": "ALARM", "planned": "OK"}.get)
    True
    """

    def compare(match: re.Match[str]) -> str:
        name = next(filter(None, match.groups()[1:]))
        return str(state_of(name.rpartition(":alarm:")[2]) == match[1])

    text = re.sub(r"\b(AND|OR|NOT|TRUE|FALSE)\b", lambda match: _WORDS[match[1]], _STATE.sub(compare, rule))
    try:
        return _value(ast.parse(" ".join(text.split()), mode="eval").body)
    except (SyntaxError, TypeError) as error:
        raise Unresolved(rule, f"is a rule of alarms that is not understood here: {error}") from None


def _value(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool(value)):
            return value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(each) for each in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_value(each) for each in values)
    raise TypeError(ast.unparse(node))
