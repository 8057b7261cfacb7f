"""What somebody does to the journal of a run that is there: called with the project's folder and what runs the gate in it."""

from __future__ import annotations

from pathlib import Path

from .kept_runs import change_journal, newest_run, oldest_run, write_anew
from .setups import Gate


def break_a_line(project: Path, gate: Gate) -> None:
    """Cut a line in the middle of the journal in two."""
    change_journal(project, lambda lines: [*lines[:3], lines[3][:20], *lines[4:]])


def cut_the_journal(project: Path, gate: Gate) -> None:
    """Keep only the first half of the journal."""
    change_journal(project, lambda lines: lines[: len(lines) // 2])


def drop_the_finding(project: Path, gate: Gate) -> None:
    """Take the finding that blocks out of the journal."""
    change_journal(project, lambda lines: [line for line in lines if '"not-satisfied"' not in line])


def empty_the_journal(project: Path, gate: Gate) -> None:
    """Leave an empty journal."""
    change_journal(project, lambda lines: [])


def remove_the_journal(project: Path, gate: Gate) -> None:
    """Delete the journal."""
    (newest_run(project) / "journal.jsonl").unlink()


def drop_the_check(project: Path, gate: Gate) -> None:
    """Take every line about the check that blocks out of the journal."""
    change_journal(project, lambda lines: [line for line in lines if "test_the_shop_is_ready" not in line])


def turn_the_finding(project: Path, gate: Gate) -> None:
    """Let the journal say that what blocks holds."""
    change_journal(project, lambda lines: [line.replace('"not-satisfied"', '"satisfied"') for line in lines])


def drop_lines_with(project: Path, *words: str) -> None:
    """Take the lines out of the newest run's journal that hold one of these words."""
    change_journal(project, lambda lines: [line for line in lines if not any(word in line for word in words)])


def turn_the_doubt(project: Path, gate: Gate) -> None:
    """Let the journal say that what nobody knows holds."""
    change_journal(project, lambda lines: [line.replace('"undetermined"', '"satisfied"') for line in lines])


def drop_the_plan(project: Path, gate: Gate) -> None:
    """Take out of the journal what was planned."""
    drop_lines_with(project, '"planned"')


def drop_the_end(project: Path, gate: Gate) -> None:
    """Take the closing line out of the journal."""
    drop_lines_with(project, '"closed"')


def drop_the_break(project: Path, gate: Gate) -> None:
    """Take out of the journal that the layer broke."""
    drop_lines_with(project, '"broken"')


def drop_the_break_and_the_end(project: Path, gate: Gate) -> None:
    """Cut the journal off before it says that the layer broke."""
    drop_lines_with(project, '"broken"', '"closed"')


def drop_the_facts(project: Path, gate: Gate) -> None:
    """Take out of the journal what was observed of the configuration."""
    drop_lines_with(project, '"kind": "configuration"')


def turn_round(project: Path, gate: Gate) -> None:
    """Let what was found first stand last."""
    change_journal(project, lambda lines: [lines[0], *lines[-2:0:-1], lines[-1]])


def find_again(project: Path, gate: Gate) -> None:
    """Put a finding that holds behind the one that does not."""

    def change(lines: list[str]) -> list[str]:
        found = next(number for number, line in enumerate(lines) if '"not-satisfied"' in line)
        return [*lines[:found], lines[found].replace("not-satisfied", "satisfied"), *lines[found + 1 :]]

    change_journal(project, change)


def date_the_end(project: Path, gate: Gate) -> None:
    """Let the run end on another day."""
    change_journal(project, lambda lines: [*lines[:-1], lines[-1].replace('"at": "20', '"at": "21')])


def mix_the_runs(project: Path, gate: Gate) -> None:
    """Put what the older run found in place of what the newer one did."""
    theirs = (oldest_run(project) / "journal.jsonl").read_text("utf-8").splitlines()
    change_journal(project, lambda lines: [*lines[:9], *theirs[9:]])


def take_the_journal_of_the_older(project: Path, gate: Gate) -> None:
    """Put the older run's journal in place of the newer one's."""
    text = (oldest_run(project) / "journal.jsonl").read_text("utf-8")
    (newest_run(project) / "journal.jsonl").write_text(text, "utf-8")


def misshape_the_journal(project: Path, gate: Gate) -> None:
    """Let the subject of each finding be a list."""
    write_anew(project, lambda event: event.update(subject=[[]]) if event["event"] == "finding" else None)


def nest_the_journal(project: Path, gate: Gate) -> None:
    """Nest a line of the journal deeper than anything can be read."""
    change_journal(project, lambda lines: [*lines[:2], '{"event": ' + "[" * 100_000, *lines[3:]])
