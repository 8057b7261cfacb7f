"""A journal whose lines were changed after they were written is known by its chain, and what was done is named."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.evidence import journal
from prodgate.evidence.chain import START, Link, make_line
from prodgate.evidence.journal import Journal, JournalError

Lines = list[bytes]


def write(folder: Path, run: str = "2026-11-27T080000Z-aaaaaaa", lines: int = 8) -> Path:
    """Write a journal of that many lines and return its path."""
    folder.mkdir(exist_ok=True)
    made = Journal(folder / journal.NAME)
    made.write("opened", run=run)
    for number in range(2, lines):
        made.write("note", layer="static", text=f"line {number}")
    made.write("closed", files={})
    return made.path


def flaws(path: Path, change: Callable[[Lines], Lines]) -> tuple[str, ...]:
    """Return what is said of a journal whose lines were changed."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    return journal.load(path).flaws


def number(line: bytes) -> int:
    found: int = json.loads(line)["chain"]["line"]
    return found


def put(lines: Lines, place: int, *new: bytes) -> Lines:
    """Return the lines with others in place of the one with that number."""
    return [*lines[: place - 1], *new, *lines[place:]]


def turned(line: bytes) -> bytes:
    return line.replace(b'"text": "line', b'"text": "lime')


def unchained(line: bytes) -> bytes:
    event = json.loads(line)
    del event["chain"]
    return json.dumps(event).encode() + b"\n"


def chained_anew(line: bytes, before: bytes) -> bytes:
    """Change a line and give it the digest that it would have."""
    event, link = json.loads(turned(line)), json.loads(before)["chain"]
    del event["chain"]
    return make_line(event, Link(link["run"], link["line"], link["sha256"]))[0] + b"\n"


def foreign(lines: Lines) -> bytes:
    """A line 4 of another run."""
    return lines[3].replace(b'"run": "aaaaaaa"', b'"run": "bbbbbbb"')


def numbered(line: bytes, new: object) -> bytes:
    return line.replace(f'"line": {number(line)}, "sha256"'.encode(), f'"line": {new}, "sha256"'.encode())


