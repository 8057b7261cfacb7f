"""The tutorial is true: each of its files is written and each of its commands is given, in its order, in an empty folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate.cli import _parser
from tests.snippets.blocks import list_run_by

BLOCKS = [(block.language, block.text) for block in list_run_by(__file__, "docs/tutorial.md")]


def write(text: str, folder: Path) -> None:
    """Write a block into the file that its first line names."""
    first, _, rest = text.partition("\n")
    added, name = re.fullmatch(r"# (added to )?(\S+)", first).groups()  # type: ignore[union-attr]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a" if added else "x", encoding="utf-8") as file:
        file.write(f"\n{rest}" if added else rest)


def show(text: str, folder: Path) -> None:
    """Give the command of a block, and find the lines below it in what it says, in their order."""
    command, *lines, ended = text.splitlines()
    given = [sys.executable, "-m", "prodgate.cli", *shlex.split(command.removeprefix("$ prodgate "))]
    done = subprocess.run(given, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    assert f"exit code {done.returncode}" == ended, done.stdout + done.stderr
    rest = f"\n{done.stdout}"
    for line in lines:
        before, found, rest = rest.partition(f"\n{line}")
        assert found, f"{command} does not say, where it should: {line}\n{before}"
        rest = f"\n{rest}"


@pytest.mark.slow
@pytest.mark.once
def test_every_snippet_does_what_the_tutorial_says(tmp_path: Path) -> None:
    assert [kind for kind, _ in BLOCKS].count("console") == 6
    for kind, text in BLOCKS:
        if kind == "console":
            show(text, tmp_path)
        elif kind == "sh":
            assert _parser().parse_args(shlex.split(text)[1:]).only == "static"
        else:
            write(text, tmp_path)
