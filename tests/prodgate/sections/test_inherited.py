"""What a team takes over by ``extends`` is what comes with the gate, asked only where there is something to ask about."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from prodgate.criteria import SEVERITIES, CriteriaError, Criterion
from prodgate.evidence import artifacts, runs
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.inherited import BASELINE, extend, list_areas
from prodgate.sections.project import BUNDLED
from prodgate.terraform.policy import Policy, apply
from prodgate.terraform.resources import Configuration, Resource

from ..sample_run import ABOUT
from ..samples import criterion

OWN = """
[criteria.kms-deletion-window]
overrides = true
statement = "Keys wait two weeks."
why = "We restore within two weeks."
require = ">= 14 d"
source = "OURS-1"
layers = ["static"]
"""

PROVEN = "baseline/permissions"


@pytest.fixture
def stated(tmp_path: Path) -> Path:
    return tmp_path / "criteria.toml"


def write(file: Path, extends: str, more: str = "") -> Path:
    file.write_text(f'system = "shop"\nextends = {extends}\n{more}', "utf-8")
    return file


def test_the_whole_baseline_is_every_criterion_that_is_good_practice_for_any_team(stated: Path) -> None:
    found = load_criteria(write(stated, '"baseline"')).criteria
    bundled = load_criteria(BUNDLED / "criteria.toml").criteria
    assert set(found) == {id_ for id_, criterion in bundled.items() if criterion.baseline} != set()
    kept = ("statement", "statement_ja", "why", "remedy", "controls", "window", "samples")
    for id_, taken in found.items():
        origin = bundled[id_]
        assert [getattr(taken, key) for key in kept] == [getattr(origin, key) for key in kept], id_
        assert taken.bound == (origin.baseline_bound or origin.bound)
        assert taken.layers == tuple(layer for layer in origin.layers if layer in ("static", "live"))
        assert (taken.population, taken.where_present) == (0, True)


def test_areas_are_taken_over_one_by_one(stated: Path) -> None:
    found = load_criteria(write(stated, '["baseline/identity", "baseline/recovery"]')).criteria
    assert {criterion.source for criterion in found.values()} == {"baseline/identity", "baseline/recovery"}
    assert set(found) == {*list_areas()["baseline/identity"], *list_areas()["baseline/recovery"]}


def test_a_criterion_that_says_so_stands_in_the_place_of_the_inherited_one(stated: Path) -> None:
    found = load_criteria(write(stated, '["baseline/recovery"]', OWN)).criteria
    own = found["kms-deletion-window"]
    assert (own.statement, own.statement_ja, str(own.bound), own.source) == (
        "Keys wait two weeks.",
        "",
        ">= 14 d",
        "OURS-1",
    )
    assert set(found) == set(list_areas()["baseline/recovery"])


def test_requirements_of_a_team_need_not_name_what_it_takes_over(stated: Path) -> None:
    lines = '[requirements]\nOURS-1 = { asks = "Keys come back", layers = ["static"] }\n'
    assert "backup-retention" in load_criteria(write(stated, '"baseline"', lines + OWN)).criteria


@pytest.mark.parametrize(
    ("extends", "more", "message"),
    [
        ('"basline"', "", "extends: 'basline' is no area; did you mean 'baseline'?"),
        ('["baseline/identiy"]', "", "extends: 'baseline/identiy' is no area; did you mean 'baseline/identity'?"),
        ('["zzz"]', "", "extends: 'zzz' is no area; write 'baseline', or one of baseline/airflow, "),
        ("3", "", "extends: is 3; write 'baseline' or a list of areas, e.g. extends = ["),
        ('["baseline", "baseline/network"]', "", "extends: 'baseline/network' is named twice, or is part of 'baseline'"),
        ('["baseline/network", "baseline/network"]', "", "extends: 'baseline/network' is named twice"),
        ('"baseline"', OWN.replace("overrides = true\n", ""), "criteria.kms-deletion-window: extends takes it over from baseline/recovery, too; write overrides = true in it to"),
        ('"baseline"', OWN.replace("OURS-1", "baseline/recovery"), "criteria.kms-deletion-window.source: 'baseline/recovery' is where extends takes over from; name your own line"),
        ("[]", OWN.replace("OURS-1", "baseline/x").replace("overrides = true\n", ""), "criteria.kms-deletion-window.source: 'baseline/x' is where extends"),
        ('"baseline"', OWN.replace("kms-deletion", "kms-deltion"), "criteria.kms-deltion-window.overrides: extends takes over no criterion of that id; did you mean 'kms-deletion-window'?"),
        ('["baseline/network"]', OWN, "criteria.kms-deletion-window.overrides: extends takes over no criterion of that id; take overrides out, or name its area"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(stated: Path, extends: str, more: str, message: str) -> None:
    with pytest.raises(CriteriaError) as refused:
        load_criteria(write(stated, extends, more))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{stated}: ")


def test_an_included_file_extends_nothing(stated: Path) -> None:
    (stated.parent / "more.toml").write_text('extends = "baseline"', "utf-8")
    with pytest.raises(
        CriteriaError, match=r"more\.toml: extends: is 'baseline'; only the criteria file itself extends"
    ):
        load_criteria(write(stated, '"baseline/network"', 'include = ["more.toml"]\n'))


def test_no_file_of_a_project_passes_for_what_is_taken_over(stated: Path) -> None:
    (stated.parent / "prodgate:baseline").mkdir()
    (stated.parent / "prodgate:baseline" / "network.toml").write_text(OWN, "utf-8")
    with pytest.raises(CriteriaError, match="is named like what extends takes over; give it another name"):
        load_criteria(write(stated, '"baseline/network"', 'include = ["prodgate*/*.toml"]\n'))


def test_a_run_keeps_what_was_taken_over(stated: Path) -> None:
    run = runs.create(
        stated.parent / "runs", ABOUT, write(stated, '["baseline/network"]'), stated.parent / "waivers.toml"
    )
    (text,) = extend(["baseline/network"], ())[0].values()
    assert text.encode() in {path.read_bytes() for path in (run / artifacts.FOLDER).iterdir()}
    stated.unlink()
    assert set(runs.read(run).criteria.criteria) == set(list_areas()["baseline/network"])


def test_every_area_is_written_out_as_criteria_that_stand_for_themselves() -> None:
    files, mistakes = extend(BASELINE, ())
    assert mistakes == []
    assert {name: tuple(tomllib.loads(text)["criteria"]) for name, text in files.items()} == {
        f"prodgate:{area}.toml": ids for area, ids in list_areas().items() if area != PROVEN
    }


def test_what_is_proven_of_principals_is_taken_over_by_name(stated: Path) -> None:
    assert PROVEN in list_areas()
    found = load_criteria(write(stated, f'["{BASELINE}", "{PROVEN}"]')).criteria
    goals = [goal for criterion in found.values() if criterion.source == PROVEN for goal in criterion.goals]
    assert {goal.actions[0] for goal in goals} >= {"administrator", "cloudtrail:DeleteTrail", "sts:AssumeRole"}
    assert all(found[id_].goals for id_ in list_areas()[PROVEN])
    assert not any(criterion.goals for criterion in load_criteria(write(stated, f'"{BASELINE}"')).criteria.values())


@pytest.mark.parametrize(("population", "outcome"), [(0, "not-applicable"), (1, "undetermined")])
def test_no_policy_asks_for_one_where_there_need_be_none(population: int, outcome: str) -> None:
    def judge(queue: Resource, criterion: Criterion) -> None:
        raise AssertionError

    stated = Policy(
        id="S_1", criterion="c", resources=("aws_sqs_queue",), remedy="r", judge=judge, population=1, required=False
    )
    asked = criterion("c", population=population, where_present=True)
    (found,) = apply(stated, Configuration(root=".", engine="none", resources=[]), asked)
    assert found.outcome == outcome


def test_what_is_asked_of_any_team_says_who_asks_for_it_and_how_bad_it_is() -> None:
    bundled = load_criteria(BUNDLED / "criteria.toml").criteria
    asked = [each for each in bundled.values() if each.baseline]
    assert [each.id for each in asked if each.severity not in SEVERITIES] == []
    sources = {each.id: {control.partition(":")[0] for control in each.controls} for each in asked}
    catalogues = {"AWS-FSBP", "AWS-WA", "CIS-AWS-3.0.0", "OWASP-CICD"}
    assert [id_ for id_, named in sources.items() if not named & catalogues] == ["terraform-evaluates"]
