"""Redacts a trace of Playwright, so that it can still be played and holds no secret."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...semantics.secret_forms import redaction
from .bodies import find_in_body
from .events import find_in_event, find_typed, redact_event
from .pictures import without_texts
from .places import Found
from .redaction import Redaction
from .writing import UnreadableDataError

#: Bytes of a trace that are looked through.
_MOST: Final = 400_000_000
#: How the script begins that asks a page what it holds.
HELD: Final = "// Returns what this frame keeps and what is in its fields"
_LOGS: Final = (".trace", ".network", ".stacks")
#: How files begin that hold compressed parts of their own, which nobody looks through: PDF, what is made of ZIP, and
#: archives of other kinds.
_PACKED: Final = (b"%PDF-", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"Rar!")
_UNSEARCHED: Final = redaction("a file that can't be looked through").encode()
_WORD: Final = re.compile(r"[A-Za-z_-]*")

Events = Mapping[str, list[Any]]


@dataclass(frozen=True)
class Trace:
    """The files of a trace, and the events in those that are logs."""

    files: Mapping[str, bytes]
    events: Events

    def teach(self, known: Redaction) -> Redaction:
        """Return a redaction that also knows what was typed, and what stands where secrets stand."""
        lines = [line for some in self.events.values() for line in some]
        found: set[Found] = {each for line in lines for each in find_in_event(line)}
        sent = {file for line in lines for file in _sent_files(line)}
        for name, data in self.files.items():
            if name not in self.events and not _is_picture(data):
                found.update(find_in_body(data, sent=name.rpartition("/")[2] in sent))
        known = known.with_typed(text for some in self.events.values() for text in find_typed(some))
        known = known.with_secrets(text for text, _ in found)
        return known.with_secrets((text for text, certain in found if certain), certain=True)

    def redact(self, known: Redaction) -> bytes:
        """Return a trace that can still be played, without what is known.

        Pictures are left out of it when something was typed, or a page showed a secret: nobody can look for it there.
        Raises UnreadableDataError when something could not be looked through, or still holds a secret.
        """
        typed = any(True for some in self.events.values() for _ in find_typed(some))
        kept = self._without_pictures() if typed or self._shows(known) else self
        made = {name: _redact_file(name, data, kept.events, known) for name, data in kept.files.items()}
        sought = known.only(lambda each: not _WORD.fullmatch(each))
        for name, data in made.items():
            if sought.among(data).is_held_by(data):
                raise UnreadableDataError(f"{name} of the trace still held a secret after all were taken out")
        return _write_files(made)

    def _shows(self, known: Redaction) -> bool:
        lines = [line for some in self.events.values() for line in some if line.get("type") == "frame-snapshot"]
        data = json.dumps(lines, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return known.among(data).is_held_by(data)

    def _without_pictures(self) -> Trace:
        """Return a trace without the pictures of what its pages looked like over time."""
        frames = [line for some in self.events.values() for line in some if line.get("type") == "screencast-frame"]
        gone = {str(frame.get(key)).rpartition("/")[2] for frame in frames for key in ("file", "sha1")}
        return Trace(
            {name: data for name, data in self.files.items() if name.rpartition("/")[2] not in gone},
            {name: [line for line in some if line not in frames] for name, some in self.events.items()},
        )


def read_trace(trace: Path) -> Trace:
    """Read a trace. Raises UnreadableDataError when it can't be read, or is too large to be looked through."""
    files = _read_files(trace)
    events = {name: _read_events(name, data) for name, data in files.items() if name.endswith(_LOGS)}
    return Trace(files, {name: _without_questions(lines) for name, lines in events.items()})


def _without_questions(lines: list[Any]) -> list[Any]:
    """Return events without those in which the gate itself asked a page what it holds."""
    asked = {line.get("callId") for line in lines if str((line.get("params") or {}).get("expression")).startswith(HELD)}
    return [line for line in lines if line.get("callId") not in asked] if asked else lines


def _read_files(trace: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(trace) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST:
                raise UnreadableDataError(f"the trace holds more than {_MOST // 1_000_000} MB")
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise UnreadableDataError(f"the trace can't be read: {type(error).__name__}") from error


def _read_events(name: str, data: bytes) -> list[Any]:
    try:
        lines = [json.loads(line) for line in data.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise UnreadableDataError(f"{name} of the trace can't be read: it is no JSON") from error
    if not all(isinstance(line, dict) for line in lines):
        raise UnreadableDataError(f"{name} of the trace can't be read: it has another form")
    return lines


def _sent_files(event: Mapping[str, Any]) -> Iterable[str]:
    """Yield the files with what a request sent."""
    snapshot = event.get("snapshot")
    request = snapshot.get("request") if isinstance(snapshot, Mapping) else None
    body = request.get("postData") if isinstance(request, Mapping) else None
    if isinstance(body, Mapping):
        yield from (str(body[key]).rpartition("/")[2] for key in ("_file", "_sha1") if key in body)


def _is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"wOF"))


def _redact_file(name: str, data: bytes, events: Events, known: Redaction) -> bytes:
    if data.lstrip()[:8].startswith(_PACKED):
        return _UNSEARCHED
    held = known.among(data)
    if name not in events:
        return without_texts(data) if _is_picture(data) else held.redact_bytes(data)
    return "".join(f"{json.dumps(redact_event(line, held))}\n" for line in events[name]).encode()


def _write_files(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()
