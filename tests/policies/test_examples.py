"""Every policy judges its example correctly, and is red on at least one resource of it.

One run of the real engine evaluates all examples: each is a module of one root, judged as if it were alone. A required
variable of an example becomes a value that is decided later.
"""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from prodgate import Configuration, Criterion, Resource, Unknown
from prodgate.testing import POLICIES, Outcome, Policy, apply, evaluate_examples, find_disagreements, load_criteria
from tests.crowds import crowd

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "policies" / "examples"
for module in sorted((ROOT / "policies").glob("*.py")):
    importlib.import_module(f"policies.{module.stem}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
POLICY_IDS = sorted(POLICIES, key=lambda id_: (id_.rpartition("_")[0], int(id_.rpartition("_")[2])))

#: Policies about what is written: a value that is decided later is neither written nor handed on.
KNOWN_LATER = frozenset({"PG_SEC_3", "PG_SEC_8"})

pytestmark = pytest.mark.xdist_group("examples")  # one worker evaluates them, once


@cache
def evaluate_each() -> Mapping[str, Configuration]:
    """Evaluate every example in one run of core; example id -> what it alone declares."""
    return evaluate_examples(EXAMPLES.glob("*.tf"))


@pytest.fixture(scope="session")
def evaluated() -> Mapping[str, Configuration]:
    """Every example."""
    return evaluate_each()


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_says_what_its_example_says(id_: str, evaluated: Mapping[str, Configuration]) -> None:
    policy, text = POLICIES[id_], (EXAMPLES / f"{id_}.tf").read_text("utf-8")
    assert list(find_disagreements(policy, text, evaluated[id_], CRITERIA[policy.criterion])) == []


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_is_never_satisfied_by_nothing(id_: str) -> None:
    policy = POLICIES[id_]
    nothing = Configuration(root="empty", engine="none", resources=())
    outcomes = {finding.outcome for finding in apply(policy, nothing, CRITERIA[policy.criterion])}
    assert outcomes
    assert Outcome.SATISFIED not in outcomes


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_can_not_tell_where_every_value_is_decided_later(
    id_: str, evaluated: Mapping[str, Configuration]
) -> None:
    unknown = Unknown("is decided later")
    resources = [
        Resource(
            address=one.address,
            type=one.type,
            name=one.name,
            mode=one.mode,
            values=dict.fromkeys(one.search(), unknown),
        )
        for one in evaluated[id_].resources
    ]
    found = apply(
        POLICIES[id_],
        Configuration(root="later", engine="none", resources=resources),
        CRITERIA[POLICIES[id_].criterion],
    )
    assert (Outcome.UNDETERMINED in {finding.outcome for finding in found}) is (id_ not in KNOWN_LATER)


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_passes_nothing_for_want_of_a_bound(id_: str, evaluated: Mapping[str, Configuration]) -> None:
    policy, criterion = POLICIES[id_], CRITERIA[POLICIES[id_].criterion]
    with_it, without = (
        list(apply(policy, evaluated[id_], asked)) for asked in (criterion, replace(criterion, bound=None))
    )
    red = {finding.subject for finding in with_it if finding.outcome is Outcome.NOT_SATISFIED}
    assert red <= {finding.subject for finding in without if finding.outcome is not Outcome.SATISFIED}


@pytest.mark.parametrize("id_", POLICY_IDS)
def test_a_policy_names_a_static_criterion(id_: str) -> None:
    assert "static" in CRITERIA[POLICIES[id_].criterion].layers


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ({"name": "docs", "records": ["docs.pages.example"]}, Outcome.SATISFIED),
        ({"name": "docs.shop.example", "records": ["d1.cloudfront.net"]}, Outcome.NOT_SATISFIED),
        ({"name": "blog.shop.example", "records": ["docs.pages.example"]}, Outcome.UNDETERMINED),
    ],
)
def test_another_host_may_be_served_by_others(records: dict[str, object], outcome: Outcome) -> None:
    values = {
        "aws_cloudfront_distribution": {"aliases": ["shop.example"], "domain_name": "d1.cloudfront.net"},
        "aws_route53_zone": {"name": "shop.example", "zone_id": "Z1"},
        "aws_route53_record": {"type": "CNAME", "zone_id": "Z1", "alias": [], **records},
    }
    there = [Resource(address=f"{kind}.a", type=kind, name="a", values=each) for kind, each in values.items()]
    asked = replace(CRITERIA["cdn-distribution"], asked=("https://shop.example", "ANY https://docs.shop.example"))
    declared = Configuration(root="shop", engine="made", resources=there)
    (found,) = apply(POLICIES["PG_EDGE_21"], declared, asked)
    assert found.outcome is outcome, found


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
    (finding,) = apply(
        policy, Configuration(root="example", engine="none", resources=(key,)), CRITERIA["kms-key-rotation"]
    )
    assert finding.outcome is Outcome.UNDETERMINED
    assert "ZeroDivisionError: on purpose" in finding.reason


#: A root has one or a few of these, so a policy may compare each of them with everything else.
FEW = frozenset(
    {"aws_mwaa_environment", "aws_accessanalyzer_analyzer", "aws_backup_plan", "aws_backup_restore_testing_plan"}
)  # fmt: skip
#: Each of its subjects is compared with every aws_backup_selection, of which a root has a few and a crowd many.
APART = ("PG_REC_7",)
MANY = [id_ for id_ in POLICY_IDS if id_ not in APART and not FEW.intersection(POLICIES[id_].resources)]


@pytest.mark.parametrize("id_", MANY)
def test_what_a_policy_reads_grows_as_the_number_of_its_subjects_does(
    id_: str, evaluated: Mapping[str, Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, reads = POLICIES[id_], list[object]()
    monkeypatch.setattr("prodgate.terraform.resources.note_reads", reads.extend)
    counted = []
    for subjects in (20, 40):
        reads.clear()
        configuration = crowd(policy, evaluated[id_].resources, subjects)
        list(apply(policy, configuration, CRITERIA[policy.criterion]))
        counted.append(len(reads))
    assert counted[1] <= 2.5 * counted[0], f"{counted[0]} reads of 20 subjects, {counted[1]} of 40; 2 times is linear"
