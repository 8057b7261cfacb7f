"""docs/policies.md is what policies and criteria say today."""

import importlib
from typing import Any

policies_page: Any = importlib.import_module("scripts.policies_page")


def test_the_page_is_what_the_policies_ask() -> None:
    assert policies_page.TARGET.read_text("utf-8") == policies_page.page(), "run scripts/policies_page.py"
