"""Can a change reach production only the way it should? What the GitHub Actions workflows declare."""

import re

from prodgate import Criterion, check
from prodgate.facts.static import Job, Step, Workflow, Workflows

PINNED = re.compile(r"^(?:\./.*|docker://.+@sha256:[0-9a-f]{64}|[^@]+@[0-9a-f]{40})$")
#: Texts that the author of a pull request or the sender of an event chooses. Numbers and hashes can't hold a command.
UNTRUSTED = re.compile(
    r"\$\{\{(?:(?!\}\}|\$\{\{).)*\b(?:github\.event\.(?![\w.]*\b(?:number|id|sha|draft|merged)\s*\}\})|github\.head_ref|inputs\.)"
)
#: Events whose workflows have secrets and write access, whoever caused them.
PRIVILEGED = {
    "pull_request_target",
    "workflow_run",
    "issue_comment",
    "pull_request_review",
    "pull_request_review_comment",
}
FOREIGN = re.compile(r"head|pull_request|refs/pull")
FETCHES_FOREIGN = re.compile(r"\bgh pr checkout\b|\bgit\s+(?:fetch|pull|clone)\b(?:(?!\bgit\s)[^\n])*(?:\bpull/|head)")
STATIC_KEYS = re.compile(r"AKIA[0-9A-Z]{16}|secrets\.\w*ACCESS_KEY\w*", re.IGNORECASE)
WORD = re.compile(r"\w+")
CREDENTIALS = "aws-actions/configure-aws-credentials@"


@check("workflow-production-deploy", remedy="Add a workflow whose job runs the deploy in `environment: production`.")
def test_a_workflow_deploys_to_production(found: Workflows, criterion: Criterion) -> None:
    """Is there a workflow that deploys to production?"""
    deploying = [job.subject for job in found.jobs if job.deploys and job.environment.startswith("prod")]
    criterion.hold(bool(deploying), expected="a job that deploys to production", observed="none")


@check("workflow-approval", remedy="Give the job `environment: production`, and that environment required reviewers.")
def test_a_deploy_waits_for_an_approval(job: Job, criterion: Criterion) -> None:
    """Does every job that changes a running system wait at a GitHub environment?

    The environment's reviewers are set on GitHub and can't be seen in the file; the deploy role's trust policy makes
    the environment the only way in. A job that copies DAGs and nothing else deploys by itself, after its tests.
    """
    if not job.deploys or job.elsewhere:
        raise criterion.not_applicable("does not change the production system")
    criterion.hold(bool(job.environment), expected="environment", observed="none")


@check(
    "deploy-environments",
    remedy="Name an environment that the criterion states. State a new one there, and protect it on GitHub first.",
    measures="text",
)
def test_a_deploy_names_a_stated_environment(job: Job, criterion: Criterion) -> None:
    """Does every job that changes production name a stated environment, and none that GitHub would make for it?"""
    if not job.deploys or job.elsewhere or not job.environment:
        raise criterion.not_applicable("names no environment of production")
    criterion.require(job.environment)


@check(
    "workflow-variables",
    remedy="Correct the name, or state it in the criterion and set it on GitHub first.",
    measures="text",
)
def test_workflows_read_stated_variables(workflow: Workflow, criterion: Criterion) -> None:
    """Does the workflow name no variable or secret that nobody has stated, and that would be empty or unread?"""
    if not workflow.names:
        raise criterion.not_applicable("reads no variable")
    for name in workflow.names:
        criterion.require(name)


@check(
    "workflow-components",
    remedy="Deploy, watch and roll back each component that the criterion states, in steps that name no other.",
    measures="text",
)
def test_each_component_is_deployed(workflow: Workflow, criterion: Criterion) -> None:
    """Does a deploy change, watch and take back each stated component, in steps that name that one alone?"""
    deployed = list_named(workflow, criterion, "shift", but="roll back")
    if not deployed:
        raise criterion.not_applicable("moves no traffic")
    require_each(workflow, deployed, criterion)


def require_each(workflow: Workflow, deployed: list[str], criterion: Criterion) -> None:
    """Raise unless each step that deploys names one component, and there are steps for all that are stated."""
    for name in deployed:
        criterion.require(name)
    followed = {kind: list_named(workflow, criterion, kind) for kind in ("watch", "roll back")}
    for kind, named in {"deploy": deployed, **followed}.items():
        lacking = list_components(criterion).difference(named) if any(named) else ()  # else other criteria say so
        criterion.exclude((f"{kind} {each}" for each in sorted(lacking)), expected="a step for each", observed="no {}")


def list_components(criterion: Criterion) -> set[str]:
    """Return the names that the criterion states."""
    return set(criterion.bound.texts) if criterion.bound else set()


def list_named(workflow: Workflow, criterion: Criterion, kind: str, but: str = "") -> list[str]:
    """Return what each step of a kind names of the components, a text for each step."""
    kinds = [(step, {one for one, _ in step.does}) for step in workflow.steps]
    steps = [step for step, own in kinds if kind in own and but not in own]
    return [" and ".join(sorted(list_components(criterion).intersection(WORD.findall(step.run)))) for step in steps]


