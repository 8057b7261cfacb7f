"""An account with responses by operation; botocore's own models say whether AWS could respond so."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from prodgate.aws.account import Account, Calls
from prodgate.aws.actions import find_refusal
from prodgate.aws.answers import Unreadable
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients

REGION = "ap-northeast-1"
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
ECS_ARN = "arn:aws:ecs:ap-northeast-1:123456789012"
_SESSION = botocore.session.get_session()
_MODELS: dict[str, Any] = {}

Answer = Callable[[Mapping[str, Any]], Any] | Mapping[str, Any] | Exception


def require_possible(service: str, operation: str, answer: Mapping[str, Any]) -> None:
    """Fail unless an answer has the shape that botocore's model of the operation states."""
    if service not in _MODELS:
        _MODELS[service] = _SESSION.get_service_model(service)
    shape = _MODELS[service].operation_model(operation).output_shape
    report: Any = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), f"{service} {operation}: {report.generate_report()}"
    _refuse_unknown(answer, shape, f"{service} {operation}")


def _refuse_unknown(value: Any, shape: Any, where: str) -> None:
    """ParamValidator ignores members that a shape does not have, and values that an enum does not."""
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{where}: has no {unknown}"
        for name, item in value.items():
            _refuse_unknown(item, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value:
            _refuse_unknown(item, shape.member, where)
    elif getattr(shape, "enum", None):
        assert value in shape.enum, f"{where}: {value!r} is none of {shape.enum}"


@dataclass
class Answers:
    """Calls with stated responses; a call without one fails the test."""

    by_operation: dict[str, Answer]
    asked: list[str] = field(default_factory=list)

    def pages(
        self,
        service: str,
        operation: str,
        _region: str,
        parameters: Mapping[str, Any],
        *,
        whole: bool,
    ) -> Sequence[Any]:
        assert find_refusal(service, operation, parameters) == ""
        self.asked.append(operation)
        answer = self.by_operation[f"{service}.{operation}"]
        found = answer(parameters) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        require_possible(service, operation, found)
        return [found]


def _refuse(_: str) -> Any:
    raise Unreadable("nothing is declared here")


@contextmanager
def account(answers: Answers) -> Iterator[Account]:
    with ThreadPoolExecutor(4, thread_name_prefix="calls") as pool:
        yield make_account(answers, pool)


@contextmanager
def looking(endpoint: str, **about: str) -> Iterator[Callable[[], Account]]:
    """Yield a function that returns the account behind an endpoint in its present state."""
    clients = rehearsal_clients(endpoint, about.get("region", REGION), reads=True)
    with ThreadPoolExecutor(8, thread_name_prefix="calls") as pool:
        yield lambda: make_account(LiveCalls(clients), pool, datetime.now(UTC), **about)


def make_account(calls: Calls, pool: ThreadPoolExecutor, now: datetime = NOW, **about: str) -> Account:
    known = {"id": "123456789012", "region": REGION, **about}
    return Account(**known, now=now, calls=calls, pool=pool, declared=_refuse, files=_refuse)


def service(name: str, controller: str = "CODE_DEPLOY") -> dict[str, Any]:
    groups = [f"arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/shop-{name}-{c}/1" for c in "bg"]
    balancer: dict[str, Any] = {"targetGroupArn": groups[0], "containerName": "app", "containerPort": 8080}
    if controller == "ECS":
        rule = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/shop/1/2/3"
        balancer["advancedConfiguration"] = {"alternateTargetGroupArn": groups[1], "productionListenerRule": rule}
    return {
        "serviceArn": f"{ECS_ARN}:service/shop/{name}",
        "serviceName": name,
        "clusterArn": f"{ECS_ARN}:cluster/shop",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "loadBalancers": [balancer],
        "deploymentController": {"type": controller},
        "deploymentConfiguration": {"alarms": {"alarmNames": ["shop-errors"], "rollback": True, "enable": True}},
    }


def listing(*services: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers by which services are found."""
    return {
        "ecs.ListClusters": {"clusterArns": [f"{ECS_ARN}:cluster/shop"]},
        "ecs.ListServices": {"serviceArns": [one["serviceArn"] for one in services]},
        "ecs.DescribeServices": {"services": [dict(one) for one in services]},
    }


def ecs_deployment(name: str, status: str = "SUCCESSFUL", **changes: Any) -> dict[str, Any]:
    """A blue/green deployment by ECS itself, as DescribeServiceDeployments answers."""
    revision = f"{ECS_ARN}:service-revision/shop/{name}"
    return {
        "serviceDeploymentArn": f"{ECS_ARN}:service-deployment/shop/{name}/0000000000000001",
        "serviceArn": f"{ECS_ARN}:service/shop/{name}",
        "clusterArn": f"{ECS_ARN}:cluster/shop",
        "createdAt": datetime(2026, 11, 24, 13, 0, tzinfo=UTC),
        "startedAt": datetime(2026, 11, 24, 13, 0, 2, tzinfo=UTC),
        "updatedAt": datetime(2026, 11, 24, 13, 12, tzinfo=UTC),
        "sourceServiceRevisions": [
            {
                "arn": f"{revision}/1",
                "requestedTaskCount": 0,
                "runningTaskCount": 0,
                "pendingTaskCount": 0,
                "requestedTestTrafficWeight": 0.0,
                "requestedProductionTrafficWeight": 0.0,
            }
        ],
        "targetServiceRevision": {
            "arn": f"{revision}/2",
            "requestedTaskCount": 2,
            "runningTaskCount": 2,
            "pendingTaskCount": 0,
            "requestedTestTrafficWeight": 100.0,
            "requestedProductionTrafficWeight": 100.0,
        },
        "status": status,
        "lifecycleStage": "CLEAN_UP",
        "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10},
        "alarms": {"status": "MONITORING_COMPLETE", "alarmNames": ["shop-errors"]},
        **({"finishedAt": datetime(2026, 11, 24, 13, 12, tzinfo=UTC)} if status == "SUCCESSFUL" else {}),
        **changes,
    }


def ecs_revision(name: str, version: int) -> dict[str, Any]:
    return {
        "serviceRevisionArn": f"{ECS_ARN}:service-revision/shop/{name}/{version}",
        "serviceArn": f"{ECS_ARN}:service/shop/{name}",
        "clusterArn": f"{ECS_ARN}:cluster/shop",
        "taskDefinition": f"{ECS_ARN}:task-definition/shop-{name}:{version}",
        "containerImages": [{"containerName": "app", "imageDigest": f"sha256:{version:064d}", "image": "shop/api"}],
        "createdAt": datetime(2026, 11, 20 + version, tzinfo=UTC),
    }
