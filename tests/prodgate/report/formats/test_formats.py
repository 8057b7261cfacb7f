import gzip
import json
import re
import subprocess
import tomllib
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import botocore.session
import jsonschema_rs
import pytest
import xmlschema
from botocore.validate import ParamValidator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from prodgate.aws import sessions
from prodgate.criteria import UsageError
from prodgate.engines.environments import ensure_python
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.report.formats.asff import list_asff, render_asff
from prodgate.report.formats.exporting import FORMATS
from prodgate.report.formats.github import MOST, render_github
from prodgate.report.formats.junit import render_junit
from prodgate.report.formats.ocsf import VERSION, render_ocsf
from prodgate.report.formats.oscal import render_oscal
from prodgate.report.formats.sarif import MOST_RESULTS, render_sarif
from prodgate.report.formats.source import Source, list_results, read_source
from tests.prodgate.conftest import Gate
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

from ...sample_run import ABOUT, CRITERIA, judge
from ..samples import criterion, failing, finding, run, waiver
from .conftest import go, hostile, insufficient, many

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
for _part in ("run", "toolComponent"):
    del SCHEMA["definitions"][_part]["properties"]["language"]["pattern"]  # which is no regular expression
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def sarif(source: Source) -> dict[str, Any]:
    text = render_sarif(source)
    log = json.loads(text)
    VALIDATOR.validate(log)
    assert render_sarif(source) == text
    assert len(log["runs"]) == 1
    return log["runs"][0]


def by_outcome(made: dict[str, Any], outcome: str) -> list[dict[str, Any]]:
    return [result for result in made["results"] if result["properties"]["outcome"] == outcome]


def test_every_alert_is_a_result_and_every_result_has_a_place(source: Source) -> None:
    made = sarif(source)
    verdict = source.verdict
    expected = [
        f for f in (*verdict.findings, *verdict.waivers) if f.outcome in ("not-satisfied", "undetermined", "waived")
    ]
    assert len(made["results"]) == len(expected) > 50
    for outcome in ("not-satisfied", "undetermined", "waived"):
        assert len(by_outcome(made, outcome)) == sum(f.outcome == outcome for f in expected) > 0
    assert all(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in made["results"])
    assert {result["level"] for result in by_outcome(made, "not-satisfied")} == {"error"}
    assert {result["level"] for result in by_outcome(made, "undetermined")} == {"warning", "note"}


def test_a_waived_finding_is_suppressed_and_nothing_else_is(source: Source) -> None:
    made = sarif(source)
    suppressed = [result for result in made["results"] if "suppressions" in result]
    assert suppressed == by_outcome(made, "waived")
    (said,) = suppressed[0]["suppressions"]
    assert (said["kind"], said["status"]) == ("external", "accepted")
    assert said["justification"] == (
        "W-7: The vendor's log forwarder is replaced in December. (owner sato, approver tanaka, until 2026-12-31)"
    )


