"""What only AWS knows, and what only this machine has, decides nothing."""

import json

import pytest

from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.reading import find_unknown
from prodgate.terraform.resources import Configuration, Gap
from tests.prodgate.terraform.tree_files import Plant, combine

#: Each worker would evaluate the shared trees.
pytestmark = pytest.mark.xdist_group("stand_ins")

HERE = 'data "aws_caller_identity" "c" {}\n'
ID = "data.aws_caller_identity.c.account_id"
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'
MARKER = "/etc/production"


def attached(*lines: str, policy: str = '"arn:aws:iam::aws:policy/AdministratorAccess"') -> str:
    more = "\n  ".join(lines)
    return f'resource "aws_iam_role_policy_attachment" "a" {{\n  role = "r"\n  policy_arn = {policy}\n  {more}\n}}\n'


def from_json(content: dict[str, object]) -> dict[str, str]:
    return {"main.tf.json": json.dumps({"data": {"aws_caller_identity": {"c": {}}}, **content})}


NUMBERS = {
    "count": HERE + attached(f'count = {ID} == "9" ? 1 : 0'),
    "local": f'{HERE}locals {{\n  p = {ID} == "9"\n  q = local.p\n}}\n' + attached("count = local.q ? 1 : 0"),
    "for_each": HERE + attached(f'for_each = {ID} == "9" ? toset(["x"]) : toset([])'),
    "loop": HERE + attached(f'for_each = toset([for x in ["9"] : x if x == {ID}])'),
    "length": HERE + attached(f'count = length(regexall("^9", {ID}))'),
    "region": 'data "aws_region" "r" {}\n' + attached('count = data.aws_region.r.name == "eu-west-1" ? 1 : 0'),
    "partition": 'data "aws_partition" "p" {}\n' + attached('count = data.aws_partition.p.id == "aws-cn" ? 1 : 0'),
    "zones": 'data "aws_availability_zones" "z" {}\n' + attached("count = length(data.aws_availability_zones.z.names)"),
    "time": attached('count = timecmp(plantimestamp(), "2030-01-01T00:00:00Z") > 0 ? 1 : 0'),
    "cwd": attached('count = path.cwd == "/srv" ? 1 : 0'),
    "arn": QUEUE + attached('count = split(":", aws_sqs_queue.q.arn)[4] == "9" ? 1 : 0'),
    "parameter": f'{HERE}resource "aws_ssm_parameter" "t" {{\n  name = "t"\n  type = "String"\n  value = {ID}\n}}\n'
    + attached('count = aws_ssm_parameter.t.value == "9" ? 1 : 0'),
    "data": QUEUE + 'data "aws_arn" "a" {\n  arn = aws_sqs_queue.q.arn\n}\n' + attached('count = data.aws_arn.a.account == "9" ? 1 : 0'),
    "file": attached(f'count = fileexists("{MARKER}") ? 1 : 0'),
    "home": attached('count = fileexists("~/production") ? 1 : 0'),
    "climb": attached('count = fileexists("${path.module}/../../../../../../../etc/production") ? 1 : 0'),
    "variable": f'variable "f" {{\n  default = "{MARKER}"\n}}\n' + attached("count = fileexists(var.f) ? 1 : 0"),
    "state": attached('count = fileexists("terraform.tfstate") ? 1 : 0'),
}  # fmt: skip
TREES = {
    "module": {
        "main.tf": f'{HERE}module "m" {{\n  source = "./m"\n  account = {ID}\n}}\n',
        "m/main.tf": 'variable "account" {}\n' + attached('count = var.account == "9" ? 1 : 0'),
    },
    "output": {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n' + attached('count = module.m.id == "9" ? 1 : 0'),
        "m/main.tf": f'{HERE}output "id" {{\n  value = {ID}\n}}\n',
    },
    "module_count": {
        "main.tf": f'{HERE}module "m" {{\n  source = "./m"\n  count = {ID} == "9" ? 1 : 0\n}}\n',
        "m/main.tf": attached(),
    },
    "override": {
        "main.tf": HERE + attached("count = 1"),
        "x_override.tf": f'resource "aws_iam_role_policy_attachment" "a" {{\n  count = {ID} == "9" ? 1 : 0\n}}\n',
    },
    "json": from_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": f'${{{ID} == "9" ? 1 : 0}}'}}}}
    ),
    "brace_in_json": from_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": f'${{replace({ID}, "}}", "") == "9" ? 1 : 0}}'}}}}
    ),
    "workspace_in_json": from_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": '${terraform.workspace == "p" ? 1 : 0}'}}}}
    ),
    "template": {
        "main.tf": QUEUE.replace('"q"\n}', '"${templatefile("${path.module}/n.tftpl", {})}"\n}'),
        "n.tftpl": "q-%{ if fileexists(\"/etc/production\") }a%{ else }b%{ endif }",
    },
}  # fmt: skip
VALUES = {
    "lookup": f'lookup({{ "9" = "Admin" }}, {ID}, "Read")',
    "index": f'{{ "123456789012" = "Read", "9" = "Admin" }}[{ID}]',
    "replace": f'"arn:aws:iam::aws:policy/${{replace({ID}, "123456789012", "Read")}}"',
    "directive": f'"p%{{ if {ID} == "9" }}-admin%{{ endif }}"',
    "try": f'try({{ "123456789012" = "Read" }}[{ID}], "Admin")',
    "arn": 'split(":", aws_sqs_queue.q.arn)[4] == "9" ? "Admin" : "Read"',
}


