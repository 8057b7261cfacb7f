"""docs/fsbp.md says of each control of AWS Foundational Security Best Practices who asks it, or why nobody does."""

import importlib
from typing import Any

fsbp: Any = importlib.import_module("scripts.fsbp_page")
CONTROLS = {each.id: each for each in fsbp.read_controls()}


def test_the_page_is_what_is_asked() -> None:
    assert fsbp.TARGET.read_text("utf-8") == fsbp.page(), "run scripts/fsbp_page.py"


def test_a_control_is_asked_or_it_is_said_why_not() -> None:
    criteria = fsbp.load()
    wrong = [each.id for each in CONTROLS.values() if bool(fsbp.find_policies(each, criteria)) is bool(each.because)]
    assert not wrong, "name the control in the criterion of a policy about one of its types, or say why nobody asks"


def test_every_control_that_a_criterion_names_is_listed() -> None:
    named = {control for each in fsbp.load().values() for control in each.controls if control.startswith(fsbp.CONTROL)}
    assert named <= {fsbp.CONTROL + id_ for id_ in CONTROLS}
