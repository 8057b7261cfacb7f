"""Finds the HAProxy that stands for a load balancer in a rehearsed deployment, and installs one where there is none."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..processes.progress import Progress
from .environments import EngineError
from .system_packages import LIMIT, Run, install_commands, last_line, run_program

#: Where systems keep it; PATH of who is not root often lacks it.
_PLACES: Final = "/usr/sbin:/usr/local/sbin"
#: Seconds in which it says its version.
_BRIEF: Final = 30.0
#: The oldest whose runtime interface does all that is asked of it.
OLDEST: Final = (2, 4)


@dataclass(frozen=True, slots=True)
class HAProxy:
    """A HAProxy: ``program`` is its path."""

    program: str
    version: str


def ensure_haproxy(
    progress: Progress, environment: Mapping[str, str] = os.environ, *, run: Run | None = None, root: bool | None = None
) -> HAProxy:
    """Return a HAProxy, installed from the system's packages as root where there is none. Raises EngineError."""
    run, root = run or run_program, os.geteuid() == 0 if root is None else root
    program, tried = _find(environment), "this user may install none"
    if not program:
        for command in install_commands(("haproxy",), environment, root):
            progress("getting HAProxy with apt-get; this takes a minute, once")
            code, told = run(command, LIMIT)
            tried = f"apt-get: {last_line(told)}"
            if code:
                break
        program = _find(environment)
    if not program:
        raise EngineError(
            f"no HAProxy: haproxy is not on PATH, and could not be had ({tried}); set PRODGATE_HAPROXY, or run "
            "as root: apt-get install haproxy"
        )
    return HAProxy(program, _read_version(program, run))


def _find(environment: Mapping[str, str]) -> str:
    """Return the path of a HAProxy, "" without one. Raises EngineError when what is named is none."""
    if named := environment.get("PRODGATE_HAPROXY", ""):
        if not (path := shutil.which(named)):
            raise EngineError(f"PRODGATE_HAPROXY: {named!r} is no program; name HAProxy's, or unset it")
        return path
    return shutil.which("haproxy", path=f"{environment.get('PATH', '')}:{_PLACES}") or ""


def _read_version(program: str, run: Run) -> str:
    code, told = run((program, "-v"), _BRIEF)
    found = re.search(r"HAProxy version (\d+)\.(\d+)\S*", told)
    if code or not found:
        raise EngineError(f"{program}: tells no version of HAProxy: {last_line(told)}; set PRODGATE_HAPROXY to one")
    if (int(found[1]), int(found[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise EngineError(f"{program}: {found[0]} is too old; set PRODGATE_HAPROXY to {wanted} or newer")
    return found[0].removeprefix("HAProxy version ")
