"""Which engines are there: what ``prodgate setup`` makes ready and shows."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..terraform.diagnostics import TerraformError
from ..terraform.runner import find_engine, run
from .environments import EngineError, Progress, python_of

#: Names under which a Chromium may be on PATH.
CHROMIUMS: Final = ("chromium-headless-shell", "chromium", "google-chrome")


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can be used, where it is or what to do; ``needed`` by a layer that is built."""

    name: str
    ready: bool
    detail: str
    needed: bool = True


def engines(progress: Progress) -> Sequence[EngineState]:
    """Make ready what can be made, and say what is there."""
    return (_core(), _checkov(progress), _chromium())


def _core() -> EngineState:
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


def _checkov(progress: Progress) -> EngineState:
    try:
        return EngineState("Checkov", True, str(python_of("checkov", progress).parents[1]))
    except EngineError as error:
        return EngineState("Checkov", False, str(error))


def _chromium() -> EngineState:
    """Say which Chromium there is. No layer that is built needs one yet."""
    named = os.environ.get("PRODGATE_CHROMIUM", "")
    found = next((path for name in ([named] if named else CHROMIUMS) if (path := shutil.which(name))), None)
    if found:
        return EngineState("Chromium", True, found, needed=False)
    reason = f"PRODGATE_CHROMIUM names no program: {named!r}" if named else f"none on PATH ({', '.join(CHROMIUMS)})"
    return EngineState("Chromium", False, f"{reason}; only needed for the e2e layer", needed=False)
