"""``prodgate rehearsal types`` lists the types of our own root, and names the package if nothing can create them."""

import json
from pathlib import Path

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.commands import rehearsing
from prodgate.rehearsal.adapters import ADAPTERS
from tests.prodgate.conftest import Gate

pytestmark = pytest.mark.once


def test_every_type_that_has_an_adapter_is_listed(gate: Gate) -> None:
    listed = gate("rehearsal", "types").out.splitlines()
    assert listed == sorted(ADAPTERS)
    assert {"aws_rds_cluster", "aws_lb", "aws_ecs_service", "aws_lambda_function"} <= {*listed}
    assert json.loads(gate("rehearsal", "types", "--json").out) == listed


def test_what_a_root_declares_and_nothing_creates_is_named(tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "a" {}\nresource "random_id" "b" {}\n', "utf-8")
    assert gate("rehearsal", "types", tmp_path).out == "1 of 1 types can be rehearsed\n"
    (tmp_path / "lists.tf").write_text('resource "aws_db_proxy" "front" {}\n', "utf-8")
    said = gate("rehearsal", "types", tmp_path, ends=1).out
    assert said.startswith("aws_db_proxy.front: aws_db_proxy can't be rehearsed yet; what depends on it is und")
    assert said.endswith("1 of 2 types can be rehearsed\n")


def test_what_no_check_asks_about_is_told_apart_and_keeps_nobody(tmp_path: Path, gate: Gate) -> None:
    declared = ("aws_elasticache_replication_group", "aws_elasticache_cluster", "aws_eks_cluster", "aws_eks_node_group")
    (tmp_path / "main.tf").write_text("".join(f'resource "{kind}" "this" {{}}\n' for kind in declared), "utf-8")
    *lines, last = gate("rehearsal", "types", tmp_path).out.splitlines()
    assert lines == [
        f"{kind}.this: {kind} is judged as it is declared; no check of the gate asks an account about it"
        for kind in sorted(declared)
    ]
    assert last == "0 of 4 types can be rehearsed; 4 need none"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    def load() -> None:
        raise Unreadable("moto is not installed; write: pip install 'prod-gate[core,rehearsal]'")

    monkeypatch.setattr(rehearsing, "load_rehearsal", load)
    assert "pip install 'prod-gate[core,rehearsal]'" in gate("rehearsal", "types", ends=4).err
