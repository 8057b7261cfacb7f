"""The deploy and the night of a team that copies our workflows, with the gate itself at each step (``tox_here.py``).

Each job checks the team's commit out as ``actions/checkout`` does. The team's criteria are those that its files answer,
so that a run takes seconds.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from prodgate.facts.static import Job, Step
from prodgate.rehearsal.account import OriginalAccount
from tests.prodgate.sealing.sealed import NIGHTLY as SIGNER, pem
from tests.prodgate.sealing.test_seals import private
from tests.workflows.runner import LIMIT, ROOT, find_step, read_jobs
from tests.workflows.stage import COMPONENTS, JOBS, Stage, done_at_aws, staged

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("rehearsal")]

TAKES_ROLE = "aws-actions/configure-aws-credentials@"
#: What is asked of the team: of its workflows and its account, and before, during and after a release.
ASKED = (
    "workflow-rolls-back-by-itself", "deletion-protection", "before-tests-pass", "during-migration-first",
    "service-deployments-completed",
)  # fmt: skip
SECTIONS = """
system = "nba-news"
[account]
id = "123456789012"
[rollout]
poll = "0.5 s"
[rollout.before]
tests = ["reports/*.xml"]
[rollout.migrations]
tool = "alembic"
folder = "migrations"
database = "secret:nba-news/gate/database"
task = "nba-news-prod-migration"
previous = "env:DEPLOYED_COMMIT"
"""


def make_team(folder: Path) -> Path:
    """Make a team's repository with two commits; the first of them runs in production."""
    made = folder / "team"
    made.mkdir()
    for name in (".github", "scripts", "dags", ".gitignore"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, made / name)
    shutil.copytree(ROOT / "src/prodgate/rehearsal/site/migrations", made / "migrations")
    (made / "tests").mkdir()
    (made / "tests" / "test_shop.py").write_text("def test_it_counts():\n    assert 1 + 1 == 2\n", "utf-8")
    stated = "".join(path.read_text("utf-8") for path in sorted((ROOT / "criteria").glob("*.toml")))
    asked = [re.findall(rf"^\[criteria\.{name}\]\n(?:.+\n)+", stated, re.MULTILINE)[0] for name in ASKED]
    (made / "criteria.toml").write_text(SECTIONS + "".join(asked).replace('"static", "live"', '"live"'), "utf-8")
    edit(made, "deploy.yml", "tox -e prod-gate\n", "tox -e prod-gate -- rehearsal:// --only static\n")
    git(made, "init", "-q")
    commit(made, "Begin")
    commit(made, "Go on")
    return made


def edit(team: Path, workflow: str, old: str, new: str) -> None:
    path = team / ".github" / "workflows" / workflow
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, cwd=folder, check=True, timeout=LIMIT, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, subject: str) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)
    return git(folder, "rev-parse", "HEAD")


@contextmanager
def begun(production: OriginalAccount, aws: Path, folder: Path) -> Iterator[Stage]:
    """A machine with the gate itself, which reaches the account by the names of AWS; ``aws`` is told where it is."""
    team = make_team(folder)
    with staged(production, aws, folder / "stage") as found:
        machine = found.machine
        machine.environment["EMULATED"] = machine.environment.pop("AWS_ENDPOINT_URL")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            machine.environment.pop(name)
        machine.install("aws", f'AWS_ENDPOINT_URL=$EMULATED "{sys.executable}" -P -m tests.workflows.aws_cli "$@"')
        machine.install("pipx", module="tests.workflows.tox_here")
        machine.variables.update({"vars.PRODGATE_SIGNER": pem(SIGNER), "github.run_id": "42", "vars.SITE_HOST": ""})
        machine.variables["secrets.PRODGATE_SIGNING_KEY"] = private(SIGNER)
        found.machine = replace(machine, repository=team, actions={TAKES_ROLE: partial(take_role, found)})
        give_roles(found, production)
        arrive(found)
        yield found


@pytest.fixture
def road(production: OriginalAccount, aws: Path, tmp_path: Path) -> Iterator[Stage]:
    """Before anything was deployed."""
    with begun(production, aws, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def released(
    production: OriginalAccount, aws: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, dict[str, int]]]:
    """After a release, with how each job ended."""
    with begun(production, aws, tmp_path_factory.mktemp("road")) as found:
        yield found, walk(found, "deploy.yml", *JOBS)


