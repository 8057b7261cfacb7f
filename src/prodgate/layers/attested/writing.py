"""Writing a record: its text, and a file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from ...criteria import UsageError
from ...sections.attestations_file import REHEARSAL, Person, Record
from ...sections.toml_text import write_string

_HEADER: Final = "# What people say of this criterion, and what they looked at. Write it anew: prodgate attest {}\n"
_REHEARSED: Final = """#
# Made for rehearsals: nobody looked at a real system, and it never counts on a real account. It is as old as the
# rehearsal that reads it, and holds as long as its documents are unchanged.
"""


def render_record(record: Record) -> str:
    """Return a record as TOML."""
    return "".join(_render(record))


def _render(record: Record) -> Iterator[str]:
    yield _HEADER.format(record.criterion)
    yield f"{_REHEARSED}\n{REHEARSAL} = true\n" if record.rehearsal else "\n"
    yield f"criterion = {write_string(record.criterion)}\nstatement = {write_string(record.statement)}\n"
    yield f"when = {_moment(record.when)}\nvalid_until = {_moment(record.valid_until)}\n"
    for key, values in (("runs", record.runs), ("links", record.links)):
        if values:
            yield f"{key} = [{', '.join(map(write_string, values))}]\n"
    yield from _render_person("by", record.by)
    yield from _render_person("second", record.second) if record.second else ()
    for path, digest in record.documents.items():
        yield f"\n[[documents]]\npath = {write_string(path)}\nsha256 = {write_string(digest)}\n"


def _render_person(key: str, person: Person) -> Iterator[str]:
    yield f"\n[{key}]\nname = {write_string(person.name)}\nrole = {write_string(person.role)}\n"


def _moment(at: datetime | None) -> str:
    return write_string(REHEARSAL) if at is None else at.isoformat()


def write_record(file: Path, text: str, *, overwrite: bool) -> None:
    """Write a record's file in one step. Raises UsageError when there is one and it may not be overwritten."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with partial.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if overwrite:
            partial.replace(file)
        else:
            os.link(partial, file)
    except FileExistsError:
        raise UsageError(f"{file}: is there already; write --overwrite to put another record in its place") from None
    finally:
        partial.unlink(missing_ok=True)
