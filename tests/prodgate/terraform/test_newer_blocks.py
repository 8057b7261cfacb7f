"""Blocks and files of newer cores that declare nothing are without effect, and OpenTofu's own are told."""

from pathlib import Path

import pytest

from prodgate.terraform.advice import advise
from prodgate.terraform.diagnostics import Diagnostic, TerraformError
from prodgate.terraform.edits import Surroundings, edit_source
from prodgate.terraform.foreign_providers import leave_out_foreign
from prodgate.terraform.hcl import parse_text
from prodgate.terraform.lenience import find_unread_gaps
from prodgate.terraform.positions import Position
from prodgate.terraform.roots import list_roots
from prodgate.terraform.sources import read_tree
from prodgate.terraform.working_copy import copy_tree

ACTION = b"""\
action "aws_lambda_invoke" "told" {
  config {
    function_name = "f"
  }
}
resource "aws_sqs_queue" "q" {
  lifecycle {
    prevent_destroy = true
    action_trigger {
      events  = [after_create]
      actions = [action.aws_lambda_invoke.told]
    }
  }
}
"""
CHECK = """
check "site" {
  data "%s" "site" {
    url = "https://example.com"
  }
  assert {
    condition     = data.%s.site.id != ""
    error_message = "down"
  }
}
"""


def test_actions_run_something_and_declare_nothing() -> None:
    text = edit_source(parse_text(ACTION, "main.tf"), Surroundings(()), []).decode()

    assert "action" not in text
    assert 'resource "aws_sqs_queue" "q"' in text
    assert "prevent_destroy = true" in text
    assert text.count("\n") == ACTION.decode().count("\n")


@pytest.mark.parametrize(("kind", "left_out"), [("http", True), ("aws_caller_identity", False)])
def test_a_check_by_a_provider_that_nobody_knows_is_left_out(tmp_path: Path, kind: str, left_out: bool) -> None:
    (tmp_path / "main.tf").write_text(CHECK % (kind, kind))

    tree = leave_out_foreign(read_tree(tmp_path, tmp_path, {}), ("registry.terraform.io/hashicorp/aws",))

    assert tree.is_unread("", "check.site") is left_out
    assert [*find_unread_gaps(tree)] == []


def test_core_is_given_no_tests_queries_and_stacks(tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    (root / "tests").mkdir(parents=True)
    scratch.mkdir()
    for name in ("main.tf", "a.tftest.hcl", "b.tftest.json", "c.tofutest.hcl", "d.tfquery.hcl", "e.tfdeploy.hcl"):
        (root / name).write_text("")
    for name in ("f.tftest.hcl", "data.json"):
        (root / "tests" / name).write_text("")

    copied = copy_tree(read_tree(root, root, {}), scratch).root

    ours = {each.relative_to(copied).as_posix() for each in copied.rglob("*") if "prodgate" not in each.name}
    assert ours == {"main.tf", "tests", "tests/data.json"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            'provider "aws" {\n  for_each = {}\n}\n',
            2,
            'Reserved argument name; The provider argument name "for_each" is',
        ),
        ("terraform {\n  encryption {\n  }\n}\n", 2, 'Unsupported block type; Blocks of type "encryption" are not'),
        (
            'resource "aws_sqs_queue" "q" {\n  lifecycle {\n    enabled = false\n  }\n}\n',
            3,
            'Unsupported argument; An argument named "enabled" is not expected here',
        ),
    ],
)
def test_what_opentofu_alone_has_is_told(tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "main.tf").write_text(text)
    summary, _, detail = said.partition("; ")

    (error,) = advise(
        [Diagnostic("error", summary, detail, Position("main.tf", line))], read_tree(tmp_path, tmp_path, {})
    )

    assert error.detail.endswith("OpenTofu alone has this: put `tofu` on PATH, or set PRODGATE_TERRAFORM to it")


def test_an_argument_of_a_resource_that_is_called_enabled_is_the_providers(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  enabled = false\n}\n')
    unknown = Diagnostic("error", "Unsupported argument", 'An argument named "enabled" is', Position("main.tf", 2))

    (error,) = advise([unknown], read_tree(tmp_path, tmp_path, {}))

    assert "AWS provider" in error.detail


def test_a_stack_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "main.tfcomponent.hcl").write_text("")

    with pytest.raises(TerraformError, match="declares a stack; name the folder of one of its components"):
        list_roots(tmp_path)


def test_a_module_that_is_judged_alone_is_handed_the_providers_that_it_asks_for(tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    scratch.mkdir()
    (root / "main.tf").write_text(
        "terraform {\n  required_providers {\n    aws = {\n"
        "      configuration_aliases = [aws.edge, aws.home]\n    }\n"
        "    datadog = {\n      configuration_aliases = [datadog.other]\n    }\n  }\n}\n"
        'provider "aws" {\n  alias = "home"\n}\n'
    )

    tree = leave_out_foreign(read_tree(root, root, {}), ("registry.terraform.io/hashicorp/aws",))
    copied = copy_tree(tree, scratch).root

    assert (copied / "zzzz_prodgate.tf").read_text() == 'provider "aws" {\n  alias = "edge"\n}\n'
