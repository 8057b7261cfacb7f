"""The policies in README.md and CONTRIBUTING.md: the NO-GO prints as shown, and the policy passes its example."""

import os
import re
from pathlib import Path

import pytest

from prodgate.testing import load_criteria
from tests.snippets.blocks import ROOT, list_run_by
from tests.snippets.outputs import commit, copy_tree, follow

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text("utf-8")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria


@pytest.mark.slow
def test_the_threshold_that_somebody_raised_is_found_as_the_page_shows(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    name, file, old, new = re.findall(r"`(\w+)` in `([^`]+)` from ([\d.]+) to ([\d.]+)", README)[0]
    path = tree / file
    text, changed = re.subn(rf"(?m)({name} += ){re.escape(old)}$", rf"\g<1>{new}", path.read_text("utf-8"))
    assert changed == 1
    path.write_text(text, "utf-8")
    commit(tree)
    (block,) = list_run_by(__file__, "README.md")
    follow(block, tree, {**os.environ, "PYTHONPATH": str(tree / "src")})
