"""Stages before and after a change: through jobs, called workflows, local actions and scripts."""

from pathlib import Path

import pytest

from prodgate.facts.static import Change, Job, Step
from prodgate.facts.static.workflow_files import observe_workflows, workflow_facts

DEPLOY, SHARED = ".github/workflows/deploy.yml", ".github/workflows/shared.yml"
SHIFT = "aws ecs update-service --service api"


def changes(*texts: str, **files: str) -> list[Change]:
    """The changes of a deploy workflow, a shared one, and files by path."""
    named = dict(zip((DEPLOY, SHARED), texts, strict=False))
    return [fact for fact in workflow_facts({**named, **files}) if isinstance(fact, Change)]


def deploy(jobs: str) -> str:
    return f"on: push\njobs:\n{jobs}"


def before(change: Change) -> tuple[str, ...]:
    """The stages that must have succeeded before it, of the kinds that these tests use."""
    kinds = ("judge", "plan", "snapshot", "migrate", "shift", "opaque")
    return tuple(stage.kind for kind in kinds for stage in change.find_before(kind).found)


GATE = "  gate: {steps: [{run: tox -e prod-gate}]}\n"


@pytest.mark.parametrize(
    ("condition", "kinds"),
    [
        ("", ("judge",)),
        ("success()", ("judge",)),
        ("github.ref == 'refs/heads/main'", ("judge",)),  # skipped with the gate, and never without it
        ("always()", ()),
        ("${{ !cancelled() }}", ()),
        ("always() && needs.gate.result == 'success'", ("judge",)),
        ("always() && needs.gate.result != 'failure'", ()),
        ("always() && (needs.gate.result == 'success' || inputs.urgent)", ()),
    ],
)
def test_what_a_condition_of_a_job_makes_of_its_needs(condition: str, kinds: tuple[str, ...]) -> None:
    job = f'  out: {{needs: gate, if: "{condition}", environment: production, steps: [{{run: {SHIFT}}}]}}\n'
    (change,) = changes(deploy(GATE + job))
    assert before(change) == kinds


def test_jobs_that_need_neither_each_other_have_no_order() -> None:
    other = f"  out: {{environment: production, steps: [{{run: {SHIFT}}}]}}\n"
    (change,) = changes(deploy(GATE + other))
    search = change.find_before("judge")
    assert (search.found, [stage.job for stage in search.misplaced]) == ((), ["gate"])


def test_a_called_workflow_runs_after_what_its_caller_needs() -> None:
    call = "  out: {needs: gate, uses: ./.github/workflows/shared.yml, with: {stage: production, db: app}}\n"
    after = "  verify: {needs: out, steps: [{run: prodgate run aws://prod}]}\n"
    shared = f"""\
on: {{workflow_call: {{inputs: {{stage: {{type: string}}, db: {{type: string}}}}}}}}
jobs:
  back: {{steps: [{{uses: aws-actions/configure-aws-credentials@v5}}, {{run: aws rds create-db-snapshot}}]}}
  out: {{needs: back, environment: "${{{{ inputs.stage }}}}", steps: [{{run: {SHIFT}}}]}}
"""
    (change,) = changes(deploy(GATE + call + after), shared)
    assert before(change) == ("judge", "snapshot")
    assert [stage.job for stage in change.find_after("judge after").found] == ["verify"]
    assert (change.job.environment, change.production) == ("production", True)
    assert change.subject.startswith(f"{DEPLOY}:4 out > {SHARED}:4 out/")


def test_a_workflow_that_two_call_is_judged_for_each() -> None:
    calls = "".join(
        f"  {name}: {{uses: ./.github/workflows/shared.yml, with: {{stage: {name}}}}}\n"
        for name in ("staging", "production")
    )
    shared = (
        "on: {workflow_call: {inputs: {stage: {type: string, default: production}}}}\n"
        f'jobs: {{out: {{environment: "${{{{ inputs.stage }}}}", steps: [{{run: {SHIFT}}}]}}}}\n'
    )
    found = changes(deploy(calls), shared)
    assert [(change.job.id, change.production) for change in found] == [
        ("staging/out", False),
        ("production/out", True),
    ]
    (alone,) = changes("on: push\njobs: {}\n".replace("{}", "{a: {steps: []}}"), shared)
    assert alone.production


