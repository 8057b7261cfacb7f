"""Runs of a project that are there, and how their files are written anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prodgate.evidence import chain


def newest_run(project: Path) -> Path:
    """The run that was made last."""
    return max((project / "runs").iterdir(), key=lambda run: run.stat().st_mtime_ns)


def oldest_run(project: Path) -> Path:
    """The run that was made first."""
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
