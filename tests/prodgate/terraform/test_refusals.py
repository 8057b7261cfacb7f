"""Configurations that can't be evaluated, each refused with the file and line to go to."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from tests.prodgate.terraform.tree_files import Plant

TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'

REFUSED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "syntax error": (
        {"main.tf": 'resource "aws_sns_topic" "t" {\n'},
        "main.tf:1: Unclosed configuration block; There is no closing brace",
    ),
    "resource without labels": ({"main.tf": "resource {\n}\n"}, "main.tf:1: Missing type for resource; "),
    "module without a label": ({"main.tf": "module {\n}\n"}, "main.tf:1: Missing name for module; "),
    "provider without a label": ({"main.tf": "provider {\n}\n"}, "main.tf:1: Missing name for provider; "),
    "unknown argument": (
        {"main.tf": 'resource "aws_sns_topic" "t" {\n  nam = "t"\n}\n'},
        'main.tf:2: Unsupported argument; An argument named "nam" is not expected here. Did you mean "name"?',
    ),
    "unknown argument in a module": (
        {
            "prod/main.tf": 'module "m" {\n  source = "../modules/m"\n}\n',
            "modules/m/main.tf": 'resource "aws_sns_topic" "t" {\n  nam = "t"\n}\n',
        },
        "modules/m/main.tf:2: Unsupported argument;",
    ),
    "unknown type": (
        {"main.tf": 'resource "aws_sns_topik" "t" {\n}\n'},
        "main.tf:1: Invalid resource type;",
    ),
    "missing required argument": (
        {"main.tf": 'resource "aws_sqs_queue_policy" "p" {\n  policy = "{}"\n}\n'},
        'main.tf:1: Missing required argument; The argument "queue_url" is required',
    ),
    "local module that is not there": (
        {"main.tf": '\nmodule "m" {\n  source = "./nowhere"\n}\n'},
        "main.tf:2: module 'm' is not there; its source './nowhere' is no directory",
    ),
    "module of a registry that was not fetched, called in JSON": (
        {"main.tf.json": '{"module": {"vpc": {"source": "terraform-aws-modules/vpc/aws"}}}'},
        "main.tf.json:1: module 'vpc' is not there: its source 'terraform-aws-modules/vpc/aws' is not a local directory; "
        "run `terraform init` in ",
    ),
    "module that calls itself": (
        {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": 'module "again" {\n  source = "../m"\n}\n'},
        "m/main.tf:1: module 'again' calls itself",
    ),
    "variable without a value": (
        {"main.tf": 'variable "size" {\n  type = number\n}\n' + TOPIC},
        'main.tf:1: No value for required variable; The root module input variable "size" is not set',
    ),
    "variable that its own validation refuses": (
        {
            "main.tf": 'variable "n" {\n  default = 1\n  validation {\n    condition     = var.n > 1\n'
            '    error_message = "Too few."\n  }\n}\n'
        },
        "main.tf:1: Invalid value for variable; Too few.",
    ),
    "resource that is not declared": (
        {"main.tf": 'resource "aws_sns_topic" "t" {\n  name = aws_sns_topic.u.name\n}\n'},
        'main.tf:2: Reference to undeclared resource; A managed resource "aws_sns_topic" "u" has not been declared',
    ),
    "attribute that is not there, named in a data source": (
        {
            "main.tf": TOPIC + 'data "aws_iam_policy_document" "d" {\n  statement {\n'
            "    resources = [aws_sns_topic.t.arnn]\n  }\n}\n"
        },
        "main.tf:6: Unsupported attribute; This object does not have an attribute named",
    ),
    "file in whose place the gate would put its own": (
        {"main.tf": TOPIC, "zzzz_prodgate_override.tf": 'resource "aws_sns_topic" "t" {\n  name = "u"\n}\n'},
        "zzzz_prodgate_override.tf:1: zzzz_prodgate_override.tf has a name that the gate needs for itself; rename",
    ),
    "such a file of OpenTofu, in a module": (
        {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/zzzz_prodgate.tofu": TOPIC},
        "m/zzzz_prodgate.tofu:1: m/zzzz_prodgate.tofu has a name that the gate needs for itself; rename the file",
    ),
    "provider without a stand-in, in JSON": (
        {
            "main.tf.json": '{"terraform": {"required_providers": {"cloudflare": {"source": "cloudflare/cloudflare"}}},'
            '"resource": {"cloudflare_record": {"r": {}}}}'
        },
        "provider 'cloudflare/cloudflare' has no stand-in;",
    ),
    "remote state": (
        {
            "main.tf": 'data "terraform_remote_state" "net" {\n  backend = "s3"\n  config = {\n    bucket = "b"\n'
            '    key    = "k"\n    region = "eu-west-1"\n  }\n}\n'
        },
        "main.tf:1: ",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_and_line(name: str, plant: Plant) -> None:
    files, expected = REFUSED[name]

    with pytest.raises(TerraformError) as refused:
        evaluate(plant(files))

    assert str(refused.value).startswith(expected), str(refused.value)
    assert "prodgate_reference" not in str(refused.value)


def test_variable_without_a_value_names_the_option(plant: Plant) -> None:
    with pytest.raises(
        TerraformError, match="it is of type number: give it with --var 'size=…', or in a file with --var-file"
    ):
        evaluate(plant({"main.tf": 'variable "size" {\n  type = number\n}\n'}))


def test_every_diagnostic_has_a_line_of_its_own(plant: Plant) -> None:
    tree = plant({"main.tf": 'variable "a" {}\nvariable "b" {}\n'})

    with pytest.raises(TerraformError) as refused:
        evaluate(tree)

    assert sorted(line[:9] for line in str(refused.value).splitlines()) == ["main.tf:1", "main.tf:2"]


def test_directory_without_terraform(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"holds no Terraform files \(\*\.tf\); name a Terraform root"):
        evaluate(tmp_path)


def test_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="nowhere: there is no such file or directory"):
        evaluate(tmp_path / "nowhere")


def test_variable_file_that_is_not_there(plant: Plant) -> None:
    with pytest.raises(TerraformError, match=r"prod\.tfvars: there is no such variable file"):
        evaluate(plant({"main.tf": TOPIC}), var_files=[Path("prod.tfvars")])


def test_several_roots_must_be_chosen_from(plant: Plant) -> None:
    with pytest.raises(TerraformError, match="holds 2 roots: a, b; name one of them"):
        evaluate(plant({"a/main.tf": TOPIC, "b/main.tf": TOPIC}))
