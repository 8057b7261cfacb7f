"""The chain of a journal: every line carries a digest of itself and of all lines before it.

A line ends in its link, ``"chain": {"run": "3f2a9c1", "line": 17, "sha256": "…"}}``. The digest is the SHA-256 of the
digest of the line before, in hex (nothing before the first line), and the bytes of the line up to its own digest. The
digest of the last line is the head: it stands for the whole journal.

The chain involves no key. Editing a line and rewriting all later ones gives another valid chain, with another
head; only a head that was kept elsewhere reveals it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Name of the member that holds a line's link, the last of each line.
MEMBER: Final = "chain"
#: The last event of a run.
CLOSED: Final = "closed"
#: The text after the digest, and the length of both.
_END: Final = b'"}}'
_TAIL: Final = 64 + len(_END)
#: Places that are named one by one.
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line stands: the last part of its run's name, its number from 1, and its digest."""

    run: str
    line: int
    digest: str


#: The link before the first line.
START: Final = Link("", 0, "")


@dataclass(frozen=True, slots=True)
class _Line:
    place: int
    """Its number in the file, from 1."""
    text: bytes
    event: str
    link: Link | None
    """None for a line that has none."""

    def is_sound(self, before: Link) -> bool:
        """Whether its digest is right for its text, after that line."""
        return self.text[-_TAIL:] == f'{_digest(before, self.text[:-_TAIL])}"}}}}'.encode()


def make_line(event: Mapping[str, Any], before: Link) -> tuple[bytes, Link]:
    """Return the line of an event, without its end, and its link."""
    run = before.run if before.line else str(event.get("run", "")).rpartition("-")[2]
    body = json.dumps(event, ensure_ascii=False)[:-1]
    named = f'"{run}"' if run.isalnum() and run.isascii() else json.dumps(run)
    opened = f'{body}, "{MEMBER}": {{"run": {named}, "line": {before.line + 1}, "sha256": "'
    data = opened.encode("utf-8", "backslashreplace")
    link = Link(run, before.line + 1, _digest(before, data))
    return data + link.digest.encode() + _END, link


def _digest(before: Link, text: bytes) -> str:
    return hashlib.sha256(before.digest.encode() + text).hexdigest()


def read_link(event: Mapping[str, Any]) -> Link | None:
    """Return the link of an event; None when it has none that is one."""
    match event.get(MEMBER):
        case {"run": str(run), "line": int(line), "sha256": str(digest)} if line > 0:
            return Link(run, line, digest)
    return None


def find_flaws(texts: Sequence[bytes], events: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say what is CHANGED, MISSING, UNLISTED, REORDERED or FOREIGN in a journal; nothing when it is as written."""
    if _holds(texts, events):
        return ()
    found = zip(texts, events, strict=True)
    lines = [_Line(place, text, event["event"], read_link(event)) for place, (text, event) in enumerate(found, start=1)]
    return tuple(_name_flaws(lines))


def _holds(texts: Sequence[bytes], events: Sequence[Mapping[str, Any]]) -> bool:
    read = Reading()
    return all(read.follows(text, event) for text, event in zip(texts, events, strict=True))


@dataclass(slots=True)
class Reading:
    """A chain that is read line by line, as long as it holds."""

    run: str = ""
    line: int = 0
    head: str = ""
    """The digest of the last line."""
    closed: bool = False

    def follows(self, text: bytes, event: Mapping[str, Any]) -> bool:
        """Whether a line is the one after the last, as it was written."""
        if not self.line:
            first = read_link(event)
            self.run = first.run if first else ""
        self.line += 1
        self.head = hashlib.sha256(self.head.encode() + text[:-_TAIL]).hexdigest()
        open_, self.closed = not self.closed, event["event"] == CLOSED
        stated = {"run": self.run, "line": self.line, "sha256": self.head}
        return open_ and text[-_TAIL:] == self.head.encode() + _END and event.get(MEMBER) == stated


def _name_flaws(lines: Sequence[_Line]) -> Iterator[str]:
    if not any(line.link for line in lines):
        yield "UNLISTED: no line is chained, as in a run of an earlier version"
        return
    own = next(line.link.run for line in lines if line.link)
    foreign = {line.place: line.link.run for line in lines if line.link and line.link.run != own}
    kept: dict[int, _Line] = {}
    for line in lines:
        if line.link and line.link.run == own:
            kept.setdefault(line.link.line, line)
    altered = _find_altered(lines, kept)
    known = {line.place for line in kept.values()} | set(foreign) | set(altered)
    closed = min((number for number, line in kept.items() if line.event == CLOSED), default=max(kept))
    yield from _name("CHANGED", sorted({*altered.values(), *_find_changed(kept)}))
    yield from _name("MISSING", _find_gaps({*kept, *altered.values()}))
    yield from _name("REORDERED", _find_reordered(kept.values()))
    yield from _name("UNLISTED", (line.place for line in lines if line.place not in known))
    yield from _name("UNLISTED after the closing line", sorted(number for number in kept if number > closed))
    yield from _name("FOREIGN", (f"{place} (of run {run})" for place, run in foreign.items()))


def _find_altered(lines: Iterable[_Line], kept: Mapping[int, _Line]) -> Mapping[int, int]:
    """Return the places of lines without a link that stand where a number is missing, with that number."""
    found, last = {}, 0
    for line in lines:
        if line.link is not None:
            last = line.link.line
        elif last + 1 not in kept and last + 1 < max(kept):
            last = found[line.place] = last + 1
    return found


def _find_changed(kept: Mapping[int, _Line]) -> Iterator[int]:
    """Yield the numbers of lines with a wrong digest, where the line before is there to compute it."""
    for number, line in kept.items():
        before = START if number == 1 else kept[number - 1].link if number - 1 in kept else None
        if before is not None and not line.is_sound(before):
            yield number


def _find_gaps(numbers: Iterable[int]) -> Iterator[str]:
    """Yield which numbers before the last are missing; a gap at a time, however wide."""
    last = 0
    for number in sorted(numbers):
        if number > last + 1:
            yield str(last + 1) if number == last + 2 else f"{last + 1} to {number - 1}"
        last = number


def _find_reordered(kept: Iterable[_Line]) -> Iterator[int]:
    """Yield the numbers of lines that stand behind a later one."""
    last = 0
    for line in sorted(kept, key=lambda line: line.place):
        number = line.link.line if line.link else last
        if number < last:
            yield number
        last = max(last, number)


def _name(flaw: str, places: Iterable[int] | Iterable[str]) -> Iterator[str]:
    """Name a flaw and the lines that have it, in order; of many lines only the first."""
    found = list(places)
    if found:
        more = f" and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
        yield f"{flaw}: line {', '.join(map(str, found[:_MOST_NAMED]))}{more}"