@pytest.mark.parametrize(
    "uses", ["other/repo/.github/workflows/gate.yml@v1", "./.github/workflows/missing.yml"], ids=["remote", "missing"]
)
def test_a_call_that_cannot_be_followed_hides_what_it_does(uses: str) -> None:
    (change,) = changes(
        deploy(f"  gate: {{uses: {uses}}}\n  out: {{needs: gate, environment: p, steps: [{{run: {SHIFT}}}]}}\n")
    )
    (unseen,) = change.find_before("judge").unseen
    assert unseen.said == uses


def test_what_other_repositories_call_may_come_after_anything() -> None:
    text = f"on: workflow_call\njobs: {{out: {{environment: production, steps: [{{run: {SHIFT}}}]}}}}\n"
    (change,) = changes(text)
    assert [stage.said for stage in change.find_before("judge").unseen] == ["whatever calls this workflow"]
    (change,) = changes(text.replace("workflow_call", "[workflow_call, push]"))
    assert change.find_before("judge").unseen == ()


def test_a_workflow_that_calls_itself_ends() -> None:
    text = "on: workflow_call\njobs: {a: {uses: ./.github/workflows/deploy.yml}}\n"
    assert changes(text) == []


ACTION = "runs: {using: composite, steps: [{shell: bash, run: %s}]}"


def test_a_local_action_is_seen_through_with_the_conditions_of_the_step_that_uses_it() -> None:
    gate = {".github/actions/gate/action.yml": ACTION % "tox -e prod-gate"}
    job = f"  out: {{environment: p, steps: [{{uses: ./.github/actions/gate}}, {{run: {SHIFT}}}]}}\n"
    (change,) = changes(deploy(job), **gate)
    assert before(change) == ("judge",)
    for toothless in ("if: inputs.gate", "continue-on-error: true"):
        (change,) = changes(deploy(job.replace("actions/gate}", f"actions/gate, {toothless}}}")), **gate)
        assert (before(change), len(change.find_before("judge").toothless)) == ((), 1)


def test_an_action_that_uses_itself_ends() -> None:
    one = {"one/action.yml": "runs: {using: composite, steps: [{uses: ./one}]}"}
    assert changes(deploy("  a: {steps: [{uses: ./one}]}\n"), **one) == []


@pytest.mark.parametrize(
    ("run", "where"),
    [
        ("./scripts/gate.sh", {}),
        ("bash scripts/gate.sh", {}),
        ("scripts/gate.sh production", {}),
        ("./gate.sh", {"working-directory": "scripts"}),
        ("$GITHUB_WORKSPACE/scripts/gate.sh", {}),
        ("cd app && ${{ github.workspace }}/scripts/gate.sh", {}),
    ],
)
def test_a_shell_script_of_the_repository_is_seen_through(tmp_path: Path, run: str, where: dict[str, str]) -> None:
    script = tmp_path / "scripts" / "gate.sh"
    script.parent.mkdir()
    script.write_text("set -e\nfor x in a; do\n  tox -e prod-gate\ndone\n")
    workflow = tmp_path / DEPLOY
    workflow.parent.mkdir(parents=True)
    steps = f"[{{run: '{run}'{''.join(f', {key}: {value}' for key, value in where.items())}}}, {{run: {SHIFT}}}]"
    workflow.write_text(deploy(f"  out: {{environment: p, steps: {steps}}}\n"))

    (change,) = [fact for fact in workflow_facts(observe_workflows(workflow.parent)) if isinstance(fact, Change)]

    assert before(change) == ("judge",)


def test_scripts_outside_of_the_repository_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.sh").write_text("tox -e prod-gate")
    project = tmp_path / "project"
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / "link.sh").symlink_to(tmp_path / "secret.sh")
    (project / DEPLOY).write_text(deploy("  a: {steps: [{run: ./link.sh}, {run: bash ../secret.sh}]}\n"))
    assert list(observe_workflows(project / ".github" / "workflows")) == [DEPLOY]


