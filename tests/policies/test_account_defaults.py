"""An account's default for all instances holds for one without a statement, and for no other; an unwritten
argument is left to AWS."""

import importlib
from pathlib import Path

import pytest
from policies.unset import is_unset

from prodgate import Configuration, Resource, Unknown, Unresolved
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

ROOT = Path(__file__).parents[2]
importlib.import_module("policies.instances")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
LATER = Unknown("is decided later")
#: Provider and region.
HERE = ("aws", "eu-west-1")


def _judge(policy: str, *stated: tuple[str, dict[str, object], tuple[str, object]]) -> Outcome:
    resources = [
        Resource(
            address=f"{kind}.n{number}",
            type=kind,
            name=f"n{number}",
            values={**values, "region": region},
            provider=provider,
        )
        for number, (kind, values, (provider, region)) in enumerate(stated)
    ]
    found = Configuration(root="example", engine="none", resources=resources)
    (finding,) = apply(POLICIES[policy], found, CRITERIA[POLICIES[policy].criterion])
    assert finding.outcome is not Outcome.UNDETERMINED or "may be in the account and region of" in finding.reason
    return finding.outcome


def _account(tokens: str, where: tuple[str, object] = HERE) -> tuple[str, dict[str, object], tuple[str, object]]:
    return ("aws_ec2_instance_metadata_defaults", {"http_tokens": tokens}, where)


def _machine(
    tokens: str | None = None, *, where: tuple[str, object] = HERE, encrypted: bool | None = None
) -> tuple[str, dict[str, object], tuple[str, object]]:
    options = [{"http_endpoint": None, "http_tokens": tokens}] if tokens else []
    root = [] if encrypted is None else [{"encrypted": encrypted}]
    values = {"metadata_options": options, "launch_template": [], "root_block_device": root, "ebs_block_device": []}
    return ("aws_instance", values, where)


@pytest.mark.parametrize(
    ("account", "instance", "outcome"),
    [
        ("required", None, Outcome.SATISFIED),
        ("optional", None, Outcome.NOT_SATISFIED),
        ("no-preference", None, Outcome.NOT_SATISFIED),
        ("required", "optional", Outcome.NOT_SATISFIED),
        ("optional", "required", Outcome.SATISFIED),
    ],
)
def test_tokens_are_asked_where_the_account_says_so(account: str, instance: str | None, outcome: Outcome) -> None:
    assert _judge("PG_RUN_3", _account(account), _machine(instance)) is outcome


#: Where an account states a default -> its value for an instance in HERE.
ELSEWHERE = [
    (HERE, Outcome.SATISFIED),
    (("aws", "us-east-1"), Outcome.NOT_SATISFIED),
    (("aws.us", "us-east-1"), Outcome.NOT_SATISFIED),
    (("aws.other", "eu-west-1"), Outcome.UNDETERMINED),
    (("aws.other", None), Outcome.UNDETERMINED),
    (("aws", LATER), Outcome.UNDETERMINED),
    (("aws", None), Outcome.UNDETERMINED),
]


@pytest.mark.parametrize(("where", "outcome"), ELSEWHERE)
def test_it_holds_of_no_other_region_or_account(where: tuple[str, object], outcome: Outcome) -> None:
    default = ("aws_ebs_encryption_by_default", {"enabled": True}, where)
    assert _judge("PG_RUN_3", _account("required", where), _machine()) is outcome
    assert _judge("PG_ENC_15", default, _machine()) is outcome


def test_its_own_provider_is_known_beside_others() -> None:
    both = (_account("optional"), _account("required", ("aws.other", "eu-west-1")))
    assert _judge("PG_RUN_3", *both, _machine()) is Outcome.NOT_SATISFIED
    assert _judge("PG_RUN_3", *both[::-1], _machine(where=("aws.other", "eu-west-1"))) is Outcome.SATISFIED


def test_where_nobody_states_a_region_one_provider_is_in_one() -> None:
    assert _judge("PG_RUN_3", _account("required", ("aws", None)), _machine(where=("aws", None))) is Outcome.SATISFIED


def test_what_an_instance_says_itself_needs_no_account() -> None:
    far = ("aws.other", "eu-west-1")
    default = ("aws_ebs_encryption_by_default", {"enabled": True}, far)
    assert _judge("PG_RUN_3", _account("required", far), _machine("required")) is Outcome.SATISFIED
    assert _judge("PG_ENC_15", default, _machine(encrypted=True)) is Outcome.SATISFIED


# ── An unwritten argument is left to AWS, and it is unknown if nothing states whether it is written


def _environment(value: object, references: dict[str, tuple[str, ...]]) -> Resource:
    kind = "aws_mwaa_environment"
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"class": value}, references=references)


@pytest.mark.parametrize(
    ("value", "references", "unset"),
    [
        (None, {}, True),
        ("mw1.small", {"class": ()}, False),
        (LATER, {"class": ("aws_x.y",)}, False),
        (None, {"class": ()}, True),
    ],
)
def test_what_is_written_is_set(value: object, references: dict[str, tuple[str, ...]], unset: bool) -> None:
    assert is_unset(_environment(value, references), "class") is unset


def test_of_what_names_nothing_that_can_be_followed_nobody_knows() -> None:
    with pytest.raises(Unresolved):
        is_unset(_environment(LATER, {}), "class")
