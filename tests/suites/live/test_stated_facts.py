"""Checks that no change of the emulated account turns red, judged on facts that are stated: well, and not well."""

from decimal import Decimal
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.facts import Fact, Facts
from prodgate.facts.live import DeployedImage, FrontDoor, RunningService, ServiceDeployment
from prodgate.facts.live.ecs_services import Shift
from prodgate.facts.live.traffic import EdgeTraffic
from prodgate.testing import Outcome

from .harness import Stage

MONTH = Quantity.parse("30 d")


def edge(answered: str, days: Quantity = MONTH, requests: int = 100_000) -> Fact:
    return EdgeTraffic(subject="arn:site", days=days, requests=requests, answered=Quantity.of(Decimal(answered), "%"))


def image(age: str) -> Fact:
    return DeployedImage(subject="news@sha256:1", grave=Quantity.of(0), scan_age=Quantity.parse(age), secrets=())


def door(*ways: str) -> Fact:
    return FrontDoor(subject="arn:lb", guarded=True, strangers=(), unasked=ways)


def alone(*, connected: bool) -> Fact:
    two = Quantity.of(2)
    return RunningService(
        subject="arn:service", connected=connected, desired=two, running=two, healthy=None, unwell=(), strange_images=()
    )


def rolling(*, connected: bool) -> Fact:
    return ServiceDeployment(
        subject="arn:service",
        connected=connected,
        shift=Shift(rolling="rolling deployment", stays=Quantity.of(0, "min"), rolls_back=True, alarms=frozenset()),
        keeps=Quantity.of(100, "%"),
        watched=frozenset(),
        lost_alarms=(),
        spare=None,
    )


@pytest.mark.parametrize(
    ("fact", "check", "criterion", "outcome"),
    [
        (edge("99.95"), "test_requests_were_answered_at_the_edge", "availability", Outcome.SATISFIED),
        (edge("99.8"), "test_requests_were_answered_at_the_edge", "availability", Outcome.NOT_SATISFIED),
        (
            edge("100", Quantity.days(0), 0),
            "test_requests_were_answered_at_the_edge",
            "availability",
            Outcome.UNDETERMINED,
        ),
        (alone(connected=True), "test_targets_of_services_are_healthy", "services-healthy", Outcome.NOT_SATISFIED),
        (alone(connected=False), "test_targets_of_services_are_healthy", "services-healthy", Outcome.NOT_APPLICABLE),
        *(
            (rolling(connected=connected), check, criterion, outcome)
            for connected, outcome in ((True, Outcome.NOT_SATISFIED), (False, Outcome.NOT_APPLICABLE))
            for check, criterion in (
                ("test_services_deploy_blue_green", "deployment-blue-green"),
                ("test_old_tasks_stay_for_a_while", "deployment-bake-time"),
                ("test_alarms_roll_a_deployment_back", "deployment-alarms-in-rollback"),
            )
        ),
        (image("6 d"), "test_scans_of_deployed_images_are_recent", "image-scan-recent", Outcome.SATISFIED),
        (image("8 d"), "test_scans_of_deployed_images_are_recent", "image-scan-recent", Outcome.NOT_SATISFIED),
        (door(), "test_balancers_answer_no_other_distribution", "waf-not-bypassable", Outcome.SATISFIED),
        (
            door("rule 1 of port 443"),
            "test_balancers_answer_no_other_distribution",
            "waf-not-bypassable",
            Outcome.NOT_SATISFIED,
        ),
    ],
)
def test_a_check_concludes_from_what_is_stated(
    stage: Stage, fact: Any, check: str, criterion: str, outcome: Outcome
) -> None:
    found = stage.judged(Facts(known=(fact,)), {type(fact)})[criterion]
    assert [one.outcome for one in found if one.check.endswith(check) and one.subject == fact.subject] == [outcome]
