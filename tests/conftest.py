"""Fixtures of several layers."""

import os
import signal
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from prodgate.rehearsal import account as accounts
from prodgate.run.revisions import MERGED_INTO
from prodgate.sections.project import open_project
from prodgate.semantics.secret_places import REDACTOR
from tests.prodgate.rehearsal.emulated import Account, Zygote, start_zygote

ROOT = Path(__file__).parents[1]

# the duration of an example depends on the machine
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


#: Folders and files of tests of processes, trees and browsers, which do not depend on the interpreter; one Python is
#: enough.
ONCE = tuple(
    str(ROOT / "tests" / folder)
    for folder in (
        "dags", "e2e", "loadtests", "mutations", "policies", "prodgate/canaries", "prodgate/drills", "prodgate/engines",
        "prodgate/layers/live", "prodgate/layers/static/test_checkov", "prodgate/layers/test_rehearsal",
        "prodgate/load", "prodgate/rehearsal", "prodgate/run/test_moments", "prodgate/run/test_running",
        "prodgate/sealing/test_secrets", "prodgate/terraform/provider", "prodgate/terraform/test_evaluate",
        "suites/live", "suites/rollout", "terraform",
    )
)  # fmt: skip
#: Fixtures of accounts and of trees that Terraform's core evaluates: tests that use them also run in one Python only.
OF_PROCESSES = frozenset({"plant", "production", "zygote"})
#: Marks that each move a test to another environment; both would run a test that carries two, or neither.
ENVIRONMENTS = ("slow", "alone", "differential", "matrix", "zero_downtime", "translations")


#: By xdist group, or by file below this folder.
SECONDS: Mapping[str, float] = tomllib.loads((ROOT / "tests" / "durations.toml").read_text("utf-8"))


@pytest.fixture(autouse=True)
def no_secret_is_remembered() -> Iterator[None]:
    """Keep a test's secrets from other tests."""
    yield
    REDACTOR.known.clear()
    REDACTOR.learn(("plant-to-forget-0",))


def pytest_configure() -> None:
    """Handle Ctrl-C as usual, here and in child processes, although the tests run in the background of a shell.

    And let no test hold its repository against a branch to which a change of ours goes.
    """
    for name in MERGED_INTO:
        os.environ.pop(name, None)
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
    """How long the worker that takes a test will be busy; 0 for the many quick ones."""
    group = item.get_closest_marker("xdist_group")
    return SECONDS.get(group.args[0] if group else item.path.as_posix().removeprefix(f"{ROOT}/tests/"), 0)


@pytest.fixture(scope="session")
def production() -> Iterator[accounts.OriginalAccount]:
    """The rehearsal account of the production tree, with its past. Do nothing to it: use `production.copy()`.

    Its users belong to the xdist group "rehearsal", so that one worker provisions it once.
    """
    stated = open_project(ROOT / "criteria.toml").stated
    files = [ROOT / each for each in stated.var_files]
    with accounts.apply_root(ROOT / stated.terraform_root, var_files=files) as original:
        yield replace(original, account=original.account.give_past(ROOT / "dags"))


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """An empty emulated account, to be copied by `zygote.branch()`.

    Its users belong to the xdist group "emulator", so that one worker starts it once.
    """
    with start_zygote() as running:
        yield running


@pytest.fixture
def account(zygote: Zygote) -> Iterator[Account]:
    """An empty emulated account."""
    with zygote.branch() as copy:
        yield copy