def test_scripts_that_run_one_another_end() -> None:
    step = Step(
        subject="s", line=1, name="s", run="./a.sh", scripts={"./a.sh": "./b.sh\ntox -e prod-gate", "./b.sh": "./a.sh"}
    )
    assert {kind for kind, _ in step.does} >= {"judge", "opaque"}


FUNCTIONS = "gate() {\n  tox -e prod-gate\n}\nmigrate() {\n  alembic upgrade head\n}\nmigrate\n"


def test_what_a_script_does_in_functions_has_no_known_place() -> None:
    """Whether a function is called at all, and when, is not read."""
    steps = [f"{{run: {SHIFT}}}", f"{{run: {SHIFT}}}"]
    job = f"  out: {{environment: p, steps: [{{run: ./a.sh}}, {', '.join(steps)}]}}\n"
    texts = {DEPLOY: deploy(job), "a.sh": FUNCTIONS}
    change = [fact for fact in workflow_facts(texts) if isinstance(fact, Change)][-1]
    for kind in ("judge", "migrate"):
        search = change.find_before(kind)
        assert (search.found, [stage.kind for stage in search.unseen]) == ((), [kind])


def test_what_a_script_does_in_functions_has_no_known_place_among_its_own_commands() -> None:
    texts = {DEPLOY: deploy("  out: {environment: p, steps: [{run: ./a.sh}]}\n"), "a.sh": f"{FUNCTIONS}{SHIFT}\n"}
    change = next(fact for fact in workflow_facts(texts) if isinstance(fact, Change) and fact.kind == "shift")
    assert [stage.kind for stage in change.find_after("migrate").unseen] == ["migrate"]


def test_a_script_that_nobody_reads_to_its_end_cannot_be_seen_through() -> None:
    step = Step(subject="s", line=1, name="s", run="ls\n" * 10_000)
    assert [(kind, command.text) for kind, command in step.does] == [("opaque", "a script of 30,000 characters")]


@pytest.mark.parametrize(
    ("job", "production"),
    [
        ("environment: production", True),
        ("environment: {name: live}", True),
        ("environment: staging", False),
        ("environment: dev-tokyo", False),
        ("environment: device-registry", True),
        ("environment: testimonials", True),
        ("environment: staging2", False),
        ("environment: pre-production", False),
        ("environment: test-production", True),
        ('environment: "${{ inputs.environment }}"', True),
        ("env: {ENVIRONMENT: staging}", False),
        ("env: {TF_WORKSPACE: production}", True),
        ("env: {TEST: dev}", True),
        ("timeout-minutes: 5", True),
    ],
)
def test_what_says_that_it_is_not_production(job: str, production: bool) -> None:
    (change,) = changes(deploy(f"  out: {{{job}, steps: [{{run: {SHIFT}}}]}}\n"))
    assert change.production is production


def test_a_migration_of_a_test_database_is_none_of_the_system() -> None:
    job = "  test: {%s, steps: [{run: alembic upgrade head}]}\n"
    assert changes(deploy(job % "services: {db: {image: postgres}}, environment: production")) == []
    assert changes(deploy(job % "timeout-minutes: 5")) == []
    assert [change.kind for change in changes(deploy(job % "environment: production"))] == ["migrate"]


def test_staging_is_no_backup_of_production() -> None:
    jobs = (
        "  staging: {environment: staging, steps: [{run: pg_dump -f x}, {run: alembic upgrade head}]}\n"
        "  out: {needs: staging, environment: production, steps: [{run: alembic upgrade head}]}\n"
    )
    (_, change) = changes(deploy(jobs))
    assert change.find_before("backup").found == ()


def test_jobs_show_what_they_do() -> None:
    facts = workflow_facts({DEPLOY: deploy(f"  out: {{steps: [{{run: {SHIFT}}}, {{run: make x}}]}}\n")})
    (job,) = [fact for fact in facts if isinstance(fact, Job)]
    assert (job.does("shift"), job.does("apply"), job.insists_on("shift")) == (True, False, True)
