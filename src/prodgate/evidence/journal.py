"""The journal of a run: one JSON object a line, appended and flushed, so that a killed run still says what it knew.

Its lines are a chain (see `chain`). A writer locks the file, takes the digest of the last line and appends the next, so
that the processes and threads of a run write one chain.
"""

import errno
import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, Self

from ..criteria import UsageError
from ..findings import Finding
from ..processes.regular_files import OF_RUN, open_measured, read_measured
from ..semantics.json_texts import DuplicateKeyError, read_json
from ..semantics.secret_places import REDACTOR
from . import chain

#: Name of the journal in a run directory.
NAME = "journal.jsonl"
#: The format of journals that are written, and the newest that is read; one that states none is of the first.
FORMAT: Final = 1
#: Seconds that a writer waits for another writer, which writes only one line.
PATIENCE: Final = 30.0
_BLOCK: Final = 1 << 16
#: The subject that stands for the account itself in every region.
_ACCOUNT_ITSELF: Final = "the account"
#: Members whose texts seldom occur twice.
_OWN: Final = ("at", "subject")
#: Journal -> its length after the last line that this process wrote, and that line's link.
_LAST: Final[dict[Path, tuple[int, chain.Link]]] = {}


class JournalError(UsageError):
    """The journal can't be read as one, or not be continued; the message names the line."""


class NewerFormatError(JournalError):
    """A newer version of the gate wrote a journal."""


def name_within(cell: str, subject: str) -> str:
    """Return a subject with the name of its cell; unchanged for a run of no cell.

    ARNs and the account itself have the same name in every region.
    """
    account = cell.partition("/")[0]
    if not cell or subject == account or subject.startswith(("arn:", f"{cell}: ", f"{account}: ")):
        return subject
    return f"{account if subject == _ACCOUNT_ITSELF else cell}: {subject}"


@dataclass(frozen=True, slots=True)
class Journal:
    """Appends events to a run's journal; several processes may append to the same one."""

    path: Path
    cell: str = ""
    """The cell of the run; ``name_within`` puts it before the subjects of findings."""

    @classmethod
    def of(cls, run: Path, cell: str = "") -> Self:
        """Return the journal of a run directory."""
        return cls(run / NAME, cell)

    def write(self, event: str, **fields: Any) -> None:
        """Append one event with the time it was written, unless ``at`` is given, and without secrets in its texts.

        Raises JournalError when somebody else has changed the last line, or holds the journal.
        """
        fields = REDACTOR.redact(fields, named=False)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _lock(self.path, descriptor)
            size, before = _find_last(self.path, descriptor)
            line, link = chain.make_line({"event": event, "at": datetime.now(UTC).isoformat(), **fields}, before)
            if (written := os.write(descriptor, line + b"\n")) != len(line) + 1:
                # the next event must not be glued to half a line
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _LAST[self.path] = size + len(line) + 1, link
        except OSError as error:
            error.filename = str(self.path)
            raise
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process that was forked meanwhile has the descriptor, too
            os.close(descriptor)

    def record_planned(self, layer: str, check: str, criterion: str, place: str = "") -> None:
        """Say that a check is going to be judged; ``place`` says where it is written, if it is a team's to write."""
        self.write("planned", layer=layer, check=check, criterion=criterion, **({"place": place} if place else {}))

    def record_started(self, layer: str, check: str, place: str = "", evidence: Sequence[str] = ()) -> None:
        """Say that a check begins; ``place`` says where the function is written that answers.

        ``evidence`` has the digests of what its facts were made from; each of its findings rests on them.
        """
        more = {key: value for key, value in (("place", place), ("evidence", list(evidence))) if value}
        self.write("started", layer=layer, check=check, **more)

    def record_finding(self, finding: Finding) -> None:
        """Keep one finding."""
        self.write("finding", **{**finding.to_json(), "subject": name_within(self.cell, finding.subject)})

    def record_finished(self, layer: str, check: str, findings: int) -> None:
        """Say that a check has given all its findings, and how many; without it the check is undetermined."""
        self.write("finished", layer=layer, check=check, findings=findings)

    def record_fact(
        self, layer: str, kind: str, subject: str, digest: str, source: str, *, concluded: bool = False, team: str = ""
    ) -> None:
        """Say that something was observed, from where, and in which evidence file it is; or was ``concluded`` of that,
        which is as old as the judgement and concluded anew by the next. ``team``: a team's code that measured it."""
        more = {key: value for key, value in (("concluded", concluded), ("team", team)) if value}
        self.write("fact", layer=layer, kind=kind, subject=subject, digest=digest, source=source, **more)


