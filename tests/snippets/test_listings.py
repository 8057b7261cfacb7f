"""What README.md lists is in this repository, and what is in this repository and says something is listed."""

from __future__ import annotations

import re
import subprocess

from .blocks import ROOT, find_blocks

#: Folders at the top that are no part of what the gate judges or judges with.
ASIDE = {"benchmarks", "examples", "scripts"}


def test_what_the_front_page_lists_is_all_there_is() -> None:
    (block,) = [
        each
        for each in find_blocks((ROOT / "README.md").read_text("utf-8"), "README.md")
        if each.run_by == "tests/snippets/test_listings.py"
    ]
    listed = {
        name.rstrip("/") for name in re.findall(r"(?:^|  )([a-z][\w.]*/?(?:\w+/)?)(?=  )", block.text, re.MULTILINE)
    }
    assert {each for each in listed if not (ROOT / each).exists()} == set()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    there = {name.split("/")[0] for name in tracked.split("\0") if "/" in name and not name.startswith(".")}
    assert there - ASIDE == {each.split("/")[0] for each in listed if (ROOT / each).is_dir()} - ASIDE
