"""One account is applied for all layers of a run; each has a copy of its own, and none outlives the run."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from prodgate.criteria import LAYERS
from prodgate.layers import BUILT
from prodgate.rehearsal.account import RehearsalAccount, copy_shared
from prodgate.run import lanes
from prodgate.run.lanes import AccountLines, sharing_account
from prodgate.sections.project import Project, open_project
from prodgate.terraform.diagnostics import TerraformError
from tests.prodgate.rehearsal.emulated import closes
from tests.trees import write_tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sharing")]

#: Seconds in which an awaited event must happen.
LIMIT = 60.0
CRITERIA = """
system = "shop"
[terraform]
root = "infra"
[account]
id = "111122223333"
[criteria.topics-exist]
statement = { en = "There are topics.", ja = "トピックがある。" }
why = "Somebody has to be told."
source = "X-1"
layers = ["live"]
"""
TREE = """
provider "aws" {
  region = "eu-west-1"
}
resource "aws_sns_topic" "orders" {
  name = "orders"
}
resource "aws_sns_topic" "misnamed" {
  name = "not a name!"
}
resource "aws_cloudwatch_metric_alarm" "orders" {
  alarm_name          = "orders"
  namespace           = "shop"
  metric_name         = "orders"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
}
resource "aws_glacier_vault" "cold" {
  name = "cold"
}
"""


@dataclass
class Shared:
    """Layers that share an account, and the messages about it."""

    lines: AccountLines
    said: list[str]
    ends: ExitStack

    def line(self, layer: str) -> int:
        (found,) = self.ends.enter_context(self.lines.take(layer))
        return found

    def copy(self, layer: str) -> RehearsalAccount:
        """A layer's copy, until `ends` is closed."""
        return self.ends.enter_context(copy_shared(self.line(layer), dags=None, progress=self.said.append))

    @property
    def applied(self) -> int:
        """How often everything was applied."""
        return sum("0 of 4" in line for line in self.said)


def make_shop(folder: Path, tree: str) -> Project:
    write_tree(folder, {"infra/main.tf": tree, "criteria.toml": CRITERIA})
    return open_project(folder / "criteria.toml")


@contextmanager
def sharing(folder: Path, tree: str = TREE, layers: Sequence[str] = ("live", "dags", "rollout")) -> Iterator[Shared]:
    said: list[str] = []
    with sharing_account(make_shop(folder, tree), layers, folder, said.append) as lines, ExitStack() as ends:
        yield Shared(lines, said, ends)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with sharing(tmp_path_factory.mktemp("shop")) as found:
        yield found


@pytest.fixture(scope="module")
def copies(shared: Shared) -> tuple[RehearsalAccount, RehearsalAccount]:
    return shared.copy("live"), shared.copy("dags")


Copies = tuple[RehearsalAccount, RehearsalAccount]


def topics(account: RehearsalAccount) -> list[str]:
    return sorted(each["TopicArn"].rpartition(":")[2] for each in account.clients("sns").list_topics()["Topics"])


def serving_processes(folder: Path) -> list[psutil.Process]:
    """The process that shares the account of the shop in a folder, if there is one."""
    root = str(folder / "infra")
    return [one for one in psutil.Process().children() if {"prodgate.rehearsal.sharing", root} <= {*one.cmdline()}]


def test_it_is_applied_once_and_every_layer_is_told_what_came_of_it(shared: Shared, copies: Copies) -> None:
    assert shared.applied == 1
    for copy in copies:
        assert (copy.id, copy.region) == ("111122223333", "eu-west-1")
        assert copy.not_created == {"aws_glacier_vault": ("aws_glacier_vault.cold",)}
        (failed,) = copy.failed
        assert (failed.address, str(failed.position)) == ("aws_sns_topic.misnamed", "main.tf:8")
        assert copy.declared("aws_sns_topic")["aws_sns_topic.orders"]["name"] == "orders"


def test_a_layer_that_begins_later_finds_an_account_that_no_other_changed_and_a_past_that_ends_now(
    shared: Shared, copies: Copies
) -> None:
    one, other = copies
    one.clients("sns").delete_topic(TopicArn=one.declared("aws_sns_topic")["aws_sns_topic.orders"]["arn"])
    other.clients("sns").create_topic(Name="another")
    assert (topics(one), topics(other)) == ([], ["another", "orders"])
    began = datetime.now(UTC)
    later = shared.copy("rollout")
    assert topics(later) == ["orders"]
    (alarm,) = later.clients("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateUpdatedTimestamp"] >= began) == ("OK", True)
    assert later.past_failed == one.past_failed
    assert shared.applied == 1


