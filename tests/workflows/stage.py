"""A copy of the rehearsal account, and a machine that runs our workflows on it.

``aws`` is AWS's own command line (``aws_server.py``), and ``bash``, ``git``, ``jq`` and all of coreutils are themselves. In place of others the
tests have programs of their own, which note what they are asked:

- ``pipx``: its environments of tox are the gate and all tests. Targets on AWS refuse the endpoint of an emulator.
- ``terraform``: real core has applied the tree already; its state would be in S3.
- ``gh``, ``curl``: there is no GitHub here, and no site.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from prodgate.facts.static.workflows import Job
from prodgate.rehearsal.account import OriginalAccount, RehearsalAccount
from prodgate.report.summary import render_summary
from tests.prodgate.report.samples import criterion, failing, finding, run
from tests.workflows.runner import COMMIT, Machine, answer, read_jobs

VARIABLES = {
    "vars.AWS_REGION": "ap-northeast-1",
    "vars.PRODGATE_TARGET": "aws://ap-northeast-1",
    "vars.PRODGATE_SIGNER": "a public key",
    "secrets.PRODGATE_SIGNING_KEY": "its private half",
    "vars.SITE_HOST": "www.nba-news.example",
    "vars.E2E_READER": "reader",
    "vars.APPLIED_COMMIT": "",
    "vars.DAGS_BUCKET": "",
    "vars.EVIDENCE_BUCKET": "evidence",
    "vars.NOTIFY_BY": "webhook",
    "secrets.PRODGATE_WEBHOOK": "https://hooks.example/T0/B0/secret",
    "matrix.environments": "py313",
    "github.token": "token",
    "needs.deploy.result": "",
    "env.ROOT": "terraform/environments/prod",
}
#: What GitHub says of an environment with reviewers, and of one that waits for nobody.
PROTECTED = {"protection_rules": [{"type": "branch_policy"}, {"type": "required_reviewers", "reviewers": [{}]}]}
OPEN_TO_MAIN = {
    "protection_rules": [{"type": "branch_policy"}],
    "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
}
#: What AWS adds to a task definition, and refuses when it is registered again.
ADDED = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")
TERRAFORM = """
case "$*" in
*" output -json release") cat "$RELEASE" ;;
*" show "*) echo "# what would change" ;;
*" plan -out=$RUNNER_TEMP/reviewed.tfplan") : > "$RUNNER_TEMP/reviewed.tfplan" ;;
*" apply $RUNNER_TEMP/reviewed.tfplan") test -e "$RUNNER_TEMP/reviewed.tfplan" ;;
*" init -lockfile=readonly") ;;
*) exit 64 ;;
esac
"""
#: Leaves what the gate leaves, with the verdict of an exit code.
PIPX = """
said=0
case "$*" in
{says}
*) ;;
esac
case "$*" in
*--notest* | *"tox -e sign -- runs/"* | *"tox -e verify-run -- runs/"*) ;;
*"tox -e bundle-runs -- "*)
  while [ "$1" != -- ]; do shift; done; shift
  find "$@" -name run.json -printf '%h\\n' | while read -r run; do tar -cf "$run.tar" -C "$(dirname "$run")" "$(basename "$run")"; done ;;
