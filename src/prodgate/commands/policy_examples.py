"""``prodgate test``: whether each of a team's own policies and checks says of its example what the example says."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..checks import Check
from ..criteria import UsageError
from ..report.text import visible
from ..sections.bundled import BUNDLED
from ..sections.project import Project, load_policies, open_project
from ..terraform.diagnostics import TerraformError
from ..terraform.examples import evaluate_examples, find_disagreements
from ..terraform.policy import POLICIES, Policy
from ..terraform.resources import Configuration
from .answering import ask
from .check_examples import try_checks

#: Where examples are, in the folder of the policies; each is called after its policy.
FOLDER = "examples"


def test(args: argparse.Namespace) -> int:
    """Print what came of each policy; return 0 when all is as the examples say, else 1. Raises UsageError."""
    results: Mapping[str, Sequence[str]] = json.loads(ask("test", args.criteria))
    for name, mistakes in results.items():
        sys.stdout.write(f"{visible(name)}: {'wrong' if mistakes else 'right'}\n")
        sys.stdout.writelines(f"    {visible(each)}\n" for each in mistakes)
    wrong = sum(bool(mistakes) for mistakes in results.values())
    sys.stdout.write(f"{len(results) - wrong} of {len(results)} right\n")
    return 1 if wrong else 0


def try_all(criteria: Path, load_checks: Callable[[Path, dict[Path, str]], Iterable[Check]]) -> str:
    """Return what is wrong with each policy and check of a project, by name, and with modules that can't be loaded.

    It imports code of the team, and so runs in a process of its own. Raises UsageError.
    """
    project = open_project(criteria)
    broken: dict[Path, str] = {}
    load_policies(project.policy_folders(), broken)
    own = [policy for policy in POLICIES.values() if project.holds(policy.file) and policy.file not in broken]
    checks = [check for check in load_checks(project.root, broken) if _is_own(check, project)]
    if not own and not checks and not broken:
        raise UsageError(
            f"{project.root / 'policies'}: holds no policies of your own, and suites/ no checks; "
            "docs/tutorial.md writes one"
        )
    whys = {str(path): [why] for path, why in broken.items()}
    return json.dumps({**whys, **dict(_try_policies(own, project)), **dict(try_checks(checks, project))})


def _is_own(check: Check, project: Project) -> bool:
    """Whether a check is a team's own; those that come with the gate are seen red on an account of its own."""
    return project.root != BUNDLED and project.holds(Path(check.function.__code__.co_filename))


def _try_policies(own: Sequence[Policy], project: Project) -> Iterator[tuple[str, list[str]]]:
    examples = {policy.id: project.root / "policies" / FOLDER / f"{policy.id}.tf" for policy in own}
    there = [example for example in examples.values() if example.is_file()]
    try:
        evaluated = evaluate_examples(there) if there else {}
    except TerraformError as error:
        raise UsageError(f"{project.root / 'policies' / FOLDER}: {error}") from error
    for policy in own:
        if policy.id in evaluated:
            text = examples[policy.id].read_text("utf-8")
            yield policy.id, list(_disagree(policy, text, evaluated, project))
        else:
            path = f"policies/{FOLDER}/{policy.id}.tf"
            marked = f"# violates {policy.id}"
            yield policy.id, [f"has no example; write {path} with a resource that keeps it, and one marked {marked}"]


def _disagree(policy: Policy, text: str, evaluated: Mapping[str, Configuration], project: Project) -> Iterator[str]:
    if policy.criterion not in project.stated.criteria:
        yield f"judges criterion {policy.criterion}, which {project.stated.path.name} does not state"
        return
    yield from find_disagreements(policy, text, evaluated[policy.id], project.stated.criteria[policy.criterion])
