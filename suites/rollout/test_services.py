"""Does every service run the deployed version, healthy and complete?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.deployed import DeployedService


@check(
    "services-healthy", remedy="Look at the service's events and its stopped tasks: they say why a task did not stay."
)
def test_all_tasks_run_after_the_deploy(service: DeployedService, criterion: Criterion) -> None:
    """Does the service run its desired tasks after the deployment, with a healthy target for each?"""
    wanted = service.desired.base > 0 and service.running == service.desired
    criterion.hold(wanted, expected=f"{service.desired} tasks", observed=f"{service.running} of {service.desired}")
    criterion.exclude(service.unwell, expected="healthy targets")
    enough = service.healthy.base >= service.desired.base
    criterion.hold(enough, expected=f"{service.desired} healthy targets", observed=service.healthy)


@check(
    "services-on-intended-image",
    remedy="Find out what put the other version there: a rollback, or a task that somebody started by hand.",
)
def test_tasks_run_what_was_deployed(service: DeployedService, criterion: Criterion) -> None:
    """Does every task run the task definition and the image of the last deployment?"""
    criterion.exclude(service.strange, expected="what was deployed")
