"""Checkov as a process: its report on a tree, as findings, and failing scans."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from prodgate.engines import checkov as adapter
from prodgate.engines.checkov import DRIVER, ScannerRecord, ScannerReport, scanning
from prodgate.engines.checkov_findings import INDEPENDENT, NOT_SILENCED, findings, report_skip_comments
from prodgate.engines.checkov_table import DocumentRules, Documents, DocumentUse, Silence, Table, excuse, load_table
from prodgate.engines.environments import EngineError
from prodgate.findings import Finding, Outcome
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.positions import Origin, Position
from prodgate.terraform.resources import UNKNOWN, Configuration, Gap, Resource
from tests.prodgate.ending import ended

from .conftest import TREE, Scanned, quiet


def answers(report: ScannerReport, check: str, scan: str) -> dict[str, str]:
    return {each.resource: each.outcome for each in report.records if (each.check, each.scan) == (check, scan)}


def test_each_instance_of_a_module_has_results_of_its_own(scanned: Scanned) -> None:
    for scan in ("source", "plan"):
        assert answers(scanned.report, "CKV_AWS_21", scan) == {
            "module.articles.aws_s3_bucket.this": "passed",
            "module.pictures.aws_s3_bucket.this": "failed",
        }


def test_each_instance_of_for_each_has_results_of_its_own(scanned: Scanned) -> None:
    zones = {'aws_cloudwatch_log_group.by_zone["a"]': "failed", 'aws_cloudwatch_log_group.by_zone["c"]': "failed"}
    assert answers(scanned.report, "CKV_AWS_338", "plan") == zones


def test_what_checkov_itself_drops_is_kept(scanned: Scanned) -> None:
    assert answers(scanned.report, "CKV_AWS_325", "plan") == {"aws_rds_cluster.main": "unknown"}


def test_a_comment_silences_the_source_alone(scanned: Scanned) -> None:
    assert answers(scanned.report, "CKV_AWS_26", "source") == {"aws_sns_topic.alarms": "skipped"}
    assert answers(scanned.report, "CKV_AWS_26", "plan") == {"aws_sns_topic.alarms": "failed"}
    assert [each.reason for each in scanned.report.records if each.outcome == "skipped"] == ["nobody reads it"]


def test_the_whole_tree_was_looked_at(scanned: Scanned) -> None:
    assert scanned.report.faults == ()
    assert scanned.report.version == "3.3.30"
    assert scanned.report.count > 1000


def test_results_in_the_source_have_a_place(scanned: Scanned) -> None:
    (cluster,) = [each for each in scanned.report.records if (each.check, each.scan) == ("CKV_AWS_139", "source")]
    assert (cluster.file, cluster.line, cluster.attribute) == ("main.tf", 36, "deletion_protection")


def test_a_report_survives_being_stored(scanned: Scanned) -> None:
    assert ScannerReport.from_json(json.loads(json.dumps(scanned.report.to_json()))) == scanned.report


def test_what_cannot_be_looked_at_is_a_fault(checkov: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tf").write_text('resource "aws_sns_topic" {{{\n')
    (tmp_path / "main.tf").write_text('module "far" {\n  source = "example/far/aws"\n}\n')
    with scanning(tmp_path, tmp_path, checks=["CKV_AWS_26", "CKV_AWS_9999"], progress=quiet) as scan:
        report = scan.report()
    assert set(report.faults) == {
        "Checkov 3.3.30 has no check 'CKV_AWS_9999'",
        "broken.tf: Checkov can't parse it, and so did not look at it",
        "main.tf:1: Checkov did not find module 'far' (example/far/aws), and so did not look at it",
        "only the source was scanned, since Terraform gave no plan of it",
    }


PASSES_OVER = """
import argparse, importlib.util, json, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("driver", sys.argv[1])
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)
driver.plan_runner.Runner.run = lambda *_arguments, **_named: driver.Report("terraform_plan")
kept = driver.Recorder(Path("."))
driver.scan_plan(argparse.Namespace(check=[], var_file=[]), kept, Path(sys.argv[2]))
print("\\n" + json.dumps(kept.faults))
"""


def test_a_resource_that_checkov_passes_over_is_a_fault(checkov: Path, tmp_path: Path) -> None:
    topic = {"address": "module.a.aws_sns_topic.lost", "mode": "managed", "type": "aws_sns_topic"}
    unchecked = {"address": "module.a.aws_vpc_ipam.none", "mode": "managed", "type": "aws_vpc_ipam"}
    read = {"address": "module.a.data.aws_sns_topic.known", "mode": "data", "type": "aws_sns_topic"}
    root = {"child_modules": [{"address": "module.a", "resources": [topic, unchecked, read]}]}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"planned_values": {"root_module": root}}))
    command = [str(checkov), "-c", PASSES_OVER, str(DRIVER), str(plan)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        "module.a.aws_sns_topic.lost: Checkov has checks for aws_sns_topic, but gave no result on it"
    ]


def test_the_driver_ends_with_whoever_waits_for_it(checkov: Path, tmp_path: Path) -> None:
    command = [str(checkov), "-I", str(DRIVER), str(TREE), "--base", str(TREE)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (75, b"")


def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> ScannerReport:
    driver = tmp_path / "driver.py"
    driver.write_text(script)
    monkeypatch.setattr(adapter, "DRIVER", driver)
    monkeypatch.setattr(adapter, "ensure_python", lambda _name, _progress: Path(sys.executable))
    with scanning(tmp_path, tmp_path, progress=quiet) as scan:
        scan.submit_plan({})
        return scan.report()


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("import sys; sys.exit('no more memory')", "Checkov ended with exit code 1: no more memory"),
        ("import sys; sys.exit(7)", "Checkov ended with exit code 7: it said nothing"),
        ("import os; os.kill(os.getpid(), 9)", "Checkov was ended by SIGKILL: it said nothing"),
        ("print('Traceback')", "Checkov's answer can't be read: "),
        ("print('')", "Checkov's answer can't be read: "),
        ("print('{}')", "Checkov's answer can't be read: "),
        ("print('[]')", "Checkov's answer can't be read: "),
    ],
)
def test_a_scan_that_fails_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, fault: str) -> None:
    report = faked(monkeypatch, tmp_path, script)
    assert report.records == ()
    assert len(report.faults) == 1
    assert report.faults[0].startswith(fault)


def test_an_unknown_outcome_is_not_taken_for_a_pass() -> None:
    record = {"scan": "plan", "check": "CKV_AWS_1", "resource": "a.b", "outcome": "fine"}
    stated = {"version": "1", "count": 1, "titles": {}, "records": [record], "faults": []}
    with pytest.raises(ValueError, match="unknown outcomes"):
        ScannerReport.from_json(stated)


def test_a_scan_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODGATE_CHECKOV_TIMEOUT", "0.5")
    pid = tmp_path / "pid"
    script = f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid())); signal.pause()"
    report = faked(monkeypatch, tmp_path, script)
    assert report.faults == ("Checkov did not finish within 0.5 s; set PRODGATE_CHECKOV_TIMEOUT to more seconds",)
    assert ended(int(pid.read_text()))


def test_a_limit_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODGATE_CHECKOV_TIMEOUT", "soon")
    report = faked(monkeypatch, tmp_path, "print('{}')")
    assert report.faults == ("PRODGATE_CHECKOV_TIMEOUT: 'soon' is not a number of seconds; write 300",)


def test_a_missing_environment_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_name: str, _progress: object) -> Path:
        raise EngineError("checkov.lock: can't be installed")

    monkeypatch.setattr(adapter, "ensure_python", refuse)
    with scanning(tmp_path, tmp_path, progress=quiet) as scan:
        scan.submit_plan({})
        assert scan.report() == ScannerReport(titles={}, faults=("checkov.lock: can't be installed",))


def test_a_record_states_what_it_is_about() -> None:
    record = ScannerRecord(scan="plan", check="CKV_AWS_1", resource="a.b", outcome="passed")
    assert (record.file, record.line, record.reason) == ("", 0, "")


def test_what_a_new_resource_will_be_is_handed_over_once(tmp_path: Path) -> None:
    new = {"address": "a.b", "change": {"actions": ["create"], "before": None, "after": {"x": 1}, "after_unknown": {}}}
    old = {"address": "a.c", "change": {"actions": ["update"], "before": {"x": 0}, "after": {"x": 1}}}
    plan = {"planned_values": {"root_module": {}}, "prior_state": {}, "resource_changes": [new, old]}
    adapter.Scan(None, "", tmp_path).submit_plan(plan)
    handed = json.loads((tmp_path / "plan.json").read_text())
    assert set(handed) == {"planned_values", "resource_changes"}
    assert [each["change"]["after"] for each in handed["resource_changes"]] == [{}, {"x": 1}]


# ── Known facts about Checkov's checks

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def known(checkov: Path) -> frozenset[str]:
    """The id of every check in the pinned Checkov."""
    script = f"import json, runpy; known = runpy.run_path({str(DRIVER)!r})['list_checks']()\n"
    script += "print('\\n' + json.dumps(sorted(known)))"
    done = subprocess.run([str(checkov), "-c", script], capture_output=True, text=True, timeout=300, check=True)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def test_every_check_exists(known: frozenset[str]) -> None:
    assert set(load_table().list_checks()) <= known


def test_every_criterion_exists_and_is_answered_statically() -> None:
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    for criterion in load_table().criteria.values():
        assert "static" in criteria[criterion].layers, criterion


def test_nothing_unreliable_is_mapped() -> None:
    assert not set(load_table().criteria) & set(load_table().unreliable)


def test_a_check_that_is_mapped_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[criteria]\na = ["CKV_AWS_1"]\nb = ["CKV_AWS_1"]\n')
    with pytest.raises(ValueError, match=r"table\.toml: mapped twice: CKV_AWS_1"):
        load_table(file)


def test_every_silence_states_one_condition_and_a_reason() -> None:
    for silence in load_table().silences:
        assert silence.reason
        assert [silence.unset, bool(silence.any_of), bool(silence.none_of)].count(True) == 1, silence


def cluster(**values: Any) -> Resource:
    origin = Origin(Position("main.tf", 1), {name: (Position("main.tf", 2),) for name in values})
    return Resource(address="aws_rds_cluster.a", type="aws_rds_cluster", name="a", values=values, origin=origin)


MYSQL_ONLY = Silence(checks=("CKV_AWS_325",), attribute="engine", none_of=("aurora-mysql",), reason="MySQL only")
NO_POLICY = Silence(checks=("CKV_AWS_70",), attribute="policy", unset=True, reason="no policy")


@pytest.mark.parametrize(
    ("silence", "resource", "explained"),
    [
        (MYSQL_ONLY, cluster(engine="aurora-postgresql"), True),
        (MYSQL_ONLY, cluster(engine="aurora-mysql"), False),
        (MYSQL_ONLY, cluster(engine=UNKNOWN), False),
        (MYSQL_ONLY, cluster(engine=None), False),
        (MYSQL_ONLY, cluster(), False),
        (NO_POLICY, cluster(policy=None), True),
        (NO_POLICY, cluster(policy=UNKNOWN), False),
        (NO_POLICY, cluster(policy="{}"), False),
        (NO_POLICY, cluster(), True),
    ],
)
def test_only_a_known_value_explains_a_silence(silence: Silence, resource: Resource, explained: bool) -> None:
    assert silence.explains(silence.checks[0], resource) is explained


def test_an_argument_left_to_the_provider_is_unset() -> None:
    bucket = Resource(
        address="aws_s3_bucket.a", type="aws_s3_bucket", name="a", values={"policy": UNKNOWN},
        origin=Origin(Position("main.tf", 1), {"bucket": (Position("main.tf", 2),)}),
    )  # fmt: skip
    assert NO_POLICY.explains("CKV_AWS_70", bucket)
    assert not NO_POLICY.explains("CKV_AWS_71", bucket)


def test_a_silence_speaks_of_its_types_alone() -> None:
    silence = Silence(checks=("CKV_AWS_70",), types=("aws_s3_bucket",), attribute="policy", unset=True, reason="x")
    assert not silence.explains("CKV_AWS_70", cluster(policy=None))


# ── Converts Checkov's report to findings

QUEUE = "module.mail.aws_sqs_queue.letters"
TABLE = Table(
    criteria={"CKV_AWS_27": "encryption-at-rest"},
    unreliable={"CKV_AWS_334": "can't fail"},
    local_modules={"CKV_TF_1": "a module of this repository"},
    documents=DocumentRules(twins={}, identities=frozenset(), keys=frozenset(), wrong_on_keys=frozenset()),
    silences=(
        Silence(checks=("CKV_AWS_168",), attribute="policy", unset=True, reason="no policy"),
        Silence(checks=("CKV_AWS_7",), attribute="spec", unset=True, source_decides=True, reason="a default"),
    ),
)


def resource(address: str, type_: str = "aws_sqs_queue") -> Resource:
    places = {"kms_master_key_id": (Position("queue.tf", 5), Position("main.tf", 9))}
    return Resource(
        address=address, type=type_, name="letters", values={"policy": None, "spec": None},
        origin=Origin(Position("queue.tf", 3), places),
    )  # fmt: skip


def configuration(*addresses: str) -> Configuration:
    return Configuration(root="prod", engine="core", resources=[resource(each) for each in addresses])


def record(scan: str, outcome: str, check: str = "CKV_AWS_27", address: str = QUEUE, **more: object) -> ScannerRecord:
    place = {"file": "queue.tf", "line": 3} if scan == "source" else {}
    return ScannerRecord(scan=scan, outcome=outcome, check=check, resource=address, **{**place, **more})  # type: ignore[arg-type]


def found(records: Sequence[ScannerRecord], *addresses: str, faults: tuple[str, ...] = ()) -> list[Finding]:
    report = ScannerReport(
        titles={"CKV_AWS_27": "Ensure that queues are encrypted"}, records=tuple(records), faults=faults
    )
    return list(findings(report, configuration(*addresses or (QUEUE,)), TABLE, ["encryption-at-rest"]))


def test_a_failure_in_both_scans_is_one_finding_with_its_place() -> None:
    (finding,) = found([record("source", "failed"), record("plan", "failed", attribute="kms_master_key_id")])
    assert finding.outcome is Outcome.NOT_SATISFIED
    assert (finding.criterion, finding.check, finding.subject) == ("encryption-at-rest", "CKV_AWS_27", QUEUE)
    assert finding.where == ("queue.tf:5", "main.tf:9")
    assert (finding.expected, finding.observed) == ("queues are encrypted", "fails in the source and in the plan")


@pytest.mark.parametrize(
    ("source", "plan", "said"),
    [
        ("passed", "failed", "fails in the plan, where values are resolved; passes in the source"),
        ("failed", "passed", "fails in the source; passes in the plan"),
        ("failed", "unknown", "fails in the source; can't tell in the plan"),
        ("skipped", "failed", "fails in the plan, where values are resolved; is skipped by a comment in the source"),
        ("failed", "", "fails in the source; does not look in the plan"),
        ("", "failed", "fails in the plan, where values are resolved; does not look in the source"),
    ],
)
def test_a_failure_in_one_scan_is_a_failure(source: str, plan: str, said: str) -> None:
    given = [record(scan, outcome) for scan, outcome in (("source", source), ("plan", plan)) if outcome]
    (finding,) = found(given)
    assert (finding.outcome, finding.observed) == (Outcome.NOT_SATISFIED, said)


@pytest.mark.parametrize(
    ("source", "plan", "outcome"),
    [
        ("passed", "passed", Outcome.SATISFIED),
        ("unknown", "passed", Outcome.SATISFIED),
        ("passed", "", Outcome.SATISFIED),
        ("passed", "unknown", Outcome.UNDETERMINED),
        ("unknown", "unknown", Outcome.UNDETERMINED),
        ("unknown", "", Outcome.UNDETERMINED),
        ("skipped", "", Outcome.UNDETERMINED),
        ("skipped", "unknown", Outcome.UNDETERMINED),
    ],
)
def test_a_pass_needs_the_plan_to_agree(source: str, plan: str, outcome: Outcome) -> None:
    given = [record(scan, answer) for scan, answer in (("source", source), ("plan", plan)) if answer]
    (finding,) = found(given)
    assert (finding.outcome, finding.criterion) == (outcome, INDEPENDENT)


@pytest.mark.parametrize("outcomes", [("passed", "failed"), ("failed", "passed"), ("unknown", "failed")])
def test_the_worst_of_several_answers_counts(outcomes: tuple[str, str]) -> None:
    (finding,) = found([record("source", each) for each in outcomes])
    assert finding.outcome is Outcome.NOT_SATISFIED


def test_passes_of_a_check_are_one_finding() -> None:
    addresses = [f'aws_sqs_queue.letters["{each}"]' for each in "abc"]
    (finding,) = found([record("plan", "passed", address=each) for each in addresses], *addresses)
    assert (finding.outcome, finding.subject) == (Outcome.SATISFIED, "3 resources")


def test_the_source_speaks_of_every_instance() -> None:
    addresses = [f'aws_sqs_queue.letters["{each}"]' for each in "ab"]
    records = [record("plan", "passed", address=each) for each in addresses]
    seen = found([*records, record("source", "failed", address="aws_sqs_queue.letters")], *addresses)
    assert [(each.subject, each.outcome) for each in seen] == [(each, Outcome.NOT_SATISFIED) for each in addresses]


def test_a_data_source_is_named_as_terraform_names_it() -> None:
    address = "module.mail.data.aws_iam_policy_document.key"
    (finding,) = found([record("source", "failed", address="module.mail.aws_iam_policy_document.key")], address)
    assert finding.subject == address


def test_a_failure_whose_criterion_is_not_stated_is_filed_under_the_scan() -> None:
    report = ScannerReport(titles={}, records=(record("plan", "failed"),))
    (finding,) = findings(report, configuration(QUEUE), TABLE, [])
    assert finding.criterion == INDEPENDENT


@pytest.mark.parametrize("outcome", ["passed", "failed", "unknown"])
def test_an_unreliable_check_proves_nothing(outcome: str) -> None:
    (finding,) = found([record("plan", outcome, check="CKV_AWS_334")])
    assert (finding.outcome, finding.reason) == (Outcome.NOT_APPLICABLE, "can't fail")


def test_a_check_that_is_not_asked_is_shown_with_its_reason() -> None:
    report = ScannerReport(titles={}, records=(record("plan", "failed"), record("plan", "failed", "CKV_AWS_7")))
    unasked = {"CKV_AWS_27": "Kato: nothing secret", "CKV_AWS_272": "Kato: no signer"}
    seen = {each.check: each for each in findings(report, configuration(QUEUE), TABLE, ["encryption-at-rest"], unasked)}
    assert seen["CKV_AWS_7"].outcome is Outcome.NOT_SATISFIED
    asked = (seen["CKV_AWS_27"].outcome, seen["CKV_AWS_27"].reason)
    assert asked == (Outcome.NOT_APPLICABLE, "is not asked: Kato: nothing secret")
    assert seen["CKV_AWS_272"].outcome is Outcome.UNDETERMINED
    assert "CKV_AWS_272 is no check of Checkov for anything that is declared" in seen["CKV_AWS_272"].reason


def test_a_silence_with_a_known_reason_is_not_applicable() -> None:
    (finding,) = found([record("plan", "unknown", check="CKV_AWS_168")])
    assert (finding.outcome, finding.reason) == (Outcome.NOT_APPLICABLE, "no policy")


def test_where_the_plan_lacks_a_default_the_source_decides() -> None:
    (finding,) = found([record("source", "passed", check="CKV_AWS_7"), record("plan", "unknown", check="CKV_AWS_7")])
    assert finding.outcome is Outcome.SATISFIED
    (finding,) = found([record("source", "unknown", check="CKV_AWS_7"), record("plan", "unknown", check="CKV_AWS_7")])
    assert finding.outcome is Outcome.UNDETERMINED


def test_a_local_module_has_no_version_of_its_own() -> None:
    (finding,) = found([record("source", "unknown", check="CKV_TF_1", address="mail")])
    assert (finding.outcome, finding.subject) == (Outcome.NOT_APPLICABLE, "module.mail")
    (finding,) = found([record("source", "failed", check="CKV_TF_1", address="far")])
    assert finding.outcome is Outcome.NOT_SATISFIED


@pytest.mark.parametrize("outcome", ["passed", "failed", "unknown"])
def test_a_module_of_which_nothing_is_made_is_not_judged(outcome: str) -> None:
    given = [record("source", outcome, address="module.load.module.results.aws_sqs_queue.letters")]
    (finding,) = found(given, QUEUE, "module.loads.aws_sqs_queue.letters")
    assert (finding.outcome, finding.reason) == (Outcome.NOT_APPLICABLE, "Terraform makes nothing of this module")


@pytest.mark.parametrize("others", [("module.load[0].aws_sqs_queue.other",), ("module.load.data.aws_region.current",)])
def test_a_resource_alone_that_the_plan_lacks_is_judged_by_the_source(others: tuple[str, ...]) -> None:
    (finding,) = found([record("source", "failed", address="module.load.aws_sqs_queue.letters")], *others)
    assert finding.outcome is Outcome.NOT_SATISFIED


def test_what_could_not_be_evaluated_is_not_taken_for_a_module_of_which_nothing_is_made() -> None:
    given = record("source", "failed", address="module.load.aws_sqs_queue.letters")
    report = ScannerReport(titles={}, records=(given,))
    known = Configuration(root="prod", engine="core", resources=[resource(QUEUE)], gaps=[Gap("main.tf", "unreadable")])
    (finding,) = findings(report, known, TABLE, [])
    assert finding.outcome is Outcome.NOT_SATISFIED


def test_a_check_that_raised_says_so() -> None:
    (finding,) = found([record("plan", "unknown", reason="the check failed: KeyError: 'x'")])
    assert (finding.outcome, finding.reason) == (Outcome.UNDETERMINED, "the check failed: KeyError: 'x'")


def test_faults_are_undetermined() -> None:
    fault, passed = found([record("plan", "passed")], faults=("Checkov ended with exit code 1",))
    assert (fault.outcome, fault.reason) == (Outcome.UNDETERMINED, "Checkov ended with exit code 1")
    assert passed.outcome is Outcome.SATISFIED


def test_silence_is_not_consent() -> None:
    (finding,) = found([])
    assert finding.outcome is Outcome.UNDETERMINED


def test_without_a_configuration_nothing_is_lost() -> None:
    report = ScannerReport(titles={}, records=(record("source", "failed"),), faults=("no plan",))
    seen = list(findings(report, None, TABLE, []))
    assert [each.outcome for each in seen] == [Outcome.UNDETERMINED, Outcome.UNDETERMINED]
    assert seen[1].where == ("queue.tf:3",)
    assert seen[1].reason.endswith("does not look in the plan: Terraform gave no plan to hold that against")


def test_a_comment_is_a_finding_of_its_own(scanned: Scanned) -> None:
    (finding,) = report_skip_comments(scanned.report)
    assert (finding.criterion, finding.outcome) == (NOT_SILENCED, Outcome.NOT_SATISFIED)
    assert finding.subject == "CKV_AWS_26 on aws_sns_topic.alarms"


def test_without_a_comment_nothing_is_silenced() -> None:
    (finding,) = report_skip_comments(ScannerReport(titles={}, records=(record("source", "passed"),)))
    assert finding.outcome is Outcome.SATISFIED
    (finding,) = report_skip_comments(ScannerReport(titles={}, faults=("Checkov ended with exit code 1",)))
    assert finding.outcome is Outcome.UNDETERMINED


def test_a_document_that_is_the_policy_of_a_key_is_not_taken_for_an_identity() -> None:
    text = '{"Statement": [{"Action": "kms:*", "Resource": "*"}]}'
    document = Resource(
        address="data.aws_iam_policy_document.key", type="aws_iam_policy_document", name="key", mode="data",
        values={"json": text},
    )  # fmt: skip
    key = Resource(address="aws_kms_key.a", type="aws_kms_key", name="a", values={"policy": text})
    declared = Configuration(root="prod", engine="core", resources=[document, key])
    records = (record("source", "failed", check="CKV_AWS_356", address="aws_iam_policy_document.key"),)
    (finding,) = findings(ScannerReport(titles={}, records=records), declared, load_table(), [])
    assert (finding.outcome, finding.subject) == (Outcome.NOT_APPLICABLE, document.address)


# ── The uses of a policy document

RULES = load_table().documents
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
KEY = DocumentUse("aws_kms_key.a", "aws_kms_key.policy")
ROLE = DocumentUse("aws_iam_role_policy.a", "aws_iam_role_policy.policy")
QUEUE_POLICY = DocumentUse("aws_sqs_queue_policy.a", "aws_sqs_queue_policy.policy")


def text(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def document(value: Any) -> Resource:
    return Resource(
        address="data.aws_iam_policy_document.a", type="aws_iam_policy_document", name="a", mode="data",
        values={"json": value},
    )  # fmt: skip


def user(policy: Any) -> Resource:
    return Resource(address=KEY.address, type="aws_kms_key", name="a", values={"policy": policy})


@pytest.mark.parametrize(
    ("stated", "held", "used"),
    [
        (text(READ), text(READ), True),
        (text(READ), text(WRITE, READ), True),
        (text(READ), json.dumps({"Statement": READ}), True),
        (text(READ, WRITE), text(READ), False),
        (text(), text(READ), False),
        (UNKNOWN, text(READ), False),
        (text(READ), UNKNOWN, False),
        (text(READ), '{"Statement" cut off', False),
        (text(READ), '["Statement"]', False),
    ],
)
def test_a_document_is_used_where_all_its_statements_stand(stated: Any, held: Any, used: bool) -> None:
    resources = [document(stated), user(held)]
    documents = Documents(Configuration(root="prod", engine="core", resources=resources))
    assert documents.uses(resources[0]) == ((KEY,) if used else ())


def test_without_a_configuration_nothing_is_used() -> None:
    assert Documents(None).uses(document(text(READ))) == ()


@pytest.mark.parametrize(
    ("said", "uses", "twins", "reason"),
    [
        ("failed", (KEY,), {}, 'in which "*" is that key'),
        ("failed", (KEY, ROLE), {}, ""),
        ("failed", (), {}, ""),
        ("failed", (ROLE,), {ROLE.address: "failed"}, "is judged as CKV_AWS_355"),
        ("failed", (ROLE,), {ROLE.address: "passed"}, ""),
        ("unknown", (ROLE,), {ROLE.address: "passed"}, "is judged as CKV_AWS_355"),
        ("unknown", (ROLE,), {ROLE.address: "unknown"}, ""),
        ("unknown", (ROLE,), {}, ""),
        ("unknown", (QUEUE_POLICY,), {}, "the policy of a resource"),
        ("failed", (QUEUE_POLICY,), {}, ""),
        ("unknown", (QUEUE_POLICY, ROLE), {}, ""),
    ],
)
def test_only_a_use_that_is_known_excuses(
    said: str, uses: tuple[DocumentUse, ...], twins: dict[str, str], reason: str
) -> None:
    found = excuse("CKV_AWS_356", said, uses, twins, RULES)
    assert (reason in found) if reason else found == ""


def test_a_check_that_is_not_about_documents_is_never_excused() -> None:
    assert excuse("CKV_AWS_1", "failed", (KEY,), {}, RULES) == ""
