"""What some attacks need besides files: called with the project's folder and a function that runs the gate in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
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
