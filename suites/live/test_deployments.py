"""Does a new version replace the old one without an outage, and does the old one come back by itself?"""

from prodgate import Criterion, check
from prodgate.facts.live import ServiceDeployment, TargetGroup
from prodgate.semantics.aws_settings import UNCONNECTED
from prodgate.semantics.cloudwatch import list_unfelt

WHOLE = 1


@check(
    "deployment-blue-green",
    remedy="Deploy through a CodeDeploy group with two target groups, or with ECS's own blue/green strategy.",
)
def test_services_deploy_blue_green(service: ServiceDeployment, criterion: Criterion) -> None:
    """Do the new tasks stand behind a second target group before traffic moves to them?"""
    if not service.connected:
        raise criterion.not_applicable(UNCONNECTED)
    rolling = service.shift.rolling
    criterion.hold(not rolling, expected="blue/green behind a listener", observed=rolling)


@check("deployment-bake-time", remedy="Let the deployment group keep the old tasks for longer.", measures="time")
def test_old_tasks_stay_for_a_while(service: ServiceDeployment, criterion: Criterion) -> None:
    """Do the old tasks stay for the agreed time after traffic has moved?"""
    if not service.connected:
        raise criterion.not_applicable(UNCONNECTED)
    if service.shift.stays is None:
        criterion.hold(True, expected=str(criterion.bound), observed="", held="until somebody ends them")
    else:
        criterion.require(service.shift.stays)


@check("deployment-bake-outlasts-alarms", measures="time")
def test_alarms_fire_while_old_tasks_are_there(service: ServiceDeployment, criterion: Criterion) -> None:
    """Can every alarm that rolls a deployment back fire before the old tasks are gone?"""
    if service.shift.rolling:
        raise criterion.not_applicable("no traffic moves from old tasks to new ones")
    if service.spare is None:
        raise criterion.not_applicable("no alarm takes it back, or the old tasks stay until somebody ends them")
    criterion.require(service.spare)


@check("deployment-keeps-capacity", remedy="Set the least healthy percentage of the service's deployments to 100.")
def test_deployments_keep_capacity(service: ServiceDeployment, criterion: Criterion) -> None:
    """Does a rolling deployment keep all the wanted tasks? Blue/green keeps the old ones whole."""
    if not service.shift.rolling:
        raise criterion.not_applicable("deploys blue/green")
    criterion.hold(service.keeps.base >= WHOLE, expected="all the wanted tasks", observed=service.keeps)


@check(
    "deployment-keeps-capacity",
    remedy="Check a path that answers 200 only when the application can serve, with a matcher of successes.",
)
def test_targets_take_traffic_when_they_can_serve(group: TargetGroup, criterion: Criterion) -> None:
    """Do only targets that answer a health check with success take traffic?"""
    criterion.hold(group.checked, expected="a health check", observed="none")
    criterion.exclude(group.lax_codes, expected="success")


@check(
    "deployment-automatic-rollback",
    remedy="Enable rollback on DEPLOYMENT_FAILURE in the deployment group, or the circuit breaker's rollback.",
)
def test_failed_deployments_roll_back(service: ServiceDeployment, criterion: Criterion) -> None:
    """Does a deployment that fails roll back by itself?"""
    criterion.hold(service.shift.rolls_back, expected="rollback of a failure", observed="no automatic rollback")


@check(
    "deployment-alarms-in-rollback",
    remedy="Put alarms on response time and on 5xx answers into the deployment group, with DEPLOYMENT_STOP_ON_ALARM.",
)
def test_alarms_roll_a_deployment_back(service: ServiceDeployment, criterion: Criterion) -> None:
    """Do alarms on response time and on errors, all of which exist, stop a deployment and roll it back?"""
    if not service.connected:
        raise criterion.not_applicable(UNCONNECTED)
    criterion.hold(bool(service.shift.alarms), expected="alarms in the rollback", observed="none that are enabled")
    criterion.exclude(service.lost_alarms, expected="alarms that exist", observed="no alarm of the name {}")
    criterion.exclude(list_unfelt(service.watched), expected="alarms on what users feel", observed="none on {}")
