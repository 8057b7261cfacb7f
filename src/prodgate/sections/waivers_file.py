"""Reading waivers.toml: the whole file is validated, and every mistake is one line of the message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..criteria import UsageError, suggest
from ..semantics.names import says_nothing
from ..waivers import Waiver
from .toml_text import TomlError, parse_toml, read_text, render_mistakes
from .validation import key_mistakes

_TEXTS = ("covers", "subject", "reason", "owner", "approver")
_DATES = ("opened", "expires")
_KEYS = (*_TEXTS, *_DATES, "most", "observed", "aspect")


class WaiverError(UsageError):
    """The waivers cannot be used; each line of the message is one mistake."""


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read and validate a waivers file; a file that does not exist holds no waiver. Raises WaiverError.

    What is wrong with a waiver on any day is refused here; in a run that was made before, it is a finding.
    """
    try:
        waivers = parse_waivers(read_text(path), path)
    except FileNotFoundError:
        if path.is_symlink():
            raise WaiverError(f"{path}: is a link that leads nowhere; mend it, or take it away") from None
        return ()
    except OSError as error:
        raise WaiverError(f"{path}: cannot be read: {error.strerror}; make it readable") from None
    except TomlError as error:
        raise WaiverError(f"{path}: {error}") from None
    if faults := [f"{path}: {fault}" for waiver in waivers for fault in _render_faults(waiver)]:
        raise WaiverError(render_mistakes(faults))
    return waivers


def _render_faults(waiver: Waiver) -> Iterator[str]:
    for key, faults in waiver.find_faults().items():
        value = getattr(waiver, key)
        shown = repr(value) if isinstance(value, str) else value
        yield from (f"waivers.{waiver.id}.{key}: {shown}: the waiver {fault}" for fault in faults)


def find_unknown(waivers: Iterable[Waiver], known: Collection[str], path: Path) -> Iterator[str]:
    """Say which waivers cover nothing that is known by name: no criterion, policy or check."""
    for waiver in waivers:
        if waiver.covers not in known:
            hint = suggest(waiver.covers, known) or "; write the id of a criterion or policy, or the name of a check"
            yield f"{path}: waivers.{waiver.id}.covers: {waiver.covers!r} is no criterion, policy or check{hint}"


def parse_waivers(text: str, path: Path) -> tuple[Waiver, ...]:
    """Validate the text of a waivers file; ``path`` is only named in messages. Raises WaiverError."""
    try:
        data = parse_toml(text)
    except TomlError as error:
        raise WaiverError(f"{path}: {error}") from None
    tables = data.get("waivers", {})
    mistakes = [f"{key}: is not a section; write [waivers.<id>]" for key in data if key != "waivers"]
    mistakes += _mistakes(tables) if isinstance(tables, dict) else ["waivers: is not a table; write [waivers.<id>]"]
    if mistakes:
        raise WaiverError(render_mistakes(f"{path}: {mistake}" for mistake in mistakes))
    return tuple(Waiver(id=id_, **table) for id_, table in tables.items())


def _mistakes(tables: Mapping[str, Any]) -> Iterator[str]:
    for id_, table in tables.items():
        where = f"waivers.{id_}"
        if not isinstance(table, dict):
            yield f"{where}: is not a table; write [waivers.{id_}]"
            continue
        for key in (*_TEXTS, *_DATES):
            if key not in table:
                yield f"{where}.{key}: is missing; every waiver states {', '.join((*_TEXTS, *_DATES))}"
        yield from key_mistakes(where, table, _KEYS)
        for key, value in table.items():
            yield from _value_mistakes(where, key, value)


def _value_mistakes(where: str, key: str, value: Any) -> Iterator[str]:
    if key in (*_TEXTS, "observed", "aspect") and not isinstance(value, str):
        yield f"{where}.{key}: is {value!r}; write a text"
    elif key in _DATES and (not isinstance(value, date) or isinstance(value, datetime)):
        yield f"{where}.{key}: is {value!r}; write a date without quotes, e.g. {key} = 2026-11-24"
    elif key == "observed" and says_nothing(value):
        yield f'{where}.{key}: is {value!r}, which says nothing; write what was accepted, e.g. observed = "0.5 s"'
    elif key == "aspect" and says_nothing(value):
        yield f"{where}.{key}: is {value!r}, which says nothing; write the aspect that the finding names"
    elif key == "most" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        yield f"{where}.{key}: is {value!r}; write a whole number of at least 1"
