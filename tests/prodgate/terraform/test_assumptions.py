"""A text that holds an account or a region which nobody stated: a gap where it can be stated, else a note."""

from __future__ import annotations

import pytest

from prodgate.semantics.unresolved import Assumed, Unknown, Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.serialization import from_json, to_json
from tests.prodgate.terraform.tree_files import Plant

HERE = 'data "aws_caller_identity" "c" {}\ndata "aws_region" "r" {}\n'
ID = "data.aws_caller_identity.c.account_id"
STATED = 'provider "aws" {\n  region              = "eu-west-1"\n  allowed_account_ids = ["111122223333"]\n}\n'
OTHER = 'resource "aws_sqs_queue" "other" {\n  name = "other"\n}\n'


def queue(name: str, *more: str) -> str:
    lines = "\n  ".join(more)
    return f'resource "aws_sqs_queue" "q" {{\n  name = {name}\n  {lines}\n}}\n'


def queues(*names: str) -> str:
    """A queue for each name, so that core evaluates all of them at once."""
    return "".join(queue(name).replace('"q"', f'"q{number}"') for number, name in enumerate(names))


HELD = [f'"q-${{{ID}}}"', f'format("q-%s", {ID})', f'join("-", [{ID}])', f"upper({ID})", "aws_sqs_queue.other.arn"]


def test_texts_that_hold_the_account_are_a_gap_where_it_can_be_stated(plant: Plant) -> None:
    root = plant({"main.tf": HERE + OTHER + queues(*HELD)})

    reasons = {gap.subject: gap.reason for gap in evaluate(root, account="").gaps}
    assert reasons["the account"].startswith(
        "is not stated, and 123456789012 stands in for it in aws_sqs_queue.q0.name, aws_sqs_queue.q1.name, "
        f"aws_sqs_queue.q2.name and {len(HELD) - 3} more; write "
    )
    assert "the account" not in {gap.subject for gap in evaluate(root, account="111122223333").gaps}


def test_they_are_a_note_where_there_are_no_criteria(plant: Plant) -> None:
    found = evaluate(plant({"main.tf": HERE + OTHER + queues(*HELD)}))

    assert found.complete
    assert any(
        note.startswith("the account is not stated, and 123456789012 stands in")
        and f"aws_sqs_queue.q2.name and {len(HELD) - 3} more" in note
        for note in found.notes
    )


def test_what_the_provider_states_is_no_gap(plant: Plant) -> None:
    names = (*HELD, '"q-${data.aws_region.r.region}"')
    found = evaluate(plant({"main.tf": STATED + HERE + OTHER + queues(*names)}), account="")

    assert found.complete
    assert [each.name for each in found.of("aws_sqs_queue") if each.known("name")][1:] == [
        f"q{number}" for number in range(len(names))
    ]


def test_the_region_is_a_gap_under_each_of_its_names(plant: Plant) -> None:
    names = [f'"q-${{data.aws_region.r.{attribute}}}"' for attribute in ("id", "name", "region", "endpoint")]
    found = evaluate(plant({"main.tf": HERE + queues(*names)}), account="1" * 12)

    (gap,) = found.gaps
    assert (gap.subject, str(gap.position)) == ("the region", "main.tf:3")
    assert "aws_sqs_queue.q2.name and 1 more" in gap.reason


def test_a_number_that_somebody_wrote_is_no_stand_in(plant: Plant) -> None:
    names = ('"123456789012"', '"us-east-1"', f'{ID} == null ? "a" : "b"')
    assert evaluate(plant({"main.tf": HERE + queues(*names)}), account="").complete


@pytest.mark.parametrize("recalled", [False, True])
def test_what_aws_would_say_is_found_by_and_not_judged(plant: Plant, recalled: bool) -> None:
    text = (
        queue('"q"') + 'resource "aws_sqs_queue_policy" "p" {\n  queue_url = aws_sqs_queue.q.url\n  policy = "{}"\n}\n'
    )
    found = evaluate(plant({"main.tf": text}))
    found = from_json(to_json(found)) if recalled else found
    ((own,), (policy,)) = found.of("aws_sqs_queue"), found.of("aws_sqs_queue_policy")

    assert policy.related("queue_url", "aws_sqs_queue") == (own,)
    assert own.has("arn")
    with pytest.raises(Unresolved, match="arn holds the account and the region, for which there is only a stand-in"):
        own.text("arn")
    with pytest.raises(Unresolved, match="holds the account and the region"):
        own.find_region()


def test_the_region_of_a_resource_is_known_where_it_is_stated(plant: Plant) -> None:
    own = evaluate(plant({"main.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n' + queue('"q"')})).of(
        "aws_sqs_queue"
    )[0]

    assert isinstance(own.values["arn"], Assumed)
    assert own.find_region() == "eu-west-1"


def test_who_runs_terraform_is_never_known(plant: Plant) -> None:
    names = [f"data.aws_caller_identity.c.{attribute}" for attribute in ("arn", "user_id")]

    found = evaluate(plant({"main.tf": STATED + HERE + queues(*names)})).of("aws_sqs_queue")
    assert [isinstance(each.values["name"], Unknown) for each in found] == [True, True]


def test_the_answer_of_a_data_source_is_known_where_it_is_stated(plant: Plant) -> None:
    def account(text: str) -> object:
        return next(each for each in evaluate(plant({"main.tf": text})).resources if each.mode == "data").values[
            "account_id"
        ]

    assert isinstance(account(HERE), Unknown)
    assert account(STATED + HERE) == "111122223333"


def test_only_the_part_that_is_not_known_is_hidden(plant: Plant) -> None:
    text = queue('"q"', 'tags = { kept = "a", at = plantimestamp() }')
    tags = evaluate(plant({"main.tf": text})).of("aws_sqs_queue")[0].values

    for name in ("tags", "tags_all"):
        assert tags[name]["kept"] == "a"
        assert isinstance(tags[name]["at"], Unknown)


def test_what_is_cut_out_of_an_arn_is_known_when_all_of_it_is_stated(plant: Plant) -> None:
    cuts = ('split(":", {})[5]', 'regex("[a-z]+$", {})', 'element(reverse(split(":", {})), 0)', "basename({})")
    tree = OTHER + queues(*(cut.format("aws_sqs_queue.other.arn") for cut in cuts))
    stated = evaluate(plant({"main.tf": STATED + tree})).of("aws_sqs_queue")[1:]
    assumed = evaluate(plant({"main.tf": tree})).of("aws_sqs_queue")[1:]

    assert [each.known("name") for each in stated] == [*["other"] * 3, "arn:aws:sqs:eu-west-1:111122223333:other"]
    assert [isinstance(each.values["name"], Unknown) for each in assumed] == [True] * len(cuts)


def test_what_is_cut_out_of_what_aws_draws_by_lot_is_unknown(plant: Plant) -> None:
    sources = ("aws_vpc.v.id", "aws_kms_key.k.arn", "aws_ecs_task_definition.t.arn", "aws_sqs_queue.made_up.arn")
    tree = """resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_kms_key" "k" {}
resource "aws_sqs_queue" "made_up" {}
resource "aws_ecs_task_definition" "t" {
  family                = "f"
  container_definitions = "[]"
}
"""
    cut = queues(*(f"substr({source}, 4, 9)" for source in sources))
    found = evaluate(plant({"main.tf": STATED + tree + cut})).of("aws_sqs_queue")

    assert [isinstance(each.values["name"], Unknown) for each in found if each.name != "made_up"] == [True] * 4