TAMPERING: dict[str, tuple[Callable[[Lines], Lines], tuple[str, ...]]] = {
    "a word": (lambda x: put(x, 4, turned(x[3])), ("CHANGED: line 4",)),
    "two words": (lambda x: put(put(x, 4, turned(x[3])), 6, turned(x[5])), ("CHANGED: line 4, 6",)),
    "every line": (lambda x: [turned(line) for line in x], ("CHANGED: line 2, 3, 4, 5, 6 and 1 more",)),
    "the first line": (lambda x: put(x, 1, x[0].replace(b"opened", b"opener")), ("CHANGED: line 1",)),
    "the closing line": (lambda x: put(x, 8, x[7].replace(b'"at": "2', b'"at": "3')), ("CHANGED: line 8",)),
    "its digest": (lambda x: put(x, 4, x[3][:-67] + b"0" * 64 + b'"}}\n'), ("CHANGED: line 4, 5",)),
    "white space": (lambda x: put(x, 4, x[3].replace(b": ", b":")), ("CHANGED: line 4",)),
    "white space at the end": (lambda x: put(x, 4, x[3][:-1] + b" \n"), ("CHANGED: line 4",)),
    "a second member of that name": (
        lambda x: put(x, 4, x[3].replace(b'"text"', b'"text": "", "text"')),
        ("CHANGED: line 4",),
    ),
    "a member behind the link": (lambda x: put(x, 4, x[3][:-2] + b', "text": "x"}\n'), ("CHANGED: line 4",)),
    "a line without its link": (lambda x: put(x, 4, unchained(x[3])), ("CHANGED: line 4",)),
    "two without their link": (lambda x: put(x, 4, unchained(x[3])[:-1] + b"\n", *x[4:5]), ("CHANGED: line 4",)),
    "a link of another shape": (
        lambda x: put(x, 4, x[3].replace(b'"line": 4,', b'"line": "4",')),
        ("CHANGED: line 4",),
    ),
    "a line chained anew": (lambda x: put(x, 4, chained_anew(x[3], x[2])), ("CHANGED: line 5",)),
    "a line deleted": (lambda x: put(x, 4), ("MISSING: line 4",)),
    "lines deleted": (lambda x: [*x[:2], *x[5:]], ("MISSING: line 3 to 5",)),
    "lines deleted here and there": (lambda x: [x[0], x[2], x[4], *x[6:]], ("MISSING: line 2, 4, 6",)),
    "the first line deleted": (lambda x: x[1:], ("MISSING: line 1",)),
    "the second half alone": (lambda x: x[4:], ("MISSING: line 1 to 4",)),
    "two lines swapped": (lambda x: [*x[:3], x[4], x[3], *x[5:]], ("REORDERED: line 4",)),
    "turned round": (lambda x: x[::-1], ("REORDERED: line 7, 6, 5, 4, 3 and 2 more",)),
    "one moved to the end": (lambda x: [*x[:3], *x[4:], x[3]], ("REORDERED: line 4",)),
    "a line twice": (lambda x: [*x[:4], x[3], *x[4:]], ("UNLISTED: line 5",)),
    "the closing line twice": (lambda x: [*x, x[-1]], ("UNLISTED: line 9",)),
    "a line added": (lambda x: [*x[:4], unchained(x[3]), *x[4:]], ("UNLISTED: line 5",)),
    "a line added at the end": (lambda x: [*x, unchained(x[3])], ("UNLISTED: line 9",)),
    "a line chained to the end": (
        lambda x: [*x, chained_anew(x[3], x[7])],
        ("UNLISTED after the closing line: line 9",),
    ),
    "a far number": (lambda x: [*x[:7], numbered(x[7], 10**12)], ("MISSING: line 8 to 999999999999",)),
    "a number below one": (lambda x: put(x, 4, numbered(x[3], -4)), ("CHANGED: line 4",)),
    "a line of another run": (lambda x: [*x[:4], foreign(x), *x[4:]], ("FOREIGN: line 5 (of run bbbbbbb)",)),
    "a line in place of one": (
        lambda x: put(x, 4, foreign(x)),
        ("MISSING: line 4", "FOREIGN: line 4 (of run bbbbbbb)"),
    ),
    "no line chained": (lambda x: [unchained(line) for line in x], ("UNLISTED: no line is chained",)),
}


@pytest.mark.parametrize("change", TAMPERING)
def test_what_was_done_to_a_journal_is_named(tmp_path: Path, change: str) -> None:
    tampering, named = TAMPERING[change]
    found = flaws(write(tmp_path), tampering)
    assert len(found) >= len(named)
    for flaw in named:
        assert any(each.startswith(flaw) for each in found), found


def test_two_journals_that_were_mixed_are_told_apart(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a"), write(tmp_path / "b", "2026-11-27T090000Z-bbbbbbb")
    theirs = other.read_bytes().splitlines(keepends=True)
    assert flaws(path, lambda own: [*own[:4], *theirs[4:]]) == (
        "FOREIGN: line 5 (of run bbbbbbb), 6 (of run bbbbbbb), 7 (of run bbbbbbb), 8 (of run bbbbbbb)",
    )


@pytest.mark.parametrize("key", ["event", "text", "at", "chain"])
def test_a_line_that_can_be_read_in_two_ways_is_named_although_the_chain_holds(tmp_path: Path, key: str) -> None:
    path, link = tmp_path / journal.NAME, START
    lines = []
    for text in write(tmp_path / "a").read_bytes().splitlines():
        event = {name: value for name, value in json.loads(text).items() if name != "chain"}
        body = make_line(event, link)[0][:-67]
        doubled = body.replace(f'"{key}": '.encode(), f'"{key}": "other", "{key}": '.encode(), 1)
        digest = hashlib.sha256(link.digest.encode() + doubled).hexdigest()
        lines.append(doubled + digest.encode() + b'"}}\n')
        link = Link(link.run or "aaaaaaa", link.line + 1, digest)
    path.write_bytes(b"".join(lines))

    found = journal.load(path).flaws
    assert found
    assert all(f"holds the key '{key}' twice in one object" in each for each in found)


def test_a_journal_as_it_was_written_has_no_flaw(tmp_path: Path) -> None:
    found = journal.load(write(tmp_path))
    assert found.flaws == ()
    assert found.head == json.loads((tmp_path / journal.NAME).read_bytes().splitlines()[-1])["chain"]["sha256"]
    assert all("chain" not in event for event in found.events)


def test_a_journal_that_was_cut_off_has_no_flaw_but_its_end(tmp_path: Path) -> None:
    whole = write(tmp_path).read_bytes()
    for length in range(len(whole)):
        (tmp_path / journal.NAME).write_bytes(whole[:length])
        found = journal.load(tmp_path / journal.NAME)
        assert found.flaws == ()
        assert not any(event["event"] == "closed" for event in found.events)


@given(place=st.integers(0, 10_000), new=st.integers(0, 255))
def test_no_byte_of_a_journal_can_be_another(tmp_path_factory: pytest.TempPathFactory, place: int, new: int) -> None:
    folder = tmp_path_factory.getbasetemp() / "bytes"
    path = folder / journal.NAME
    whole = path.read_bytes() if path.exists() else write(folder).read_bytes()
    place %= len(whole) - 1
    changed = whole[:place] + bytes((new,)) + whole[place + 1 :]
    other = folder / "changed.jsonl"
    other.write_bytes(changed)
    if changed == whole:
        assert journal.load(other).flaws == ()
        return
    assert is_refused(other)


def is_refused(path: Path) -> bool:
    try:
        return bool(journal.load(path).flaws)
    except JournalError:
        return True


def test_events_are_not_read_from_a_journal_that_was_edited(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"line 4", b"lime 4"))
    with pytest.raises(JournalError, match="was edited after it was written: CHANGED: line 4"):
        journal.read(path)