def test_every_layer_says_why_it_could_not_be_applied(tmp_path: Path) -> None:
    with sharing(tmp_path, 'resource "aws_sns_topic" "x" {\n  nam = "x"\n}\n') as shared:
        for layer in ("live", "dags"):
            with pytest.raises(TerraformError, match=r"main\.tf:2: Unsupported argument"):
                shared.copy(layer)
        assert sum(line.endswith("initialising") for line in shared.said) == 1


def test_it_is_applied_at_once_though_no_layer_asks_yet(tmp_path: Path) -> None:
    applied = threading.Event()

    def hear(line: str) -> None:
        if "4 of 4" in line:
            applied.set()

    with sharing_account(make_shop(tmp_path, TREE), ["live"], tmp_path, hear):
        assert applied.wait(LIMIT)


def test_nothing_is_run_for_layers_that_look_at_no_account(tmp_path: Path) -> None:
    with sharing(tmp_path, layers=()) as shared, shared.lines.take("static") as line:
        assert (list(line), serving_processes(tmp_path)) == ([], [])


def test_the_layers_that_look_at_an_account_share_it() -> None:
    assert [name for name in LAYERS if BUILT[name].uses_account] == ["live", "dags", "rollout"]


def test_a_copy_ends_with_its_layer_and_others_go_on(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        one = shared.copy("live")
        with shared.ends.pop_all():
            other = shared.copy("dags")
        assert closes(urlsplit(one.endpoint).port)
        assert topics(other) == ["orders"]


def test_an_account_whose_process_died_is_no_account(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        one = shared.copy("live")
        serving_processes(tmp_path)[0].kill()
        with pytest.raises(TerraformError, match=r"the process that applies the account has ended; see logs/account"):
            shared.copy("dags")
        assert closes(urlsplit(one.endpoint).port)


def test_a_mistake_of_the_process_is_in_its_log_and_is_no_account(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        line = shared.line("live")
        os.kill(serving_processes(tmp_path)[0].pid, signal.SIGTERM)
        with pytest.raises(TerraformError, match=r"the process that applies the account has ended"):
            shared.ends.enter_context(copy_shared(line, dags=None, progress=shared.said.append))


def test_who_waits_for_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODGATE_TERRAFORM_TIMEOUT", "0.2")
    with sharing(tmp_path) as shared:
        serving_processes(tmp_path)[0].suspend()
        try:
            with pytest.raises(TerraformError, match=r"the account was not applied within 0\.6 s; set PRODGATE_TERR"):
                shared.copy("live")
        finally:
            serving_processes(tmp_path)[0].resume()


#: A process that leaves one behind which holds its stderr, and prints its id.
LEAVING = """
import subprocess, sys
print(subprocess.Popen(("sleep", "60"), start_new_session=True).pid, file=sys.stderr)
"""


def test_what_holds_the_log_of_an_ended_process_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "make_command", lambda *_: (sys.executable, "-c", LEAVING))
    monkeypatch.setattr(lanes, "_SAID", 0)
    with sharing(tmp_path) as shared:
        pass
    left = psutil.Process(int(shared.said[-1]))
    assert left.status() != psutil.STATUS_ZOMBIE  # it goes on, and holds the log
    left.kill()


#: A run of two layers, of which one has its copy and one has none yet, which then waits to be killed.
RUN = """
import sys
from pathlib import Path
from prodgate.rehearsal.account import copy_shared
from prodgate.run.lanes import sharing_account
from prodgate.sections.project import open_project
folder = Path(sys.argv[1])
with sharing_account(open_project(folder / "criteria.toml"), ["live", "dags"], folder, lambda _: None) as lines:
    with lines.take("live") as (line,), copy_shared(line, dags=None, progress=lambda _: None) as copy:
        print(copy.endpoint, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_of_it_outlives_the_run(tmp_path: Path, how: signal.Signals) -> None:
    make_shop(tmp_path, TREE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        (sys.executable, "-c", RUN, str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as running:
        assert running.stdout.readline().startswith(b"http://127.0.0.1:")
        family = psutil.Process(running.pid).children(recursive=True)
        assert len(family) >= 3  # what shares, the account, and the copy
        running.send_signal(how)
        running.communicate(timeout=LIMIT)
    assert psutil.wait_procs(family, LIMIT)[1] == []
    assert list(scratch.iterdir()) == []
