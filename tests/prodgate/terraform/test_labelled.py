"""Examples that were written to be parsed only are mended so that what they say is judged, and nothing else."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.positions import Position

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def mending(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("labelled_mending")


def _write(folder: Path, text: str) -> Path:
    (folder / "main.tf").write_text(text, "utf-8")
    return folder / "main.tf"


def test_what_is_declared_nowhere_is_decided_later_and_a_key_is_declared(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        'variable "given" {\n  default = 1\n}\nresource "aws_sqs_queue" "a" {\n  name = "${aws_sns_topic.gone.name}-a"\n'
        "  delay_seconds = var.given\n  fifo_queue = True\n  kms_master_key_id = aws_kms_key.own.arn\n}\n"
        'resource "aws_sqs_queue" "b" {\n  policy = file("gone.json")\n}\n',
    )
    left_out, touched = mending.prepare(tmp_path)
    text = file.read_text("utf-8")
    assert (left_out, touched) == ({}, {"aws_sqs_queue.a", "aws_sqs_queue.b"})
    assert f'"${{{mending.LATER}}}-a"' in text
    assert "delay_seconds = var.given" in text
    assert "fifo_queue = true" in text
    assert f"policy = {mending.LATER}" in text
    assert 'resource "aws_kms_key" "own" {}' in (tmp_path / "undeclared.tf").read_text("utf-8")


def test_two_uses_of_a_variable_that_names_a_bucket_are_one_name(mending: ModuleType, tmp_path: Path) -> None:
    variables = "".join(f'variable "{name}" {{}}\n' for name in ("direct", "handed", "other"))
    uses = "".join(
        f'resource "{kind}" "{number}" {{\n  bucket = {value}\n  acl = var.other\n}}\n'
        for number, value in enumerate(("var.direct", "local.its"))
        for kind in ("aws_s3_bucket", "aws_s3_bucket_acl")
    )
    file = _write(tmp_path, f"{variables}locals {{\n  its = var.handed\n}}\n{uses}")
    mending.prepare(tmp_path)
    text = file.read_text("utf-8")
    assert [f'default = "{name}"' in text for name in ("direct", "handed", "other")] == [True, True, False]
    assert (text.count("var.direct"), text.count("local.its"), text.count("var.other")) == (2, 2, 0)


def test_what_is_declared_twice_is_left_out(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path, 'resource "aws_kms_key" "a" {}\nresource "aws_kms_key" "a" {}\nresource "aws_kms_key" "b" {}\n'
    )
    left_out, _ = mending.prepare(tmp_path)
    assert list(left_out) == ["aws_kms_key.a"]
    assert '"a"' not in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("summary", "detail", "line", "expected"),
    [
        ("Unsupported argument", "", 2, ""),
        ("Incorrect attribute value type", "", 2, "  gone = {later}\n"),
        ("Missing required argument", 'The argument "name" is required', 1, "\nname = {later}\n"),
        ("Insufficient network_configuration blocks", 'At least 1 "network_configuration" blocks are required.', 1,
         "network_configuration {{\nsecurity_group_ids = {later}\nsubnet_ids = {later}\n}}"),
    ],
)  # fmt: skip
def test_what_core_refuses_is_changed_where_it_stands(
    mending: ModuleType, tmp_path: Path, *, summary: str, detail: str, line: int, expected: str
) -> None:
    file = _write(tmp_path, 'resource "aws_mwaa_environment" "a" {\n  gone = 1\n}\n')
    error = Diagnostic("error", summary, detail, Position("c0/main.tf", line))
    assert mending.mend(tmp_path, error) == ("aws_mwaa_environment.a", False)
    text = file.read_text("utf-8")
    assert expected.format(later=mending.LATER) in text
    assert ("gone = 1" in text) is (line == 1)


def test_a_block_that_can_not_be_changed_is_taken_out(mending: ModuleType, tmp_path: Path) -> None:
    file = _write(
        tmp_path, 'resource "aws_sqs_queue" "a" {\n  name = jsondecode(terraform_data.undeclared.output)\n}\n'
    )
    error = Diagnostic("error", "Invalid value", "", Position("c0/main.tf", 2))
    assert mending.mend(tmp_path, error) == ("aws_sqs_queue.a", True)
    assert not file.read_text("utf-8").strip()
