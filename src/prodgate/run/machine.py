"""What the machine of a run is: figures of different ones are not compared."""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
from importlib.metadata import version
from pathlib import Path


def read_versions() -> dict[str, str]:
    """Return the versions of the gate, of Python and of the system, and the processors that all of it ran on."""
    return {
        "prod-gate": version("prod-gate"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": _describe_processors(),
    }


def _describe_processors() -> str:
    """Return how many processors this process may use, and their model as far as the system tells it."""
    try:
        told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8", "replace"), re.MULTILINE)
    except OSError:
        told = None
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} x {told[1].strip() if told else platform.machine()}"


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
