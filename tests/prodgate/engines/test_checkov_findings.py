"""From what Checkov says to findings."""

from collections.abc import Sequence

import pytest

from prodgate.engines.checkov import ScannerRecord, ScannerReport
from prodgate.engines.checkov_documents import DocumentRules
from prodgate.engines.checkov_findings import INDEPENDENT, NOT_SILENCED, findings, report_skip_comments
from prodgate.engines.checkov_table import Silence, Table, load_table
from prodgate.findings import Finding, Outcome
from prodgate.terraform.positions import Origin, Position
from prodgate.terraform.resources import Configuration, Gap, Resource

from .conftest import Scanned

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
