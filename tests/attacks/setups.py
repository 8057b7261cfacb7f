"""What some attacks need besides files: called with the project's folder and a function that runs the gate in it."""

from __future__ import annotations

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


def commit_tomorrow(project: Path, gate: Gate) -> None:
    """Commit the project as it will be the day after tomorrow: the clock is behind the commit."""
    commit(project, gate)
    date = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.invalid", "-c", "commit.gpgsign=false")
    command = ("git", *who, "commit", "-q", "--amend", "-C", "HEAD")
    subprocess.run(command, cwd=project, check=True, env=os.environ | {"GIT_COMMITTER_DATE": date}, timeout=60)


def run_undetermined(project: Path, gate: Gate) -> None:
    """Leave one run behind whose check could not tell."""
    suite = project / "suites" / "static" / "test_truth.py"
    kept = suite.read_text("utf-8")
    suite.write_text(kept.replace("criterion.hold(False, ", "raise criterion.undetermined('nobody knows', "), "utf-8")
    done = gate("run", "rehearsal://", "--only", "static")
    assert done.returncode == 2, done.stdout + done.stderr
    suite.write_text(kept, "utf-8")


def run_broken(project: Path, gate: Gate) -> None:
    """Leave one run behind whose layer broke when all had been judged."""
    suite = project / "suites" / "static" / "test_truth.py"
    kept = suite.read_text("utf-8")
    more = "import atexit\nimport os\n\natexit.register(os._exit, 5)\n"
    suite.write_text(kept.replace("hold(False", "hold(True") + more, "utf-8")
    done = gate("run", "rehearsal://", "--only", "static")
    assert done.returncode == 2, done.stdout + done.stderr
    suite.write_text(kept, "utf-8")


def run_twice(project: Path, gate: Gate) -> None:
    """Leave a run behind that was GO, and after it one of the project as it is."""
    kept = {path: path.read_text("utf-8") for path in project.rglob("test_truth.py")}
    for path, text in kept.items():
        path.write_text(text.replace("hold(False", "hold(True"), "utf-8")
    assert gate("run", "rehearsal://", "--only", "static").returncode == 0
    for path, text in kept.items():
        path.write_text(text, "utf-8")
    run_once(project, gate)


def run_good_then_bad(project: Path, gate: Gate) -> None:
    """Leave a run behind whose queue keeps messages long enough, and after it one whose queue does not."""
    tree = project / "infra" / "main.tf"
    run_once(project, gate)
    tree.write_text(tree.read_text("utf-8").replace("1209600", "60"), "utf-8")
    assert gate("run", "rehearsal://", "--only", "static").returncode == 1
    tree.write_text(tree.read_text("utf-8").replace("= 60", "= 1209600"), "utf-8")


#: A key that is none, in two parts, so that no scanner takes this file for a leak.
KEY = "aws_access_key_id = AK" + "IAQYZZ5JTKLMNOPQ2X"


def write_a_key(project: Path, gate: Gate) -> None:
    """Write a file with a key, as anybody would."""
    (project / "notes.txt").write_text(f"{KEY}\n")


def write_a_key_in_utf16(project: Path, gate: Gate) -> None:
    """Write a key in wide characters, with the mark of their order."""
    (project / "notes.txt").write_bytes(f"{KEY}\n".encode("utf-16"))


def write_a_key_in_unmarked_utf16(project: Path, gate: Gate) -> None:
    """Write a key in wide characters, without the mark."""
    (project / "notes.txt").write_bytes(f"{KEY}\n".encode("utf-16-le"))


def write_a_key_behind_null(project: Path, gate: Gate) -> None:
    """Write a key behind a byte of zero."""
    (project / "notes.txt").write_bytes(b"\0\n" + KEY.encode())


def write_a_key_in_a_large_file(project: Path, gate: Gate) -> None:
    """Write a key at the end of eleven megabytes."""
    (project / "notes.txt").write_bytes(b"nothing\n" * 1_400_000 + KEY.encode())


def write_a_key_under_an_odd_name(project: Path, gate: Gate) -> None:
    """Write a key into a file whose name no list shows as it is."""
    (project / "notes\n\u202etxt").write_text(f"{KEY}\n")


def put_a_repository_inside(project: Path, gate: Gate) -> None:
    """Put a repository with a key into the project's own, which knows only its commit."""
    inner = project / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    write_a_key(inner, gate)
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "A part")
    commit(project, gate)


def put_a_pipe(project: Path, gate: Gate) -> None:
    """Put a pipe where a file is expected."""
    os.mkfifo(project / "notes.txt")


def put_a_pipe_among_suites(project: Path, gate: Gate) -> None:
    """Put a pipe where a file of checks is expected."""
    os.mkfifo(project / "suites" / "static" / "test_more.py")


def put_a_pipe_among_facts(project: Path, gate: Gate) -> None:
    """Put a pipe where a module of facts is expected."""
    (project / "facts").mkdir()
    os.mkfifo(project / "facts" / "shop.py")


def put_a_pipe_among_terraform(project: Path, gate: Gate) -> None:
    """Put a pipe where a variable file of Terraform is expected, which core reads by itself."""
    os.mkfifo(project / "infra" / "more.auto.tfvars")


def put_a_pipe_among_workflows(project: Path, gate: Gate) -> None:
    """Put a pipe where a workflow is expected."""
    (project / ".github" / "workflows").mkdir(parents=True)
    os.mkfifo(project / ".github" / "workflows" / "deploy.yml")


def commit_a_key_and_ignore_it(project: Path, gate: Gate) -> None:
    """Commit a key, and let git ignore its file from then on."""
    write_a_key(project, gate)
    commit(project, gate)
    (project / ".gitignore").write_text("notes.txt\n")
