"""What any team is asked: each with the source that it comes from, and no number that is the worked example's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.commands.checking import baseline
from prodgate.testing import load_criteria

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
ASKED = baseline(CRITERIA)
#: Catalogues that nearly everybody accepts: AWS Foundational Security Best Practices, the CIS benchmark, AWS
#: Well-Architected, OWASP's risks of pipelines.
SOURCES = ("AWS-FSBP:", "CIS-AWS-3.0.0:", "AWS-WA:", "OWASP-CICD:")


@pytest.mark.parametrize("id_", sorted(set(ASKED) - {"terraform-evaluates"}))
def test_what_any_team_is_asked_names_its_source(id_: str) -> None:
    assert [control for control in CRITERIA[id_].controls if control.startswith(SOURCES)]


def test_any_team_is_asked_for_less_than_the_worked_example_where_that_is_stricter() -> None:
    bounds = {id_: (str(one.bound), str(CRITERIA[id_].bound)) for id_, one in ASKED.items() if one.bound}
    different = {id_: (asked, own) for id_, (asked, own) in bounds.items() if asked != own}
    assert different == {
        "backup-retention": (">= 7 d", ">= 30 d"),
        "kms-deletion-window": (">= 7 d", ">= 30 d"),
        "logs-retention": (">= 1 d", ">= 30 d"),
    }
