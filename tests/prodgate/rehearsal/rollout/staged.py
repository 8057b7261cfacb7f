"""A small account in which deployments are carried out, as seen by the tests of a rehearsed rollout."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodgate.rehearsal.account import provision
from prodgate.rehearsal.rollout.stage import StagedRollout, running_rollout
from tests.prodgate.rehearsal.readers import Readers, reading

SHOP = Path(__file__).with_name("shop")
#: The declared five minutes of the first step take two and a half seconds.
SPEED = 120


@dataclass
class Staged:
    """A rollout under load."""

    rollout: StagedRollout
    readers: Readers

    def aws(self, service: str) -> Any:
        return self.rollout.account.clients(service)

    def deploy(self, build: str) -> dict[str, Any]:
        """Deploy a build; return how CodeDeploy describes the deployment then, nothing without one."""
        self.readers.forget()
        return self.describe(next(iter(self.rollout.deploy(build)["deployments"].values()), ""))

    def describe(self, id_: str) -> dict[str, Any]:
        if not id_:
            return {}
        return self.aws("codedeploy").get_deployment(deploymentId=id_)["deploymentInfo"]

    def events(self, id_: str) -> dict[str, str]:
        asked = {"deploymentId": id_, "targetId": "shop:shop"}
        target = self.aws("codedeploy").get_deployment_target(**asked)["deploymentTarget"]["ecsTarget"]
        return {one["lifecycleEventName"]: one["status"] for one in target["lifecycleEvents"]}

    def weights(self, port: int = 443) -> dict[str, int]:
        """Return the weights of the live listener by colour."""
        elb = self.aws("elbv2")
        (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (action,) = next(one for one in listeners if one["Port"] == port)["DefaultActions"]
        groups = action["ForwardConfig"]["TargetGroups"]
        return {one["TargetGroupArn"].split("/")[1].removeprefix("shop-"): one["Weight"] for one in groups}

    def health(self) -> dict[str, list[str]]:
        """Return the states of the targets by colour."""
        elb = self.aws("elbv2")
        return {
            one["TargetGroupName"].removeprefix("shop-"): [
                row["TargetHealth"]["State"]
                for row in elb.describe_target_health(TargetGroupArn=one["TargetGroupArn"])["TargetHealthDescriptions"]
            ]
            for one in elb.describe_target_groups()["TargetGroups"]
        }

    def live(self) -> str:
        """Return the colour that has all of the traffic."""
        (colour,) = (colour for colour, weight in self.weights().items() if weight == 100)
        return colour

    def service(self) -> dict[str, Any]:
        return self.aws("ecs").describe_services(cluster="shop", services=["shop"])["services"][0]

    def metrics(self) -> set[str]:
        """Return the names of the metrics that the load balancer reported."""
        found = self.aws("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB")["Metrics"]
        return {one["MetricName"] for one in found}

    def until(self, holds: Callable[[], object], limit: float = 120) -> None:
        end = time.monotonic() + limit
        while not holds():
            assert time.monotonic() < end, "it did not come to hold"
            time.sleep(0.02)


@contextmanager
def staged(logs: Path, *faults: str, speed: float = SPEED, connections: int = 3) -> Iterator[Staged]:
    """Run blue under the load of some connections while the context is open."""
    quiet: Callable[[str], None] = lambda _: None  # noqa: E731
    with (
        running_rollout(provision(SHOP), logs, speed=speed, progress=quiet, faults=faults) as rollout,
        reading(rollout.url, connections) as by,
    ):
        found = Staged(rollout, by)
        by.wait_for("blue", 20)
        yield found


def all_of(names: Sequence[str], status: str) -> dict[str, str]:
    return dict.fromkeys(names, status)
