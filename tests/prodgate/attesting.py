"""A shop of which something is attested, and the command that does it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from prodgate import cli

CRITERIA = """
system = "shop"

[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
require = "<= 365 d"
source = "X-1"
layers = ["attested"]
document = { path = "docs/runbook.md", sections = ["Alarms"] }

[criteria.restore-record]
statement = { en = "A restore was tried.", ja = "復元を試した。" }
why = "A backup alone is a hope."
require = "<= 90 d"
source = "X-2"
layers = ["attested"]
attested_by = 2

[criteria.migration-rehearsed]
statement = { en = "A migration was rehearsed.", ja = "試した。" }
why = "Locks."
source = "X-3"
layers = ["attested"]
shown_by = "rollout"

[criteria.thresholds-reviewed]
statement = { en = "Thresholds were reviewed.", ja = "見直した。" }
why = "Nobody listens."
source = "X-4"
layers = ["attested"]
needs = "production"

[criteria.backups]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
source = "X-5"
layers = ["static"]
"""


BY = ("--name", "Ana Souza", "--role", "SRE", "--statement", "All of it was read.")


TWO = ("--second-name", "Ken Ito", "--second-role", "DBA")


def attest(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["attest", *arguments])
    return (code, *capsys.readouterr())


def enter_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the shop, and go there without a terminal."""
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "runbook.md").write_text("# Runbook\n## Alarms\nLook.\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path
