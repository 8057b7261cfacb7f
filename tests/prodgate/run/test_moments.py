"""A run about one moment of a release: it judges that checklist alone, observes its evidence, and never promotes."""

import json
from pathlib import Path
from typing import Any

import pytest

from prodgate.criteria import PROMOTION
from prodgate.evidence import runs
from prodgate.layers.rollout.kinds import RESTS_ON, find_supporting
from prodgate.report.html import render_html
from prodgate.sections.criteria_file import JUDGED, MOMENTS, CriteriaFile, narrow
from prodgate.sections.project import open_project
from tests.trees import write_tree

from .small_shop import gate

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CRITERION = """
[criteria.{id}]
statement = {{ en = "It holds.", ja = "成り立つ。" }}
why = "It must."
source = "X-1"
layers = ["{layer}"]
{more}
"""
CRITERIA = "".join(
    [
        'system = "shop"\n[terraform]\nroot = "infra"\n[rollout]\nrate = "50 /s"\n',
        CRITERION.format(id="terraform-evaluates", layer="static", more=""),
        CRITERION.format(id="before-tests-pass", layer="rollout", more='moment = "before"'),
        CRITERION.format(id="before-security-scan", layer="rollout", more='moment = "before"\nrequire = "== 0"'),
        CRITERION.format(id="after-user-access", layer="rollout", more='moment = "after"'),
    ]
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_tree(tmp_path, {"criteria.toml": CRITERIA, "infra/main.tf": 'resource "aws_sqs_queue" "orders" {}\n'})
    return tmp_path


def events(shop: Path, kind: str) -> list[dict[str, Any]]:
    (found,) = (shop / "runs").iterdir()
    lines = (found / "journal.jsonl").read_text("utf-8").splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == kind]


def test_a_moment_is_judged_alone_and_what_it_rests_on_is_observed(shop: Path) -> None:
    done = gate(shop, "run", "rehearsal://", "--moment", "before", ends=2)
    assert "partial: only what must hold before a deployment was asked" in " ".join(done.stdout.split())
    assert {(one["layer"], one["criterion"]) for one in events(shop, "planned")} == {
        ("rollout", "before-tests-pass"),
        ("rollout", "before-security-scan"),
    }
    assert "configuration" in {one["kind"] for one in events(shop, "fact") if one["layer"] == "static"}
    (found,) = (shop / "runs").iterdir()
    run = runs.read(found)
    assert {one.criterion for one in run.verdict().findings} == {"before-tests-pass", "before-security-scan"}
    assert not run.verdict().promotes
    assert "Only what must hold before a deployment was asked." in render_html(run, run.verdict(), language="en")
    assert "Partial" in (found / "summary.md").read_text("utf-8")


def test_a_promotion_asks_what_must_always_hold_and_what_must_hold_before(shop: Path) -> None:
    done = gate(shop, "run", "rehearsal://", "--moment", PROMOTION, "--only", "static,rollout", ends=2)
    assert "partial: only what must hold before a deployment was asked" in " ".join(done.stdout.split())
    assert {one["criterion"] for one in events(shop, "planned")} == {
        "terraform-evaluates", "before-tests-pass", "before-security-scan",
    }  # fmt: skip
    (found,) = (shop / "runs").iterdir()
    assert "Only what must hold before a deployment was asked." in (found / "report.html").read_text("utf-8")


def test_a_moment_that_is_judged_again_stays_one(shop: Path) -> None:
    gate(shop, "run", "rehearsal://", "--moment", "after", "--only", "rollout", ends=None)
    (first,) = (shop / "runs").iterdir()
    done = gate(shop, "judge", str(first), "--runs", "again", "--json", ends=2)
    assert {one["criterion"] for one in json.loads(done.stdout)["findings"]} == {"after-user-access"}


def test_a_moment_is_not_judged_without_its_layers(shop: Path) -> None:
    done = gate(shop, "run", "rehearsal://", "--moment", "before", "--only", "static,live", ends=4)
    assert "--moment before: is judged by attested and rollout, and --only leaves all of them out" in done.stderr


def test_an_unknown_moment_is_refused(shop: Path) -> None:
    gate(shop, "run", "--moment", "meanwhile", ends=4)


@pytest.fixture(scope="module")
def stated() -> CriteriaFile:
    return open_project(ROOT / "criteria.toml").stated


def test_every_criterion_of_the_rollout_layer_belongs_to_a_moment(stated: CriteriaFile) -> None:
    asked = {id_ for id_, criterion in stated.criteria.items() if "rollout" in criterion.layers}
    assert asked - set(stated.moments) == set()


def test_the_moments_share_no_criterion_and_lose_none(stated: CriteriaFile) -> None:
    parts = [set(narrow(stated, moment).criteria) for moment in MOMENTS]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(stated.moments)
    assert narrow(stated, PROMOTION).criteria.keys() == stated.criteria.keys() - parts[1] - parts[2]
    assert all(parts)
    assert narrow(stated, "") is stated


def test_what_criteria_rest_on_is_observed_by_other_layers(stated: CriteriaFile) -> None:
    assert set(RESTS_ON) <= set(stated.moments)
    assert not set(RESTS_ON.values()) & JUDGED
    assert find_supporting(narrow(stated, "before").criteria, rehearsal=True) == {"static", "load", "dags"}
    assert find_supporting(narrow(stated, PROMOTION).criteria, rehearsal=True) == {"static", "load", "dags"}
    assert find_supporting(narrow(stated, "during").criteria, rehearsal=True) == {"dags"}
    assert find_supporting(narrow(stated, "after").criteria, rehearsal=True) == {"dags"}
    assert find_supporting(narrow(stated, "after").criteria, rehearsal=False) == {"dags", "e2e"}
