"""Which engines are available: what ``prodgate setup`` makes ready and shows."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..processes.progress import Progress
from ..terraform.diagnostics import TerraformError
from ..terraform.runner import find_engine, run
from .chromium import PACKAGES, ensure_chromium, find_chromium, find_shell_of_playwright
from .environments import EngineError, ensure_python
from .haproxy import ensure_haproxy

#: The environment of the newest Airflow that Amazon MWAA is known to run.
AIRFLOW: Final = "airflow-3.0.6"


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can be used, where it is or what to do; ``needed`` by a layer that is built."""

    name: str
    ready: bool
    detail: str
    needed: bool = True


def check_engines(progress: Progress, *, fetches: bool = True) -> Sequence[EngineState]:
    """Make ready what can be, and return the state of every engine. Without ``fetches`` no program is downloaded."""
    return (
        _check_core(),
        *make_environments(progress),
        _check_chromium(progress) if fetches else _look_for_chromium(),
        _check_haproxy(progress, fetches),
    )


def make_environments(progress: Progress) -> Sequence[EngineState]:
    """Make ready the engines that are packages of Python, and return their states."""
    return _make_ready("Checkov", "checkov", progress), _make_ready("Airflow", AIRFLOW, progress)


def _check_core() -> EngineState:
    try:
        engine = find_engine(os.environ)
        with tempfile.TemporaryDirectory(prefix="prodgate-") as place:
            settings = {"CHECKPOINT_DISABLE": "1", "HOME": place, "PATH": os.environ.get("PATH", "")}
            done = run((*engine.command, "version", "-json"), cwd=Path(place), environment=settings, limit=60)
        version = json.loads(done.stdout)["terraform_version"]
    except TerraformError as error:
        return EngineState("Terraform core", False, str(error))
    except (ValueError, KeyError):
        return EngineState("Terraform core", False, f"{engine.source} tells no version: {done.stderr.strip()[-300:]}")
    return EngineState("Terraform core", True, f"{version} ({engine.source})")


def _make_ready(title: str, name: str, progress: Progress) -> EngineState:
    """Make the environment of an engine, unless it is there."""
    try:
        return EngineState(title, True, str(ensure_python(name, progress).parents[1]))
    except EngineError as error:
        return EngineState(title, False, str(error))


def _check_chromium(progress: Progress) -> EngineState:
    try:
        found = ensure_chromium(progress)
    except EngineError as error:
        return EngineState("Chromium", False, str(error))
    return EngineState("Chromium", True, found.program or f"kept by {found.source}")


def _look_for_chromium() -> EngineState:
    try:
        found = find_chromium() or find_shell_of_playwright()
    except EngineError as error:
        return EngineState("Chromium", False, str(error))
    if found is None:
        wanted = f"is not on PATH; install {' and '.join(PACKAGES)} from your mirror, or set PRODGATE_CHROMIUM"
        return EngineState("Chromium", False, wanted)
    return EngineState("Chromium", True, found.program)


def _check_haproxy(progress: Progress, fetches: bool) -> EngineState:
    try:
        found = ensure_haproxy(progress, root=None if fetches else False)
    except EngineError as error:
        return EngineState("HAProxy", False, str(error))
    return EngineState("HAProxy", True, f"{found.version} ({found.program})")
