"""The process in which a team's modules are imported to say what is in them: started by ``answering.py``."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..aws.actions import Named, build_drill_policy, build_policy, find_lacks, split
from ..criteria import UsageError
from ..facts.observers import import_all
from ..processes.sandbox import confine
from ..processes.sources import read_sources_only
from ..run.planning import FOLDERS
from ..sections.criteria_file import list_buckets, list_secrets, load_criteria
from ..sections.project import load_facts, root_of
from .explaining import explain_id, load_checks
from .policy_examples import try_all


def main(arguments: Sequence[str]) -> int:
    """Write the answer to a file, whole or not at all; return 0, or 4 with the mistake on stderr."""
    question, criteria, answer, *words = arguments
    read_sources_only(root_of(Path(criteria)), FOLDERS)
    if question != "test":  # which starts Terraform core
        confine(write=[Path(answer).parent], processes=0)
    try:
        text = QUESTIONS[question](Path(criteria), *words)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 4
    Path(answer).write_text(json.dumps(text), "utf-8")
    return 0


def render_iam_policy(criteria: Path, wanted: str, given: str) -> str:
    """Render the policy of the gate's role, with what a project's own facts and its criteria need, and what it lacks.

    ``wanted`` is ``drill`` for what a drill needs besides, ``managed`` for a list of managed policies, or empty;
    ``given`` is JSON of the buckets, keys and queues that are named.
    """
    import_all("prodgate.facts")
    load_facts(root_of(criteria))
    stated = load_criteria(criteria) if criteria.exists() else None
    referred = {"secrets": list_secrets(stated), "listed": list_buckets(stated)} if stated else {}
    named = Named(**json.loads(given), **referred)
    policy = build_drill_policy(named) if wanted == "drill" else build_policy(named)
    lacks = find_lacks(named, drill=wanted == "drill") if stated is None or stated.airflow else ""
    return json.dumps({"policy": split(policy) if wanted == "managed" else policy, "lacks": lacks})


QUESTIONS: Final[Mapping[str, Callable[..., str]]] = {
    "explain": explain_id,
    "iam-policy": render_iam_policy,
    "test": lambda criteria: try_all(criteria, load_checks),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
