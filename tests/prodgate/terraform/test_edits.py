"""The edits that let one plan decide everything keep every line where it was."""

from pathlib import Path

import pytest

from prodgate.terraform.edits import Surroundings, edit_source
from prodgate.terraform.hcl import parse, parse_text

SOURCE = """\
resource "aws_sns_topic" "t" {
  name = "t"
  provisioner "local-exec" {
    command = "rm -rf /"
  }
  lifecycle {
    postcondition {
      condition     = self.arn != ""
      error_message = "no"
    }
  }
}
data "aws_iam_policy_document" "d" {
  depends_on = [
    aws_sns_topic.t,
  ]
  statement {
    resources = ["${aws_sns_topic.t.arn}/*", aws_sns_topic.elsewhere.arn]
  }
}
module "m" {
  source     = "./m"
  depends_on = [aws_sns_topic.t]
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "main.tf"
    file.write_text(SOURCE, encoding="utf-8")
    return file


def test_data_names_managed_resources_through_local_values(file: Path) -> None:
    references: list[str] = []

    text = edit_source(parse(file, "main.tf"), Surroundings({"aws_sns_topic.t"}), references).decode()

    assert references == ["aws_sns_topic.t"]
    assert '["${local.prodgate_reference_0.arn}/*", aws_sns_topic.elsewhere.arn]' in text


def test_what_would_put_off_or_run_something_is_blank(file: Path) -> None:
    text = edit_source(parse(file, "main.tf"), Surroundings({"aws_sns_topic.t"}), []).decode()

    assert "depends_on" not in text
    assert "provisioner" not in text
    assert "rm -rf" not in text
    assert "postcondition" in text


def test_conditions_go_when_asked(file: Path) -> None:
    text = edit_source(parse(file, "main.tf"), Surroundings({"aws_sns_topic.t"}), [], conditions=False).decode()

    assert "postcondition" not in text
    assert "error_message" not in text


def test_every_line_stays_where_it_was(file: Path) -> None:
    before = SOURCE.splitlines()

    after = (
        edit_source(parse(file, "main.tf"), Surroundings({"aws_sns_topic.t"}), [], conditions=False)
        .decode()
        .splitlines()
    )

    assert len(after) == len(before)
    assert after[18:22] == before[18:22]


def test_text_that_core_will_refuse_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text('data "x" "y" {\n  depends_on = [\n', encoding="utf-8")

    assert edit_source(parse(file, "main.tf"), Surroundings({}), []) == file.read_bytes()


def test_what_was_taken_out_is_named_no_more() -> None:
    text = b"""\
module "m" {
  source = "far/away"
}
resource "aws_sns_topic" "t" {
  name       = "x-${module.m.name}"
  depends_on = [module.m]
  lifecycle {
    replace_triggered_by = [data.aws_region.here]
  }
}
data "aws_region" "here" {}
output "o" {
  value = [data.aws_region.here.name, module.m[0].ids, aws_sns_topic.t.arn]
}
moved {
  from = module.l
  to   = module.m
}
"""
    around = Surroundings({"aws_sns_topic.t"}, unread={"module.m", "data.aws_region.here"})

    after = edit_source(parse_text(text, "main.tf"), around, []).decode()

    assert [line.strip() for line in after.splitlines() if line.strip()] == [
        'resource "aws_sns_topic" "t" {',
        'name       = "x-${local.prodgate_unread.name}"',
        "lifecycle {",
        "}",
        "}",
        'output "o" {',
        "value = [local.prodgate_unread.name, local.prodgate_unread[0].ids, aws_sns_topic.t.arn]",
        "}",
    ]
    assert len(after.splitlines()) == len(text.splitlines())
