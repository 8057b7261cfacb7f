"""The process in which a team's modules are imported to say what is in them: started by ``answering.py``."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..aws.iam_policy import build_drill_policy, build_policy, split
from ..checks import Check, registered_checks
from ..criteria import UsageError
from ..facts.observers import import_all
from ..layers import BUILT
from ..processes.sources import read_sources_only
from ..run.planning import FOLDERS
from ..run.preloading import import_for_judges
from ..sections.criteria_file import load_criteria
from ..sections.project import find_folders, load_facts, load_policies, root_of, suite_files
from ..sections.secrets import list_secrets
from ..terraform.policy import POLICIES
from .explaining import explain
from .policy_examples import try_all


def main(arguments: Sequence[str]) -> int:
    """Write the answer to a file, whole or not at all; return 0, or 4 with the mistake on stderr."""
    question, criteria, answer, *words = arguments
    import_for_judges()
    read_sources_only(root_of(Path(criteria)), FOLDERS)
    try:
        text = QUESTIONS[question](Path(criteria), *words)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 4
    Path(answer).write_text(json.dumps(text), "utf-8")
    return 0


def explain_id(criteria: Path, id_: str) -> str:
    """Explain what an id names, by the policies and suites of a project. Raises UsageError if not all can be loaded."""
    root, file = root_of(criteria), load_criteria(criteria)
    broken: dict[Path, str] = {}
    load_policies(find_folders("policies", root), broken)
    checks = list(load_checks(root, broken))
    live = {name for name, _ in BUILT["live"].concludes(file)}
    try:
        said = explain(id_, file.criteria, POLICIES, checks, find_folders("policies/examples", root), live=live)
    except UsageError as error:
        said = str(error)
        if not broken:
            raise
    if broken:  # what they judge is missing from what is said
        raise UsageError("\n".join([said, *broken.values()]))
    return said


def render_iam_policy(criteria: Path, wanted: str) -> str:
    """Render the policy of the gate's role, with what a project's own facts and the secrets that it names need.

    ``wanted`` is ``drill`` for what a drill needs besides, ``managed`` for a list of managed policies, or empty.
    """
    import_all("prodgate.facts")
    load_facts(root_of(criteria))
    secrets = list_secrets(load_criteria(criteria)) if criteria.exists() else ()
    policy = build_drill_policy() if wanted == "drill" else build_policy(secrets)
    return json.dumps(split(policy) if wanted == "managed" else policy, indent=2)


def load_checks(root: Path, broken: dict[Path, str]) -> Iterator[Check]:
    """Import every suite and yield its checks; why one can't be loaded is noted in ``broken``."""
    load_facts(root, broken)
    for folder in dict.fromkeys(folder for layer in BUILT.values() for folder in layer.folders):
        for path in suite_files(folder, root):
            yield from _import_checks(path, broken)


def _import_checks(path: Path, broken: dict[Path, str]) -> Iterator[Check]:
    before = set(registered_checks())
    within = "suites." if path.parent.parent.name == "suites" else ""
    spec = importlib.util.spec_from_file_location(f"{within}{path.parent.name}.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a suite of any team may fail in any way, also by a skip of pytest's
        broken[path] = f"{path}: can't be loaded: {type(error).__name__}: {error}; mend the module"
        return
    yield from (found for found in registered_checks() if found not in before)


QUESTIONS: Final[Mapping[str, Callable[..., str]]] = {
    "explain": explain_id,
    "iam-policy": render_iam_policy,
    "test": lambda criteria: try_all(criteria, load_checks),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
