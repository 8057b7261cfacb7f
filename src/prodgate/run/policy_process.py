"""The process in which a project's policies judge configurations without a run: started by ``prodgate check``.

It reads configurations from files of a folder and writes a journal beside each; who started it counts what is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..evidence.journal import Journal
from ..processes.sources import read_sources_only
from ..sections.judges import find_place
from ..sections.project import Project, load_policies, open_project
from ..semantics.json_texts import read_json
from ..terraform.policy import POLICIES, apply
from ..terraform.serialization import from_json
from .integrity import CHANGED_CRITERIA, describe_criteria, find_changes, take_fingerprint
from .planning import FOLDERS
from .preloading import import_for_judges
from .unloaded import forget_policies, leave_unjudged
from .watching import watch_judgements

#: Name of the file with a configuration.
CONFIGURATION: Final = "configuration.json"
#: Layer that policies answer for.
LAYER: Final = "static"


def main(arguments: Sequence[str]) -> int:
    """Judge the configurations in the folders below one; return 0, or 4 with the mistake on stderr."""
    criteria, folder = map(Path, arguments)
    import_for_judges()
    watch_judgements()
    project = open_project(criteria)
    read_sources_only(project.root, FOLDERS)
    try:
        sound, stated = take_fingerprint(), describe_criteria(project.stated.criteria)
        broken: dict[Path, str] = {}
        load_policies(project.policy_folders(), broken)
        forget_policies(broken)
        for given in sorted(folder.glob(f"*/{CONFIGURATION}")):
            _judge(given, project, broken)
        if changed := find_changes(sound):
            raise UsageError(f"{', '.join(changed)}: was changed by a policy module; leave the gate's code alone")
        if describe_criteria(project.stated.criteria) != stated:
            raise UsageError(CHANGED_CRITERIA)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 4
    return 0


def _judge(given: Path, project: Project, broken: Mapping[Path, str]) -> None:
    journal, configuration = Journal.of(given.parent), from_json(read_json(given.read_bytes()))
    asked = {criterion.id for criterion in project.stated.criteria.values() if LAYER in criterion.layers}
    for file in leave_unjudged(journal, LAYER, broken, asked, project.root, stated=project.stated.criteria):
        raise UsageError(broken[file])
    for policy in POLICIES.values():
        criterion = project.stated.criteria.get(policy.criterion)
        if criterion and LAYER in criterion.layers:
            journal.record_planned(LAYER, policy.id, policy.criterion)
            journal.record_started(LAYER, policy.id, find_place(policy.judge, project.root))
            findings = list(apply(policy, configuration, criterion))
            for finding in findings:
                journal.record_finding(finding)
            journal.record_finished(LAYER, policy.id, len(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
