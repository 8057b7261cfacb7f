import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from prodgate.criteria import UsageError
from prodgate.engines.environments import ensure_python
from prodgate.findings import Outcome
from prodgate.report.formats.oscal import render_oscal
from prodgate.report.formats.source import Source, list_results, read_source

from ..samples import criterion, failing, finding, run, waiver
from .conftest import go, hostile, insufficient, many

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
SCHEMA = json.loads((HERE / "schemas" / "oscal-assessment-results.json").read_text("utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
CATALOGUE = set((HERE / "schemas" / "nist-800-53-rev5.txt").read_text("utf-8").split())


def oscal(source: Source) -> dict[str, Any]:
    text = render_oscal(source)
    assert render_oscal(source) == text
    document = json.loads(text)
    VALIDATOR.validate(document)
    (result,) = document["assessment-results"]["results"]
    found: dict[str, Any] = result
    return found


def test_the_schema_refuses_what_is_no_document(source: Source) -> None:
    document = json.loads(render_oscal(source))
    del document["assessment-results"]["results"][0]["start"]
    assert not VALIDATOR.is_valid(document)


def test_every_finding_is_an_observation_with_its_outcome(source: Source) -> None:
    made = oscal(source)
    outcomes = [prop["value"] for each in made["observations"] for prop in each["props"] if prop["name"] == "outcome"]
    assert outcomes == [str(result.finding.outcome) for result in list_results(source.verdict)]
    assert len({each["uuid"] for each in made["observations"]}) == len(outcomes)


def test_what_does_not_hold_is_a_risk_and_a_waived_one_a_deviation() -> None:
    stated = [criterion(name, controls=("NIST-800-53:CP-9", "CIS-AWS-3.0.0:2.1.1")) for name in ("a", "b", "c", "d")]
    seen = [
        failing("a"),
        failing("b", "accepted"),
        finding("c", "undetermined", reason="denied"),
        finding("d", "satisfied"),
    ]
    made = oscal(read_source(run(stated, seen, waivers=(waiver(covers="b", subject="accepted"),), layers=("static",))))
    risks = {each["title"]: (each["status"], each.get("deadline")) for each in made["risks"]}
    assert risks == {
        "a (static): not satisfied": ("open", None),
        "b (static): waived": ("deviation-approved", "2026-12-31T23:59:59+00:00"),
        "c (static): undetermined": ("open", None),
    }
    assert {p["value"] for p in made["risks"][0]["props"] if p["name"] == "control"} == {
        "NIST-800-53:CP-9", "CIS-AWS-3.0.0:2.1.1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "layers", "state", "reason", "remarks"),
    [
        (["satisfied"], ("static",), "satisfied", "pass", "every criterion that names it holds"),
        (["satisfied", "not-satisfied"], ("static",), "not-satisfied", "fail", "not satisfied"),
        (["satisfied", "undetermined"], ("static",), "not-satisfied", "other", "undetermined"),
        (["not-applicable"], ("static",), "satisfied", "other", "not applicable"),
        (["satisfied"], ("static", "live"), "not-satisfied", "other", "not asked in: live"),
    ],
)
def test_a_control_is_satisfied_only_where_all_of_it_was_asked_and_holds(
    outcomes: list[str], layers: tuple[str, ...], state: str, reason: str, remarks: str
) -> None:
    stated = [
        criterion(f"c{n}", controls=("NIST-800-53:AC-6(9)",), layers=layers, where_present=True)
        for n in range(len(outcomes))
    ]
    seen = [finding(f"c{n}", outcome) for n, outcome in enumerate(outcomes)]
    made = oscal(read_source(run(stated, seen, layers=("static",))))
    (found,) = made["findings"]
    assert found["target"]["target-id"] == "ac-6.9_obj"
    assert found["target"]["status"] == {"state": state, "reason": reason, "remarks": remarks}
    assert made["reviewed-controls"]["control-selections"][0]["include-controls"] == [{"control-id": "ac-6.9"}]


@pytest.mark.parametrize(
    ("made", "decision"), [(go(), "GO"), (many(1), "NO-GO"), (insufficient(), "INSUFFICIENT EVIDENCE")]
)
def test_the_verdict_is_said(made: Source, decision: str) -> None:
    found = oscal(made)
    props = {prop["name"]: prop["value"] for prop in found["props"]}
    assert (found["title"], props["verdict"]) == (decision, decision)
    assert decision in found["description"]


def test_every_control_that_criteria_name_is_in_the_catalogue_of_nist() -> None:
    stated = [tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "criteria").glob("*.toml"))]
    criteria = {id_: table for each in stated for id_, table in each.get("criteria", {}).items()}
    made = run(
        [criterion(id_, controls=tuple(table.get("controls", ()))) for id_, table in criteria.items()],
        [finding(id_, "satisfied") for id_ in criteria],
        layers=("static",),
    )
    found = oscal(read_source(made))
    named = [each["control-id"] for each in found["reviewed-controls"]["control-selections"][0]["include-controls"]]
    assert len(named) > 30
    assert set(named) <= CATALOGUE
    assert {each["target"]["target-id"] for each in found["findings"]} == {f"{control}_obj" for control in named}


def test_a_run_without_controls_is_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError, match='write controls = \\["NIST-800-53:CP-9"\\]'):
        render_oscal(read_source(run([criterion("c")], [finding("c", "satisfied")], layers=("static",))))


def test_hostile_texts_stay_texts() -> None:
    oscal(hostile())


@pytest.mark.slow
def test_trestle_finds_the_documents_valid(source: Source, tmp_path: Path) -> None:
    python = ensure_python("trestle", print, locks=HERE)
    trestle = python.with_name("trestle")
    subprocess.run([trestle, "init", "--local"], cwd=tmp_path, check=True, timeout=120, capture_output=True)
    for name, made in {"whole": source, "go": go(), "hostile": hostile(), "insufficient": insufficient()}.items():
        path = tmp_path / "assessment-results" / name / "assessment-results.json"
        path.parent.mkdir(parents=True)
        path.write_text(render_oscal(made), "utf-8")
        done = subprocess.run(
            [trestle, "validate", "-f", path], cwd=tmp_path, timeout=120, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        path.write_text(path.read_text("utf-8").replace('"state":"', '"state":"un'), "utf-8")
    broken = tmp_path / "assessment-results" / "go" / "assessment-results.json"
    assert subprocess.run(
        [trestle, "validate", "-f", broken], cwd=tmp_path, timeout=120, capture_output=True, check=False
    ).returncode


def test_an_outcome_that_oscal_does_not_know_is_never_satisfied() -> None:
    for outcome in (Outcome.UNDETERMINED, Outcome.WAIVED, Outcome.NOT_SATISFIED):
        stated, seen = criterion("c", controls=("NIST-800-53:CP-9",)), failing("c", "x")
        if outcome is Outcome.UNDETERMINED:
            seen = finding("c", outcome, "x", reason="denied")
        accepted = (waiver(covers="c", subject="xxx" if outcome is not Outcome.WAIVED else "x"),)
        made = oscal(read_source(run([stated], [seen], waivers=accepted, layers=("static",))))
        assert made["findings"][0]["target"]["status"]["state"] == "not-satisfied"
