"""CloudWatch metric math, computed: what an alarm's expression makes of given numbers.

Only what alarms on rates and sums use. An expression that holds anything else raises Unresolved, so that no
judgement rests on half an expression.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Final

from .unresolved import Unresolved

_OPERATORS: Final[dict[type[ast.AST], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else Decimal(0),
}
_COMPARISONS: Final[dict[type[ast.AST], Callable[[Decimal, Decimal], bool]]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Final[dict[str, Callable[[list[Decimal]], Decimal]]] = {
    "SUM": lambda values: sum(values, Decimal(0)),
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values, Decimal(0)) / len(values),
    "ABS": lambda values: abs(values[0]),
    "FILL": lambda values: values[0],  # what fills a gap does not matter where there is none
    "IF": lambda values: values[1] if values[0] else values[2] if len(values) > 2 else Decimal(0),
}


def evaluate(expression: str, values: Mapping[str, Decimal]) -> Decimal:
    """Return the value of an expression; ``values`` holds a number for every id that it may name.

    >>> evaluate("100 * (FILL(e, 0) / r)", {"e": Decimal(1), "r": Decimal(1000)})
    Decimal('0.100')
    """
    try:
        return _value(ast.parse(expression.strip(), mode="eval").body, values)
    except (SyntaxError, KeyError, IndexError, ValueError, TypeError, ArithmeticError) as error:
        raise Unresolved(expression, f"is metric math that is not understood here: {error}") from None


@cache
def query_ids(expression: str) -> frozenset[str]:
    """Return the ids of queries that an expression may name; ``METRICS`` when it takes all."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise Unresolved(expression, f"is metric math that is not understood here: {error}") from None
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _value(node: ast.expr, values: Mapping[str, Decimal]) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, values)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        compare = _COMPARISONS[type(node.ops[0])]
        return Decimal(int(compare(_value(node.left, values), _value(node.comparators[0], values))))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](_arguments(node.args, values))
    raise ValueError(ast.unparse(node))


def _arguments(nodes: list[ast.expr], values: Mapping[str, Decimal]) -> list[Decimal]:
    found: list[Decimal] = []
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "METRICS":
            found += values.values()
        elif isinstance(node, ast.List):
            found += _arguments(node.elts, values)
        else:
            found.append(_value(node, values))
    return found
