"""A drill in a process of its own, on an emulated account that stands for a real one, which a signal ends on the way.

``python -m tests.prodgate.drills.killed ENDPOINT OPERATION@NUMBER:before|after:SIGNAL WORDS…``; ``::`` is no signal.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

from prodgate import cli
from prodgate.aws import sessions
from prodgate.aws.clients import rehearsal_clients
from prodgate.drills import dag, rollback
from prodgate.drills.rollback import BUILDS
from prodgate.facts.dags.failures import FailureDestinations
from tests.prodgate.canaries.fake import FakeAirflow
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

TARGET = f"aws://prod@{REGION}"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/news"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api"
SERVICE = {"serviceArn": ARN, "serviceName": "api", "clusterArn": CLUSTER}
SPEC = json.dumps(
    {
        "version": 0.0,
        "Resources": [{"TargetService": {"Properties": {"TaskDefinition": "arn:old:7", "LoadBalancerInfo": {}}}}],
        "Hooks": [{"AfterAllowTestTraffic": "arn:hook"}],
    }
)
DEPLOYMENT = {
    "deploymentId": "d-1",
    "applicationName": "news",
    "deploymentGroupName": "api",
    "revision": {"appSpecContent": {"content": SPEC}},
}
NEWEST = {"service": SERVICE, "carrier": "CODE_DEPLOY", "deployment": DEPLOYMENT}


class Interrupting:
    """Clients with an event before or after one of their calls."""

    def __init__(
        self, clients: Callable[..., Any], operation: str, act: Callable[[], object], *, after: bool, number: int = 1
    ) -> None:
        self.clients, self.operation, self.act, self.after, self.left = clients, operation, act, after, number

    def __call__(self, service: str, region: str = "") -> Any:
        return _Client(self, self.clients(service, region))


class _Client:
    def __init__(self, owner: Interrupting, client: Any) -> None:
        self._owner, self._client = owner, client

    def __getattr__(self, name: str) -> Any:
        found, owner = getattr(self._client, name), self._owner
        if name != owner.operation:
            return found

        def call(**params: Any) -> Any:
            owner.left -= 1
            answer = found(**params) if owner.after or owner.left else None
            if not owner.left:
                owner.act()
            return answer or found(**params)

        return call


@contextmanager
def scene(_: object) -> Iterator[Mock]:
    """A setting in which a deployment can be followed."""
    yield Mock(place="a test")


def deploys(account: Account) -> None:
    """Let CodeDeploy deploy a service whose task definitions have the names of a drill's builds."""
    account("codedeploy").create_application(applicationName="news", computePlatform="ECS")
    account("ecs").create_cluster(clusterName="news")
    for family in ("old", *BUILDS):
        container = {"name": "api", "image": "api", "memory": 64}
        account("ecs").register_task_definition(family=family, containerDefinitions=[container])
    account("ecs").create_service(cluster="news", serviceName="api", taskDefinition="old", desiredCount=0)
    role, there = f"arn:aws:iam::{ACCOUNT}:role/deploys", [{"clusterName": "news", "serviceName": "api"}]
    named = {"applicationName": "news", "deploymentGroupName": "api"}
    account("codedeploy").create_deployment_group(**named, serviceRoleArn=role, ecsServices=there)


def serving(account: Account) -> str:
    (service,) = account("ecs").describe_services(cluster="news", services=["api"])["services"]
    return str(service["taskDefinition"].rpartition("/")[2].partition(":")[0])


def main() -> int:
    endpoint, kill, *words = sys.argv[1:]
    (_, when, by), (operation, _, number) = kill.split(":"), kill.split(":")[0].partition("@")
    clients: Any = Interrupting(
        rehearsal_clients(endpoint, REGION),
        operation,
        lambda: os.kill(os.getpid(), signal.Signals[by]),
        after=when == "after",
        number=int(number or 1),
    )
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:failures"
    there = FailureDestinations(environment="news", queue=f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", topic=topic)
    account = Account(endpoint)

    def watch(_context: object, _scene: object, deploy: Callable[[], object]) -> Mapping[str, Any]:
        from tests.suites.rollout.evidence import drilled

        deploy()
        return drilled(serving(account))

    stand_ins: Mapping[Any, Mapping[str, Any]] = {
        sessions: {"open_for_drill": lambda *_: clients, "open_account": lambda *_: None},
        dag: {
            "find_failure_destinations": lambda *_: there,
            "AirflowCanaries": lambda _: FakeAirflow(account, f"{endpoint}/{ACCOUNT}/dead", topic),
        },
        rollback: {"open_scene": scene, "read_newest_deployments": lambda _: [NEWEST], "watch_own": watch},
    }
    for module, members in stand_ins.items():
        for name, value in members.items():
            setattr(module, name, value)
    return cli.main(words)


if __name__ == "__main__":
    sys.exit(main())