def _lock(path: Path, descriptor: int) -> None:
    """Lock the journal. Raises JournalError if another writer keeps it locked."""
    until = 0.0
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            until = until or monotonic() + PATIENCE
            if monotonic() > until:
                reason = f"is held by another process for more than {PATIENCE:g} s; end what a layer has left running"
                raise JournalError(f"{path}: {reason}") from None
            sleep(0.001)


def _find_last(path: Path, descriptor: int) -> tuple[int, chain.Link]:
    """Return how long a journal is and the link of its last line; half a line of a killed writer is cut off."""
    size = os.fstat(descriptor).st_size
    known, link = _LAST.get(path, (0, chain.START))
    if known == size:
        return size, link if size else chain.START
    data, start = b"", size
    while start and data.count(b"\n") < 2:
        start = max(0, start - _BLOCK)
        data = os.pread(descriptor, size - start, start)
    whole, _, half = data.rpartition(b"\n")
    if half:
        size -= len(half)
        os.ftruncate(descriptor, size)
    return size, _read_last_link(path, whole.rpartition(b"\n")[2]) if size else chain.START


def _read_last_link(path: Path, text: bytes) -> chain.Link:
    try:
        event = json.loads(text)
    except ValueError:
        event = None
    if link := chain.read_link(event) if isinstance(event, dict) else None:
        return link
    raise JournalError(f"{path}: its last line is none of the gate's; no run can rest on it")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The content of a journal."""

    events: Sequence[dict[str, Any]]
    head: str
    """The digest of its last line; nothing for an empty journal."""
    flaws: tuple[str, ...]
    """Signs that it was changed after it was written."""


def load(path: Path) -> Recorded:
    """Read a journal and its chain; a last line that was cut off in writing is left out.

    Raises JournalError for a line in the middle that is not an event, OSError when the file can't be read.
    """
    return _load_as_written(path) or _load_changed(path)


def _load_as_written(path: Path) -> Recorded | None:
    """Read a journal line by line, keeping only the events; None when its chain does not hold."""
    chained, events, doubles = chain.Reading(), list[dict[str, Any]](), list[str]()
    known: dict[str, str] = {}
    with open_measured(path, OF_RUN) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                break
            text = line[:-1]
            event, said = _read_event(path, number, text)
            if not chained.follows(text, event):
                return None
            doubles += [said] if said else []
            event.pop(chain.MEMBER)
            events.append({known.setdefault(name, name): _share(name, event[name], known) for name in event})
    return Recorded(events, chained.head, tuple(doubles))


def _share(name: str, value: Any, known: dict[str, str]) -> Any:
    """Return a value whose recurring texts, such as digests, are in memory once for the whole journal."""
    if name in _OWN or not isinstance(value, list | str):
        return value
    return known.setdefault(value, value) if isinstance(value, str) else [_share(name, one, known) for one in value]


def _load_changed(path: Path) -> Recorded:
    texts = read_measured(path, OF_RUN).split(b"\n")[:-1]
    read = [found for number, text in enumerate(texts, start=1) if (found := _read_event(path, number, text))]
    events, doubles = [event for event, _ in read], tuple(said for _, said in read if said)
    flaws, last = chain.find_flaws(texts, events), chain.read_link(events[-1]) if events else None
    for event in events:
        event.pop(chain.MEMBER, None)
    return Recorded(events, last.digest if last else "", flaws or doubles)


def _read_event(path: Path, number: int, text: bytes) -> tuple[dict[str, Any], str]:
    """Return an event, and its flaw if another reader could read another event in the same text.

    Raises JournalError, and NewerFormatError where the first line states a format that is not known yet.
    """
    said = ""
    try:
        event = read_json(text)
    except DuplicateKeyError as error:
        event, said = json.loads(text), f"CHANGED: line {number} {error}"
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise JournalError(f"{path}:{number}: is not an event; the journal was changed after it was written")
    stated = event.get("format", FORMAT) if number == 1 else FORMAT
    if isinstance(stated, int) and stated > FORMAT:
        raise NewerFormatError(
            f"{path.name}: is of format {stated}, and this version reads formats up to {FORMAT}; "
            "use a version of prod-gate that is at least as new as the run"
        )
    return event, said


def read(path: Path) -> Sequence[dict[str, Any]]:
    """Return the events of a journal. Raises JournalError also when its chain does not hold, OSError as ``load``."""
    found = load(path)
    if found.flaws:
        raise JournalError(f"{path}: was edited after it was written: {'; '.join(found.flaws)}")
    return found.events
