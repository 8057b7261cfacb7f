"""What some attacks need besides files: called with the project's folder and a function that runs the gate in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Gate = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs the gate with these arguments in the project."""


def git(project: Path, *arguments: str) -> None:
    """Run git in the project as somebody whom no setting of the machine touches."""
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *arguments), cwd=project, check=True, capture_output=True, timeout=60)


def commit(project: Path, gate: Gate) -> None:
    """Commit the project as it is."""
    (project / ".gitignore").write_text("runs/\n__pycache__/\nignored/\n*.ignored\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "The shop")


def run_once(project: Path, gate: Gate) -> None:
    """Leave one finished run behind."""
    done = gate("run", "rehearsal://", "--only", "static")
    assert done.returncode in (0, 1), done.stdout + done.stderr


def newest_run(project: Path) -> Path:
    """The run that was made last."""
    return max((project / "runs").iterdir(), key=lambda run: run.stat().st_mtime_ns)


def change_journal(project: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Write the lines of the newest run's journal anew."""
    path = newest_run(project) / "journal.jsonl"
    path.write_text("".join(f"{line}\n" for line in change(path.read_text("utf-8").splitlines())), "utf-8")


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


def change_about(project: Path, key: str, value: object) -> None:
    """Change one value of the newest run's run.json."""
    path = newest_run(project) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")


def rename_the_layer(project: Path, gate: Gate) -> None:
    """Let the run say that only the live layer was asked."""
    change_about(project, "layers", ["live"])


def deny_the_rehearsal(project: Path, gate: Gate) -> None:
    """Let the run say that it was no rehearsal."""
    change_about(project, "rehearsal", False)


def weaken_the_criteria(project: Path, gate: Gate) -> None:
    """Let the run's copy of the criteria ask for less."""
    for path in (newest_run(project) / "evidence").glob("*.toml"):
        path.write_text(path.read_text("utf-8").replace(">= 4 d", ">= 1 s"), "utf-8")


def remove_the_evidence(project: Path, gate: Gate) -> None:
    """Delete every observation of the run."""
    for path in (newest_run(project) / "evidence").glob("*.json*"):
        path.unlink()


def damage_the_evidence(project: Path, gate: Gate) -> None:
    """Overwrite every observation of the run."""
    for path in (newest_run(project) / "evidence").glob("*.json*"):
        path.write_bytes(b"{}")


def drop_the_check(project: Path, gate: Gate) -> None:
    """Take every line about the check that blocks out of the journal."""
    change_journal(project, lambda lines: [line for line in lines if "test_the_shop_is_ready" not in line])


def turn_the_finding(project: Path, gate: Gate) -> None:
    """Let the journal say that what blocks holds."""
    change_journal(project, lambda lines: [line.replace('"not-satisfied"', '"satisfied"') for line in lines])


def commit_tomorrow(project: Path, gate: Gate) -> None:
    """Commit the project as it will be the day after tomorrow: the clock is behind the commit."""
    commit(project, gate)
    date = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.invalid", "-c", "commit.gpgsign=false")
    command = ("git", *who, "commit", "-q", "--amend", "-C", "HEAD")
    subprocess.run(command, cwd=project, check=True, env=os.environ | {"GIT_COMMITTER_DATE": date}, timeout=60)