*"tox -e unbundle-runs -- runs") find runs -name '*.tar' | while read -r run; do tar -xf "$run" -C "$(dirname "$run")"; done ;;
*"tox -e history") ;;
*"tox -e archive -- runs/"* | *"tox -e notify -- runs/"* | *"tox -e export-run -- runs/"*" --format github") ;;
*"tox -e export-run -- runs/"*) for last in "$@"; do :; done; : > "$last" ;;
*--junit-xml=reports/*) mkdir -p reports && echo '<testsuites/>' > reports/tests.xml ;;
*"tox -e deploy-watch"*) mkdir -p runs/watches/one && echo "$*" > runs/watches/one/run.json ;;
*) run=runs/2026-11-27T120000Z-$$ && mkdir -p "$run" && touch "$run/run.json" && cp "$SUMMARIES/$said.md" "$run/summary.md" ;;
esac
exit $said
"""
GH = """
case "$*" in
*graphql*) {deployments} ;;
*environments/production-rollback) {way_back} ;;
*environments/production) {production} ;;
*"--method POST"*) ;;
*deployments*) echo '[{{"id": 7}}]' ;;
esac
"""


class Stage:
    """A copy of the account, and a machine that reaches it."""

    def __init__(self, account: RehearsalAccount, machine: Machine) -> None:
        self.endpoint = account.endpoint
        self.clients, self.machine = account.clients, machine
        self.release: dict[str, Any] = account.applied.state["outputs"]["release"]["value"]

    def migrations_end(self, code: str) -> None:
        """Let each migration end with this code; ``never began`` for one that did not."""
        self.machine.environment["MIGRATION_ENDS"] = code

    def gate_says(self, **codes: int) -> None:
        """Let commands of the gate that hold these words end with these codes, and all others well."""
        says = "\n".join(f'*"{words}"*) said={code} ;;' for words, code in codes.items())
        self.machine.install("pipx", PIPX.format(says=says))

    def github_says(self, *, production: Any = PROTECTED, way_back: Any = OPEN_TO_MAIN, deployed: Any = ()) -> None:
        """Let GitHub say this of its environments, and of the deployments to the first: commit and states of each."""
        nodes = [
            {"commitOid": commit, "statuses": {"nodes": [{"state": one} for one in states]}}
            for commit, states in deployed
        ]
        told = {"data": {"repository": {"deployments": {"nodes": nodes}}}}
        texts = {"deployments": told, "way_back": way_back, "production": production}
        self.machine.install("gh", GH.format(**{name: f"\n{answer(**each)}\n" for name, each in texts.items()}))

    def conduct(self, **kinds: Any) -> None:
        """Let deployments be as the test says, rather than end at once."""
        told = {"service": "codedeploy", "region": "ap-northeast-1", "kinds": kinds}
        urlopen(Request(f"{self.endpoint}/_prodgate/conduct", json.dumps(told).encode()), timeout=60).close()

    def deployments(self, component: str) -> list[dict[str, Any]]:
        """The deployments of a component, the oldest first."""
        deploy = self.clients("codedeploy")
        named = {"applicationName": "nba-news-prod", "deploymentGroupName": component}
        ids = deploy.list_deployments(**named)["deployments"]
        return [deploy.get_deployment(deploymentId=id)["deploymentInfo"] for id in reversed(ids)]

    def task_definition(self, component: str) -> str:
        """The task definition of a component's primary tasks."""
        named = {"cluster": self.release["cluster_name"], "services": [self.release["service_names"][component]]}
        (service,) = self.clients("ecs").describe_services(**named)["services"]
        (primary,) = [one for one in service["taskSets"] if one["status"] == "PRIMARY"]
        return str(primary["taskDefinition"])

    def move_on(self, component: str) -> str:
        """Let a component run another revision than Terraform declares, as after a release; return it."""
        ecs = self.clients("ecs")
        task = ecs.describe_task_definition(taskDefinition=self.task_definition(component))["taskDefinition"]
        kept = {name: value for name, value in task.items() if name not in ADDED}
        made = str(ecs.register_task_definition(**kept)["taskDefinition"]["taskDefinitionArn"])
        deployed = json.dumps(self.release["deployments"][component]).replace(task["taskDefinitionArn"], made)
        self.clients("codedeploy").create_deployment(**json.loads(deployed))
        return made

    def run(self, jobs: dict[str, Job], *names: str) -> dict[str, int]:
        """Run jobs that start, in this order; return how each ended. One that a failure keeps from starting is left out."""
        ended = dict[str, int]()
        for name in names:
            job = jobs[name]
            failed = any(self.machine.variables.get(f"needs.{one}.result") != "success" for one in job.needs)
            if self.machine.is_due(job.condition, job, failed=failed):
                ended[name] = self.machine.run(job)
            else:
                self.machine.variables[f"needs.{name}.result"] = "skipped"
        return ended


@contextmanager
def staged(production: OriginalAccount, aws: Path, folder: Path) -> Iterator[Stage]:
    """A copy of the account, and a machine with the programs that workflows call."""
    release, summaries = folder / "outputs.json", folder / "summaries"
    with production.copy() as copy:
        environment = {
            "AWS_LOADED": str(aws),
            "AWS_ENDPOINT_URL": copy.endpoint,
            "AWS_DEFAULT_REGION": copy.region,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "GITHUB_REPOSITORY": "nba-news/prod",
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SHA": "4" * 40,
            "RELEASE": str(release),
            "ROLLBACK_NAMED_WITHIN": "0",
            "SUMMARIES": str(summaries),
        }
        machine = Machine(folder, dict(VARIABLES), environment)
        machine.install("aws", module="tests.workflows.aws_cli")
        machine.install("jq", module="tests.workflows.jq")
        machine.install("terraform", TERRAFORM)
        machine.install("curl")
        found = Stage(copy, machine)
        found.migrations_end("0")
        found.gate_says()
        found.github_says(deployed=[("3" * 40, ["IN_PROGRESS"]), (COMMIT, ["SUCCESS", "IN_PROGRESS"])])
        release.write_text(json.dumps(found.release))
        write_summaries(summaries)
        yield found


def write_summaries(folder: Path) -> None:
    """Write what the gate says of a run with each of its verdicts, by exit code."""
    folder.mkdir()
    asked = criterion("c")
    for code, findings in enumerate(([finding("c", "satisfied")], [failing("c", "none")], [])):
        made = run([asked], findings, moment="during" if code else "")
        (folder / f"{code}.md").write_text(render_summary(made, made.verdict()), "utf-8")


def deployed(deployment: dict[str, Any]) -> str:
    """The task definition that a deployment names."""
    content = json.loads(deployment["revision"]["appSpecContent"]["content"])
    return str(content["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"])


# ── What a deploy did at AWS

DEPLOY = read_jobs("deploy.yml")


BEFORE = ("tests", "rehearse", "gate", "sign", "plan")


JOBS = (*BEFORE, "deploy", "verify", "roll-back")


COMPONENTS = ("api", "frontend")


def ids(stage: Stage) -> list[str]:
    return [stage.deployments(component)[-1]["deploymentId"] for component in COMPONENTS]


def done_at_aws(stage: Stage) -> list[str]:
    """The requests to AWS, except those by which the rollback checks whether anything was deployed."""
    looks = ("aws deploy list-deployments", "aws deploy get-deployment")
    return [one for one in stage.machine.commands if one.startswith("aws") and not one.startswith(looks)]


def prepare(stage: Stage, **files: str) -> Path:
    """Give the job of the way back what the deploy would hand to it."""
    work = stage.machine.work(DEPLOY["roll-back"])
    for name, text in {"release.json": json.dumps(stage.release), **files}.items():
        (work / name.replace("_", ".")).write_text(text)
    return work
