"""Edits of existing runs: called with the project's folder, a function that runs the gate in it, and what is stated beside."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prodgate.evidence import chain

from .setups import Gate


def newest_run(project: Path) -> Path:
    return max((project / "runs").iterdir(), key=lambda run: run.stat().st_mtime_ns)


def oldest_run(project: Path) -> Path:
    return min((project / "runs").iterdir(), key=lambda run: run.stat().st_mtime_ns)


def write_anew(project: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change every event of the newest run, and chain the lines anew: the journal holds in itself."""
    path, link = newest_run(project) / "journal.jsonl", chain.START
    lines = []
    for line in path.read_text("utf-8").splitlines():
        event = json.loads(line)
        event.pop(chain.MEMBER)
        change(event)
        written, link = chain.make_line(event, link)
        lines.append(written)
    path.write_bytes(b"\n".join([*lines, b""]))


def change_journal(project: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Write the lines of the newest run's journal anew."""
    path = newest_run(project) / "journal.jsonl"
    path.write_text("".join(f"{line}\n" for line in change(path.read_text("utf-8").splitlines())), "utf-8")


def change_about(project: Path, gate: Gate, key: str, value: object) -> None:
    """Change one value of the newest run's run.json."""
    path = newest_run(project) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")


def weaken_the_criteria(project: Path, gate: Gate) -> None:
    """Let the run's copy of the criteria require less."""
    for path in (newest_run(project) / "evidence").glob("*.toml"):
        path.write_text(path.read_text("utf-8").replace(">= 4 d", ">= 1 s"), "utf-8")


def remove_the_evidence(project: Path, gate: Gate) -> None:
    for path in (newest_run(project) / "evidence").glob("*.json*"):
        path.unlink()


def damage_the_evidence(project: Path, gate: Gate) -> None:
    for path in (newest_run(project) / "evidence").glob("*.json*"):
        path.write_bytes(b"{}")


def swap_the_configurations(project: Path, gate: Gate) -> None:
    """Let the newer run name the older run's configuration, and put it there."""
    old, new = (
        next(
            json.loads(line)["digest"]
            for line in (run / "journal.jsonl").read_text("utf-8").splitlines()
            if '"kind": "configuration"' in line
        )
        for run in (oldest_run(project), newest_run(project))
    )
    name = f"evidence/{old}.json.gz"
    (newest_run(project) / name).write_bytes((oldest_run(project) / name).read_bytes())
    change_journal(project, lambda lines: [line.replace(new, old) for line in lines])


def overwrite_the_configuration(project: Path, gate: Gate) -> None:
    """Let all evidence of the newer run hold what that of the older one holds."""
    old = max((oldest_run(project) / "evidence").glob("*.gz"), key=lambda path: path.stat().st_size)
    new = max((newest_run(project) / "evidence").glob("*.gz"), key=lambda path: path.stat().st_size)
    new.write_bytes(old.read_bytes())


def say_it_was_observed(project: Path, gate: Gate) -> None:
    """Let a run that judged again say that it observed."""
    done = gate("judge", str(newest_run(project)))
    assert done.returncode == 1, done.stdout + done.stderr
    path = newest_run(project) / "run.json"
    path.write_text(path.read_text("utf-8").replace('"judged_again"', '"judged"'), "utf-8")


def accept_it_afterwards(project: Path, gate: Gate) -> None:
    """Put a waiver for everything in place of the waivers that the run kept."""
    about = json.loads((newest_run(project) / "run.json").read_text("utf-8"))
    waiver = '[[waiver]]\nid = "W-1"\ncriterion = "truth"\nsubject = "*"\n'
    (newest_run(project) / "evidence" / f"{about['waivers']}.toml").write_text(waiver, "utf-8")


def clear_the_logs(project: Path, gate: Gate) -> None:
    """Empty the logs of the layers."""
    for path in (newest_run(project) / "logs").iterdir():
        path.write_bytes(b"")


def hide_evidence(project: Path, gate: Gate) -> None:
    """Leave a file in the evidence that the run did not write."""
    (newest_run(project) / "evidence" / f"{'0' * 64}.json.gz").write_bytes(b"")


def misshape_the_run(project: Path, gate: Gate) -> None:
    """Give run.json a value of another kind, and the journal the digest of what it is now."""
    change_about(project, gate, "rehearsal", "yes")
    digest = hashlib.sha256((newest_run(project) / "run.json").read_bytes()).hexdigest()
    write_anew(project, lambda event: event.update(about=digest) if event["event"] == "opened" else None)


def rename_the_run(project: Path, gate: Gate, which: str, began: str, end: str) -> None:
    """Give the folder of the newest or oldest run a name that begins or ends otherwise; a text that is empty stays."""
    run = {"newest": newest_run, "oldest": oldest_run}[which](project)
    run.rename(run.with_name((began or run.name[:-7]) + (end or run.name[-7:])))


def put_the_older_in_its_place(project: Path, gate: Gate) -> None:
    """Put the older run in the folder of the newer one."""
    older, newer = oldest_run(project), newest_run(project)
    shutil.rmtree(newer)
    older.rename(newer)


def copy_the_run_later(project: Path, gate: Gate) -> None:
    """Copy the newest run to a folder of a later date."""
    run = newest_run(project)
    shutil.copytree(run, run.with_name(f"2099-01-01T000000Z-{run.name.rpartition('-')[2]}"))


def write_doubled(project: Path, gate: Gate, key: str, other: str, name: str = "") -> None:
    """Write a key of every line of the journal twice, ``name`` the first time, and chain the lines anew."""
    path, link, lines = newest_run(project) / "journal.jsonl", chain.START, []
    for line in path.read_text("utf-8").splitlines():
        event = {member: value for member, value in json.loads(line).items() if member != chain.MEMBER}
        written, following = chain.make_line(event, link)
        told = f'"{key}": '.encode()
        body = written[:-67].replace(told, f'"{name or key}": {other}, '.encode() + told, 1)
        link = chain.Link(following.run, following.line, hashlib.sha256(link.digest.encode() + body).hexdigest())
        lines.append(body + link.digest.encode() + b'"}}')
    path.write_bytes(b"\n".join([*lines, b""]))


def double_the_rehearsal(project: Path, gate: Gate) -> None:
    """Let run.json say twice whether the run was a rehearsal, and the journal have its digest."""
    path = newest_run(project) / "run.json"
    path.write_text(
        path.read_text("utf-8").replace('"rehearsal": true', '"rehearsal": false, "rehearsal": true'), "utf-8"
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_anew(project, lambda event: event.update(about=digest) if event["event"] == "opened" else None)


def double_the_configuration(project: Path, gate: Gate) -> None:
    """Let the stored configuration name its resources twice, with its new digest wherever it is named."""
    run = newest_run(project)
    facts = [json.loads(line) for line in (run / "journal.jsonl").read_text("utf-8").splitlines()]
    old = next(each["digest"] for each in facts if each.get("kind") == "configuration")
    text = gzip.decompress((run / "evidence" / f"{old}.json.gz").read_bytes()).decode()
    data = gzip.compress(text.replace('"resources":', '"resources":[],"resources":', 1).encode(), mtime=0)
    new = hashlib.sha256(data).hexdigest()
    (run / "evidence" / f"{old}.json.gz").unlink()
    (run / "evidence" / f"{new}.json.gz").write_bytes(data)
    write_anew(project, lambda event: event.update(json.loads(json.dumps(event).replace(old, new))))
    files = {path.relative_to(run).as_posix(): path for path in (run / "evidence").iterdir()}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    write_anew(project, lambda event: event["files"].update(digests) if event["event"] == chain.CLOSED else None)
    write_anew(
        project,
        lambda event: event["files"].pop(f"evidence/{old}.json.gz", None) if event["event"] == chain.CLOSED else None,
    )


# ── Journals


def break_a_line(project: Path, gate: Gate) -> None:
    """Cut a line in the middle of the journal in two."""
    change_journal(project, lambda lines: [*lines[:3], lines[3][:20], *lines[4:]])


def cut_the_journal(project: Path, gate: Gate) -> None:
    """Keep only the first half of the journal."""
    change_journal(project, lambda lines: lines[: len(lines) // 2])


def remove_the_journal(project: Path, gate: Gate) -> None:
    (newest_run(project) / "journal.jsonl").unlink()


def drop_lines_with(project: Path, gate: Gate, *words: str) -> None:
    """Take the lines out of the newest run's journal that hold one of these words."""
    change_journal(project, lambda lines: [line for line in lines if not any(word in line for word in words)])


def turn_lines(project: Path, gate: Gate, outcome: str) -> None:
    """Let the journal state that what had another outcome holds."""
    change_journal(project, lambda lines: [line.replace(outcome, '"satisfied"') for line in lines])


def turn_round(project: Path, gate: Gate) -> None:
    """Let the first finding be last."""
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
    """Put the older run's findings in place of the newer one's."""
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
