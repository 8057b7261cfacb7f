"""Failed runs that a person has dealt with, as the criteria file lists them: ``DAG/RUN: what was done``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_LINE: Final = re.compile(r"(?P<dag>[\w.-]+)/(?P<run>\S+):\s+(?P<done>\S.*)")
_EXAMPLE: Final = "'collect/scheduled__2026-11-20T00:00:00+00:00: the source had moved; run again by Sato'"


def parse_acknowledged(lines: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """Return what was done, by DAG and run, from the lines without mistakes."""
    found = filter(None, map(_LINE.fullmatch, lines))
    return {(line["dag"], line["run"]): line["done"] for line in found}


def find_acknowledged_mistakes(lines: Any) -> Iterator[str]:
    """Yield what is wrong with ``airflow.acknowledged``, one line each."""
    if not isinstance(lines, list):
        yield f"airflow.acknowledged: is {lines!r}; write a list of texts such as {_EXAMPLE}"
        return
    for line in lines:
        if not isinstance(line, str) or not _LINE.fullmatch(line):
            yield f"airflow.acknowledged: {line!r} does not say which run, and what was done; write e.g. {_EXAMPLE}"
