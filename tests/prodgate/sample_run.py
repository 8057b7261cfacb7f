"""A run directory made for tests, and its one check judged."""

from pathlib import Path

from prodgate.evidence.journal import Journal

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


def judge(run: Path, *, finish: bool = True) -> None:
    journal = Journal.of(run)
    journal.record_planned("static", "PG_REC_1", "backup-retention")
    journal.write("collected", layer="static")
    journal.record_started("static", "PG_REC_1")
    journal.record_finding(finding())
    if finish:
        journal.record_finished("static", "PG_REC_1", 1)
        journal.write("closed")
