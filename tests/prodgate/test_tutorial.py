"""The tutorial is true: each of its files is written and each of its commands is given, in its order, in an empty folder."""

import re
import shlex
from pathlib import Path

import pytest

from prodgate.cli import _parser
from tests.snippets.blocks import list_run_by
from tests.snippets.outputs import follow

BLOCKS = list_run_by(__file__, "docs/tutorial.md")


def write(text: str, folder: Path) -> None:
    """Write a block into the file that its first line names."""
    first, _, rest = text.partition("\n")
    added, name = re.fullmatch(r"# (added to )?(\S+)", first).groups()  # type: ignore[union-attr]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a" if added else "x", encoding="utf-8") as file:
        file.write(f"\n{rest}" if added else rest)


@pytest.mark.slow
@pytest.mark.once
def test_every_snippet_does_what_the_tutorial_says(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    assert [block.language for block in BLOCKS].count("console") == 6
    for block in BLOCKS:
        if block.language == "console":
            follow(block, folder)
        elif block.language == "sh":
            assert _parser().parse_args(shlex.split(block.text)[1:]).only == "static"
        else:
            write(block.text, folder)
