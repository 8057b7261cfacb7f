"""What a template does with a name, it does with what that name is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.hcl import parse_text
from prodgate.terraform.templates import write_templates
from tests.prodgate.terraform.tree_files import Plant

OTHER = 'resource "aws_sqs_queue" "other" {\n  name = "other"\n}\n'
GIVEN = "{ a = aws_sqs_queue.other.arn, o = { arn = aws_sqs_queue.other.arn, n = 5 }, l = [aws_sqs_queue.other.arn], s = 1 }"
DECIDING = {
    "if": '%{ if strcontains(a, "9") }x%{ else }y%{ endif }',
    "if over lines": '%{ if a == "x" ~}\nx\n%{ endif ~}\ny',
    "cut": '${split(":", a)[4]}',
    "field": '${substr(o.arn, 0, 30)}',
    "index": '${element(split(":", l[0]), 4)}',
    "loop": '%{ for each in l }%{ if each == "x" }x%{ endif }%{ endfor }',
    "loop inside": '${join("", [for each in l : split(":", each)[4]])}',
    "conditional": '${a == "x" ? "x" : "y"}',
    "looked up": '${lookup({ x = "y" }, a, "z")}',
    "quoted": '{ "a": "${sha256(a)}" }',
}  # fmt: skip
HANDING_ON = {
    "as it is": "q-${a}",
    "another": '%{ if s == 1 }x%{ else }${o.n}%{ endif }',
    "field beside it": '${o.n == 5 ? "x" : "y"}',
    "loop": "%{ for each in l }${each}\n%{ endfor }",
    "quoted": '{ "a": "${a}", "b": "\\"$${a}" }',
    "is it there": '%{ if a != null }x%{ endif }',
    "its own names": '%{ for a in ["x"] }${upper(a)}%{ endfor }',
}  # fmt: skip


def evaluate_template(
    plant: Plant, template: str, call: str = 'templatefile("${path.module}/t.tftpl", GIVEN)'
) -> object:
    tree = f'{OTHER}resource "aws_sqs_queue" "q" {{\n  name = {call.replace("GIVEN", GIVEN)}\n}}\n'
    return evaluate(plant({"main.tf": tree, "t.tftpl": template})).of("aws_sqs_queue")[1].values["name"]


@pytest.mark.parametrize("name", DECIDING)
def test_what_a_template_decides_by_an_arn_is_unknown(plant: Plant, name: str) -> None:
    assert isinstance(evaluate_template(plant, DECIDING[name]), Unknown)


@pytest.mark.parametrize("name", HANDING_ON)
def test_what_a_template_hands_on_is_known(plant: Plant, name: str) -> None:
    assert isinstance(evaluate_template(plant, HANDING_ON[name]), str)


@pytest.mark.parametrize(
    "call",
    [
        'upper(templatefile("t.tftpl", GIVEN))',
        '"x-${templatefile("t.tftpl", merge({ z = 1 }, GIVEN))}"',
        'core::templatefile("${path.root}/t.tftpl", GIVEN)',
        '[for each in [GIVEN] : templatefile("t.tftpl", each)][0]',
        'true ? templatefile("t.tftpl", GIVEN) : ""',
    ],
)
def test_wherever_the_call_stands(plant: Plant, call: str) -> None:
    assert isinstance(evaluate_template(plant, DECIDING["cut"], call), Unknown)
    assert isinstance(evaluate_template(plant, HANDING_ON["as it is"], call), str)


@pytest.mark.parametrize(
    "path",
    ["local.t", '"${local.t}"', '"missing.tftpl"', '"${path.module}/${"t"}.tftpl"', '"binary.tftpl"', '"large.tftpl"'],
)
def test_a_template_that_cant_be_told_is_left_as_it_is(tmp_path: Path, path: str) -> None:
    (tmp_path / "t.tftpl").write_text("${a}")
    (tmp_path / "binary.tftpl").write_bytes(b"\xff\xfe${a}")
    (tmp_path / "large.tftpl").write_text("x" * 1_000_001)
    source = parse_text(f"locals {{\n  a = templatefile({path}, {{ a = 1 }})\n}}\n".encode(), "main.tf")

    assert write_templates(source, tmp_path, tmp_path).text == source.text


def test_a_template_in_what_another_is_given_is_followed(plant: Plant) -> None:
    call = 'templatefile("t.tftpl", { a = templatefile("t.tftpl", GIVEN) })'

    assert isinstance(evaluate_template(plant, '${split(":", a)[0]}', call), Unknown)
    assert isinstance(evaluate_template(plant, "${a}", call), str)
