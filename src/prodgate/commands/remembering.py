"""The history of a folder of runs: an index of what was read of each, and a page made of it."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..evidence import journal
from ..report.catalogue import FILES
from ..report.history.entries import Entry
from ..report.history.page import PAGE, name_page, render_history
from ..run.nights import read_entry
from .output import write

INDEX: Final = "history.jsonl"
_ANOTHER: Final = "its journal is not the one that was read before"


def history(args: argparse.Namespace) -> int:
    """Write the page and the index of a folder of runs. Raises UsageError for a folder that is none."""
    folder: Path = args.folder
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name one that holds runs, such as runs")
    known = _read_index(folder / INDEX)
    there = {entry.run: entry for entry in _read_runs(folder, known)}
    entries = {**{name: replace(entry, gone=True) for name, entry in known.items()}, **there}
    ordered = [entries[name] for name in sorted(entries)]
    write("".join(json.dumps(e.to_json(), ensure_ascii=False) + "\n" for e in ordered), folder / INDEX)
    page = args.output or folder / PAGE
    for language in FILES:
        write(render_history(ordered, args.until, language=language, page=page), name_page(page, language))
    sys.stdout.write(f"history: {page}, of {len(ordered):,} run{'s' * (len(ordered) != 1)}\n")
    return 0


def _read_runs(folder: Path, known: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yield an entry for each run that is there, judged again: who can edit an index can write any verdict in it."""
    for path in sorted(folder.glob("*Z-*")):
        file = path / journal.NAME
        digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        entry = known.get(path.name)
        if entry and entry.closed and entry.journal != digest:
            yield Entry(run=path.name, journal=entry.journal, day=entry.day, problem=_ANOTHER)
            continue
        if found := read_entry(path, digest):
            yield found


def _read_index(path: Path) -> dict[str, Entry]:
    """Return what was remembered, also of runs that are no longer there. Raises UsageError for another file."""
    if not path.exists():
        return {}
    try:
        entries = [Entry.from_json(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: is no index of runs: {error}; remove it, and it is made anew") from None
    return {entry.run: entry for entry in entries}
