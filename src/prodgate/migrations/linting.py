"""squawk's opinion of SQL: which statements hold a lock for long, rewrite a table, or break whoever reads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from ..processes.child import Process
from ..semantics.json_texts import read_json

#: Seconds that squawk may take; it needs milliseconds.
LIMIT: Final = 60.0
#: By these words in a comment a file would be left out.
_SILENCING: Final = re.compile(r"squawk-(?=\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a statement breaks."""

    rule: str
    line: int
    """From 1, in the SQL of its migration."""
    statement: str
    """The line itself."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """What squawk said of SQL by name, and its version."""

    version: str
    violations: Mapping[str, tuple[Violation, ...]]


def lint(texts: Mapping[str, str]) -> Lint:
    """Lint SQL, given by name. Comments that silence squawk don't count: what is accepted is a waiver.

    Raises Unreadable when squawk is not there or gives no answer.
    """
    program = find_squawk()
    with tempfile.TemporaryDirectory(prefix="prodgate-") as place:
        scratch = Path(place)
        (scratch / ".squawk.toml").write_text("", "utf-8")
        names = {f"{number:06}.sql": name for number, name in enumerate(texts)}
        for file, name in names.items():
            (scratch / file).write_text(_SILENCING.sub("squawk_", texts[name]), "utf-8")
        version = _run(program, scratch, "--version", codes=(0,)).split()[-1]
        said = _run(program, scratch, "--config", ".squawk.toml", "--reporter", "json", *names) if names else "[]"
    found: dict[str, list[Violation]] = {name: [] for name in texts}
    for one in _parse(said):
        name = names[Path(one["file"]).name]
        found[name].append(_read_violation(one, texts[name]))
    return Lint(version=version, violations={name: tuple(each) for name, each in found.items()})


def find_squawk() -> str:
    """Return the path of squawk: the one that is installed beside Python, or on PATH. Raises Unreadable."""
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("squawk")
    if found is None:
        raise Unreadable("squawk is not installed; pip install 'prod-gate[rollout]'")
    return found


def _run(program: str, scratch: Path, *words: str, codes: tuple[int, ...] = (0, 1)) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(scratch), "NO_COLOR": "1"}
    with Process((program, *words), cwd=scratch, environment=environment) as process:
        try:
            done = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Unreadable(f"squawk did not answer within {LIMIT:g} s") from None
        if done.code not in codes:
            raise Unreadable(f"squawk {process.describe_failure(done.code)}")
    return done.stdout


def _parse(said: str) -> list[Mapping[str, Any]]:
    try:
        found = read_json(said)
    except ValueError:
        raise Unreadable(f"squawk answered what is no JSON: {said[:200]!r}") from None
    return list(found)


def _read_violation(one: Mapping[str, Any], sql: str) -> Violation:
    lines, line = sql.splitlines(), int(one["line"]) + 1  # squawk counts from 0
    text = next((each.strip() for each in lines[line - 1 :] if each.strip()), "")
    said = ". ".join(filter(None, (str(one["message"]).rstrip("."), str(one.get("help") or "").rstrip("."))))
    return Violation(rule=str(one["rule_name"]), line=line, statement=text[:200], message=said)
