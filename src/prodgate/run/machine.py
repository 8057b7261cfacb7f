"""The machine of a run, since figures of different machines are not compared, and the programs that a run needs."""

import getpass
import os
import platform
import re
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ..criteria import Criteria
from ..engines.environments import EngineError
from ..engines.programs import MissingProgram, describe_missing, find_programs
from ..load.cgroup import read_quota
from ..processes.progress import Progress
from ..processes.sandbox import describe
from ..sections.criteria_file import CriteriaFile
from ..sections.e2e import SAMPLE
from ..sections.judges import WrittenJudge


def read_versions() -> dict[str, str]:
    """Return the versions of the gate, of Python and of the system, the processors that all of it ran on, and what the
    system keeps confined processes from."""
    return {
        "prod-gate": version("prod-gate"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": _describe_processors(),
        "sandbox": describe(),
    }


def count_processors() -> float:
    """Return how many processors this process may use, within the quota of its control group where there is one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = read_quota()
    return min(usable, quota.processors) if quota else usable


def _describe_processors() -> str:
    """Return how many processors this process may use, and their model as far as the system tells it."""
    try:
        told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8", "replace"), re.MULTILINE)
    except OSError:
        told = None
    return f"{count_processors():g} x {told[1].strip() if told else platform.machine()}"


def name_actor() -> str:
    """Return who runs this: the CI run that says so, else user and host."""
    environment = os.environ
    if environment.get("GITHUB_ACTIONS"):
        keys = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
        server, repository, number = (environment.get(key, "") for key in keys)
        return f"{environment.get('GITHUB_ACTOR', '')} by {server}/{repository}/actions/runs/{number}"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


# ── The programs that a run needs, and the criteria that nobody can judge where one is missing

#: Layers that open pages -> their module with the kinds of evidence that need a browser.
_BROWSING: Final = {"e2e": "facts", "rollout": "kinds"}


def list_needed(stated: CriteriaFile, layers: Collection[str], *, rehearsal: bool) -> list[str]:
    """Return the programs that these layers need of the system."""
    rehearsed = stated.rehearsal is not None and stated.rehearsal.site == SAMPLE and rehearsal
    deploys = "rollout" in layers and rehearsed and stated.rollout is not None
    browses = stated.e2e is not None and ("e2e" in layers or deploys)
    return [name for name, needed in {"Chromium": browses, "HAProxy": deploys}.items() if needed]


def prepare_programs(
    names: Sequence[str],
    criteria: Criteria,
    judges: Mapping[str, Sequence[WrittenJudge]],
    progress: Progress,
    *,
    installs: bool,
) -> None:
    """Install what is missing of some programs if it ``installs`` any; say what is still missing, and what that costs.

    ``criteria`` are those that are judged.
    """
    found = find_programs(names, progress, installs=installs)
    for name, each in found.items():
        if isinstance(each, EngineError):
            progress(str(each))
            progress(f"without {name} stay undetermined: {', '.join(_list_open(name, criteria, judges)) or 'none'}")
    if missing := [name for name, each in found.items() if isinstance(each, MissingProgram)]:
        progress(f"to have {' and '.join(missing)}, type: {describe_missing(missing)}")


def _list_open(name: str, criteria: Criteria, judges: Mapping[str, Sequence[WrittenJudge]]) -> Iterator[str]:
    """Yield the criteria that are undetermined without a program."""
    if name == "HAProxy":
        yield from (id_ for id_, criterion in criteria.items() if "rollout" in criterion.layers)
        return
    for layer, module in _BROWSING.items():
        kinds = import_module(f"prodgate.layers.{layer}.{module}")
        facts = {fact.__name__ for kind in kinds.WITH_BROWSER for fact in kinds.KINDS[kind]}
        asked = (judge.criterion for judge in judges.get(layer, ()) if judge.asks & facts)
        yield from dict.fromkeys(id_ for id_ in asked if id_ in criteria)
