"""Records of watches, kept beside the runs of the gate, as those of drills are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ...evidence import runs
from ...evidence.artifacts import load_json

#: Folder beside the runs in which watches leave their records.
FOLDER: Final = "watches"
#: Kind of the fact that holds the record of a watch.
KIND: Final = "watched deployment"
#: Kind of the fact that holds the record of a drill of rollbacks.
DRILL: Final = "rollback drill"
#: Kind of the fact that holds the record of a migration that was made to fail.
FAILED_MIGRATION: Final = "failed migration"


def ids_of(deployments: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the id of the deployment in each of the stored answers, by its service."""
    found: dict[str, str] = {}
    for answers in deployments:
        row = answers.get("deployment", {})
        if id_ := row.get("serviceDeploymentArn") or row.get("deploymentId"):
            found[answers["service"]["serviceArn"]] = id_
    return found


def find_watches(runs_folder: Path, target: str, ids: Mapping[str, str]) -> tuple[list[Mapping[str, Any]], str]:
    """Return the newest record of a watch of each of these deployments on a target, and which nobody watched.

    A watch that was cut short, or whose record was changed, does not count.
    """
    missing, found = set(ids.values()), list[Mapping[str, Any]]()
    for record in _list_records(runs_folder / FOLDER, target, KIND) if missing else ():
        if seen := missing & set(record.get("ids", {}).values()):
            found.append(record)
            missing -= seen
        if not missing:
            break
    named = ", ".join(sorted(id_.rpartition("/")[2] for id_ in missing))
    if not missing and ids:
        return found, ""
    return (
        found,
        f"nobody watched {named or 'the last deployment'}; watch the next: prodgate watch deploy --next {target}",
    )


def find_rollback_drill(folder: Path, target: str) -> Mapping[str, Any] | None:
    """Return the record of the newest drill of rollbacks on a target; None when there is none."""
    return next(iter(_list_records(folder, target, DRILL)), None)


def find_failed_migration(runs_folder: Path, target: str) -> Mapping[str, Any] | None:
    """Return the newest record of a migration that was made to fail on a target; None when there is none."""
    return next(iter(_list_records(runs_folder / FOLDER, target, FAILED_MIGRATION)), None)


def _list_records(folder: Path, target: str, kind: str) -> Iterable[Mapping[str, Any]]:
    path = runs.latest(folder)
    while path is not None:
        with suppress(runs.RunError, LookupError):
            run = runs.read(path)
            for fact in run.facts if run.finished and run.about["target"] == target else ():
                if fact["kind"] == kind:
                    yield load_json(path, fact["digest"])
        path = runs.latest(folder, before=path)
