"""A journal that is read holds a text once, however many of its events say it, and nothing of the chain."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from prodgate.evidence import journal
from prodgate.evidence.journal import Journal

EVENTS = 30
#: Long texts, so that what is held of them is more than what Python needs to hold anything.
SAID = {"layer": "live", "criterion": "c" * 3_000, "check": "k" * 3_000, "evidence": ["e" * 3_000]}


def write(folder: Path) -> Path:
    made = Journal(folder / journal.NAME)
    made.write("opened", run="2026-11-27T080000Z-aaaaaaa")
    for number in range(EVENTS):
        made.write("finding", subject=f"thing {number}", **SAID)
    return made.path


def test_what_all_events_say_is_held_once(tmp_path: Path) -> None:
    path = write(tmp_path)
    tracemalloc.start()
    try:
        found = journal.load(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    first, *_, last = found.events[1:]
    assert (first["criterion"], first["evidence"]) == (SAID["criterion"], SAID["evidence"])
    assert first["criterion"] is last["criterion"]
    assert first["evidence"][0] is last["evidence"][0]
    assert first["subject"] != last["subject"]
    assert not any("chain" in event for event in found.events)
    assert most < path.stat().st_size


def test_the_end_of_a_journal_that_was_cut_off_in_writing_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path)
    whole = journal.load(path)
    path.write_bytes(path.read_bytes() + b'{"event": "fin')
    assert journal.load(path) == whole
    assert len(whole.events) == EVENTS + 1
