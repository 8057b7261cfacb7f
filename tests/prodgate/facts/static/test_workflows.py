from pathlib import Path

import pytest

from prodgate import Quantity
from prodgate.facts.static.pipelines import Change
from prodgate.facts.static.workflow_files import (
    WORKFLOW_FACTS,
    WorkflowError,
    observe_workflows,
    parse_workflow,
    workflow_facts,
)
from prodgate.facts.static.workflows import Job, Step, Workflow, Workflows

FILE = ".github/workflows/a.yml"


def jobs(text: str, head: str = "on: push\n") -> dict[str, Job]:
    return {job.id: job for job in parse_workflow(f"{head}jobs:\n{text}", FILE).jobs}


def test_a_workflow_is_read_with_places() -> None:
    text = """\
name: Deploy
on:
  push:
    branches: [main]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-24.04
    steps:
      - name: Judge
        run: pipx run tox -e prod-gate
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
"""
    workflow = parse_workflow(text, FILE)
    assert (workflow.name, list(workflow.triggers)) == ("Deploy", ["push"])
    assert workflow.jobs[0].subject == f"{FILE}:7 gate"
    assert [step.subject for step in workflow.steps] == [
        f"{FILE}:10 gate/Judge",
        f"{FILE}:12 gate/actions/checkout@v5",
    ]
    assert workflow.steps[1].inputs == {"persist-credentials": "false"}


@pytest.mark.parametrize("on", ["push", "[push, pull_request]", "\n  push:\n  pull_request:\n"])
def test_triggers_are_read_in_every_form(on: str) -> None:
    workflow = parse_workflow(f"on: {on}\njobs: {{a: {{steps: []}}}}", FILE)
    assert "push" in workflow.triggers


def test_a_job_knows_everything_that_must_have_succeeded_before_it() -> None:
    found = jobs("  c: {needs: [b]}\n  b: {needs: a}\n  a: {steps: []}\n")
    assert [job.id for job in found["c"].after] == ["a", "b"]


@pytest.mark.parametrize("condition", ["always()", "${{ !cancelled() }}", "failure() && true"])
def test_a_job_that_runs_anyway_comes_after_nothing(condition: str) -> None:
    found = jobs(f'  a: {{steps: []}}\n  b: {{needs: a, if: "{condition}"}}\n')
    assert found["b"].after == ()


def test_permissions_of_the_workflow_hold_for_jobs_that_state_none() -> None:
    found = jobs("  a: {}\n  b: {permissions: {id-token: write}}\n", "on: push\npermissions: read-all\n")
    assert (found["a"].permissions, found["a"].inherits_permissions) == ({"*": "read"}, True)
    assert (found["b"].permissions, found["b"].inherits_permissions) == ({"id-token": "write"}, False)
    assert jobs("  a: {}\n")["a"].permissions is None
    assert jobs("  a: {}\n", "on: push\npermissions: {}\n")["a"].permissions == {}


def test_concurrency_and_environment_are_read_in_both_forms() -> None:
    found = jobs(
        "  a: {environment: production, concurrency: one}\n"
        "  b: {environment: {name: staging}, concurrency: {group: two, cancel-in-progress: true}}\n"
        "  c: {}\n",
        "on: push\nconcurrency: {group: all}\n",
    )
    assert [(job.environment, job.concurrency, job.cancels) for job in found.values()] == [
        ("production", "one", False),
        ("staging", "two", True),
        ("", "all", False),
    ]


@pytest.mark.parametrize(
    ("script", "deploys"),
    [
        ("terraform apply reviewed.tfplan", True),
        ("terraform -chdir=prod apply", True),
        ("terraform -chdir=prod plan -out=a", False),
        ("aws deploy create-deployment --cli-input-json file://a", True),
        ("aws ecs update-service --force-new-deployment", True),
        ("aws ecs describe-services", False),
        ("aws s3 sync site/ s3://bucket", True),
        ("aws s3 sync dags/ s3://bucket/dags/", False),
        ("aws s3 sync dags/ s3://bucket/dags/\nterraform apply", True),
        ("aws s3 sync \\\n  dags/ s3://bucket/dags/", False),
        ("echo to apply terraform, ask", False),
    ],
)
def test_what_a_script_changes(script: str, *, deploys: bool) -> None:
    job = Job(subject="a", line=1, id="a", steps=(Step(subject="s", line=1, name="s", run=script),))
    assert job.deploys is deploys
    assert job.deploys_dags is ("dags/" in script)


