"""The policy and the live check that CONTRIBUTING shows, added as it says: they decide, and no other file need be touched."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from prodgate.aws.actions import READS
from prodgate.facts.observers import OBSERVERS, import_all
from prodgate.sections.project import open_project
from prodgate.testing import Outcome
from tests.snippets.blocks import list_run_by
from tests.snippets.outputs import commit, copy_tree
from tests.suites.judging import outcomes

from .harness import Observed, Stage, judge_alone, live_checks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CRITERION = "function-concurrency"
PYTHON = (sys.executable, "-m")
#: The right of the gate's role that an operation needs which it has never called; a command writes it.
RIGHT = "terraform/modules/identity/gate-policy.json"
#: A paragraph that names a file last, and what stands below it.
BLOCK = re.compile(
    r"`([\w/.]+\.(?:py|tf|toml))`[^`\n]*:\n\n(?: *<!-- [^\n]+ -->\n)?( *)```\w+\n(.*?)\n\2```", re.DOTALL
)
#: Tests of all that is written in this repository.
HOUSE = (
    ("tests/test_house.py", "tests/test_house_pages.py"),
    ("tests/test_architecture.py", "tests/test_public_api.py", "tests/snippets"),
    (
        "tests/prodgate/aws/test_calls.py", "tests/prodgate/facts/test_discovery.py",
        "tests/prodgate/sections/test_criteria_file.py",
    ),
    ("tests/policies/test_examples.py", "-k", "PG_REC_99"),
)  # fmt: skip


def shown() -> Mapping[str, str]:
    """The files in the sections on a policy and a live check."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    sections = [text.partition(f"\n## Add a {kind}\n")[2].partition("\n## ")[0] for kind in ("policy", "live check")]
    found = {file: dedent(block) + "\n" for each in sections for file, _, block in BLOCK.findall(each)}
    said = [block.text for block in list_run_by(__file__, "CONTRIBUTING.md")]
    assert [text for name, text in found.items() if not name.endswith(".toml")] == said
    return found


def run(folder: Path, *command: str) -> str:
    """Run a command that must succeed on the code in a folder; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}:{folder}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to which the policy and the check were added, and nothing else."""
    made = copy_tree(tmp_path_factory.mktemp("added") / "repository")
    commit(made)
    for name, text in shown().items():
        before = (made / name).read_text("utf-8") if (made / name).exists() else ""
        gap = "\n\n" if name.endswith(".py") else "\n"
        (made / name).write_text(f"{before}{gap if before else ''}{text}", "utf-8")
    (made / RIGHT).write_text(run(made, *PYTHON, "prodgate.cli", "iam-policy"), "utf-8")
    return made


def test_what_the_page_names_is_all(copy: Path) -> None:
    run(copy, "git", "add", "--all")
    touched = run(copy, "git", "diff", "--cached", "--name-only").split()
    assert sorted(touched) == sorted([*shown(), RIGHT])
    assert len(touched) == 7
    files = [name for name in touched if name.endswith(".py")]
    run(copy, *PYTHON, "ruff", "check", *files)
    run(copy, *PYTHON, "ruff", "format", "--check", *files)
    run(copy, *PYTHON, "prodgate.cli", "trace", "--check")


@pytest.mark.parametrize("tests", HOUSE, ids=lambda tests: tests[0])
def test_the_house_stands_with_what_was_added(copy: Path, tests: Sequence[str]) -> None:
    run(copy, "git", "add", "--all")
    run(copy, *PYTHON, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests)


@dataclass(frozen=True)
class Example:
    """The check, and the result of the healthy account, which it judges as well."""

    stage: Stage
    seen: Observed


@pytest.fixture(scope="module")
def example(stage: Stage, copy: Path) -> Iterator[Example]:
    """The check is registered as long as the tests of this module run."""
    packages = {
        "prodgate.facts.live": copy / "src/prodgate/facts/live",
        "tests.suites.live": copy / "tests/suites/live",
    }
    with ExitStack() as undone, pytest.MonkeyPatch.context() as patched:
        for registry in (OBSERVERS, READS):
            undone.enter_context(as_it_was(registry))
        patched.setattr("prodgate.checks._CHECKS", {})
        for name, more in packages.items():
            package = importlib.import_module(name)
            patched.setattr(package, "__path__", [*package.__path__, str(more)])
        import_all("prodgate.facts.live")
        project = open_project(copy / "criteria.toml")
        (check,) = [each for each in live_checks(project) if each.criterion == CRITERION]
        added = replace(stage, project=project, checks=(*stage.checks, check), _asked={})
        yield Example(added, added.observed(stage.account.endpoint))
    for name in ("prodgate.facts.live.functions", "tests.suites.live.test_functions"):
        sys.modules.pop(name, None)


@contextmanager
def as_it_was(registry: MutableMapping[Any, Any]) -> Iterator[None]:
    """Take out again what is registered meanwhile."""
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def test_the_healthy_account_satisfies_it(example: Example) -> None:
    assert [finding.outcome for finding in example.seen.findings[CRITERION]] == [Outcome.SATISFIED] * 2


def test_the_sabotage_turns_it_red(example: Example) -> None:
    (sabotage,) = importlib.import_module("tests.suites.live.test_functions").SABOTAGES
    assert sabotage.breaks == {CRITERION}
    judge_alone(example.stage, example.seen, sabotage)


@pytest.mark.parametrize("operation", ["ListFunctions", "GetFunctionConcurrency"])
def test_without_an_answer_it_is_undetermined(example: Example, operation: str) -> None:
    _, found = example.stage.without(("lambda", operation), example.seen.recording)
    assert outcomes(found)[CRITERION] is Outcome.UNDETERMINED
