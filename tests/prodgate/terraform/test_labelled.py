"""Examples of policies: those written only to be parsed are mended, so that their content is judged, and nothing
else; and stored evidence holds no secret, and is judged as the example is."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from prodgate import Configuration, Resource, Unknown
from prodgate.criteria import Criteria
from prodgate.evidence.artifacts import load_json, store_json
from prodgate.evidence.journal import Journal
from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.positions import Position
from prodgate.terraform.resources import REDACTED
from prodgate.terraform.serialization import from_json, to_json
from prodgate.testing import POLICIES, Outcome, apply, evaluate_examples, load_criteria
from tests.prodgate.plants import find_planted

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def mending(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("labelled_mending")


def _write(folder: Path, text: str) -> Path:
    (folder / "main.tf").write_text(text, "utf-8")
    return folder / "main.tf"


def test_what_is_declared_nowhere_is_decided_later_and_a_key_is_declared(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        'variable "given" {\n  default = 1\n}\nresource "aws_sqs_queue" "a" {\n  name = "${aws_sns_topic.gone.name}-a"\n'
        "  delay_seconds = var.given\n  fifo_queue = True\n  kms_master_key_id = aws_kms_key.own.arn\n}\n"
        'resource "aws_sqs_queue" "b" {\n  policy = file("gone.json")\n}\n',
    )
    left_out, touched = mending.prepare(tmp_path)
    text = file.read_text("utf-8")
    assert (left_out, touched) == ({}, {"aws_sqs_queue.a", "aws_sqs_queue.b"})
    assert f'"${{{mending.LATER}}}-a"' in text
    assert "delay_seconds = var.given" in text
    assert "fifo_queue = true" in text
    assert f"policy = {mending.LATER}" in text
    assert 'resource "aws_kms_key" "own" {}' in (tmp_path / "undeclared.tf").read_text("utf-8")


def test_two_uses_of_a_variable_that_names_a_bucket_are_one_name(mending: ModuleType, tmp_path: Path) -> None:
    variables = "".join(f'variable "{name}" {{}}\n' for name in ("direct", "handed", "other"))
    uses = "".join(
        f'resource "{kind}" "{number}" {{\n  bucket = {value}\n  acl = var.other\n}}\n'
        for number, value in enumerate(("var.direct", "local.its"))
        for kind in ("aws_s3_bucket", "aws_s3_bucket_acl")
    )
    file = _write(tmp_path, f"{variables}locals {{\n  its = var.handed\n}}\n{uses}")
    mending.prepare(tmp_path)
    text = file.read_text("utf-8")
    assert [f'default = "{name}"' in text for name in ("direct", "handed", "other")] == [True, True, False]
    assert (text.count("var.direct"), text.count("local.its"), text.count("var.other")) == (2, 2, 0)


def test_what_is_declared_twice_is_left_out(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path, 'resource "aws_kms_key" "a" {}\nresource "aws_kms_key" "a" {}\nresource "aws_kms_key" "b" {}\n'
    )
    left_out, _ = mending.prepare(tmp_path)
    assert list(left_out) == ["aws_kms_key.a"]
    assert '"a"' not in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("summary", "detail", "line", "expected"),
    [
        ("Unsupported argument", "", 2, ""),
        ("Incorrect attribute value type", "", 2, "  gone = {later}\n"),
        ("Missing required argument", 'The argument "name" is required', 1, "\nname = {later}\n"),
        ("Insufficient network_configuration blocks", 'At least 1 "network_configuration" blocks are required.', 1,
         "network_configuration {{\nsecurity_group_ids = {later}\nsubnet_ids = {later}\n}}"),
    ],
)  # fmt: skip
def test_what_core_refuses_is_changed_where_it_stands(
    mending: ModuleType, tmp_path: Path, *, summary: str, detail: str, line: int, expected: str
) -> None:
    file = _write(tmp_path, 'resource "aws_mwaa_environment" "a" {\n  gone = 1\n}\n')
    error = Diagnostic("error", summary, detail, Position("c0/main.tf", line))
    assert mending.mend(tmp_path, error) == ("aws_mwaa_environment.a", False)
    text = file.read_text("utf-8")
    assert expected.format(later=mending.LATER) in text
    assert ("gone = 1" in text) is (line == 1)


def test_a_block_that_can_not_be_changed_is_taken_out(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path, 'resource "aws_sqs_queue" "a" {\n  name = jsondecode(terraform_data.undeclared.output)\n}\n'
    )
    error = Diagnostic("error", "Invalid value", "", Position("c0/main.tf", 2))
    assert mending.mend(tmp_path, error) == ("aws_sqs_queue.a", True)
    assert not file.read_text("utf-8").strip()


# Labels are compared with the faults, the bound and the subjects that their check asks about, and with all of those.

importlib.import_module("policies.recovery")
importlib.import_module("policies.network")


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("labelled_asking")


@pytest.fixture(scope="module")
def criteria() -> Criteria:
    return load_criteria(BENCHMARKS.parent / "criteria.toml").criteria


def _cluster(**values: object) -> Resource:
    kind = "aws_rds_cluster"
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"engine": "mysql", **values})


@pytest.mark.parametrize(
    ("stated", "about", "values", "said"),
    [
        ("PG_REC_1", {}, {"backup_retention_period": 7}, ["not-satisfied"]),
        ("PG_REC_1 >= 1 d", {}, {"backup_retention_period": 7}, ["satisfied"]),
        ("PG_REC_1 >= 1 d", {}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1 nothing of it", {}, {"backup_retention_period": 0}, ["satisfied"]),
        ("PG_REC_1 other|0 d", {}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"engine": "postgres.*"}, {"backup_retention_period": 0}, []),
        ("PG_REC_1", {"engine": "my.*"}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"kms_key_id": ""}, {"backup_retention_period": 0, "kms_key_id": None}, ["not-satisfied"]),
        ("PG_REC_1", {"no_such": "x"}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"later": "x"}, {"backup_retention_period": 0, "later": Unknown("later")}, ["not-satisfied"]),
        ("PG_REC_1", {"a.b": "2"}, {"backup_retention_period": 0, "a": [{"b": 1}]}, []),
    ],
)
def test_only_what_a_check_asks_counts(
    asking: ModuleType,
    criteria: Criteria,
    *,
    stated: str,
    about: Mapping[str, str],
    values: dict[str, Any],
    said: list[str],
) -> None:
    (question,) = asking.read_questions([stated], about)
    found = Configuration(root="example", engine="none", resources=[_cluster(**values)])
    assert [each.outcome.value for each in question.judge(found, criteria)] == said


def test_a_type_that_no_policy_is_about_is_not_asked(asking: ModuleType) -> None:
    questions = asking.read_questions(["PG_REC_1", "PG_NET_10"], {})
    asked = [asking.asks_of(questions, kind) for kind in ("aws_vpc", "aws_rds_cluster", "aws_waf_web_acl")]
    assert asked == [True, True, False]


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        ("aws_kms_key.a.policy is not JSON: Extra data", True),
        ("a.policy is not a policy document: it has no Statement", True),
        ("a.policy has a statement with the effect None", True),
        ("a.policy is decided later by Terraform or AWS", False),
    ],
)
def test_what_aws_refuses_whatever_is_asked_is_told_from_what_is_decided_later(
    asking: ModuleType, reason: str, *, refused: bool
) -> None:
    assert asking.is_refused(reason) is refused


# ── The stored evidence of a policy's example holds no secret that the policy finds, and is judged as the example

ROOT = Path(__file__).parents[3]
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
for module in sorted((ROOT / "policies").glob("*.py")):
    importlib.import_module(f"policies.{module.stem}")
#: Policies about secrets, and others that read arguments with the name of one, or sensitive ones.
IDS = sorted(id_ for id_ in POLICIES if id_.startswith(("PG_SEC_", "PG_AUTH_", "PG_API_", "PG_PIPE_")))
#: The secrets in the examples of PG_SEC_….
SECRETS = (
    "hunter2", "correct-horse", "AKIAIOSFODNN7EXAMPLE", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "4f6d1c2b",
    "q8Zr1xVf0LkT7wYb3NcHs5JdPg2Mu9Ea", "MIIEowIBAAKCAQEA",
)  # fmt: skip


@pytest.fixture(scope="module")
def evaluated() -> Mapping[str, Configuration]:
    return evaluate_examples(ROOT / "policies" / "examples" / f"{id_}.tf" for id_ in IDS)


@pytest.mark.parametrize("id_", IDS)
def test_what_is_kept_of_an_example_is_judged_as_it_was_and_holds_no_secret(
    id_: str, evaluated: Mapping[str, Configuration], tmp_path: Path
) -> None:
    policy, criterion, journal = POLICIES[id_], CRITERIA[POLICIES[id_].criterion], Journal.of(tmp_path)
    kept = from_json(load_json(tmp_path, store_json(tmp_path, to_json(evaluated[id_]))))
    for now, then in zip(apply(policy, kept, criterion), apply(policy, evaluated[id_], criterion), strict=True):
        journal.record_finding(then)
        unkept = now.outcome is Outcome.UNDETERMINED and REDACTED.reason in now.reason and not id_.startswith("PG_SEC_")
        assert unkept or now == then
    assert find_planted(tmp_path, *SECRETS) == []