@pytest.mark.parametrize(
    ("script", "judges"),
    [
        ("pipx run tox -e prod-gate", True),
        ("tox -q -e prod-gate -- aws://prod", True),
        ("set -e\nprodgate run rehearsal://", True),
        ("MODE=ci uvx tox -e prod-gate", True),
        ("pipx run tox -e prod-gate || true", False),
        ("pipx run tox -e prod-gate; exit 0", True),  # the shell stops at the first failure
        ("set +e\npipx run tox -e prod-gate; exit 0", False),
        ("pipx run tox -e prod-gate | tee log", False),
        ("# pipx run tox -e prod-gate", False),
        ("echo tox -e prod-gate", False),
        ("tox -e lint", False),
    ],
)
def test_only_a_gate_that_can_fail_the_job_judges(script: str, *, judges: bool) -> None:
    job = Job(subject="a", line=1, id="a", steps=(Step(subject="s", line=1, name="s", run=script),))
    assert job.judges is judges


@pytest.mark.parametrize("toothless", ["continue-on-error: true", "if: inputs.skip != 'true'"])
def test_a_gate_that_may_be_skipped_or_ignored_does_not_judge(toothless: str) -> None:
    run = "run: pipx run tox -e prod-gate"
    assert jobs(f"  a:\n    steps:\n      - {run}\n")["a"].judges
    assert not jobs(f"  a:\n    steps:\n      - {run}\n        {toothless}\n")["a"].judges


def test_a_job_whose_failure_is_ignored_does_not_judge() -> None:
    assert not jobs("  a:\n    continue-on-error: true\n    steps:\n      - run: tox -e prod-gate\n")["a"].judges


@pytest.mark.parametrize(
    ("cron", "days"), [("0 3 * * *", 1), ("17 18 * * 1", 7), ("0 0 1 * *", 31), ("0 0 1 1 *", 366)]
)
def test_the_longest_pause_of_a_schedule(cron: str, days: int) -> None:
    workflow = parse_workflow(f"on: {{schedule: [{{cron: '{cron}'}}]}}\njobs: {{a: {{}}}}", FILE)
    assert workflow.pauses == (Quantity.days(days),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: {}", f"{FILE}:1: has no 'on'"),
        ("on: push", f"{FILE}:1: has no 'jobs'"),
        ("on: push\njobs:\n  a: {needs: b}", f"{FILE}:3: job 'a' needs 'b', which is no job"),
        ("on: push\njobs:\n  a: {needs: b}\n  b: {needs: a}", f"{FILE}:3: job 'a' needs itself; break the circle"),
        ("on: [", f"{FILE}:1: is not YAML: "),
    ],
)
def test_a_workflow_that_github_would_refuse_is_named(text: str, message: str) -> None:
    with pytest.raises(WorkflowError) as raised:
        parse_workflow(text, FILE)
    assert str(raised.value).startswith(message)


def test_a_directory_gives_facts_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("on: push\njobs: {x: {steps: [{run: a}, {run: b}]}}")
    (tmp_path / "a.yml").write_text("on: push\njobs: {y: {steps: [{run: c}]}}")
    (tmp_path / "notes.md").write_text("[")
    facts = workflow_facts(observe_workflows(tmp_path))
    counted = {kind: sum(type(fact) is kind for fact in facts) for kind in WORKFLOW_FACTS}
    assert counted == {Workflows: 1, Workflow: 2, Job: 2, Step: 3, Change: 0}


def test_a_repository_without_workflows_is_still_asked_about(tmp_path: Path) -> None:
    (found,) = workflow_facts(observe_workflows(tmp_path / "missing"))
    assert isinstance(found, Workflows)
    assert found.jobs == ()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkflowError, match=r"a\.yml: cannot be read"):
        observe_workflows(tmp_path)


def test_local_actions_are_read_through_one_another(tmp_path: Path) -> None:
    step = "{{name: x, runs: {{using: composite, steps: [{{uses: {0}}}]}}}}"
    files = {
        ".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{uses: ./one}, {uses: ./}, {uses: ./../out}]}}",
        "one/action.yml": step.format("./.github/actions/two"),
        ".github/actions/two/action.yaml": step.format("actions/cache@v4"),
        "action.yml": "{name: x, runs: {using: docker, image: 'docker://tool:latest'}}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    facts = workflow_facts(observe_workflows(tmp_path / ".github" / "workflows"))

    uses = {fact.uses for fact in facts if isinstance(fact, Step)}
    assert {"actions/cache@v4", "docker://tool:latest"} <= uses
    assert len([fact for fact in facts if isinstance(fact, Workflow)]) == 1
