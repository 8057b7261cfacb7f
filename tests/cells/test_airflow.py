"""The DAG template for teams, really run: twenty emulated accounts in two regions, three of them with a fault."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from prodgate.engines.environments import ensure_python
from prodgate.evidence import runs
from prodgate.findings import Outcome
from prodgate.sealing.verifying import Wanted, check
from prodgate.verdict import Decision
from tests.trees import write_tree

ROOT = Path(__file__).parents[2]
ACCOUNTS: Final = [f"1{number:011d}" for number in range(1, 21)]
REGIONS: Final = {"ap-northeast-1": ACCOUNTS[:10], "us-east-1": ACCOUNTS[10:]}
TROUBLE: Final = {ACCOUNTS[2]: "hangs", ACCOUNTS[11]: "denied", ACCOUNTS[16]: "killed"}
#: Seconds that a layer may take, all of which a hanging one takes, and that the whole DAG may.
LAYER, DAG = 240, 3000
CRITERIA: Final = """
[criteria.queue-retention]
statement = "Queues keep messages."
why = "A weekend must not lose orders."
require = ">= 4 d"
source = "X-1"
layers = ["live"]
remedy = "Keep them longer."
"""
TREE: Final = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

variable "account" {
  type = string
}

variable "region" {
  type = string
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
}

resource "aws_sqs_queue" "orders" {
  name                      = "orders"
  message_retention_seconds = 1209600
}
"""
FACTS: Final = '''
"""The queues of the shop, and what befalls some of its accounts."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import Request, urlopen

from prodgate import Quantity
from prodgate.facts import Fact
from prodgate.facts.observers import Account, observes, reads

reads("sqs", "GetQueueAttributes", "ListQueues")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OrderQueue(Fact):
    """A queue; ``subject`` is its ARN."""

    retention: Quantity


@observes(OrderQueue)
def observe_queues(account: Account) -> Iterator[OrderQueue]:
    befall(os.environ.get(f"TROUBLE_{account.id}", ""), account)
    for url in account.list("sqs", "ListQueues", "QueueUrls"):
        found = account.get("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield OrderQueue(subject=found["QueueArn"], retention=Quantity.seconds(int(found["MessageRetentionPeriod"])))


def befall(trouble: str, account: Account) -> None:
    if trouble == "denied":
        fault = json.dumps({"service": "sqs", "kind": "deny"}).encode()
        urlopen(Request(f"{account.calls.clients.endpoint}/_prodgate/faults", fault), timeout=60).close()
    if trouble == "killed":
        os.kill(os.getppid(), signal.SIGKILL)
    if trouble in ("killed", "hangs"):
        threading.Event().wait()
'''
CHECKS: Final = '''
"""The queues of the shop."""

from facts.queues import OrderQueue

from prodgate import Criterion, check


@check("queue-retention", measures="time")
def test_queues_keep_messages(queue: OrderQueue, criterion: Criterion) -> None:
    """A queue keeps its messages over a weekend."""
    criterion.require(queue.retention)
'''


def write_project(folder: Path) -> None:
    cells = "".join(
        f"\n[[cells]]\naccounts = {json.dumps(accounts)}\nregions = {json.dumps([region])}\n"
        for region, accounts in REGIONS.items()
    )
    files = {
        "criteria.toml": f'system = "shop"\n\n[terraform]\nroot = "infra"\n{cells}{CRITERIA}',
        "infra/main.tf": TREE,
        "facts/queues.py": FACTS,
        "suites/live/test_queues.py": CHECKS,
    }
    write_tree(folder, files)


def run_dag(place: Path) -> Mapping[str, Any]:
    """Let the DAG run once in a real Airflow, as ``dag.test()`` does, and return the states of its tasks."""
    python = ensure_python("airflow-3.3.2", lambda _: None)
    (dags := place / "dags").mkdir()
    shutil.copy(ROOT / "examples" / "cells" / "airflow_dag.py", dags)
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(place)), "AIRFLOW_HOME": str(place / "home"),
        "PYTHONDONTWRITEBYTECODE": "1", "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags), "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PRODGATE_PROJECT": str(place / "project"), "PRODGATE_GATHERED": str(place / "gathered"),
        "PRODGATE_REHEARSAL": "yes", "PRODGATE_LAYER_TIMEOUT": str(LAYER),
        "PRODGATE_COMMAND": f"env PYTHONPATH={ROOT / 'src'}:{ROOT} {sys.executable} -m prodgate.cli",
        **{f"TROUBLE_{account}": trouble for account, trouble in TROUBLE.items()},
    }  # fmt: skip
    migrate = [str(python.with_name("airflow")), "db", "migrate"]
    subprocess.run(migrate, env=environment, cwd=place, check=True, capture_output=True, timeout=300)
    runner = [str(python), "-P", str(ROOT / "tests" / "dags" / "runner.py"), str(dags)]
    asked = json.dumps({"run": "observe_cells", "slot": "2026-11-27T00:00:00+00:00"})
    done = subprocess.run(
        runner, env=environment, cwd=place, input=f"{asked}\n", capture_output=True, text=True, timeout=DAG, check=True
    )
    loaded, ran = map(json.loads, done.stdout.splitlines())
    assert loaded["import_errors"] == {}
    assert "raised" not in ran, done.stderr[-3000:]
    return ran


@pytest.mark.matrix
@pytest.mark.once
@pytest.mark.timeout(DAG + 600)
def test_twenty_accounts_of_which_one_hangs_one_is_denied_and_one_is_killed(tmp_path: Path) -> None:
    write_project(tmp_path / "project")
    ran = run_dag(tmp_path)
    states = {(each["task_id"], each["map_index"]): each["state"] for each in ran["tasks"]}
    assert [states[("observe", index)] for index in range(20)] == [
        "failed" if TROUBLE.get(account) == "killed" else "success" for account in ACCOUNTS
    ]
    assert (states[("list_cells", -1)], states[("merge", -1)]) == ("success", "failed")
    (merged,) = tmp_path.glob("gathered/*/merged/*")
    checked = check(merged, Wanted(unsigned=True))
    assert not checked.flaws
    verdict = runs.read(merged).verdict()
    assert (verdict.decision, verdict.promotes, verdict.scope.rehearsal) == (Decision.INSUFFICIENT, False, True)
    doubts = [each for each in verdict.findings if each.outcome is Outcome.UNDETERMINED]
    named = {account: " ".join(each.reason for each in doubts if f"{account}/" in each.subject) for account in TROUBLE}
    assert f"did not end within {LAYER} s" in named[ACCOUNTS[2]]
    assert "AccessDenied" in named[ACCOUNTS[11]]
    assert "was cut off" in named[ACCOUNTS[16]]
    assert all(any(f"{account}/" in each.subject for account in TROUBLE) for each in doubts)
    sound = {each.subject for each in verdict.findings if each.outcome is Outcome.SATISFIED}
    assert sound == {
        f"arn:aws:sqs:{region}:{account}:orders"
        for region, accounts in REGIONS.items()
        for account in accounts
        if account not in TROUBLE
    }
