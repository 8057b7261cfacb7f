"""The live layer as a run starts it: an account observed and kept, and judged again from what was kept."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.aws.recording import Recording
from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.evidence.artifacts import load_json, store_json
from prodgate.facts import Facts
from prodgate.facts.live.principals import Permissions
from prodgate.facts.live.queues import DeadLetterQueue, observe_dead_letter_queues
from prodgate.facts.observers import OBSERVERS
from prodgate.layers.live.layer import LiveLayer
from prodgate.layers.live.observing import observe_account, observe_through
from prodgate.layers.live.target import LiveTarget
from prodgate.layers.static.repository import ProjectView
from tests.prodgate.layers.context import contents, layer_context

CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[criteria.dead-letters-kept]
statement = { en = "Dead letters are kept.", ja = "保持する。" }
why = "Somebody must have the time to look."
require = ">= 14 d"
source = "X-1"
layers = ["live"]
"""
CHECK = '''
"""Dead letters of the shop."""

from prodgate import Criterion, check
from prodgate.facts.live.principals import Permissions
from prodgate.facts.live.queues import DeadLetterQueue


@check("dead-letters-kept", remedy="Keep them longer.", measures="time")
def test_dead_letters_are_kept(queue: DeadLetterQueue, criterion: Criterion) -> None:
    """Is there time to look at what failed?"""
    criterion.require(queue.retention)
'''
TREE = """
resource "aws_iam_role" "reader" {
  name               = "reader"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "reader" {
  role       = aws_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

resource "aws_sqs_queue" "dead" {
  name                      = "dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "orders" {
  name           = "orders"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TREE, "utf-8")
    (tmp_path / "suites" / "live").mkdir(parents=True)
    (tmp_path / "suites" / "live" / "test_shop.py").write_text(CHECK, "utf-8")
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return tmp_path


@pytest.mark.slow
def test_what_was_kept_is_recalled_as_it_was(shop: Path) -> None:
    at, layer = layer_context(shop, "live"), LiveLayer()
    seen = layer.observe(at)
    assert [queue.subject.rpartition(":")[2] for queue in seen.of(DeadLetterQueue)] == ["dead"]
    ((reader,),) = ([one for one in each.known.principals if one.name == "reader"] for each in seen.of(Permissions))
    (policy,) = reader.identity
    assert (policy.unread, policy.statements[0].actions[0]) == ("", "s3:Get*")
    kept = runs.read(at.run).facts
    again = layer.recall(at.run, kept)
    assert contents(again) == contents(seen)
    assert again.unreadable == seen.unreadable
    assert {fact["kind"] for fact in kept} <= {"answers", "account", "configuration"}
    answers = next(load_json(at.run, fact["digest"]) for fact in kept if fact["subject"].startswith("sqs in"))
    requests = [request for call in answers["calls"] for request in call["requests"]]
    assert all(request["id"] and request["date"] and request["host"].startswith("sqs.") for request in requests)


def gate(shop: Path, *arguments: str) -> str:
    """Run a command on the shop and return what it says while it runs."""
    command = [sys.executable, "-m", "prodgate.cli", *arguments, "--runs", "runs", "--json"]
    return subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=300, check=False).stderr


@pytest.mark.slow
def test_a_run_is_judged_again_with_the_same_findings(shop: Path) -> None:
    assert "live: looking at account" in gate(shop, "run", "rehearsal://", "--only", "live")
    first = runs.latest(shop / "runs")
    assert first is not None
    found = runs.read(first).findings
    assert [(each.subject.rpartition(":")[2], str(each.outcome)) for each in found] == [("dead", "satisfied")]
    asked = {fact["digest"]: fact["subject"] for fact in runs.read(first).facts_of("live", "answers")}
    services = {asked[digest].partition(" ")[0] for digest in found[0].evidence}
    assert services == {"sqs", "sns", "events", "lambda"}
    assert len(set(asked.values())) > 20, "of what else was asked, nothing is cited"
    gate(shop, "judge", str(first))
    second = next(path for path in (shop / "runs").iterdir() if path != first)
    assert runs.read(second).findings == found


def test_a_run_without_an_account_leaves_everything_unreadable(tmp_path: Path) -> None:
    facts = LiveLayer().recall(tmp_path, [])
    assert set(facts.unreadable) == {kind for kinds in OBSERVERS.values() for kind in kinds}


def test_an_account_that_no_criterion_asks_about_is_not_opened(shop: Path) -> None:
    text = (shop / "criteria.toml").read_text("utf-8").replace('layers = ["live"]', 'layers = ["static"]')
    (shop / "criteria.toml").write_text(text, "utf-8")
    at = layer_context(shop, "live")
    assert LiveLayer().observe(at) == Facts()
    assert not runs.read(at.run).facts


def test_a_real_account_must_be_stated(shop: Path) -> None:
    with pytest.raises(UsageError, match='names no account; write \\[account\\] with id = "123456789012"'):
        LiveLayer().observe(layer_context(shop, "live", "aws://gate@ap-northeast-1"))


def test_what_of_the_project_was_compared_is_kept_with_it(shop: Path) -> None:
    at = layer_context(shop, "live")
    (shop / "dags" / "__pycache__").mkdir(parents=True)
    (shop / "dags" / "one.py").write_text("1", "utf-8")
    (shop / "dags" / "__pycache__" / "one.pyc").write_bytes(b"x")
    seen = ProjectView(at)
    declared, files = seen.declared("aws_sqs_queue"), seen.files("dags")
    assert declared["aws_sqs_queue.dead"]["message_retention_seconds"] == 1209600
    assert list(files) == ["one.py"]
    store_json(at.run, seen.to_json())
    (shop / "dags" / "one.py").write_text("2", "utf-8")
    again = ProjectView.from_evidence(json.loads(json.dumps(seen.to_json())), at.run)
    assert again.declared("aws_sqs_queue") == declared
    assert again.files("dags") == files


OWN_FACT = '''
"""Queues with the queues that hand them their dead letters."""

from collections.abc import Iterator
from dataclasses import dataclass

from prodgate.facts import Fact
from prodgate.facts.observers import Account, observes, reads

reads("sqs", "ListDeadLetterSourceQueues")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sources(Fact):
    """A queue."""

    sources: tuple[str, ...]


@observes(Sources)
def observe_sources(account: Account) -> Iterator[Sources]:
    """Look at the queue of dead letters."""
    url = next(one for one in account.list("sqs", "ListQueues", "QueueUrls") if one.endswith("/dead"))
    yield Sources(subject="dead", sources=account.list("sqs", "ListDeadLetterSourceQueues", "queueUrls", QueueUrl=url))
'''
OWN_CHECK = '''
"""Who hands on dead letters."""

from facts.sources import Sources
from prodgate import Criterion, check


@check("dead-letters-kept", remedy="Send dead letters there.")
def test_somebody_sends_there(queue: Sources, criterion: Criterion) -> None:
    """Does somebody send dead letters there?"""
    criterion.hold(bool(queue.sources), expected="a source", observed=queue.sources or "none")
'''


@pytest.mark.slow
def test_a_project_has_facts_of_its_own(shop: Path) -> None:
    (shop / "facts").mkdir()
    (shop / "facts" / "sources.py").write_text(OWN_FACT, "utf-8")
    (shop / "suites" / "live" / "test_shop.py").write_text(OWN_CHECK, "utf-8")
    (shop / "criteria.toml").write_text(CRITERIA.replace('require = ">= 14 d"\n', ""), "utf-8")
    gate(shop, "run", "rehearsal://", "--only", "live")
    first = runs.latest(shop / "runs")
    assert first is not None
    found = runs.read(first).findings
    assert [(each.subject, str(each.outcome)) for each in found] == [("dead", "satisfied")]
    gate(shop, "judge", str(first))
    second = next(path for path in (shop / "runs").iterdir() if path != first)
    assert runs.read(second).findings == found
    command = [sys.executable, "-m", "prodgate.cli", "iam-policy"]
    assert (
        b"sqs:ListDeadLetterSourceQueues" in subprocess.run(command, cwd=shop, capture_output=True, check=True).stdout
    )


def test_own_facts_that_can_not_be_loaded_leave_the_layer_undetermined_and_nothing_is_observed(shop: Path) -> None:
    (shop / "facts").mkdir()
    (shop / "facts" / "tables.py").write_text(
        'from prodgate.facts.observers import reads\nreads("sqs", "DeleteQueue")\n'
    )
    said = gate(shop, "run", "rehearsal://", "--only", "live")
    assert "tables.py: can't be loaded: ValueError: sqs.DeleteQueue: may change something" in said
    (made,) = (shop / "runs").iterdir()
    run = runs.read(made)
    assert (run.verdict().decision.exit_code, run.facts) == (2, ())


def interrupt_who_waits() -> None:
    """Press Ctrl-C once the main thread waits for what another has to tell."""
    main = threading.main_thread().ident
    assert main
    while {"result", "wait"} - {each.f_code.co_name for each, _ in traceback.walk_stack(sys._current_frames()[main])}:
        select.select([], [], [], 0.02)
    os.kill(os.getpid(), signal.SIGINT)


class Waiting:
    """Calls of which none is answered before they are closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.interrupt = iter([threading.Thread(target=interrupt_who_waits, daemon=True)])
        self.recording = Recording()

    def pages(self, *asked: Any, **_: Any) -> Sequence[Any]:
        for once in self.interrupt:
            once.start()
        self.ended = "the run was interrupted" if self.closed.wait(120) else "nobody closed the calls"
        raise Unreadable(self.ended)

    def close(self, _reason: str) -> None:
        self.closed.set()


def test_an_interrupted_observation_asks_no_more_and_is_kept(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, calls = layer_context(shop, "live"), Waiting()
    monkeypatch.setattr(observe_through, "__defaults__", ({observe_dead_letter_queues: (DeadLetterQueue,)},))
    with pytest.raises(KeyboardInterrupt):
        observe_account(LiveTarget("123456789012", "ap-northeast-1", calls), at)  # type: ignore[arg-type]
    assert calls.ended == "the run was interrupted"
    assert [fact["kind"] for fact in runs.read(at.run).facts] == ["account"]
