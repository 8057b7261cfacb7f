"""What tests of several layers share."""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from prodgate.rehearsal import account as accounts
from prodgate.sections.project import open_project
from tests.prodgate.rehearsal.emulated import Account, Zygote, start_zygote

ROOT = Path(__file__).parents[1]

# how long an example takes is a matter of the machine
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


#: Folders and files of tests of processes, trees and browsers, in which the interpreter plays no part; one Python is
#: enough.
ONCE = tuple(
    str(ROOT / "tests" / folder)
    for folder in (
        "dags", "e2e", "loadtests", "mutations", "policies", "prodgate/canaries", "prodgate/drills", "prodgate/engines",
        "prodgate/layers/live", "prodgate/layers/static/test_checkov", "prodgate/layers/test_rehearsal",
        "prodgate/load", "prodgate/rehearsal", "prodgate/run/test_moments", "prodgate/run/test_ended_runs", "prodgate/run/test_judging_again", "prodgate/run/test_running",
        "prodgate/sealing/test_secrets", "prodgate/terraform/provider", "prodgate/terraform/test_evaluate",
        "prodgate/terraform/test_refusals", "prodgate/terraform/test_untouched", "suites/live", "suites/rollout",
        "terraform",
    )
)  # fmt: skip
#: Fixtures of accounts and of trees that Terraform's core evaluates: what uses them is tested in one Python, too.
OF_PROCESSES = frozenset({"plant", "production", "zygote"})
#: Marks of which each takes a test to another environment; one that carries two would be run by both, or by none.
ENVIRONMENTS = ("slow", "alone", "differential", "matrix", "zero_downtime")


#: By xdist group, or by file below this folder.
SECONDS: Mapping[str, float] = tomllib.loads((ROOT / "tests" / "durations.toml").read_text("utf-8"))


def pytest_configure() -> None:
    """Take Ctrl-C as usual, here and in what is started, although the tests run in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of those folders and fixtures, and let workers of xdist begin with the slowest."""
    for item in items:
        if str(item.path).startswith(ONCE) or not OF_PROCESSES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("once")
        if len(marks := [name for name in ENVIRONMENTS if item.get_closest_marker(name)]) > 1:
            raise pytest.UsageError(f"{item.nodeid}: belongs to {' and '.join(marks)}; leave one of these marks")
    if hasattr(config, "workerinput"):
        items.sort(key=seconds, reverse=True)


def seconds(item: pytest.Item) -> float:
    """How long the worker that takes a test will be busy; 0 for the many that are over in no time."""
    group = item.get_closest_marker("xdist_group")
    return SECONDS.get(group.args[0] if group else item.path.as_posix().removeprefix(f"{ROOT}/tests/"), 0)


@pytest.fixture(scope="session")
def production() -> Iterator[accounts.OriginalAccount]:
    """The rehearsal account of the production tree, with its past. Do nothing to it: use `production.copy()`.

    Whoever uses it belongs to the xdist group "rehearsal", so that one worker provisions it once.
    """
    stated = open_project(ROOT / "criteria.toml").stated
    files = [ROOT / each for each in stated.var_files]
    with accounts.apply_root(ROOT / stated.terraform_root, var_files=files) as original:
        yield replace(original, account=original.account.give_past(ROOT / "dags"))


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """An emulated account with nothing in it, to be copied by `zygote.branch()`.

    Whoever uses it belongs to the xdist group "emulator", so that one worker starts it once.
    """
    with start_zygote() as running:
        yield running


@pytest.fixture
def account(zygote: Zygote) -> Iterator[Account]:
    """An emulated account with nothing in it."""
    with zygote.branch() as copy:
        yield copy
