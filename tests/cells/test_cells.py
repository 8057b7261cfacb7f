"""Templates with which teams observe cells on their own engines: each is read, and calls commands that the gate has."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml

from prodgate.cli import _parser, main

#: They are read, whichever Python runs the gate.
pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "cells"
GITHUB, MACHINE = EXAMPLES / "github.yml", EXAMPLES / "step_functions" / "machine.asl.json"
SCRIPT, TERRAFORM = EXAMPLES / "step_functions" / "gate.sh", EXAMPLES / "step_functions" / "main.tf"
#: The inputs of the template, as Terraform passes them.
GIVEN = {
    "cluster": "arn:aws:ecs:ap-northeast-1:111111111111:cluster/gate-cells",
    "task": "arn:aws:ecs:ap-northeast-1:111111111111:task-definition/gate-cells:1",
    "subnets": '["subnet-1"]',
    "group": "sg-1",
    "bucket": "cells",
    "concurrency": "50",
}


def read_machine() -> Any:
    """Return the definition as Terraform would fill it in."""
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: GIVEN[found[1]], MACHINE.read_text("utf-8")))


def walk(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each state by its name, with its machine."""
    for name, state in machine["States"].items():
        yield name, state, machine
        if "ItemProcessor" in state:
            yield from walk(state["ItemProcessor"])


def commands(text: str) -> list[list[str]]:
    """Return the words of each command of the gate in a script, without what follows on it."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("prodgate ")]
    return [shlex.split(line.partition(" ||")[0])[1:] for line in lines]


@pytest.mark.parametrize("path", [GITHUB, SCRIPT], ids=lambda path: path.name)
def test_each_example_lists_observes_and_merges_by_commands_of_the_gate(path: Path) -> None:
    found = commands(path.read_text("utf-8"))
    assert [words[0] for words in found] == ["cells", "observe", "merge"]
    for words in found:
        _parser().parse_args(words)
    observe, merge = (_parser().parse_args(words) for words in found[1:])
    assert observe.cells
    assert merge.cells
    assert merge.run


def test_the_workflow_gives_a_verdict_whatever_becomes_of_its_cells() -> None:
    document = yaml.safe_load(GITHUB.read_text("utf-8"))
    jobs = document["jobs"]
    assert document["permissions"] == {}
    assert jobs["observe"]["strategy"]["fail-fast"] is False
    assert jobs["verdict"]["if"] == "${{ !cancelled() }}"
    assert set(jobs["verdict"]["needs"]) == {"list", "observe"}
    assert all(job["timeout-minutes"] for job in jobs.values())
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert set(re.findall(r"prod-gate\[core\]==([\d.]+)", GITHUB.read_text("utf-8"))) == {version}


def test_the_workflow_hands_each_cell_to_a_job() -> None:
    jobs = yaml.safe_load(GITHUB.read_text("utf-8"))["jobs"]
    (query,) = re.findall(r"jq -c '([^']+)'", next(s["run"] for s in jobs["list"]["steps"] if s.get("id") == "list"))
    listed = {"cells": [{"cell": "111111111111/us-east-1/live", "target": "aws://us-east-1"}]}
    (said,) = jq.compile(query).input_value(listed).all()
    key, _, cells = said.partition("=")
    assert key in jobs["list"]["outputs"]
    (cell,) = json.loads(cells)
    named = re.sub(r"\$\{\{ matrix\.cell\.(\w+) \}\}", lambda found: cell[found[1]], jobs["observe"]["env"]["CELL"])
    assert named == listed["cells"][0]["cell"]


def test_the_machine_is_whole_and_each_wait_in_it_ends() -> None:
    machine = read_machine()
    for name, state, within in walk(machine):
        assert state["Type"] in ("Task", "Map"), name
        assert state.get("Next") in within["States"] if "Next" in state else state["End"] is True, name
        assert state["Type"] == "Map" or state["TimeoutSeconds"] <= 3600, name
        assert state["Type"] == "Map" or state["Resource"] == "arn:aws:states:::ecs:runTask.sync", name
    assert [name for name, _, _ in walk(machine)] == ["List", "Observe", "ObserveCell", "Merge"]
    observe = machine["States"]["Observe"]
    assert observe["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert observe["ToleratedFailurePercentage"] == 100, "a cell that is not there is undetermined, and no end of all"
    asked = re.findall(r"^(\w+)\)$", SCRIPT.read_text("utf-8"), re.MULTILINE)
    started = [
        state["Parameters"]["Overrides"]["ContainerOverrides"][0]["Command"][0]
        for _, state, _ in walk(machine)
        if state["Type"] == "Task"
    ]
    assert started == asked


def test_the_machine_is_one_by_the_grammar_of_its_language() -> None:
    parser = pytest.importorskip("moto.stepfunctions.parser.asl.parse.asl_parser")
    machine = read_machine()
    machine["States"]["Observe"]["ToleratedFailurePercentage"] = 99.9  # this grammar takes no whole number there
    program, _ = parser.AmazonStateLanguageParser.parse(json.dumps(machine))
    assert program
    observe = machine["States"]["Observe"]
    observe["MaxConcurency"] = observe.pop("MaxConcurrency")
    with pytest.raises(parser.ASLParserException):
        parser.AmazonStateLanguageParser.parse(json.dumps(machine))


def test_what_the_template_asks_for_is_what_terraform_gives_it() -> None:
    asked = set(re.findall(r"\$\{(\w+)\}", MACHINE.read_text("utf-8")))
    block = TERRAFORM.read_text("utf-8").partition("machine.asl.json")[2].partition("})")[0]
    assert asked == set(re.findall(r"^\s+(\w+)\s+=", block, re.MULTILINE)) == set(GIVEN)


def test_the_script_is_one_that_a_shell_reads() -> None:
    subprocess.run(["sh", "-n", str(SCRIPT)], check=True, timeout=60)


def test_what_the_example_declares_is_good_practice(tmp_path: Path) -> None:
    given = {
        "image": "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/gate@sha256:" + "0" * 64,
        "bucket": "cells",
        "group": "sg-1",
        "subnets": ["subnet-1", "subnet-2"],
        "accounts": ["111111111111"],
    }
    (file := tmp_path / "given.tfvars").write_text(
        "".join(f"{k} = {json.dumps(v)}\n" for k, v in given.items()), "utf-8"
    )
    assert main(["check", str(TERRAFORM.parent), "--var-file", str(file)]) == 0
