"""Looking at what a record names: documents of the project, and gate runs."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from ...evidence import runs
from ...facts.attested.records import SeenDocument, SeenRun
from ...processes.regular_files import NotRegularError, open_regular
from ...semantics.markdown import find_sections
from ...verdict import Decision

#: The largest document that is read, in bytes.
_MOST_BYTES: Final = 8 * 1024 * 1024
_MARKDOWN: Final = (".md", ".markdown")


def look_at_document(root: Path, path: str) -> SeenDocument:
    """Return a document of a project as it is now, and why it is none."""
    file = root / path
    if not os.path.lexists(file):
        return SeenDocument(path=path, wrong="there is no such file")
    if os.path.realpath(file) != os.path.join(os.path.realpath(root), *path.split("/")):  # noqa: PTH118  as it is spelled
        return SeenDocument(path=path, wrong="it is a link, or stands behind one")
    try:
        with open_regular(file) as opened:
            data = opened.read(_MOST_BYTES + 1)
    except NotRegularError:
        data = None
    except OSError as error:
        return SeenDocument(path=path, unread=f"{path}: cannot be read: {error.strerror}")
    if data is None or len(data) > _MOST_BYTES:
        return SeenDocument(path=path, wrong=f"it is no regular file of at most {_MOST_BYTES:,} bytes")
    sections = find_sections(data.decode("utf-8", "replace")) if file.suffix.casefold() in _MARKDOWN else ()
    return SeenDocument(path=path, digest=hashlib.sha256(data).hexdigest(), sections=sections)


def look_at_run(folder: Path, id_: str, *, system: str, rehearsal: bool, within: Path | None = None) -> SeenRun:
    """Return a gate run of a folder as it is now, and why it shows nothing of a system.

    ``within`` is the run that looks, which has no verdict yet; a ``rehearsal`` may cite rehearsals.
    """
    path = folder / id_
    if path.is_symlink() or not path.is_dir() or (within is not None and path.name == within.name):
        return SeenRun(id=id_, wrong=f"there is no such run in {folder.name}/")
    try:
        run = runs.read(path)
    except runs.RunError as error:
        return SeenRun(id=id_, unread=str(error))
    return SeenRun(
        id=id_,
        started=_started(run),
        layers=tuple(map(str, run.about.get("layers", ()))),
        wrong=_describe_flaw(run, system, rehearsal),
    )


def _started(run: runs.Run) -> datetime | None:
    """Return when what a run judged was so; one that judged an earlier run again is as old as what that one saw."""
    times: list[datetime] = [run.started]
    with suppress(ValueError, TypeError):
        times += run.observed() or ()
    return min(times)


def _describe_flaw(run: runs.Run, system: str, rehearsal: bool) -> str:
    if run.criteria.system != system:
        return f"it judged {run.criteria.system!r}"
    if run.finished is None:
        return "it was cut off"
    if run.scope.rehearsal and not rehearsal:
        return "it was a rehearsal, which shows nothing of a real system"
    decision = run.verdict().decision
    return "" if decision is Decision.GO else f"its verdict was {decision}"
