"""Every policy is right about its example, and red on at least one resource of it.

All examples are evaluated in one run of the real engine: each is a module of one root, judged as if it were alone.
A required variable of an example becomes a value that is decided later.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from prodgate import Configuration, Criterion, Resource
from prodgate.testing import POLICIES, Outcome, Policy, apply, evaluate, load_criteria

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "policies" / "examples"
MARKS = {
    "violates": Outcome.NOT_SATISFIED,
    "undetermined": Outcome.UNDETERMINED,
    "not-applicable": Outcome.NOT_APPLICABLE,
}
_HEADER = re.compile(
    r'^resource\s+"(?P<type>\w+)"\s+"(?P<name>\w+)"\s*\{'
    r"(?:[^#\n]*#\s*(?P<mark>violates|undetermined|not-applicable)\s+(?P<id>PG_\w+))?",
    re.M,
)
_VARIABLE = re.compile(r'^variable\s+"(\w+)"\s*\{([^\n]*\}$|.*?^\})', re.M | re.S)

for module in sorted((ROOT / "policies").glob("*.py")):
    importlib.import_module(f"policies.{module.stem}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
POLICY_IDS = sorted(POLICIES, key=lambda id_: (id_.rpartition("_")[0], int(id_.rpartition("_")[2])))


pytestmark = pytest.mark.xdist_group("examples")  # one worker evaluates them, once


@pytest.fixture(scope="session")
def evaluated() -> dict[str, Configuration]:
    """Evaluate every example in one run of core; example id -> what it alone declares."""
    with TemporaryDirectory() as directory:
        root = Path(directory)
        for example in EXAMPLES.glob("*.tf"):
            (root / example.stem).mkdir()
            (root / example.stem / "main.tf").write_text(example.read_text("utf-8"), "utf-8")
        (root / "main.tf").write_text(_root(EXAMPLES.glob("*.tf")), "utf-8")
        whole = evaluate(root)
    assert whole.complete, whole.gaps
    by_example: dict[str, list[Resource]] = {}
    for resource in whole.resources:
        by_example.setdefault(resource.module.split(".")[-1], []).append(resource)
    return {id_: _alone(whole, resources) for id_, resources in by_example.items()}


def _root(examples: Iterable[Path]) -> str:
    calls = [
        'resource "terraform_data" "later" {}',
        'provider "aws" {\n  region = "ap-northeast-1"\n  allowed_account_ids = ["123456789012"]\n}',
    ]
    for example in examples:
        required = [name for name, body in _VARIABLE.findall(example.read_text("utf-8")) if "default" not in body]
        arguments = "".join(f"\n  {name} = terraform_data.later.id" for name in required)
        calls.append(f'module "{example.stem}" {{\n  source = "./{example.stem}"{arguments}\n}}')
    return "\n".join(calls)


def _alone(whole: Configuration, resources: Iterable[Resource]) -> Configuration:
    return Configuration(root="example", engine=whole.engine, resources=tuple(resources))


def _expected(policy: Policy) -> dict[str, Outcome]:
    """Return address -> outcome as the comments of the example say it."""
    text = (EXAMPLES / f"{policy.id}.tf").read_text("utf-8")
    expected = {}
    for header in _HEADER.finditer(text):
        own = header["id"] in (None, policy.id)
        assert own, f"{policy.id}.tf marks {header['name']} for {header['id']}"
        if not policy.resources or header["type"] in policy.resources:
            outcome = MARKS[header["mark"]] if header["mark"] else Outcome.SATISFIED
            expected[f"module.{policy.id}.{header['type']}.{header['name']}"] = outcome
    return expected


def _judged(policy: Policy, example: Configuration, criterion: Criterion) -> dict[str, tuple[Outcome, str]]:
    """Return address -> (outcome, finding). A policy on the whole configuration is asked about each resource alone."""
    if policy.resources:
        findings = apply(policy, example, criterion)
        return {finding.subject: (finding.outcome, str(finding)) for finding in findings}
    judged = {}
    for resource in [one for one in example.resources if one.mode == "managed"]:
        (finding,) = apply(policy, _alone(example, [resource]), criterion)
        judged[resource.address] = (finding.outcome, str(finding))
    return judged


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_says_what_its_example_says(id_: str, evaluated: dict[str, Configuration]) -> None:
    policy = POLICIES[id_]
    judged = _judged(policy, evaluated[id_], CRITERIA[policy.criterion])
    expected = _expected(policy)
    wrong = {subject: said for subject, said in judged.items() if expected.get(subject) is not said[0]}
    assert not wrong, "\n".join(f"{subject}: {outcome}: {finding}" for subject, (outcome, finding) in wrong.items())
    assert judged.keys() == expected.keys()
    assert {Outcome.SATISFIED, Outcome.NOT_SATISFIED} <= set(expected.values()), "shows no good or no bad resource"


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_is_never_satisfied_by_nothing(id_: str) -> None:
    policy = POLICIES[id_]
    nothing = Configuration(root="empty", engine="none", resources=())
    outcomes = {finding.outcome for finding in apply(policy, nothing, CRITERIA[policy.criterion])}
    assert outcomes
    assert Outcome.SATISFIED not in outcomes


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_names_a_static_criterion(id_: str) -> None:
    assert "static" in CRITERIA[POLICIES[id_].criterion].layers


def test_every_policy_has_an_example_and_every_example_a_policy() -> None:
    assert {example.stem for example in EXAMPLES.glob("*.tf")} == set(POLICIES)


def test_a_policy_that_raises_is_undetermined() -> None:
    def broken(_subject: object, _criterion: Criterion) -> None:
        """A bug in a policy is no answer."""
        raise ZeroDivisionError("on purpose")

    policy = Policy(
        id="PG_X_1", criterion="kms-key-rotation", resources=("aws_kms_key",), remedy="none", judge=broken,
        population=0, required=False,
    )  # fmt: skip
    key = Resource(address="aws_kms_key.a", type="aws_kms_key", name="a", values={})
    (finding,) = apply(policy, _alone_of(key), CRITERIA["kms-key-rotation"])
    assert finding.outcome is Outcome.UNDETERMINED
    assert "ZeroDivisionError: on purpose" in finding.reason


def _alone_of(resource: Resource) -> Configuration:
    return Configuration(root="example", engine="none", resources=(resource,))


#: A root has one or a few of these, so that a policy may compare each of them with everything else.
FEW = frozenset(
    {"aws_mwaa_environment", "aws_guardduty_detector", "aws_securityhub_account", "aws_accessanalyzer_analyzer",
     "aws_backup_plan", "aws_backup_restore_testing_plan"}
)  # fmt: skip
#: Each of its subjects is compared with every aws_backup_selection, of which a root has a few and a crowd many.
APART = ("PG_REC_7",)
MANY = [id_ for id_ in POLICY_IDS if id_ not in APART and not FEW.intersection(POLICIES[id_].resources)]


@pytest.mark.parametrize("id_", MANY)
def test_what_a_policy_reads_grows_as_the_number_of_its_subjects_does(
    id_: str, evaluated: dict[str, Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    crowd = importlib.import_module("crowds").crowd
    policy, reads = POLICIES[id_], list[object]()
    monkeypatch.setattr("prodgate.terraform.reading.note_reads", reads.extend)
    counted = []
    for subjects in (20, 40):
        reads.clear()
        configuration = crowd(policy, evaluated[id_].resources, subjects)
        list(apply(policy, configuration, CRITERIA[policy.criterion]))
        counted.append(len(reads))
    assert counted[1] <= 2.5 * counted[0], f"{counted[0]} reads of 20 subjects, {counted[1]} of 40; 2 times is linear"
