"""Syntax trees of Python source, read by one thread at a time.

Before Python 3.11.8 all threads share the count of how deep a tree is, and one that parses beside another now and then
fails with SystemError (https://github.com/python/cpython/issues/106905).
"""

import ast
from threading import Lock
from typing import Final

__all__ = ["parse_expression", "parse_module"]

_PARSING: Final = Lock()


def parse_module(text: str | bytes, name: str = "<unknown>") -> ast.Module:
    """Return the tree of a module's source. Raises what ``ast.parse`` raises."""
    with _PARSING:
        return ast.parse(text, name)


def parse_expression(text: str) -> ast.expr:
    """Return the tree of an expression. Raises what ``ast.parse`` raises."""
    with _PARSING:
        return ast.parse(text, mode="eval").body
