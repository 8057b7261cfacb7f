"""Every status that AWS's own models list has a meaning, and one that they do not list has none."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.states import OVER, State, read_codedeploy_state, read_ecs_state


def statuses(service: str, shape: str) -> list[str]:
    """What botocore's model says that a status may be."""
    found: Any = botocore.session.get_session().get_service_model(service).shape_for(shape)
    return list(found.enum)


def test_every_status_of_ecs_is_known() -> None:
    states = {status: read_ecs_state(status) for status in statuses("ecs", "ServiceDeploymentStatus")}
    over = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
    assert {status for status, state in states.items() if state in OVER} == over


def test_every_status_of_codedeploy_is_known() -> None:
    states = {
        each: read_codedeploy_state({"status": each}, None) for each in statuses("codedeploy", "DeploymentStatus")
    }
    assert {status for status, state in states.items() if state in OVER} == {"Succeeded", "Failed", "Stopped"}


@pytest.mark.parametrize("ended", ["Failed", "Stopped"])
@pytest.mark.parametrize(
    ("back", "state"),
    [
        ("Created", State.ROLLING_BACK),
        ("InProgress", State.ROLLING_BACK),
        ("Succeeded", State.ROLLED_BACK),
        ("Failed", State.ROLLBACK_FAILED),
        ("Stopped", State.ROLLBACK_FAILED),
    ],
)
def test_a_deployment_that_another_takes_back_is_what_became_of_that(ended: str, back: str, state: State) -> None:
    assert read_codedeploy_state({"status": ended}, {"status": back}) == state


def test_a_status_that_aws_adds_tomorrow_is_no_state() -> None:
    for read in (read_ecs_state, lambda status: read_codedeploy_state({"status": status}, None)):
        with pytest.raises(Unreadable, match="'PAUSED' .* none that this version knows"):
            read("PAUSED")
    with pytest.raises(Unreadable, match="'PAUSED'"):
        read_codedeploy_state({"status": "Failed"}, {"status": "PAUSED"})