#: Beside them, numbers that nothing but the source decides.
STATED = {
    "plain": {"main.tf": HERE + attached("count = 1")},
    "made": {"main.tf": QUEUE + attached("for_each = toset([aws_sqs_queue.q.name])")},
    "plain_json": from_json({"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": 1}}}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def numbers(plant_once: Plant) -> Configuration:
    cases = {name: {"main.tf": text} for name, text in NUMBERS.items()} | TREES | STATED
    return evaluate(plant_once(combine(cases)))


@pytest.fixture(scope="module")
def values(plant_once: Plant) -> dict[str, object]:
    cases = {name: {"main.tf": HERE + QUEUE + attached(policy=text)} for name, text in VALUES.items()}
    found = evaluate(plant_once(combine(cases)))
    return {
        each.address.split(".")[1]: each.values["policy_arn"] for each in found.of("aws_iam_role_policy_attachment")
    }


def find_gaps(found: Configuration, name: str) -> list[Gap]:
    """Return the gaps of a case; each names a line of it."""
    return [
        gap
        for gap in found.gaps
        if gap.subject.startswith(f"module.{name}.") or f"{gap.position}".startswith(f"{name}/")
    ]


@pytest.mark.parametrize("name", [*NUMBERS, *TREES])
def test_what_a_stand_in_decides_the_number_of_is_a_gap(name: str, numbers: Configuration) -> None:
    assert find_gaps(numbers, name)
    assert all(f"{gap.position}".startswith(f"{name}/") for gap in find_gaps(numbers, name))


@pytest.mark.parametrize("name", STATED)
def test_what_the_source_decides_the_number_of_is_none(name: str, numbers: Configuration) -> None:
    assert find_gaps(numbers, name) == []


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_a_stand_in_decides_is_unknown(name: str, values: dict[str, object]) -> None:
    unknown = find_unknown(values[name])
    assert unknown is not None
    assert "is decided by" in unknown.reason


def test_what_is_stated_decides(plant: Plant) -> None:
    stated = HERE + attached(f'count = {ID} == "111122223333" ? 1 : 0')
    region = 'provider "aws" {\n  region = "eu-west-1"\n}\ndata "aws_region" "r" {}\n'
    asked = f'{stated}{region}resource "aws_sqs_queue" "e" {{\n  count = data.aws_region.r.name == "eu-west-1" ? 1 : 0\n}}\n'

    zones = 'data "aws_availability_zones" "z" {}\nresource "aws_subnet" "s" {\n  count = length(data.aws_availability_zones.z.names)\n  vpc_id = "vpc-1"\n}\n'
    known = ("eu-west-1b", "eu-west-1a", "us-east-1a")
    found = evaluate(plant({"main.tf": asked + zones}), account="111122223333", zones=known)

    assert found.complete
    assert len(found.of("aws_subnet")) == 2
    assert len(found.of("aws_iam_role_policy_attachment", "aws_sqs_queue")) == 2


def test_a_stand_in_may_stand_in_a_text(plant: Plant) -> None:
    text = f"""{HERE}data "aws_region" "r" {{}}
data "aws_availability_zones" "z" {{}}
resource "aws_s3_bucket" "b" {{
  bucket = "logs-${{{ID}}}-${{data.aws_region.r.name}}"
}}
resource "aws_subnet" "s" {{
  count             = 2
  vpc_id            = "vpc-1"
  availability_zone = data.aws_availability_zones.z.names[count.index]
}}
resource "aws_sqs_queue" "q" {{
  name   = trimspace(file("${{path.module}}/name.txt"))
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Principal = "arn:aws:iam::${{{ID}}}:root" }}] }})
}}
"""
    found = evaluate(plant({"main.tf": text, "name.txt": "orders"}))

    assert found.complete
    assert found.of("aws_s3_bucket")[0].text("bucket") == "logs-123456789012-us-east-1"
    assert found.of("aws_sqs_queue")[0].json("policy")["Statement"][0]["Principal"] == "arn:aws:iam::123456789012:root"
    assert found.of("aws_subnet")[1].text("availability_zone") == "us-east-1b"
    assert found.of("aws_sqs_queue")[0].text("name") == "orders"