@check("workflow-one-deploy-at-a-time", remedy="Add a `concurrency` group with `cancel-in-progress: false`.")
def test_deploys_wait_for_one_another(job: Job, criterion: Criterion) -> None:
    """Do two deploys never run at the same time, and is none cancelled halfway?"""
    if not (job.deploys or job.deploys_dags):
        raise criterion.not_applicable("does not change a running system")
    criterion.hold(bool(job.concurrency), expected="a concurrency group", observed="none")
    criterion.hold(not job.cancels, expected="cancel-in-progress: false", observed="a newer run cancels this one")


@check("workflow-least-permissions", remedy="Write `permissions: {}` at the top and give each job what it needs.")
def test_jobs_hold_the_least_permissions(job: Job, criterion: Criterion) -> None:
    """Does every job state its token's permissions, and do only single jobs get write access?"""
    stated = job.permissions
    criterion.hold(stated is not None, expected="permissions", observed="the repository's default")
    writes = [name for name, access in (stated or {}).items() if access == "write"]
    shared = "*" in writes or (job.inherits_permissions and bool(writes))
    criterion.hold(not shared, expected="writes named in the job", observed=", ".join(writes))


@check("workflow-short-lived-credentials")
def test_steps_take_short_lived_credentials(step: Step, criterion: Criterion) -> None:
    """Does the step reach AWS without a stored access key?"""
    said = " ".join([step.run, *step.inputs.values(), *step.env.values()])
    stored = STATIC_KEYS.findall(said) or [name for name in step.inputs if name == "aws-access-key-id"]
    criterion.exclude(stored, expected="no stored key")
    if step.uses.startswith(CREDENTIALS):
        criterion.hold("role-to-assume" in step.inputs, expected="role-to-assume", observed="none")


@check("workflow-short-lived-credentials")
def test_jobs_hand_out_no_stored_key(job: Job, criterion: Criterion) -> None:
    """Are the variables of the workflow and the job free of stored access keys?"""
    stored = STATIC_KEYS.findall(" ".join(job.env.values()))
    criterion.exclude(stored, expected="no stored key")


@check(
    "workflow-actions-pinned",
    remedy="Name the action by commit (owner/name@<40 hex digits>), the version in a comment.",
)
def test_actions_are_pinned(step: Step, criterion: Criterion) -> None:
    """Is the action named by commit, so that nobody can move what runs?"""
    if not step.uses:
        raise criterion.not_applicable("runs a script, no action")
    if step.unknown:
        raise criterion.undetermined(f"{step.uses} was not found in this repository, and nobody knows what it uses")
    criterion.hold(bool(PINNED.match(step.uses)), expected="a commit", observed=step.uses, held=step.uses)


@check(
    "workflow-actions-pinned",
    remedy="Name the workflow by commit, or call one of this repository.",
    population=0,
)
def test_called_workflows_are_pinned(job: Job, criterion: Criterion) -> None:
    """Is the reusable workflow named by commit?"""
    if not job.uses:
        raise criterion.not_applicable("calls no workflow")
    if job.unknown:
        raise criterion.undetermined(f"{job.uses} was not found in this repository, and nobody knows what it uses")
    criterion.hold(bool(PINNED.match(job.uses)), expected="a commit", observed=job.uses, held=job.uses)


@check("workflow-untrusted-input", remedy="Hand the value in through `env` and quote the variable in the script.")
def test_scripts_hold_no_text_of_strangers(step: Step, criterion: Criterion) -> None:
    """Is no text of an event pasted into a script, which would run it?"""
    script = "\n".join([step.run, step.inputs.get("script", "")])
    pasted = UNTRUSTED.findall(script)
    criterion.exclude(pasted, expected="no text of an event")


@check(
    "workflow-untrusted-input", remedy="Use the trigger pull_request; it has no secrets and a token that only reads."
)
def test_foreign_code_has_no_rights(workflow: Workflow, criterion: Criterion) -> None:
    """Does no workflow with the repository's rights fetch the code of a pull request?"""
    foreign = [said for step in workflow.steps for said in list_foreign(step)]
    privileged = PRIVILEGED & workflow.triggers.keys()
    criterion.hold(not (privileged and foreign), expected="no foreign code", observed=", ".join(foreign))


def list_foreign(step: Step) -> list[str]:
    """Return the pull request refs that a step checks out."""
    checkout = step.uses.startswith("actions/checkout@")
    named = [step.inputs.get(key, "") for key in ("ref", "repository") if checkout]
    return [text for text in named if FOREIGN.search(text)] + FETCHES_FOREIGN.findall(step.run)


@check(
    "workflow-dags-deploy-by-themselves",
    remedy="Add a workflow that copies dags/ to their bucket on a push to the main branch.",
)
def test_dags_deploy_by_themselves(found: Workflows, criterion: Criterion) -> None:
    """Does a merge that changes DAGs deploy them, without a person?"""
    pushed = [workflow for workflow in found.workflows if "push" in workflow.triggers]
    copying = [job.subject for workflow in pushed for job in workflow.jobs if job.deploys_dags]
    criterion.hold(bool(copying), expected="a push that copies the DAGs", observed="none")


@check("workflow-regular-scan", remedy="Run the scan on a schedule, as often as is asked.", measures="time")
def test_scans_run_regularly(found: Workflows, criterion: Criterion) -> None:
    """Do scheduled scans run often enough?"""
    scanning = [one for one in found.workflows if any(job.scans for job in one.jobs)]
    pauses = [pause for workflow in scanning for pause in workflow.pauses]
    criterion.hold(bool(pauses), expected="a scheduled scan", observed="none")
    criterion.require(min(pauses, key=lambda pause: pause.base))
