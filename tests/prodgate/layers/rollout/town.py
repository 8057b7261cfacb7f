"""An account in which CodeDeploy deploys blue/green, one phase after another, while it is looked at."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prodgate.aws.account import Account
from prodgate.aws.answers import Unreadable
from tests.prodgate.facts.rollout.answers import Answer, Answers, listing, make_account, service
from tests.suites.rollout import evidence

TARGET = "aws://prod@ap-northeast-1"
GROUP = {
    "applicationName": "shop",
    "deploymentGroupName": "api",
    "ecsServices": [{"clusterName": "shop", "serviceName": "api"}],
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "shop-errors"}]},
    "deploymentConfigName": "ten-percent",
    "loadBalancerInfo": {
        "targetGroupPairInfoList": [
            {
                "targetGroups": [{"name": "shop-api-b"}, {"name": "shop-api-g"}],
                "prodTrafficRoute": {"listenerArns": [evidence.arn("listener", "app/shop/1/2")]},
            }
        ]
    },
}
BLUE = service("api")["loadBalancers"][0]["targetGroupArn"]
GREEN = BLUE.replace("-b/", "-g/")
#: Seconds after which an awaited thread will not come any more.
LIMIT = 120
RULE = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/shop/1/2/3"


CANARY = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}
ALARM = {
    "AlarmName": "shop-errors",
    "AlarmArn": "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:shop-errors",
    "StateValue": "OK",
    "ActionsEnabled": True,
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "HTTPCode_Target_5XX_Count",
    "Statistic": "Sum",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/shop/1"}],
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@dataclass(frozen=True)
class Phase:
    """The state for a while."""

    status: str = ""
    """Of the deployment; empty before there is one."""
    green: int = 0
    """Share of the traffic, in percent."""
    healthy: tuple[int, int] = (2, 0)
    """Healthy targets of blue and of green."""
    draining: int = 0
    rollback: str = ""
    """Status of the deployment that rolls it back."""


GOOD = (
    Phase("InProgress"),
    Phase("InProgress", healthy=(2, 2)),
    Phase("InProgress", 10, (2, 2)),
    Phase("InProgress", 100, (2, 2)),
    Phase("Succeeded", 100, (0, 2), draining=2),
    Phase("Succeeded", 100, (0, 2)),
)
TAKEN_BACK = (
    Phase("InProgress", healthy=(2, 2)),
    Phase("InProgress", 10, (2, 2)),
    Phase("Failed", 0, (2, 0)),
    Phase("Failed", 0, (2, 0), rollback="InProgress"),
    Phase("Failed", 0, (2, 0), rollback="Succeeded"),
)


@dataclass
class Town:
    """The account. ``deploy`` goes through phases; each lasts for two looks, however late any thread is."""

    phase: Phase = field(default_factory=Phase)
    denied: str = ""
    """An operation without a response, for ``reason``."""
    reason: Exception = field(default_factory=lambda: Unreadable("access denied"))
    others: dict[str, Answer] = field(default_factory=dict)
    """Answers in place of its own."""
    silent: bool = False
    """Whether CloudWatch has no data at all."""
    services: tuple[str, ...] = ("api",)
    """The first is deployed by ``deploy``; what is ``released`` of the others has succeeded at once."""
    released: set[str] = field(default_factory=set)
    looks: int = 0
    made: bool = False
    _more: threading.Condition = field(default_factory=threading.Condition)
    _coming: list[Phase] = field(default_factory=list)
    """The phase of each coming look; afterwards the last one stays."""

    def deploy(self, phases: tuple[Phase, ...]) -> Mapping[str, str]:
        with self._more:
            self.made, self.phase = True, phases[0]
            self._coming = [phase for phase in phases for _ in range(2)]
            assert self._more.wait_for(lambda: not self._coming, LIMIT)
        return {service("api")["serviceArn"]: "d-API00001"}

    def wait_for_looks(self, number: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: self.looks >= number, LIMIT)

    @contextmanager
    def looking(self) -> Iterator[Any]:
        with ThreadPoolExecutor(4, thread_name_prefix="calls") as pool:

            def look() -> Account:
                with self._more:
                    self.looks += 1
                    self.phase = self._coming.pop(0) if self._coming else self.phase
                    self._more.notify_all()
                return make_account(Answers(self._answers()), pool, datetime.now(UTC))

            yield look

    def _answers(self) -> dict[str, Answer]:
        answers: dict[str, Answer] = {
            **listing(*map(service, self.services)),
            "ecs.DescribeServices": lambda asked: {
                "services": [service(arn.split("/")[-1]) for arn in asked["services"]]
            },
            "application-autoscaling.DescribeScalableTargets": {"ScalableTargets": []},
            "cloudwatch.DescribeAlarms": {"MetricAlarms": [ALARM]},
            "cloudwatch.GetMetricData": self._metrics,
            "codedeploy.ListApplications": {"applications": ["shop"]},
            "codedeploy.ListDeploymentGroups": {"applicationName": "shop", "deploymentGroups": [*self.services]},
            "codedeploy.GetDeploymentGroup": lambda asked: {
                "deploymentGroupInfo": _name_group(asked["deploymentGroupName"])
            },
            "codedeploy.ListDeployments": lambda asked: {"deployments": self._list(asked["deploymentGroupName"])},
            "codedeploy.BatchGetDeployments": lambda asked: {
                "deploymentsInfo": [*map(self._describe, asked["deploymentIds"])]
            },
            "codedeploy.GetDeployment": self._deployment,
            "codedeploy.GetDeploymentConfig": {"deploymentConfigInfo": {"trafficRoutingConfig": CANARY}},
            "codedeploy.ListDeploymentTargets": {"targetIds": ["shop:api"]},
            "codedeploy.GetDeploymentTarget": {"deploymentTarget": evidence.deployment("api")["targets"][0]},
            "elbv2.DescribeRules": {"Rules": [{"RuleArn": RULE, "Priority": "1", "Actions": [self._forward()]}]},
            "elbv2.DescribeTargetGroups": {"TargetGroups": [_group(BLUE), _group(GREEN)]},
            "elbv2.DescribeTargetGroupAttributes": {"Attributes": []},
            "elbv2.DescribeTargetHealth": self._health,
        }
        if self.denied:
            answers[self.denied] = self.reason
        return {**answers, **self.others}

    def _deployment(self, asked: Mapping[str, Any]) -> Any:
        if asked["deploymentId"] == "d-BACK00001":
            back = {"deploymentId": "d-BACK00001", "status": self.phase.rollback}
            return {"deploymentInfo": {**self._describe(), **back}}
        return {"deploymentInfo": self._describe(asked["deploymentId"])}

    def _list(self, name: str) -> list[str]:
        made = self.made if name == self.services[0] else name in self.released
        return [f"d-{name.upper()}00001"] if made else []

    def _describe(self, id_: str = "d-API00001") -> dict[str, Any]:
        name = id_.removeprefix("d-").removesuffix("00001").lower()
        row = evidence.deployment(name)["deployment"]
        if name != self.services[0]:
            return row
        info = {"rollbackInfo": {"rollbackDeploymentId": "d-BACK00001"}} if self.phase.rollback else {}
        return {**row, "status": self.phase.status or "Created", **info}

    def _forward(self) -> dict[str, Any]:
        weights = [
            {"TargetGroupArn": BLUE, "Weight": 100 - self.phase.green},
            {"TargetGroupArn": GREEN, "Weight": self.phase.green},
        ]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}

    def _metrics(self, asked: Mapping[str, Any]) -> Any:
        """Requests were counted, and no error, of which CloudWatch then has no data."""
        rows = []
        for query in asked["MetricDataQueries"]:
            seen = query["MetricStat"]["Metric"]["MetricName"] == "RequestCount" and not self.silent
            data = {"Timestamps": [datetime.now(UTC)], "Values": [6000.0]} if seen else {"Timestamps": [], "Values": []}
            rows.append({"Id": query["Id"], "StatusCode": "Complete", **data})
        return {"MetricDataResults": rows}

    def _health(self, asked: Mapping[str, Any]) -> Any:
        blue = asked["TargetGroupArn"] == BLUE
        states = ["healthy"] * self.phase.healthy[0 if blue else 1] + ["draining"] * (
            self.phase.draining if blue else 0
        )
        rows = [{"Target": {"Id": f"10.0.0.{n}"}, "TargetHealth": {"State": state}} for n, state in enumerate(states)]
        return {"TargetHealthDescriptions": rows}


def _name_group(name: str) -> dict[str, Any]:
    return {**GROUP, "deploymentGroupName": name, "ecsServices": [{"clusterName": "shop", "serviceName": name}]}


def _group(arn: str) -> dict[str, Any]:
    balancers = [evidence.arn("loadbalancer", "app/shop/1")]
    return {"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[1], "LoadBalancerArns": balancers}
