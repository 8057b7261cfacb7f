"""Policy documents of which a part is not known: what of them is, in every way in which a team may write one."""

import json

import pytest

from prodgate.semantics.unresolved import Unknown, Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.resources import Configuration
from prodgate.terraform.serialization import from_json, to_json
from tests.prodgate.terraform.tree_files import Plant

_TEXT = 'jsonencode({ Statement = [{ Effect = "Allow", Action = %s, Resource = "${%s}/*" }] })'


def _write_data(name: str, body: str = "", of: str = "var.nowhere") -> str:
    stated = f'statement {{\n    actions = [%s]\n    resources = ["x", {of}]\n  }}\n'
    return f'data "aws_iam_policy_document" "{name}" {{\n  {body}\n  {stated % """"s3:Get*", "s3:List*" """}}}\n'


DATA = {
    "plain": "",
    "counted": "count = 2",
    "taking": "source_policy_documents = [var.nowhere]",
    "overridden": "override_policy_documents = [var.nowhere]",
    "opened": 'dynamic "statement" {\n    for_each = var.nowhere\n    content {\n      actions = [statement.value]\n    }\n  }',
}
BUCKET = 'resource "aws_s3_bucket" "b" {\n  bucket = var.nowhere\n}\n'
INVENTED = 'data "aws_ssm_parameter" "p" {\n  name = "p"\n}\n'
ONE, SEVERAL = '"s3:Get*"', 'concat(["s3:Get*"], var.nowhere)'
#: Name of a policy -> how it is written, and what is known of the actions of its statements; nothing of the whole.
WRITTEN: dict[str, tuple[str, list[object] | None]] = {
    "encoded": (_TEXT % (ONE, "var.nowhere"), [["s3:get*"]]),
    "with_known_values": (_TEXT % ("local.reads", "var.nowhere"), [["s3:get*", "s3:list*"]]),
    "with_open_actions": (_TEXT % (SEVERAL, "var.nowhere"), [None]),
    "of_an_answer": (_TEXT % (ONE, "data.aws_ssm_parameter.p.arn"), [["s3:get*"]]),
    "decided_by_an_answer": (_TEXT % (f'data.aws_ssm_parameter.p.version > 1 ? "*" : {ONE}', "var.nowhere"), None),
    "of_a_name": (_TEXT % (ONE, "aws_s3_bucket.b.arn"), [["s3:get*"]]),
    "beside_a_secret": (_TEXT % (ONE, "data.aws_ssm_parameter.p.value"), [["s3:get*"]]),
    "of_a_secret": (_TEXT % ('coalesce(sensitive("s3:Get*"))', "var.nowhere"), [None]),
    "passed_on": ("local.document", [["s3:get*"]]),
    "of_each": (_TEXT % ('"${each.key}:Get*"', "var.nowhere") + '\n  for_each = toset(["s3"])', [["s3:get*"]]),
    "changed": (f"replace({_TEXT % (ONE, 'var.nowhere')}, var.nowhere, var.nowhere)", None),
    "read": ("data.aws_iam_policy_document.plain.json", [["s3:get*", "s3:list*"]]),
    "read_one": ("data.aws_iam_policy_document.counted[1].json", [["s3:get*", "s3:list*"]]),
    "read_taking": ("data.aws_iam_policy_document.taking.json", [["s3:get*", "s3:list*"], None]),
    "read_overridden": ("data.aws_iam_policy_document.overridden.json", None),
    "read_opened": ("data.aws_iam_policy_document.opened.json", [None]),
    "read_either": ("var.nowhere ? data.aws_iam_policy_document.plain.json : local.document", None),
}
CALL = f'module "m" {{\n  source = "./m"\n  for_each = toset(["a", "b"])\n  text = {_TEXT % (ONE, "var.nowhere")}\n  arn = var.nowhere\n}}\n'
MODULE = (
    'variable "text" {}\nvariable "arn" {}\nresource "aws_iam_policy" "called" {\n  policy = var.text\n}\n'
    f'resource "aws_iam_policy" "inner" {{\n  policy = {_TEXT % (ONE, "var.arn")}\n}}\n'
)


@pytest.fixture(scope="module")
def written(plant_once: Plant) -> Configuration:
    values = f'locals {{\n  reads = ["s3:Get*", "s3:List*"]\n  document = {_TEXT % (ONE, "var.nowhere")}\n}}\n'
    text = (
        'variable "nowhere" {}\n'
        + values
        + INVENTED
        + BUCKET
        + CALL
        + "".join(_write_data(*each) for each in DATA.items())
    )
    text += "".join(
        f'resource "aws_iam_policy" "{name}" {{\n  policy = {how}\n}}\n' for name, (how, _) in WRITTEN.items()
    )
    found = evaluate(plant_once({"main.tf": text, "m/main.tf": MODULE}))
    return from_json(json.loads(json.dumps(to_json(found))))


@pytest.mark.parametrize("name", [*WRITTEN, "called", "inner"])
def test_what_is_known_of_a_document_is_there(written: Configuration, name: str) -> None:
    known = WRITTEN.get(name, ("", [["s3:get*"]]))[1]
    for policy in (each for each in written.of("aws_iam_policy") if each.name == name):
        assert isinstance(policy.search()["policy"], Unknown)
        if known is None:
            with pytest.raises(Unresolved):
                policy.statements("policy")
        else:
            assert [_list_actions(each) for each in policy.statements("policy")] == known


def _list_actions(statement: object) -> list[str] | None:
    actions = [] if isinstance(statement, Unknown) else [*statement.actions]  # type: ignore[attr-defined]
    return sorted(actions) if actions and all(isinstance(each, str) for each in actions) else None


def test_what_stands_beside_documents_is_declared_nowhere(written: Configuration) -> None:
    assert not written.of("terraform_data")
    assert not [gap for gap in written.gaps if "outline" in gap.subject]
