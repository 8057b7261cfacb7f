"""Files that are given as a plan.json, and the errors for those that are none."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.plan_file import load_plan

PLAN = {"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": {}}}

REFUSED: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "binary plan": (b"PK\x03\x04\x14\x00", "is a binary plan, which only core can read"),
    "neither text nor JSON": (b"\x80\x81\x82", "is neither text nor JSON"),
    "text": (b"Error: no such file", "is not JSON: it starts with 'Error: no such file'"),
    "broken": (b'{"format_version" "1.2"}', "is not JSON: Expecting ':' delimiter at line 1, column 19"),
    "log of plan": (b'{"@level":"info"}\n{"@level":"info"}\n', "is the log of `terraform plan -json`"),
    "state": (b'{"version": 4, "serial": 3, "lineage": "x"}', "is a state file"),
    "shown state": (b'{"terraform_version": "1.9.5", "values": {}}', "is the JSON form of a state"),
    "schema": (b'{"format_version": "1.0", "provider_schemas": {}}', "is a provider schema"),
    "list": (b"[1, 2]", "is a JSON list"),
    "something else": (b'{"name": "x", "version": 1}', "has no planned_values; its keys are name, version"),
    "nothing in it": (b"{}", "is an empty JSON object"),
    "endless number": (b'{"planned_values": ' + b"9" * 5000 + b"}", "holds a number of more digits than any plan has"),
    "nested without end": (b'{"planned_values": ' + b"[" * 100_000, "is nested too deeply"),
    "no number": (b'{"planned_values": {"days": Infinity}}', "is not JSON: it holds Infinity"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    content, expected = REFUSED[name]
    file = tmp_path / "plan.json"
    file.write_bytes(content)

    with pytest.raises(TerraformError) as refused:
        load_plan(file)

    assert str(refused.value).startswith(f"{file}: {expected}"), str(refused.value)
    assert "write one with `terraform show -json PLANFILE > plan.json`" in str(refused.value)


@pytest.mark.parametrize("kept", [1, 20, 40, 70, 90])
def test_cut_off(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN)[:kept], encoding="utf-8")

    with pytest.raises(
        TerraformError, match=rf"plan\.json:1: is cut off after {kept} characters; write it again, in full"
    ):
        load_plan(file)


def test_unknown_format(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**PLAN, "format_version": "2.0"}), encoding="utf-8")

    with pytest.raises(TerraformError, match=r"has plan format '2\.0', and only 1\.x is known"):
        load_plan(file)


def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="can't be read: No such file or directory"):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_that_a_shell_writes(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN), encoding=encoding)

    assert load_plan(file)["terraform_version"] == "1.9.5"


def test_fifty_megabytes(tmp_path: Path) -> None:
    text = json.dumps({**PLAN, "padding": [{"name": "x" * 100, "value": None, "n": n} for n in range(370_000)]})
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")

    began = time.process_time()  # of this process alone, however busy the machine is
    load_plan(file)

    assert len(text) > 50_000_000
    assert time.process_time() - began < 20
