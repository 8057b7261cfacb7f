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


HELD = [f'"q-${{{ID}}}"', f'format("q-%s", {ID})', f'join("-", [{ID}])', f"upper({ID})", "aws_sqs_queue.other.arn"]


@pytest.mark.parametrize("name", HELD)
def test_a_text_that_holds_the_account_is_a_gap_where_it_can_be_stated(plant: Plant, name: str) -> None:
    root = plant({"main.tf": HERE + OTHER + queue(name)})

    reasons = {gap.subject: gap.reason for gap in evaluate(root, account="").gaps}
    assert reasons["the account"].startswith(
        "is not stated, and 123456789012 stands in for it in aws_sqs_queue.q.name; write "
    )
    assert "the account" not in {gap.subject for gap in evaluate(root, account="111122223333").gaps}


@pytest.mark.parametrize("name", HELD)
def test_it_is_a_note_where_there_are_no_criteria(plant: Plant, name: str) -> None:
    found = evaluate(plant({"main.tf": HERE + OTHER + queue(name)}))

    assert found.complete
    assert any(note.startswith("the account is not stated, and 123456789012 stands in") for note in found.notes)


@pytest.mark.parametrize("name", [*HELD, '"q-${data.aws_region.r.region}"'])
def test_what_the_provider_states_is_no_gap(plant: Plant, name: str) -> None:
    found = evaluate(plant({"main.tf": STATED + HERE + OTHER + queue(name)}), account="")

    assert found.complete
    assert found.of("aws_sqs_queue")[1].known("name")


@pytest.mark.parametrize("attribute", ["id", "name", "region", "endpoint"])
def test_the_region_is_a_gap_under_each_of_its_names(plant: Plant, attribute: str) -> None:
    found = evaluate(plant({"main.tf": HERE + queue(f'"q-${{data.aws_region.r.{attribute}}}"')}), account="1" * 12)

    (gap,) = found.gaps
    assert (gap.subject, str(gap.position)) == ("the region", "main.tf:3")


@pytest.mark.parametrize("name", ['"123456789012"', '"us-east-1"', f'{ID} == null ? "a" : "b"'])
def test_a_number_that_somebody_wrote_is_no_stand_in(plant: Plant, name: str) -> None:
    assert evaluate(plant({"main.tf": HERE + queue(name)}), account="").complete


def test_many_places_are_counted(plant: Plant) -> None:
    queues = "".join(queue(f'"q-${{{ID}}}"').replace('"q"', f'"q{n}"') for n in range(5))

    (gap,) = evaluate(plant({"main.tf": HERE + queues}), account="").gaps

    assert "in aws_sqs_queue.q0.name, aws_sqs_queue.q1.name, aws_sqs_queue.q2.name and 2 more; write" in gap.reason


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


@pytest.mark.parametrize("attribute", ["arn", "user_id"])
def test_who_runs_terraform_is_never_known(plant: Plant, attribute: str) -> None:
    text = STATED + HERE + queue(f"data.aws_caller_identity.c.{attribute}")

    assert isinstance(evaluate(plant({"main.tf": text})).of("aws_sqs_queue")[0].values["name"], Unknown)


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


@pytest.mark.parametrize(
    "cut", ['split(":", {})[5]', 'regex("[a-z]+$", {})', 'element(reverse(split(":", {})), 0)', "basename({})"]
)
def test_what_is_cut_out_of_an_arn_is_known_when_all_of_it_is_stated(plant: Plant, cut: str) -> None:
    tree = OTHER + queue(cut.format("aws_sqs_queue.other.arn"))

    assert evaluate(plant({"main.tf": STATED + tree})).of("aws_sqs_queue")[1].known("name")
    assert isinstance(evaluate(plant({"main.tf": tree})).of("aws_sqs_queue")[1].values["name"], Unknown)


@pytest.mark.parametrize(
    "source", ["aws_vpc.v.id", "aws_kms_key.k.arn", "aws_ecs_task_definition.t.arn", "aws_sqs_queue.made_up.arn"]
)
def test_what_is_cut_out_of_what_aws_draws_by_lot_is_unknown(plant: Plant, source: str) -> None:
    tree = """resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_kms_key" "k" {}
resource "aws_sqs_queue" "made_up" {}
resource "aws_ecs_task_definition" "t" {
  family                = "f"
  container_definitions = "[]"
}
"""
    found = evaluate(plant({"main.tf": STATED + tree + queue(f"substr({source}, 4, 9)")}))

    assert isinstance(found.of("aws_sqs_queue")[1].values["name"], Unknown)
