"""Are the services as large as agreed, do they scale, and is every task healthy and of the intended version?"""

from prodgate import Criterion, check
from prodgate.facts.live import RunningService, Service
from prodgate.semantics.aws_settings import UNCONNECTED, is_fargate


@check("ecs-fargate", remedy="Move the service to Fargate, with plain Fargate for its least number of tasks.")
def test_services_run_on_fargate(service: Service, criterion: Criterion) -> None:
    """Does the service run on Fargate, and not on Spot alone, which may vanish at two minutes' notice?"""
    observed = ", ".join(sorted(service.providers))
    criterion.hold(is_fargate(service.providers), expected="FARGATE", observed=observed)


@check("ecs-task-cpu", remedy="Deploy a task definition with this cpu.", measures="cpu units")
def test_tasks_have_the_stated_cpu(service: Service, criterion: Criterion) -> None:
    """Does a task of the service have the stated CPU?"""
    criterion.require(service.task.cpu)


@check("ecs-task-memory", remedy="Deploy a task definition with this memory.", measures="size")
def test_tasks_have_the_stated_memory(service: Service, criterion: Criterion) -> None:
    """Does a task of the service have the stated memory?"""
    criterion.require(service.task.memory)


@check(
    "ecs-least-tasks",
    remedy="Raise the desired count, and the least of the service's scalable target.",
    measures="count",
)
def test_services_keep_enough_tasks(service: Service, criterion: Criterion) -> None:
    """Does the service want enough tasks, also after scaling in?"""
    criterion.require(service.least)


@check(
    "ecs-auto-scaling",
    remedy="Register a scalable target with a greatest number above the least, and a policy on it that scales out.",
)
def test_services_scale_out(service: Service, criterion: Criterion) -> None:
    """Does a policy scale the service out, and is there room above its minimum number of tasks?"""
    scaling = service.scaling
    criterion.hold(scaling is not None, expected="a scalable target", observed="none")
    if scaling is not None:
        criterion.hold(not scaling.suspended, expected="scaling out", observed="suspended")
        criterion.hold(bool(scaling.policies), expected="a scaling policy", observed="none")


@check("ecs-auto-scaling", remedy="Raise the greatest number of tasks of the service's scalable target.")
def test_services_have_room_to_grow(service: Service, criterion: Criterion) -> None:
    """May there be more tasks than the minimum number?"""
    room = service.scaling.room.base if service.scaling else 0
    criterion.hold(room > 0, expected="a greatest number above the least", observed=f"{room} tasks more")


@check(
    "services-healthy", remedy="Look at the service's events and its stopped tasks: they say why a task did not stay."
)
def test_services_run_the_tasks_they_want(service: RunningService, criterion: Criterion) -> None:
    """Does the service run as many tasks as it wants?"""
    wanted = service.desired.base > 0 and service.running == service.desired
    criterion.hold(wanted, expected=f"{service.desired} tasks", observed=f"{service.running} of {service.desired}")


@check("services-healthy", remedy="Ask the health check's path of the target, and look at its security group and log.")
def test_targets_of_services_are_healthy(service: RunningService, criterion: Criterion) -> None:
    """Are all targets of the service healthy, and as many as its desired tasks?"""
    criterion.exclude(service.unwell, expected="healthy targets")
    if not service.connected:
        raise criterion.not_applicable(UNCONNECTED)
    enough = service.healthy is not None and service.healthy.base >= service.desired.base
    criterion.hold(
        enough,
        expected=f"{service.desired} healthy targets",
        observed=service.healthy or "no load balancer sends to it",
    )


@check(
    "services-on-intended-image",
    remedy="Deploy the digest that Terraform states, or state the one that was deployed; a rollback changes neither.",
)
def test_tasks_run_the_intended_image(service: RunningService, criterion: Criterion) -> None:
    """Does every container of every task run the image that the project states?"""
    strange = service.strange_images
    criterion.exclude(strange, expected="the digests that are declared")
