"""The [rollout.before] table of a criteria file: what must be on record of a release before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from ..criteria import UsageError
from ..quantities import Quantity
from .targets import parse_target
from .validation import is_text_list, key_mistakes, quantity_mistakes

_LISTS: Final = {"tests": "reports/*.xml", "targets": "aws://staging@ap-northeast-1"}
_KEYS: Final = (*_LISTS, "rehearsal")
_REHEARSAL: Final = ("command", "limit")
_LIMIT: Final = "60 s"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCommand:
    """A command that runs the tests of a rehearsed release, and where it leaves their results."""

    command: tuple[str, ...]
    """Run in the project's folder; ``{python}`` stands for the gate's own, ``{results}`` for the file to write."""
    limit: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeSection:
    """What [rollout.before] states."""

    tests: tuple[str, ...] = ()
    """Patterns of JUnit XML files with the results of all tests, relative to the criteria file."""
    targets: tuple[str, ...] = ()
    """Further targets on which a load test of the release counts, such as staging."""
    rehearsal: SuiteCommand | None = None


def parse_before_section(table: Mapping[str, Any]) -> BeforeSection:
    """Read a table that has no mistakes."""
    given: dict[str, Any] = {key: tuple(table[key]) for key in _LISTS if key in table}
    if rehearsal := table.get("rehearsal"):
        limit = Quantity.parse(rehearsal.get("limit", _LIMIT))
        given["rehearsal"] = SuiteCommand(command=tuple(rehearsal["command"]), limit=limit)
    return BeforeSection(**given)


def before_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with a [rollout.before] table, one line each."""
    where = "rollout.before"
    if not isinstance(table, dict):
        yield f'{where}: is {table!r}; write [rollout.before] with tests = ["reports/*.xml"]'
        return
    yield from key_mistakes(where, table, _KEYS)
    for key, example in _LISTS.items():
        if not is_text_list(table.get(key, [])):
            yield f"{where}.{key}: is {table[key]!r}; write a list of texts, e.g. [{example!r}]"
            return
    for pattern in table.get("tests", ()):
        if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
            yield f"{where}.tests: {pattern!r} leads out of the project; write e.g. 'reports/*.xml'"
    for url in table.get("targets", ()):
        try:
            parse_target(url)
        except UsageError as error:
            yield f"{where}.targets: {error}"
    yield from _rehearsal_mistakes(f"{where}.rehearsal", table.get("rehearsal", {"command": ["{results}"]}))


def _rehearsal_mistakes(where: str, table: Any) -> Iterator[str]:
    example = '["{python}", "-m", "pytest", "--junit-xml={results}", "tests"]'
    if not isinstance(table, dict):
        yield f"{where}: is {table!r}; write {{ command = {example} }}"
        return
    yield from key_mistakes(where, table, _REHEARSAL)
    command = table.get("command")
    if not is_text_list(command) or not any("{results}" in word for word in command or ()):
        yield f"{where}.command: is {command!r}; write a list with {{results}} where the file goes, e.g. {example}"
    if "limit" in table:
        yield from quantity_mistakes(f"{where}.limit", table["limit"], "time", _LIMIT)
