"""Edits of people's records by some attacks, called with the project's folder and a function that runs the gate."""

import hashlib
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .edited_runs import break_a_line, newest_run
from .setups import Gate, run_once

DOCUMENT = "# Runbook\n\n## Alarms\n\nLook at the dashboard.\n"
ASKS_PEOPLE = """
[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
require = "<= 365 d"
source = "X-3"
layers = ["attested"]
document = { path = "docs/runbook.md", sections = ["Alarms"] }
"""
RECORD = """criterion = "runbook"
statement = "Every section was followed."
when = {when}
valid_until = {until}

[by]
name = "Ana Souza <ana@shop.example>"
role = "Engineer"

[[documents]]
path = "docs/runbook.md"
sha256 = "{digest}"
"""
SECOND = '\n[second]\nname = "Ken Ito"\nrole = "Engineer"\n'


def record_the_runbook(project: Path, gate: Gate) -> None:
    """Let a criterion require a record, and write an honest one."""
    for folder in ("docs", "attestations"):
        (project / folder).mkdir()
    (project / "docs" / "runbook.md").write_text(DOCUMENT, "utf-8")
    with (project / "criteria.toml").open("a", encoding="utf-8") as criteria:
        criteria.write(ASKS_PEOPLE)
    write_record(project, datetime.now(UTC) - timedelta(days=5))


def write_record(project: Path, when: datetime, more: str = "") -> None:
    """Write the record of the runbook as it was made at a time."""
    when, until = (each.replace(microsecond=0) for each in (when, when + timedelta(days=35)))
    digest = hashlib.sha256(DOCUMENT.encode()).hexdigest()
    text = more + RECORD.format(when=when.isoformat(), until=until.isoformat(), digest=digest)
    (project / "attestations" / "runbook.toml").write_text(text, "utf-8")


def record_by_two(project: Path, gate: Gate) -> None:
    """Let the criterion require two people, and name two."""
    record_the_runbook(project, gate)
    for name, more in (("criteria.toml", "attested_by = 2\n"), ("attestations/runbook.toml", SECOND)):
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(more)


def make_a_pipe_of_the_record(project: Path, gate: Gate) -> None:
    """Put a pipe that nobody writes to in place of the record."""
    (project / "attestations" / "runbook.toml").unlink()
    os.mkfifo(project / "attestations" / "runbook.toml")


def cite_a_rehearsal(project: Path, gate: Gate) -> None:
    """Run the static layer in a rehearsal, and cite it."""
    run_once(project, gate)
    write_record(project, datetime.now(UTC), f'runs = ["{newest_run(project).name}"]\n')


def cite_a_run_that_was_no_go(project: Path, gate: Gate) -> None:
    """Run the gate on a tree that does not hold, mend it, and cite that run."""
    tree = project / "infra" / "main.tf"
    sound = tree.read_text("utf-8")
    tree.write_text(sound.replace("1209600", "60"), "utf-8")
    cite_a_rehearsal(project, gate)
    tree.write_text(sound, "utf-8")


def cite_a_run_that_was_broken(project: Path, gate: Gate) -> None:
    """Cite a run, and cut a line of its journal in two."""
    cite_a_rehearsal(project, gate)
    break_a_line(project, gate)


def change_record(project: Path, pattern: str, new: str) -> None:
    """Replace a line of the record."""
    path = project / "attestations" / "runbook.toml"
    text, number = re.subn(pattern, new, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert number == 1, pattern
    path.write_text(text, "utf-8")


def age_the_record(project: Path, gate: Gate) -> None:
    """Let the record be eleven years old."""
    change_record(project, "^when = .*$", f"when = {(datetime.now(UTC) - timedelta(days=4000)).isoformat()}")


def date_by_the_rehearsal(project: Path, gate: Gate) -> None:
    """Let the record be as old as its reader."""
    for key in ("when", "valid_until"):
        change_record(project, f"^{key} = .*$", f'{key} = "rehearsal"')


def move_the_record(project: Path, gate: Gate, name: str) -> None:
    """Put the record somewhere else."""
    path = project / "attestations" / "runbook.toml"
    (project / name).parent.mkdir(exist_ok=True)
    path.rename(project / name)


def copy_the_record(project: Path, gate: Gate) -> None:
    path = project / "attestations" / "runbook.toml"
    path.with_name("runbook-new.toml").write_text(path.read_text("utf-8"), "utf-8")


def link_the_record(project: Path, gate: Gate) -> None:
    """Put a link in place of the record."""
    move_the_record(project, gate, "elsewhere.toml")
    (project / "attestations" / "runbook.toml").symlink_to("../elsewhere.toml")


def link_the_records(project: Path, gate: Gate) -> None:
    """Put a link in place of the folder of records."""
    (project / "attestations").rename(project / "elsewhere")
    (project / "attestations").symlink_to("elsewhere")
