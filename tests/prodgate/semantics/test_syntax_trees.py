"""Syntax trees are read by one thread at a time."""

import ast
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from prodgate.semantics.syntax_trees import parse_expression, parse_module


def test_no_thread_parses_beside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parse gives the others time to begin as well, as a switch of threads in the midst of one does."""
    beside, parse, others, within = [], ast.parse, Event(), 0

    def parse_slowly(*args: Any, **options: Any) -> Any:
        nonlocal within
        within += 1
        others.wait(0.05)
        beside.append(within)
        tree = parse(*args, **options)
        within -= 1
        return tree

    monkeypatch.setattr(ast, "parse", parse_slowly)
    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(each, "1 + 1") for each in (parse_module, parse_expression) * 2]
        trees = [each.result(10) for each in made]
    assert beside == [1, 1, 1, 1]
    assert [type(each) for each in trees] == [ast.Module, ast.BinOp] * 2
