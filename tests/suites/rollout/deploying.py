"""A build that is deployed for real in a small account, under requests, and the evidence of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prodgate.facts.rollout.deployed import read_deployed
from prodgate.facts.rollout.deployments import read_newest_deployments
from prodgate.facts.rollout.watched import read_routes
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.layers.rollout.watching import Watch, make_plan, watch_deployment
from prodgate.rehearsal.account import provision
from prodgate.rehearsal.rollout.stage import running_rollout
from prodgate.sections.rollout import ROLLOUT, RolloutSection
from tests.prodgate.facts.rollout.answers import looking
from tests.prodgate.rehearsal.rollout.staged import SHOP

from .harness import Stored

SECTION = ROLLOUT.read(
    {
        "rate": "180 /s", "timeout": "5 s", "limit": "2 min", "poll": "0.25 s",
        "reads": ["/", "/api/stories", "/teams"], "write": "/api/stories/latest/applause",
        "written": "/api/applause/{key}",
    }
)  # fmt: skip
SPEED = 120
#: Suites that judge this evidence, and what it holds nothing of.
SUITES = ("deployments", "services", "traffic", "requests")
ELSEWHERE = {READERS: "not asked here", DRILL: "not asked here"}


def deployed(folder: Path, build: str, *faults: str, section: RolloutSection = SECTION, speed: float = SPEED) -> Stored:
    quiet: Any = lambda _: None  # noqa: E731
    with (
        running_rollout(provision(SHOP), folder, speed=speed, progress=quiet, faults=faults) as rollout,
        looking(rollout.account.endpoint, id=rollout.account.id, region=rollout.account.region) as look,
    ):
        plan = make_plan(section, section.watching, rollout.url, build_header="x-build", slow=0.2)
        watch = Watch(
            place="a shop", look=look, watching=section.watching, plan=plan, folder=folder, tell=quiet, speed=speed
        )

        def deploy() -> Mapping[str, str]:
            return rollout.deploy(build)["deployments"]

        record = watch_deployment(watch, deploy, {})
        account = look()
        return {
            WATCH: [record],
            DEPLOYMENT: [*read_newest_deployments(account)],
            DEPLOYED: [*read_deployed(account, read_routes(account))],
        }
