"""The jobs of the deploy workflow, and what they did at AWS."""

from __future__ import annotations

import json
from pathlib import Path

from tests.workflows.runner import read_jobs
from tests.workflows.stage import Stage

DEPLOY = read_jobs("deploy.yml")


BEFORE = ("tests", "gate", "sign", "plan")


JOBS = (*BEFORE, "deploy", "verify", "roll-back")


COMPONENTS = ("api", "frontend")


def ids(stage: Stage) -> list[str]:
    return [stage.deployments(component)[-1]["deploymentId"] for component in COMPONENTS]


def done_at_aws(stage: Stage) -> list[str]:
    """What was asked of AWS, but for what the way back asks to see whether anything was deployed."""
    looks = ("aws deploy list-deployments", "aws deploy get-deployment")
    return [one for one in stage.machine.commands if one.startswith("aws") and not one.startswith(looks)]


def prepare(stage: Stage, **files: str) -> Path:
    """Give the job of the way back what the deploy would hand to it."""
    work = stage.machine.work(DEPLOY["roll-back"])
    for name, text in {"release.json": json.dumps(stage.release), **files}.items():
        (work / name.replace("_", ".")).write_text(text)
    return work
