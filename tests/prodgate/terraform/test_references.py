"""What expressions name, followed through local values, variables and outputs, and which credentials are among it."""

from __future__ import annotations

from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.handed_credentials import find_credentials
from prodgate.terraform.references import ConfiguredReferences
from tests.prodgate.terraform.tree_files import Plant

#: How many levels a value is handed down, by two ways each: a thousand million ways in all.
LEVELS = 30


def test_value_that_is_handed_on_by_two_ways_at_each_level_is_followed_at_once(plant: Plant) -> None:
    ways = "".join(
        f"  left{n} = [local.left{n - 1}, local.right{n - 1}][0]\n  right{n} = [local.right{n - 1}, local.left{n - 1}][0]\n"
        for n in range(1, LEVELS)
    )
    first = '  left0 = aws_sns_topic.one.name\n  right0 = "${aws_sns_topic.one.name}-more"\n'
    topic = 'resource "aws_sns_topic" "one" {\n  name = "one"\n}\n'
    queue = f'resource "aws_sqs_queue" "one" {{\n  name = local.left{LEVELS - 1}\n}}\n'

    found = evaluate(plant({"main.tf": f"locals {{\n{first}{ways}}}\n{topic}{queue}"}))

    (one,) = found.of("aws_sqs_queue")
    assert one.references["name"] == ("aws_sns_topic.one",)


def test_attributes_are_named_beside_what_leads_nowhere() -> None:
    expression = {"references": ["aws_x.y.z", "aws_x.y", "local.lost"]}
    stated = {"root_module": {"resources": [{"address": "aws_a.b", "expressions": {"c": expression}}]}}
    references = ConfiguredReferences(stated)

    assert references.attributes_of("aws_a.b[0]") == {"c": ("aws_x.y.z", "aws_x.y")}
    assert references.of("aws_a.b[0]") == {}


def test_credentials_are_what_the_provider_marks() -> None:
    named = {
        "listed_with_its_resource": ("aws_iam_access_key.k.user", "aws_iam_access_key.k"),
        "secret": ("module.m.aws_iam_access_key.k.secret", "module.m.aws_iam_access_key.k"),
        "whole": ("random_password.p",),
        "read": ("data.aws_kms_secrets.s.plaintext.db",),
        "foreign": ("acme_key.k.secret",),
    }

    assert find_credentials(named) == {
        "secret": ("module.m.aws_iam_access_key.k.secret",),
        "whole": ("random_password.p.bcrypt_hash", "random_password.p.result"),
        "read": ("data.aws_kms_secrets.s.plaintext",),
    }
