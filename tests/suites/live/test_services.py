"""Ways to spoil services and what they run, and the checks that see it."""

from collections.abc import Callable

from .harness import Aws, Sabotage
from .releasing import API, CLUSTER, image_released, pushed, released

PLACE = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{API}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
YESTERDAY = "sha256:" + "1" * 64


def updated(**changes: object) -> Callable[[Aws], object]:
    return lambda aws: aws("ecs").update_service(cluster=CLUSTER, service=API, **changes)


def scaled(**limits: object) -> Callable[[Aws], object]:
    return lambda aws: aws("application-autoscaling").register_scalable_target(**PLACE, **limits)


def drop_policies(aws: Aws) -> None:
    scaling = aws("application-autoscaling")
    for policy in scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]:
        if policy["ResourceId"] == PLACE["ResourceId"]:
            scaling.delete_scaling_policy(PolicyName=policy["PolicyName"], **PLACE)


def stop_a_task(aws: Aws) -> None:
    task = aws("ecs").list_tasks(cluster=CLUSTER, serviceName=API)["taskArns"][0]
    aws("ecs").stop_task(cluster=CLUSTER, task=task)


def take_a_target_out(aws: Aws) -> None:
    elb = aws("elbv2")
    group = aws("ecs").describe_services(cluster=CLUSTER, services=[API])["services"][0]["loadBalancers"][0]
    arn = group["targetGroupArn"]
    target = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["Target"]
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": target["Id"]}])


def run_yesterdays_image(aws: Aws) -> None:
    pushed(aws, YESTERDAY, "yesterday", {"config": {"Env": ["PATH=/usr/bin"]}})
    image_released(lambda reference: f"{reference.partition('@')[0]}@{YESTERDAY}")(aws)


SABOTAGES = (
    Sabotage(
        "tasks on capacity that may vanish",
        breaks={"ecs-fargate"},
        by=updated(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}]),
    ),
    Sabotage("a task with half the CPU", breaks={"ecs-task-cpu"}, by=released(cpu="512")),
    Sabotage("a task with twice the memory", breaks={"ecs-task-memory"}, by=released(memory="4096")),
    Sabotage("a service may shrink to one task", breaks={"ecs-least-tasks"}, by=scaled(MinCapacity=1, MaxCapacity=10)),
    Sabotage("a service of one task", breaks={"ecs-least-tasks"}, by=updated(desiredCount=1)),
    Sabotage("nothing scales a service", breaks={"ecs-auto-scaling"}, by=drop_policies),
    Sabotage("a service has no room to grow", breaks={"ecs-auto-scaling"}, by=scaled(MinCapacity=2, MaxCapacity=2)),
    Sabotage(
        "scaling out is suspended",
        breaks={"ecs-auto-scaling"},
        by=scaled(MinCapacity=2, MaxCapacity=10, SuspendedState={"DynamicScalingOutSuspended": True}),
    ),
    Sabotage("a task is gone", breaks={"services-healthy"}, by=stop_a_task),
    Sabotage("the load balancer has lost a task", breaks={"services-healthy"}, by=take_a_target_out),
    Sabotage("yesterday's image runs", breaks={"services-on-intended-image"}, by=run_yesterdays_image),
)