def test_a_finding_stands_where_it_was_found_else_where_it_is_stated(source: Source) -> None:
    made = sarif(source)

    def places(outcome: str, criterion: str) -> set[tuple[str, int]]:
        results = [r for r in by_outcome(made, outcome) if r["ruleId"].partition("/")[0] == criterion]
        found = [r["locations"][0]["physicalLocation"] for r in results]
        return {(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in found}

    assert ("terraform/modules/database/main.tf", 41) in places("not-satisfied", "backup-retention")
    assert places("undetermined", "backup-retention") == {("criteria.toml", 4)}
    assert places("not-satisfied", "waivers") == {("waivers.toml", 3)}
    assert places("undetermined", "waivers") == {("waivers.toml", 1)}


@pytest.mark.parametrize(
    ("made", "decision", "code", "level"),
    [
        (go(), "GO", 0, "note"),
        (many(1), "NO-GO", 1, "error"),
        (insufficient(), "INSUFFICIENT EVIDENCE", 2, "warning"),
    ],
)
def test_the_verdict_is_said(made: Source, decision: str, code: int, level: str) -> None:
    found = sarif(made)
    (invocation,) = found["invocations"]
    (said,) = invocation["toolExecutionNotifications"]
    assert (invocation["exitCode"], invocation["exitCodeDescription"], said["level"]) == (code, decision, level)
    assert decision in said["message"]["text"]
    assert found["properties"]["verdict"] == decision


def test_a_rehearsal_and_a_part_of_the_layers_have_categories_of_their_own() -> None:
    ids = [sarif(made)["automationDetails"]["id"] for made in (go(), go(rehearsal=True), go(partial=True))]
    assert len({id_.rpartition("/")[0] for id_ in ids}) == 3
    said = sarif(go(partial=True))["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert said.startswith("PARTIAL GO for nba-news")
    assert "left out: live" in said


@pytest.mark.slow
def test_the_limits_of_code_scanning_are_kept_and_what_was_cut_is_said() -> None:
    text = render_sarif(many(MOST_RESULTS + 3))
    made = json.loads(text)["runs"][0]
    assert len(made["results"]) == MOST_RESULTS
    assert "3 results beyond 25,000 were left out" in json.dumps(made["invocations"])
    assert len(gzip.compress(text.encode())) < 10_000_000
    assert len(made["tool"]["driver"]["rules"]) == 1


def test_a_cut_off_run_is_no_success(whole: Run) -> None:
    made = sarif(read_source(Run(**{**{n: getattr(whole, n) for n in whole.__slots__}, "finished": None})))
    assert made["invocations"][0]["executionSuccessful"] is False
    assert "the run was cut off" in json.dumps(made["invocations"])


def test_hostile_texts_stay_texts() -> None:
    messages = "".join(result["message"]["text"] for result in sarif(hostile())["results"])
    assert not {"\x00", "\x1b", "\r", "\n", "\u202e", "\ud800"} & set(messages)
    assert "日本語" in messages


@pytest.mark.parametrize("key", ["prodGate/v1", "primaryLocationLineHash"])
def test_the_fingerprint_of_a_finding_is_the_same_in_the_next_run(key: str) -> None:
    one, other = sarif(many(2)), sarif(many(3))
    prints = [{r["partialFingerprints"][key] for r in made["results"]} for made in (one, other)]
    assert prints[0] < prints[1]


def test_each_policy_is_a_rule_of_its_own_that_code_scanning_weighs() -> None:
    asked = [
        criterion("c", controls=("NIST-800-53:CP-9",), severity="critical"),
        criterion("cost", controls=(), severity="low"),
    ]
    seen = [
        failing("c", "a", check="P_1"),
        failing("c", "a", check="P_2", severity="high"),
        failing("cost", "a", check="P_3"),
    ]
    rules = sarif(read_source(run(asked, seen, layers=("static",))))["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["name"]) for rule in rules] == [("c/P_1", "P_1"), ("c/P_2", "P_2"), ("cost/P_3", "P_3")]
    assert [rule["properties"].get("security-severity") for rule in rules] == ["9.5", "8.0", None]
    assert ["security" in rule["properties"]["tags"] for rule in rules] == [True, True, False]
    assert len({rule["shortDescription"]["text"] for rule in rules}) == 3


def test_a_hub_learns_how_bad_it_is() -> None:
    asked = [criterion("c", severity="critical"), criterion("plain")]
    seen = [
        failing("c"),
        failing("c", "b", check="P_2", severity="low"),
        failing("plain"),
        finding("plain", Outcome.UNDETERMINED, reason="no answer"),
    ]
    source = read_source(run(asked, [*seen, finding("c", Outcome.SATISFIED, "d")], layers=("static",)))
    wanted = ["critical", "low", "high", "medium", "informational"]
    assert sorted(each["severity"].lower() for each in events(source)[1:]) == sorted(wanted)
    assert sorted(each["Severity"]["Label"].lower() for each in list_asff(real(source))[1:]) == sorted(wanted)


# ── GitHub

#: A workflow command as the runner reads it: its name, its properties and the rest of the line.
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)")


def annotations(source: Source) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in render_github(source).removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        found.append((match[1], dict(each.split("=", 1) for each in match[2].split(",")), match[3]))
    return found


@pytest.mark.parametrize("number", [0, 1, 8, 9, 10, 11, 500])
def test_no_more_of_a_kind_than_github_keeps_and_the_rest_is_counted(number: int) -> None:
    found = annotations(many(number))
    errors = [each for each in found if each[0] == "error"]
    assert len(errors) <= MOST
    if number > MOST - 1:
        assert errors[-1][2] == f"and {number - (MOST - 2):,} more; the report of the run has them all"
    else:
        assert not any("more; the report" in each[2] for each in found)


def test_each_outcome_has_a_level_of_its_own(source: Source) -> None:
    found = annotations(source)
    assert {each[0] for each in found} == {"error", "warning", "notice"}
    assert all(sum(each[0] == level for each in found) <= MOST for level in ("error", "warning", "notice"))
    first = next(each for each in found[1:] if each[0] == "error")
    assert first[1] == {"file": "terraform/modules/database/main.tf", "line": "41", "title": "backup-retention"}
    assert "Remedy: Set backup_retention_period" in first[2]
    assert any("waived by W-7" in each[2] for each in found if each[0] == "notice")
    assert any("only production can answer" in each[2] for each in found if each[0] == "notice")


@pytest.mark.parametrize(
    ("made", "level", "decision"),
    [(go(), "notice", "GO"), (many(1), "error", "NO-GO"), (insufficient(), "warning", "INSUFFICIENT EVIDENCE")],
)
def test_the_verdict_comes_first(made: Source, level: str, decision: str) -> None:
    (kind, named, message), *_ = annotations(made)
    assert (kind, named["title"]) == (level, f"prod-gate%3A {decision}")
    assert decision in message


def test_hostile_texts_make_no_command_of_their_own() -> None:
    found = annotations(hostile())
    assert len(found) == 1 + 1 + 1 + 1
    assert not any("\r" in each[2] or "%0" in each[2] for each in found)
    assert "%25b" in found[1][2]


# ── OSCAL

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
OSCAL_VALIDATOR = jsonschema_rs.validator_for(
    json.loads((HERE / "schemas" / "oscal-assessment-results.json").read_text("utf-8"))
)
CATALOGUE = set((HERE / "schemas" / "nist-800-53-rev5.txt").read_text("utf-8").split())


def oscal(source: Source) -> dict[str, Any]:
    text = render_oscal(source)
    assert render_oscal(source) == text
    document = json.loads(text)
    OSCAL_VALIDATOR.validate(document)
    (result,) = document["assessment-results"]["results"]
    return result


def test_the_schema_refuses_what_is_no_document(source: Source) -> None:
    document = json.loads(render_oscal(source))
    del document["assessment-results"]["results"][0]["start"]
    assert not OSCAL_VALIDATOR.is_valid(document)


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
    assert {each["title"]: (each["status"], each.get("deadline")) for each in made["risks"]} == {
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
def test_oscal_says_the_verdict(made: Source, decision: str) -> None:
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


def test_hostile_texts_stay_texts_in_oscal() -> None:
    oscal(hostile())


@pytest.mark.slow
def test_trestle_finds_the_documents_valid(source: Source, tmp_path: Path) -> None:
    trestle = ensure_python("trestle", print, locks=HERE).with_name("trestle")
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


# ── Security Hub, and OCSF


@cache
def shape() -> Any:
    return (
        botocore.session.get_session()
        .get_service_model("securityhub")
        .operation_model("BatchImportFindings")
        .input_shape
    )


def real(source: Source) -> Source:
    scope = replace(source.verdict.scope, rehearsal=False)
    return replace(source, verdict=replace(source.verdict, scope=scope), account=ACCOUNT, region=REGION)


def asff(source: Source) -> list[dict[str, Any]]:
    found = list_asff(real(source))
    assert json.loads(render_asff(real(source))) == found
    report = ParamValidator().validate({"Findings": found}, shape())
    assert not report.has_errors(), report.generate_report()
    for each in found:
        assert len(each["Title"]) <= 256
        assert len(each["Description"]) <= 1024
        assert len(each["Id"]) <= 512
        assert len(each.get("Remediation", {}).get("Recommendation", {}).get("Text", "")) <= 512
        assert len(json.dumps(each)) < 240_000
    return found


def test_every_finding_has_its_outcome_and_an_id_of_its_own(source: Source) -> None:
    verdict, *found = asff(source)
    assert verdict["Title"] == "prod-gate verdict: NO-GO"
    outcomes = [result.finding.outcome for result in list_results(source.verdict)]
    assert [each["ProductFields"]["prod-gate/outcome"] for each in found] == outcomes
    assert {each["ProductFields"]["prod-gate/outcome"]: each["Compliance"]["Status"] for each in found} == {
        Outcome.SATISFIED: "PASSED", Outcome.NOT_SATISFIED: "FAILED", Outcome.WAIVED: "FAILED",
        Outcome.UNDETERMINED: "WARNING", Outcome.NOT_APPLICABLE: "NOT_AVAILABLE",
    }  # fmt: skip
    suppressed = [each for each in found if each["Workflow"]["Status"] == "SUPPRESSED"]
    assert [each["ProductFields"]["prod-gate/waiver"] for each in suppressed] == ["W-7"]
    assert not [id_ for id_, count in Counter(each["Id"] for each in found).items() if count > 1]


@pytest.mark.parametrize(("made", "status"), [(go(), "PASSED"), (many(1), "FAILED"), (insufficient(), "WARNING")])
def test_the_verdict_is_the_first_finding(made: Source, status: str) -> None:
    assert asff(made)[0]["Compliance"]["Status"] == status
    assert str(made.verdict.decision) in asff(made)[0]["Description"]


def test_hostile_texts_stay_texts_in_asff() -> None:
    asff(hostile())


@pytest.mark.parametrize("made", [go(rehearsal=True), go()])
def test_a_run_about_no_account_is_refused(made: Source) -> None:
    with pytest.raises(UsageError, match="is about no account of AWS"):
        list_asff(made)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A run of a real account, with more findings than one call takes."""
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    about = {**ABOUT, "target": f"aws://{REGION}"}
    made = runs.create(tmp_path, about, tmp_path / "criteria.toml", tmp_path / "none.toml")
    journal = Journal.of(made)
    journal.record_fact("live", "account", f"{ACCOUNT} in {REGION}", "0" * 64, "sts")
    for number in range(120):
        journal.write(
            "finding",
            layer="static",
            check="PG_REC_2",
            criterion="backup-retention",
            subject=f"vault {number}",
            outcome="satisfied",
        )
    judge(made)
    return made


@pytest.mark.xdist_group("emulator")
def test_the_command_imports_every_finding(
    written: Path, account: Account, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: account.clients)
    hub = account("securityhub")
    hub.enable_security_hub()
    number = len(list_asff(read_source(runs.read(written))))
    assert number > 100
    out = gate("publish", written, "--via", f"aws://{REGION}").out
    assert out == f"imported: {number} findings, the verdict first\n"
    pages = hub.get_paginator("get_findings").paginate()
    assert len({each["Id"] for page in pages for each in page["Findings"]}) == number


def test_what_is_not_taken_is_said(written: Path, monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    class Hub:
        def batch_import_findings(self, Findings: list[dict[str, Any]]) -> Any:
            failed = [{"Id": Findings[-1]["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "too old"}]
            return {"FailedCount": 1, "SuccessCount": len(Findings) - 1, "FailedFindings": failed}

    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: lambda service, region: Hub())
    said = gate("publish", written, "--via", f"aws://{REGION}", ends=4).err
    assert "99 of " in said
    assert "InvalidInput: too old" in said
    gate("publish", written, "--via", "rehearsal://", ends=4)


# ── OCSF


@cache
def validator() -> Any:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("compliance_finding")
    return jsonschema_rs.validator_for(schema)


def events(source: Source) -> list[dict[str, Any]]:
    text = render_ocsf(source)
    assert render_ocsf(source) == text
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        validator().validate(event)
    return found


def test_the_schema_refuses_what_is_no_finding() -> None:
    assert not validator().is_valid({**events(go())[0], "severity_id": 77})
    assert not validator().is_valid({**events(go())[0], "made_up": 1})


def test_every_finding_is_an_event_with_its_outcome(source: Source) -> None:
    verdict, *found = events(source)
    assert verdict["compliance"]["control"] == "verdict"
    assert [event["unmapped"]["outcome"] for event in found] == [
        r.finding.outcome for r in list_results(source.verdict)
    ]
    assert {event["unmapped"]["outcome"]: event["compliance"]["status"] for event in found} == {
        "satisfied": "Pass", "not-satisfied": "Fail", "waived": "Fail", "undetermined": "Undetermined",
        "not-applicable": "Not applicable",
    }  # fmt: skip
    suppressed = [event for event in found if event["status_id"] == 3]
    assert [event["unmapped"]["outcome"] for event in suppressed] == ["waived"]
    assert suppressed[0]["comment"] == "The vendor's log forwarder is replaced in December."
    assert any(event["compliance"]["standards"] == ["NIST-800-53:CP-9"] for event in found)
    assert [event["unmapped"]["deferred"] for event in found].count(True) == 1


@pytest.mark.parametrize(("made", "status"), [(go(), "Pass"), (many(1), "Fail"), (insufficient(), "Undetermined")])
def test_the_verdict_is_the_first_event(made: Source, status: str) -> None:
    first = events(made)[0]
    assert first["finding_info"]["title"] == first["unmapped"]["verdict"] == str(made.verdict.decision)
    assert first["compliance"]["status"] == status


def test_hostile_texts_stay_texts_in_ocsf() -> None:
    assert len(events(hostile())) == 5


# ── Exporting

DECLARED = """
resource "aws_sqs_queue" "jobs" {
  name                    = "jobs"
  sqs_managed_sse_enabled = false
}
"""


@pytest.fixture
def written_run(tmp_path: Path) -> Path:
    text = CRITERIA.replace('layers = ["static"]', 'layers = ["static"]\ncontrols = ["NIST-800-53:CP-9"]')
    (tmp_path / "criteria.toml").write_text(text)
    made = runs.create(tmp_path, ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml")
    Journal.of(made).record_fact("live", "account", "123456789012 in ap-northeast-1", "0" * 64, "sts")
    judge(made)
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_writes_each_format(written_run: Path, form: str, gate: Gate) -> None:
    said = gate("export", written_run, "--format", form).out
    assert "GO" in said
    target = written_run.parent / "out"
    gate("export", written_run, "--format", form, "--output", target)
    assert target.read_text("utf-8") == said
    assert str(written_run.parent) not in said


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_that_was_edited_is_not_exported(written_run: Path, form: str, gate: Gate) -> None:
    about = written_run / "run.json"
    about.write_text(about.read_text("utf-8").replace('"rehearsal": false', '"rehearsal": true'), "utf-8")
    captured = gate("export", written_run, "--format", form, ends=4)
    assert "CHANGED" in captured.err
    assert not captured.out


def test_criteria_are_found_in_the_file_that_states_them(written_run: Path) -> None:
    assert read_source(runs.read(written_run)).places == {"backup-retention": "criteria.toml:3"}


def test_the_page_has_every_format() -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(FORMATS)


@pytest.mark.parametrize("form", ["sarif", "junit", "github"])
def test_check_writes_the_same_formats(tmp_path: Path, form: str, gate: Gate) -> None:
    (tmp_path / "main.tf").write_text(DECLARED)
    said = gate("check", tmp_path, "--format", form, ends=1).out
    assert "NO-GO" in said
    assert "main.tf" in said
    if form == "sarif":
        (result, *_) = json.loads(said)["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("main.tf")


# ── JUnit

JUNIT_SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def junit(source: Source) -> ET.Element:
    text = render_junit(source)
    JUNIT_SCHEMA.validate(text)
    assert render_junit(source) == text
    return ET.fromstring(text.encode())


def test_every_finding_is_a_case_of_its_outcome(source: Source) -> None:
    cases = junit(source).findall("testsuite/testcase")
    results = list(list_results(source.verdict))
    assert len(cases) == len(results) + 1
    seen = {(case.get("classname"), child.get("type")): child.tag for case in cases for child in case}
    assert seen["static.backup-retention", "not-satisfied"] == "failure"
    assert seen["static.alarms-notify", "undetermined"] == "error"
    assert seen["live.availability", "undetermined"] == "skipped"
    assert seen["static.log-retention", "waived"] == "skipped"
    assert seen["static.edge-functions-logged", "not-applicable"] == "skipped"
    assert seen["waivers.waivers", "not-satisfied"] == "failure"
    waived = [child.get("message", "") for case in cases for child in case if child.get("type") == "waived"]
    assert len(waived) == 1
    assert waived[0].startswith("waived by W-7: log-retention on aws_cloudwatch_log_group.waf")


def test_the_numbers_add_up(source: Source) -> None:
    made = junit(source)
    for suite in made:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(kind, "")) == sum(case.find(tag) is not None for case in cases)
    for kind in ("tests", "failures", "errors"):
        assert int(made.get(kind, "")) == sum(int(suite.get(kind, "")) for suite in made)


@pytest.mark.parametrize(
    ("made", "tag", "decision"),
    [(go(), None, "GO"), (many(1), "failure", "NO-GO"), (insufficient(), "error", "INSUFFICIENT EVIDENCE")],
)
def test_the_verdict_is_a_case_that_passes_on_go_alone(made: Source, tag: str | None, decision: str) -> None:
    suite = junit(made)[0]
    case = suite.find("testcase")
    assert case.get("name") == f"verdict {decision}"
    assert [child.tag for child in case] == ([tag] if tag else [])
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["verdict"], properties["promotes"]) == (decision, "true" if decision == "GO" else "false")


def test_hostile_texts_are_valid_xml_and_stay_texts() -> None:
    made = junit(hostile())
    assert "x" not in {each.tag for each in made.iter()}
    assert made.findall("testsuite/testcase/failure")
