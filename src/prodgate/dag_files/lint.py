"""What ruff says of DAG files: its rules about Airflow, which know what each version moved, renamed and removed."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from ..terraform.diagnostics import TerraformError
from ..terraform.runner import run

#: Seconds that it may take; it takes some ten milliseconds.
LIMIT: Final = 60.0
#: Nothing of the project's own settings, and the same answer on every machine.
_OPTIONS: Final = (
    "--select=AIR", "--preview", "--isolated", "--no-cache", "--output-format=json",
    "--exit-zero", "--target-version=py311",
)  # fmt: skip


def run_ruff(folder: Path, files: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``rule``, ``file``, ``line`` and ``text`` of each thing that ruff says of files, named as in a folder.

    Raises Unreadable when ruff is not there or gives no answer.
    """
    if importlib.util.find_spec("ruff") is None:
        raise Unreadable("ruff is not installed, which knows what each version of Airflow removed; pip install ruff")
    command = (sys.executable, "-m", "ruff", "check", *_OPTIONS, "--", *files)
    try:
        done = run(command, cwd=folder, environment=os.environ, limit=LIMIT)
    except TerraformError as error:
        raise Unreadable(str(error)) from None
    if done.code:
        raise Unreadable(f"ruff ended with exit code {done.code}: {' '.join(done.stderr.split())[-500:]}")
    # of what is no Python it speaks at length, as rules.py does in one line
    return [_to_complaint(found, folder) for found in json.loads(done.stdout) if str(found["code"]).startswith("AIR")]


def _to_complaint(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {
        "rule": found["code"],
        "file": Path(found["filename"]).relative_to(folder.resolve()).as_posix(),
        "line": found["location"]["row"],
        "text": " ".join(found["message"].split()),
    }
