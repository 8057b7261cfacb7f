"""Observing records: their text, and each document and gate run that they name as it is now."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ...aws.answers import Unreadable
from ...evidence import runs
from ...facts.attested.records import SeenDocument, SeenRun
from ...processes.regular_files import NotRegularError, open_regular
from ...sections.attested import AttestationError, Record, parse_attestation
from ...sections.criteria_file import CriteriaFile
from ...sections.toml_text import TomlError, read_text
from ...semantics.markdown import find_sections
from ...verdict import Decision
from ..layer import LayerContext
from ..observing_layer import Evidence
from .facts import FOLDER, RECORD

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
    """Return the time of what a run judged; for an earlier run, of what that saw."""
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


_SOURCE: Final = "files of the repository"
#: Files that may lie beside records, and are none.
_BESIDE: Final = ("readme.md",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where records are looked for, and the system that they must be about."""

    project: Path
    stated: CriteriaFile
    rehearsal: bool
    """Whether what is observed is a rehearsal, in which records that were made for rehearsals count."""
    runs: Path
    now: datetime
    within: Path | None = None
    """The run that looks at them."""

    @property
    def folder(self) -> str:
        """The folder of the records, as the criteria file names it."""
        return self.stated.attested.folder

    def file_of(self, criterion: str) -> str:
        """Return the path of the record of a criterion from the project's folder."""
        return f"{self.folder}/{criterion}.toml"


def observe(context: LayerContext, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the evidence of a run. Raises Unreadable when the folder can't be read."""
    place = Place(
        project=context.project,
        stated=context.stated,
        rehearsal=context.target.rehearsal,
        runs=context.run.parent,
        now=datetime.now(UTC),
        within=context.run,
    )
    context.progress(f"attested: reading {place.folder}/")
    for kind, value in observe_records(place):
        yield Evidence(kind=kind, value=value, subject=value.get("file", place.folder), source=_SOURCE)
    for name in list_others(place) if not context.moment else ():  # most records are of no one moment
        context.note("attested", name)


def observe_records(place: Place) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (kind, evidence) of the folder, then of each record in it. Raises Unreadable."""
    at = {"rehearsal": place.rehearsal, "asked": place.now.isoformat()}
    files = _list_files(place)
    yield FOLDER, {"folder": place.folder, "files": [file.name for file in files], **at}
    for file in files:
        if file.suffix == ".toml":
            yield RECORD, {"file": f"{place.folder}/{file.name}", "criterion": file.stem, **at, **_read(place, file)}


def _list_files(place: Place) -> list[Path]:
    folder = place.project / place.folder
    try:
        if folder.resolve() != place.project.resolve() / place.folder:
            raise Unreadable(f"{place.folder}: is a link, or stands behind one; name the folder itself")
        return sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise Unreadable(f"{place.folder}: cannot be read: {error.strerror}; make it a readable folder") from error


def _read(place: Place, file: Path) -> Mapping[str, Any]:
    """Return the text of a record and what it names as that is now, or why it is illegible."""
    try:
        if file.is_symlink():
            raise TomlError("is a link; write the record itself")
        text = read_text(file)
        record = parse_attestation(text, file.name, place.now)
    except OSError as error:
        return {"illegible": f"{file.name}: cannot be read: {error.strerror}; make it readable"}
    except TomlError as error:
        return {"illegible": f"{file.name}: {error}"}
    except AttestationError:
        return {"text": text, "documents": [], "runs": []}
    return look_at_record(place, text, record)


def look_at_record(place: Place, text: str, record: Record) -> Mapping[str, Any]:
    """Return the text of a record, and what it names as that is now."""
    documents = [look_at_document(place.project, path) for path in record.documents]
    seen = [
        look_at_run(place.runs, id_, system=place.stated.system, rehearsal=place.rehearsal, within=place.within)
        for id_ in record.runs
    ]
    return {"text": text, "documents": [asdict(each) for each in documents], "runs": [_run(each) for each in seen]}


def _run(seen: SeenRun) -> Mapping[str, Any]:
    return {**asdict(seen), "started": seen.started.isoformat() if seen.started else None}


def list_others(place: Place) -> Iterator[str]:
    """Say what lies among the records and is none of a criterion that asks for one."""
    asked = {id_ for id_, criterion in place.stated.criteria.items() if "attested" in criterion.layers}
    for file in _list_files(place):
        if file.suffix != ".toml":
            known = file.name.casefold() in _BESIDE or file.name.startswith(".")
            yield from () if known else (f"{place.folder}/{file.name}: is no record; a record is NAME.toml",)
        elif file.stem not in asked:
            yield f"{place.folder}/{file.name}: no criterion of that name asks for a record; it counts for nothing"