def test_the_chain_can_be_verified_by_a_few_lines_of_another_hand(tmp_path: Path) -> None:
    verifier = (
        "import hashlib, sys\n"
        "before = b''\n"
        "for line in open(sys.argv[1], 'rb').read().splitlines():\n"
        "    said, digest = line[:-67], line[-67:-3]\n"
        "    assert hashlib.sha256(before + said).hexdigest().encode() == digest, line\n"
        "    before = digest\n"
        "print(before.decode())\n"
    )
    path = write(tmp_path)
    done = subprocess.run([sys.executable, "-c", verifier, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == journal.load(path).head


def test_threads_and_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    script = (
        "import sys; from pathlib import Path; from prodgate.evidence.journal import Journal\n"
        "for n in range(100): Journal(Path(sys.argv[1])).write('note', text='x' * 3000, n=n)"
    )
    others = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda: [Journal(path).write("note", n=n) for n in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert [other.wait(240) for other in others] == [0, 0]
    found = journal.load(path)
    assert (len(found.events), found.flaws) == (600, ())
    assert all(one["at"] <= two["at"] for one, two in pairwise(found.events))


def test_half_a_line_of_a_writer_that_was_killed_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note", text="one")
    with path.open("ab") as file:
        file.write(b'{"event": "note", "text": "tw')
    Journal(path).write("note", text="three")
    found = journal.load(path)
    assert ([event["text"] for event in found.events], found.flaws) == (["one", "three"], ())


def test_a_line_longer_than_what_is_read_at_once_is_followed(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    for other in (False, True):
        journal._LAST.clear()  # as another process
        Journal(path).write("note", text="x" * 200_000, other=other)
    journal._LAST.clear()
    Journal(path).write("note")
    assert journal.load(path).flaws == ()


def test_nothing_follows_on_a_line_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note")
    with path.open("ab") as file:
        file.write(b'{"event": "finished"}\n')
    with pytest.raises(JournalError, match="its last line is none of the gate's; no run can rest on it"):
        Journal(path).write("note")


def test_a_journal_that_somebody_holds_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note")
    monkeypatch.setattr(journal, "PATIENCE", 0.05)
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(JournalError, match=r"is held by another process for more than 0\.05 s"):
        Journal(path).write("note")
    os.close(descriptor)
    Journal(path).write("note")
    assert len(journal.read(path)) == 2


def test_a_head_stands_for_all_lines() -> None:
    one, first = make_line({"event": "opened", "run": "x-a"}, START)
    assert (first.run, first.line, one.endswith(f'"{first.digest}"}}}}'.encode())) == ("a", 1, True)
    same = [make_line({"event": "note", "text": "b"}, before)[1].digest for before in (first, START)]
    assert same[0] != same[1]
