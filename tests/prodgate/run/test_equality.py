"""A team's policies find behind the boundary what they would find in the gate's process."""

from pathlib import Path

import pytest

from prodgate.run.team import open_team
from prodgate.sections.project import Project, open_project
from prodgate.terraform import policy as policies
from prodgate.testing import POLICIES, apply
from tests.policies.test_examples import CRITERIA, POLICY_IDS, ROOT, evaluate_each


@pytest.mark.once
@pytest.mark.xdist_group("examples")
def test_every_finding_is_the_same_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its words, places and aspects, and hidden where it is sensitive; the policies are the gate's, as a team's."""
    monkeypatch.setattr(policies, "TRANSLATED", set())
    (tmp_path / "policies").mkdir()
    for file in (ROOT / "policies").glob("*.py"):
        (tmp_path / "policies" / file.name).write_text(f"{file.read_text('utf-8')}# a team's\n", "utf-8")
    project, hidden = Project(root=tmp_path, stated=open_project(ROOT / "criteria.toml").stated), set()
    with open_team(project, "static", policies=True, suites=False) as team:
        there = {each.id: each for each in team.offer.policies}
        assert there.keys() == {*POLICY_IDS}
        for id_, configuration in evaluate_each().items():
            criterion = CRITERIA[POLICIES[id_].criterion]
            expected = list(apply(POLICIES[id_], configuration, criterion))
            assert list(apply(there[id_], configuration, criterion)) == expected
            hidden |= {each.check for each in expected if each.observed == policies.SENSITIVE}
    assert hidden
