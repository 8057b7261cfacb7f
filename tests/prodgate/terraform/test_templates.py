"""What a template does with a name, it does with what that name is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.hcl import parse_text
from prodgate.terraform.templates import write_templates
from tests.prodgate.terraform.tree_files import Plant

#: Each worker would evaluate the shared tree.
pytestmark = pytest.mark.xdist_group("templates")

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


PLAIN = 'templatefile("${path.module}/t.tftpl", GIVEN)'
CALLS = [
    'upper(templatefile("t.tftpl", GIVEN))',
    '"x-${templatefile("t.tftpl", merge({ z = 1 }, GIVEN))}"',
    'core::templatefile("${path.root}/t.tftpl", GIVEN)',
    '[for each in [GIVEN] : templatefile("t.tftpl", each)][0]',
    'true ? templatefile("t.tftpl", GIVEN) : ""',
]
NESTED = 'templatefile("t.tftpl", { a = templatefile("t.tftpl", GIVEN) })'
FIRST = '${split(":", a)[0]}'
#: Call and template.
CASES = [
    *((PLAIN, template) for template in (*DECIDING.values(), *HANDING_ON.values())),
    *((call, template) for call in CALLS for template in (DECIDING["cut"], HANDING_ON["as it is"])),
    (NESTED, FIRST),
    (NESTED, "${a}"),
]
Names = Mapping[tuple[str, str], object]


@pytest.fixture(scope="module")
def names(plant_once: Plant) -> Names:
    """The name that each template makes by each call, all of them in one tree."""
    files = {"main.tf": OTHER}
    for number, (call, template) in enumerate(CASES):
        files[f"t{number}.tftpl"] = template
        name = call.replace("GIVEN", GIVEN).replace("t.tftpl", f"t{number}.tftpl")
        files["main.tf"] += f'resource "aws_sqs_queue" "q{number}" {{\n  name = {name}\n}}\n'
    found = {each.name: each.values["name"] for each in evaluate(plant_once(files)).of("aws_sqs_queue")}
    return {case: found[f"q{number}"] for number, case in enumerate(CASES)}


@pytest.mark.parametrize("name", DECIDING)
def test_what_a_template_decides_by_an_arn_is_unknown(names: Names, name: str) -> None:
    assert isinstance(names[PLAIN, DECIDING[name]], Unknown)


@pytest.mark.parametrize("name", HANDING_ON)
def test_what_a_template_hands_on_is_known(names: Names, name: str) -> None:
    assert isinstance(names[PLAIN, HANDING_ON[name]], str)


@pytest.mark.parametrize("call", CALLS)
def test_wherever_the_call_stands(names: Names, call: str) -> None:
    assert isinstance(names[call, DECIDING["cut"]], Unknown)
    assert isinstance(names[call, HANDING_ON["as it is"]], str)


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


def test_a_template_in_what_another_is_given_is_followed(names: Names) -> None:
    assert isinstance(names[NESTED, FIRST], Unknown)
    assert isinstance(names[NESTED, "${a}"], str)
