"""A run directory made for tests, and its one check judged."""

import hashlib
import json
from pathlib import Path
from typing import Any

from prodgate.evidence import runs
from prodgate.evidence.journal import NAME, Journal
from prodgate.findings import Finding

from .samples import finding

CRITERIA = """
system = "shop"
[criteria.backup-retention]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""
ABOUT = {
    "system": "shop",
    "target": "rehearsal://",
    "rehearsal": False,
    "layers": ["static"],
    "commit": "",
    "actor": "a",
}
HELD = finding()


def judge(run: Path, found: Finding = HELD, *, finish: bool = True, close: bool = True) -> None:
    """Let the layer of a finding have been planned, collected and judged, with nothing else found."""
    journal = Journal.of(run)
    journal.record_planned(found.layer, found.check, found.criterion)
    journal.write("collected", layer=found.layer)
    journal.record_started(found.layer, found.check)
    journal.record_finding(found)
    if finish:
        journal.record_finished(found.layer, found.check, 1)
    if finish and close:
        runs.close(run)


def move(run: Path, name: str) -> Path:
    """Give a run another name, including in its journal."""
    moved = run.rename(run.with_name(name))
    forge(moved)
    return moved


def forge(run: Path, **about: Any) -> None:
    """Change a run's own statements and write its whole chain anew, as only somebody who knows the format can."""
    text = json.dumps({**json.loads((run / "run.json").read_text("utf-8")), **about})
    (run / "run.json").write_text(text, "utf-8")
    first, *rest = [json.loads(line) for line in (run / NAME).read_text("utf-8").splitlines()]
    (run / NAME).unlink()
    for event in ({**first, "run": run.name, "about": hashlib.sha256(text.encode()).hexdigest()}, *rest):
        Journal.of(run).write(**{key: value for key, value in event.items() if key != "chain"})


def unchained(line: bytes) -> bytes:
    """A line of a journal that no chain holds."""
    event = json.loads(line)
    del event["chain"]
    return json.dumps(event).encode() + b"\n"
