"""Modules of a registry are taken from a folder that holds copies, if they are those that are called."""

from pathlib import Path

import pytest

from prodgate.terraform.evaluate import Given, open_configurations
from tests.prodgate.terraform.tree_files import write_tree


def test_module_is_taken_from_a_folder_and_a_variable_from_an_option(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "live",
        {
            "main.tf": 'variable "n" {\n  type = number\n}\nmodule "q" {\n'
            '  source  = "terraform-aws-modules/sqs/aws//modules/one"\n  version = "~> 4.0"\n  delay = var.n\n}\n'
        },
    )
    folder = write_tree(
        tmp_path / "copies",
        {
            "terraform-aws-modules/sqs/aws/modules/one/main.tf": 'variable "delay" {}\nresource "aws_sqs_queue" "this" {\n'
            '  name = file("${path.module}/name.txt")\n  delay_seconds = var.delay\n}\n',
            "terraform-aws-modules/sqs/aws/modules/one/name.txt": "one",
        },
    )

    (found,) = open_configurations(root, given=Given(variables=["n=7"], modules=[folder]))

    assert found.complete, found.gaps
    (queue,) = found.of("aws_sqs_queue")
    assert (queue.address, queue.text("name"), queue.number("delay_seconds")) == (
        "module.q.aws_sqs_queue.this",
        "one",
        7,
    )


@pytest.mark.parametrize("source", ["mallory/queue/aws", "git::https://example.com/mallory/queue.git?ref=v1"])
def test_copy_that_has_the_name_alone_is_judged_and_a_gap(source: str, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "live", {"main.tf": f'module "q" {{\n  source = "{source}"\n}}\n'})
    folder = write_tree(tmp_path / "copies", {"queue/main.tf": 'resource "aws_sqs_queue" "this" {}\n'})

    (found,) = open_configurations(root, given=Given(modules=[folder]))

    assert [each.address for each in found.resources] == ["module.q.aws_sqs_queue.this"]
    ((subject, reason),) = [(gap.subject, gap.reason) for gap in found.gaps]
    assert subject == "module.q"
    assert "may be another module than" in reason


def test_copy_of_another_version_than_is_called_is_not_judged(tmp_path: Path) -> None:
    main = """
module "q" {
  source  = "acme/queue/aws"
  version = "~> 1.0"
  waits   = 7
}
module "r" {
  source = "acme/queue/aws"
}
resource "aws_sns_topic" "t" {
  name = module.r.queue_name
}
"""
    root = write_tree(tmp_path / "live", {"main.tf": main})
    queue = (
        'resource "aws_sqs_queue" "this" {\n  name = "q"\n}\noutput "name" {\n  value = aws_sqs_queue.this.name\n}\n'
    )
    folder = write_tree(tmp_path / "copies", {"queue/main.tf": queue})

    (found,) = open_configurations(root, given=Given(modules=[folder]))

    assert {gap.subject for gap in found.gaps} == {"module.q", "module.r"}
    assert all("the copy that --modules names is of another version" in gap.reason for gap in found.gaps)
    assert [each.address for each in found.resources] == ["aws_sns_topic.t"]
