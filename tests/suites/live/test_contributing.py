"""The live check that CONTRIBUTING shows, added as it says: it decides, and no other file need be touched."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping
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

from .harness import Observed, Stage, judge_alone, live_checks, outcomes

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CRITERION = "function-concurrency"
#: The right of the gate's role that an operation needs which it has never called; a command writes it.
RIGHT = "terraform/modules/identity/gate-policy.json"
#: A paragraph that ends with the name of a file, and what stands below it.
BLOCK = re.compile(r"`([\w/.]+\.(?:py|toml))`:\n\n(?: *<!-- [^\n]+ -->\n)?( *)```\w+\n(.*?)\n\2```", re.DOTALL)
#: Tests of all that is written in the package, the suites and the criteria.
GUARDS = (
    "-k", "not worker and not limit",  # tests of how tests are run, which take longer than all others
    "tests/prodgate/aws/test_actions.py", "tests/prodgate/facts/test_discovery.py", "tests/prodgate/test_criteria.py",
    "tests/test_house.py", "tests/test_public_api.py",
)  # fmt: skip


def shown() -> Mapping[str, str]:
    """What the section shows, by the file that it belongs to."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.partition("\n## Add a live check\n")[2].partition("\n## ")[0]
    found = {file: dedent(block) + "\n" for file, _, block in BLOCK.findall(section)}
    said = [block.text for block in list_run_by(__file__, "CONTRIBUTING.md")]
    assert [text for name, text in found.items() if name.endswith(".py")] == said
    return found


def run(folder: Path, *command: str) -> str:
    """Run a command that must succeed on the code in a folder; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}:{folder}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the check was added."""
    made = tmp_path_factory.mktemp("repository")
    listed = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in listed:
        if (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, made / name)
    run(made, "git", "init", "--quiet")
    run(made, "git", "add", "--all")
    for name, text in shown().items():
        before = (made / name).read_text("utf-8") + "\n" if name.endswith(".toml") else ""
        (made / name).write_text(before + text, "utf-8")
    return made


def test_three_files_and_the_criterion_are_all(copy: Path) -> None:
    python = (sys.executable, "-m")
    (copy / RIGHT).write_text(run(copy, *python, "prodgate.cli", "iam-policy"), "utf-8")
    files = [name for name in shown() if name.endswith(".py")]
    touched = run(copy, "git", "ls-files", "--modified", "--others", "--exclude-standard").split()
    assert len(files) == 3
    assert sorted(touched) == sorted([*files, "criteria/infrastructure.toml", RIGHT])
    run(copy, *python, "ruff", "check", *files)
    run(copy, *python, "ruff", "format", "--check", *files)
    run(copy, *python, "prodgate.cli", "trace", "--check")
    run(copy, *python, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *GUARDS)


@dataclass(frozen=True)
class Example:
    """The check, and how the healthy account fared that is judged by it, too."""

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
