"""What README.md lists is in this repository, and what is in this repository and says something is listed."""

from __future__ import annotations

import re

from .blocks import ROOT, list_run_by, list_tracked

#: Folders at the top that are no part of what the gate judges or judges with.
ASIDE = {"benchmarks", "examples", "scripts"}


def test_what_the_front_page_lists_is_all_there_is() -> None:
    (block,) = list_run_by(__file__, "README.md")
    listed = {
        name.rstrip("/") for name in re.findall(r"(?:^|  )([a-z][\w.]*/?(?:\w+/)?)(?=  )", block.text, re.MULTILINE)
    }
    assert {each for each in listed if not (ROOT / each).exists()} == set()
    there = {name.split("/")[0] for name in list_tracked() if "/" in name and not name.startswith(".")}
    assert there - ASIDE == {each.split("/")[0] for each in listed if (ROOT / each).is_dir()} - ASIDE