def walk(road: Stage, workflow: str, *jobs: str) -> dict[str, int]:
    """Run jobs of a workflow of the team; each that runs again does so on a new machine."""
    assert road.machine.repository
    for name in jobs:
        shutil.rmtree(road.machine.folder / "jobs" / name, ignore_errors=True)
        shutil.rmtree(road.machine.folder / "files" / name, ignore_errors=True)
    return road.run(read_jobs(workflow, road.machine.repository), *jobs)


def give_roles(road: Stage, production: OriginalAccount) -> None:
    """State the roles that Terraform declares; the two that apply are made by hand, with the trust of others."""
    arns = dict(production.account.applied.state["outputs"]["role_arns"]["value"])
    iam = road.clients("iam")
    for name, like in (("apply", "deploy"), ("plan", "archive")):
        trust = json.dumps(iam.get_role(RoleName=arns[like].rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"])
        arns[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    road.machine.variables.update({f"vars.{name.upper()}_ROLE_ARN": arn for name, arn in arns.items()})
    road.machine.variables["vars.DAGS_ROLE_ARN"] = arns["deploy_dags"]


def take_role(road: Stage, step: Step, job: Job) -> int:
    """Take a role as GitHub's token of the job allows it, and for no longer than the role does."""
    machine = road.machine
    arn = machine.fill(step.inputs["role-to-assume"], job)
    role = road.clients("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    trusted = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    place = f"environment:{job.environment}" if job.environment else "ref:refs/heads/main"
    subject = f"repo:{machine.environment['GITHUB_REPOSITORY']}:{place}"
    seconds = int(step.inputs.get("role-duration-seconds", "3600"))
    if subject not in ([trusted] if isinstance(trusted, str) else trusted) or seconds > role["MaxSessionDuration"]:
        return 1
    name = machine.fill(step.inputs["role-session-name"], job)
    taken = road.clients("sts").assume_role(RoleArn=arn, RoleSessionName=name, DurationSeconds=seconds)["Credentials"]
    with machine.place(job, "env").open("a", encoding="utf-8") as told:
        for key, part in (
            ("ACCESS_KEY_ID", "AccessKeyId"),
            ("SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("SESSION_TOKEN", "SessionToken"),
        ):
            told.write(f"AWS_{key}={taken[part]}\n")
    return 0


def arrive(road: Stage) -> None:
    """Push the team's newest commit to main."""
    team = road.machine.repository
    assert team
    road.machine.environment.update({"CI": "true", "GITHUB_SHA": git(team, "rev-parse", "HEAD")})
    road.machine.environment["GITHUB_REPOSITORY"] = "nba-news/nba-news"
    road.github_says(deployed=[(git(team, "rev-parse", "HEAD~1"), ["SUCCESS", "IN_PROGRESS"])])


def summary(road: Stage, job: str, workflow: str = "deploy.yml") -> str:
    return road.machine.summary(read_jobs(workflow)[job])


def test_an_ordinary_change_is_deployed_and_every_question_is_answered(released: tuple[Stage, dict[str, int]]) -> None:
    road, ended = released
    assert ended == dict.fromkeys(JOBS[:-1], 0)
    assert summary(road, "gate").startswith("## PARTIAL GO\n")
    assert [road.deployments(one)[-1]["status"] for one in COMPONENTS] == ["Succeeded"] * 2


def test_a_release_that_is_bad_is_taken_back_and_watched(released: tuple[Stage, dict[str, int]]) -> None:
    road, _ = released
    rds, cluster = road.clients("rds"), road.release["database_cluster"]
    rds.modify_db_cluster(DBClusterIdentifier=cluster, DeletionProtection=False)
    assert walk(road, "deploy.yml", "verify", "roll-back") == {"verify": 1, "roll-back": 0}
    assert "takes d-" in road.deployments("api")[-1]["description"]
    assert [one for one in road.machine.commands if "deploy-watch -- aws://" in one]
    assert summary(road, "roll-back").startswith("## NO-GO\n")  # it is told what is left to mend


def test_a_change_of_the_pipeline_that_the_gate_refuses_deploys_nothing(road: Stage) -> None:
    assert road.machine.repository
    edit(road.machine.repository, "deploy.yml", "scripts/roll_back.sh", "echo")
    commit(road.machine.repository, "Take nothing back")
    arrive(road)
    assert walk(road, "deploy.yml", *JOBS) == {"tests": 0, "rehearse": 1, "gate": 1}
    assert summary(road, "gate").startswith("## NO-GO\n")
    assert not done_at_aws(road)


def test_an_approval_by_an_environment_that_nobody_protects_gives_no_role(road: Stage) -> None:
    """GitHub makes an environment that is misspelt, without reviewers."""
    job = replace(read_jobs("deploy.yml")["deploy"], environment="prodution")
    (step,) = [one for one in job.steps if "APPLY" in str(one.inputs)]
    assert take_role(road, step, job) == 1
    assert take_role(road, step, replace(job, environment="production")) == 0


def test_dags_of_a_commit_follow_its_application(road: Stage) -> None:
    team, dags = road.machine.repository, read_jobs("deploy-dags.yml")["gate"]
    assert team
    steps = [
        find_step(dags, name)
        for name in ("Which commit would it replace?", "Does nothing of this commit wait for deploy.yml?")
    ]
    for changed, codes in (("dags/later.py", [0, 0]), ("criteria.toml", [0, 1])):
        path = team / changed
        path.write_text(f"{path.read_text('utf-8') if path.exists() else ''}# changed\n", "utf-8")
        commit(team, f"Change {changed}")
        arrive(road)
        shutil.rmtree(road.machine.work(dags))
        assert [road.machine.run_step(step, dags) for step in steps] == codes


def test_dags_with_which_the_account_is_no_go_are_taken_back(road: Stage) -> None:
    team, bucket = road.machine.repository, road.release["dags_bucket_name"]
    assert team
    deploy = read_jobs("deploy-dags.yml")["deploy"]
    road.machine.variables["vars.DAGS_BUCKET"] = bucket
    road.machine.variables.update({f"needs.{one}.result": "success" for one in ("deploy", *deploy.needs)})
    kept = team / "dags" / "data_cleanup.py"
    for path, text in ((kept, kept.read_text("utf-8") + "# slower"), (team / "dags" / "new.py", "# nothing")):
        path.write_text(text, "utf-8")
    commit(team, "Change a DAG, and add one")
    arrive(road)
    (role,) = [one for one in deploy.steps if "role-to-assume" in one.inputs]
    assert take_role(road, role, deploy) == road.machine.run_step(find_step(deploy, "Copy"), deploy) == 0
    road.clients("rds").modify_db_cluster(
        DBClusterIdentifier=road.release["database_cluster"], DeletionProtection=False
    )
    assert walk(road, "deploy-dags.yml", "verify", "take-back") == {"verify": 1, "take-back": 1}
    assert summary(road, "take-back", "deploy-dags.yml").startswith("## NO-GO\n")  # DAGs were not to blame
    s3 = road.clients("s3")
    there = {one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="dags/")["Contents"]}
    assert "dags/new.py" not in there
    assert (
        s3.get_object(Bucket=bucket, Key=f"dags/{kept.name}")["Body"].read() == (ROOT / "dags" / kept.name).read_bytes()
    )


def test_a_night_judges_what_runs_and_main_may_be_ahead_of_it(road: Stage, production: OriginalAccount) -> None:
    assert road.machine.repository
    deployed = git(road.machine.repository, "rev-parse", "HEAD~1")
    edit(road.machine.repository, "deploy.yml", "scripts/roll_back.sh", "echo")
    commit(road.machine.repository, "Take nothing back")
    outputs = production.account.applied.state["outputs"]
    road.machine.variables.update({"vars.EVIDENCE_BUCKET": outputs["evidence_bucket"]["value"], "vars.NOTIFY_BY": ""})
    assert walk(road, "nightly.yml", "verify", "sign", "archive") == {"verify": 0, "sign": 0, "archive": 0}
    said = summary(road, "verify", "nightly.yml")
    assert said.startswith("## PARTIAL GO\n")
    (run,) = (road.machine.folder / "jobs" / "verify" / "runs").glob("*Z-*/run.json")
    assert json.loads(run.read_text("utf-8"))["commit"] == deployed
