"""Workflows as files: stages, scripts, commands and YAML, and that any content is read or refused in one line
that names the file."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import example, given, settings, strategies as st

from prodgate import Quantity
from prodgate.criteria import UsageError
from prodgate.facts.static.pipelines import Change
from prodgate.facts.static.shell_commands import list_kinds, list_kinds_of_action, read_commands
from prodgate.facts.static.workflow_files import (
    WORKFLOW_FACTS,
    WorkflowError,
    observe_workflows,
    parse_workflow,
    workflow_facts,
)
from prodgate.facts.static.workflows import Job, Step, Workflow, Workflows, flatten
from prodgate.semantics.yaml_nodes import YamlError, parse_yaml
from tests.trees import write_tree

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
    write_tree(
        tmp_path,
        {
            "b.yaml": "on: push\njobs: {x: {steps: [{run: a}, {run: b}]}}",
            "a.yml": "on: push\njobs: {y: {steps: [{run: c}]}}",
            "notes.md": "[",
        },
    )
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
    write_tree(tmp_path, files)

    facts = workflow_facts(observe_workflows(tmp_path / ".github" / "workflows"))

    uses = {fact.uses for fact in facts if isinstance(fact, Step)}
    assert {"actions/cache@v4", "docker://tool:latest"} <= uses
    assert len([fact for fact in facts if isinstance(fact, Workflow)]) == 1


# ── Any workflow content is read, or refused in one line that names the file

ACTION: Final = ".github/actions/build/action.yml"
WORKFLOW: Final[dict[str, Any]] = {
    "name": "deploy",
    "on": {"push": {"branches": ["main"]}, "workflow_call": {"inputs": {"to": {"type": "string", "default": "prod"}}}},
    "permissions": {"contents": "read"},
    "concurrency": {"group": "deploy", "cancel-in-progress": False},
    "defaults": {"run": {"working-directory": "infra"}},
    "jobs": {
        "test": {"runs-on": "ubuntu-latest", "steps": [{"uses": "./.github/actions/build"}, {"run": "make test"}]},
        "deploy": {
            "needs": ["test"],
            "if": "always()",
            "environment": {"name": "prod"},
            "env": {"A": "b"},
            "steps": [{"name": "x", "uses": "a/b@v1", "with": {"c": "d"}, "run": "terraform apply", "shell": "bash"}],
        },
        "call": {"uses": "./.github/workflows/b.yml", "with": {"to": "prod"}, "needs": "deploy"},
    },
}
CALLED: Final = {"on": {"workflow_call": {"inputs": {"to": {"type": "string"}}}}, "jobs": {"x": {"steps": []}}}
BUILD: Final[dict[str, Any]] = {"runs": {"using": "composite", "steps": [{"run": "./build.sh", "shell": "bash"}]}}


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested tables and lists, by the keys that lead there."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, each in items for place in places(each, (*at, key)))]


def put(data: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of the data with another value at a place."""
    if not at:
        return value
    made = dict(data) if isinstance(data, dict) else list(data)
    made[at[0]] = put(data[at[0]], at[1:], value)
    return made


def read(texts: dict[str, str]) -> None:
    """Read workflows and their facts; only a message that names a file may be raised."""
    told, facts = "", ()
    try:
        facts = workflow_facts(texts)
    except UsageError as refused:
        told = str(refused)
    assert not told or (told.startswith(tuple(f"{file}:" for file in texts)) and "\n" not in told)
    for step in flatten(tuple(fact for fact in facts if isinstance(fact, Step))):
        assert list(step.does) is not None
        assert isinstance(step.insists, bool)


SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
)
TEXTS = st.sampled_from(
    ["./", "./x", "./../x", "./.github/workflows/a.yml", "docker://", "@", "${{", "${{ inputs.to }}", "always()", "write-all", "a\nb",
     "\u202e", "x" * 300, "$(", "<<EOF", "'", "terraform apply | cat", "if true; then", "\\"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
PLACES = [(FILE, at) for at in places(WORKFLOW)] + [(ACTION, at) for at in places(BUILD)]


@settings(max_examples=60)
@given(st.sampled_from(PLACES), VALUES)
@example((FILE, ("jobs",)), [{"steps": []}])
@example((FILE, ("jobs", "call", "uses")), "./.github/workflows/a.yml")
def test_any_value_at_any_key(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    file, at = place
    data = {FILE: WORKFLOW, ".github/workflows/b.yml": CALLED, ACTION: BUILD}
    read({name: yaml.safe_dump(put(each, at, value) if name == file else each) for name, each in data.items()})


WRITTEN: Final = yaml.safe_dump(WORKFLOW)
SPLICED = st.sampled_from(
    ["\t", "---\n", "...\n", "%YAML 1.2\n", "!!python/object/apply:os._exit [0]\n", "!!binary x", "<<: *x\n", "&x ", "*x ", "? ", "- ",
     "|\n", ">-\n", "{", "[", "\ufeff", "\x85", "#", "'", '"', "0x", "!!set {a}", "1:30:00", "2026-01-01", ".nan", "~"]
)  # fmt: skip


@settings(max_examples=100)
@given(st.integers(0, len(WRITTEN)), st.integers(0, 30), SPLICED | st.text(max_size=5))
def test_any_text_in_between(at: int, gone: int, more: str) -> None:
    read({FILE: WRITTEN[:at] + more + WRITTEN[at + gone :]})


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"\0",
        b"on: push\xff",
        "on: push".encode("utf-16"),
        b"\xef\xbb\xbfon: push\n",
        b"on: push\r\njobs: {}\r\n",
        b"on: push\rjobs:\r  - x",
        b"a: &a\n  <<: *a\n",
        b"a: &a [*a]\n",
        b"!!python/name:os.system x: y",
        b"\t- x",
    ],
)
def test_bytes_of_a_file(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / ".github" / "workflows"
    write_tree(folder, {"a.yml": data})
    told, texts = "", {FILE: ""}
    try:
        texts = dict(observe_workflows(folder))
    except UsageError as refused:
        told = str(refused)
    assert not told or (told.startswith(f"{FILE}:") and "\n" not in told)
    read(texts)


# ── The commands of workflow scripts, and which of them can fail unnoticed


def texts(script: str, shell: str = "") -> list[str]:
    return [command.text for command in read_commands(script, shell)]


def hidden(script: str, shell: str = "") -> bool:
    """Whether a failure of ``gate`` is hidden."""
    (found,) = [command for command in read_commands(script, shell) if command.text.startswith("gate")]
    return found.hidden


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("terraform plan # terraform apply", ["terraform plan"]),
        ("echo 'terraform apply; really'", ["echo 'terraform apply; really'"]),
        ('echo "a && b | c"', ['echo "a && b | c"']),
        ("aws s3 sync \\\n  dags/ s3://b", ["aws s3 sync dags/ s3://b"]),
        ("cat <<EOF > x\nterraform apply\nEOF\nls", ["cat > x", "ls"]),
        ('jq . <<< "$x"\nls', ['jq . <<< "$x"', "ls"]),
        ("a=$(aws x --q 'p | q')", ["aws x --q 'p | q'", "a=$(…)"]),
        ("sudo A=1 timeout 5m pipx run tox -e x", ["tox -e x"]),
        ("uv run --frozen python3 -m alembic upgrade head", ["alembic upgrade head"]),
        ("npx --yes prisma migrate deploy", ["prisma migrate deploy"]),
        ("terraform apply ${{ env.A || 'b; c' }}", ["terraform apply ${{env.A·····b··c·}}"]),
        ("for x in a b; do\n  run $x\ndone", ["for x in a b", "do", "run $x", "done"]),
        ("a 2>&1 >/dev/null", ["a 2>&1 >/dev/null"]),
        ("", []),
    ],
)
def test_commands_are_told_apart(script: str, found: list[str]) -> None:
    assert texts(script) == found


@pytest.mark.parametrize(
    "script",
    [
        "gate", "set -e; gate; echo done", "gate\necho done", "echo a && gate", "gate && echo good", "cd x && gate",
        "gate || exit 1", "gate || { echo bad; exit 2; }", "if ! gate; then exit 1; fi", "x=$(gate)", "gate 2>&1",
        "for x in a; do gate $x; done", "(gate)", "set +e\nls\nset -e\ngate",
    ],
)  # fmt: skip
def test_a_failure_that_stops_the_script(script: str) -> None:
    assert not hidden(script)


@pytest.mark.parametrize(
    "script",
    [
        "gate || true", "gate || :", "gate || echo bad", "gate | tee log", "gate &", "! gate", "if gate; then ls; fi",
        "if ! gate; then echo bad; fi", "while gate; do ls; done", "set +e\ngate\nls", "set +o errexit\ngate\nls",
        "(gate; ls) || true", "{ gate; } || true", "for x in a; do gate $x; done || true", "gate && ls\nls",
        "gate && ls || true", 'echo "$(gate)"', "ls $(gate)", "gate || exit 0", "trap 'exit 0' EXIT\ngate",
        'set -e; ls\ntrap "echo bad; exit 0" ERR\ngate',
    ],
)  # fmt: skip
def test_a_failure_that_nobody_notices(script: str) -> None:
    assert hidden(script)


def test_what_the_shell_of_a_step_does_about_failures() -> None:
    assert not hidden("gate | tee log", "bash")  # GitHub adds pipefail to a shell that is named
    assert not hidden("set -o pipefail\ngate | tee log")
    assert not hidden("set -euo pipefail\ngate | tee log")
    assert hidden("set +o pipefail\ngate | tee log", "bash")
    assert hidden("set +o pipefail\ngate | tee log")
    assert not hidden("trap 'rm log' EXIT\ngate")
    assert hidden("gate\nls", "bash {0}")
    assert not hidden("gate", "bash {0}")
    assert not hidden("gate\nls", "bash -euo pipefail {0}")


@pytest.mark.parametrize("text", ["$(", "<<a\n", "a;", "'", "a && ", "(a) || ", "if ! a\n", "a || b ", "${{ ", "`"])
def test_no_script_takes_long(text: str) -> None:
    began = time.process_time()
    read_commands(text * (16 * 1024 // len(text)))
    assert time.process_time() - began < 5


# ── The kinds of deploy commands, as their own documentation writes them

KINDS = [
    ("tox -e prod-gate", {"judge", "scan"}),
    ("tox -e prod-gate -- aws://prod@ap-northeast-1", {"judge", "judge after", "scan"}),
    ("tox -e prod-gate -- aws://prod --moment promotion", {"judge for a promotion", "scan"}),
    ("prodgate run aws://prod --moment=promotion --only live", {"test", "scan"}),
    ("tox -e bundle-runs,unbundle-runs -- runs", set()),
    ("tox -e lint,types", set()),
    ("tox -e py313 -- tests", set()),
    ("tox -e export-run -- runs/* --format sarif", set()),
    ("tox -e release", {"opaque"}),
    ("tox -e lint,release", {"opaque"}),
    ("tox -e post-deploy -- aws://prod", {"judge after"}),
    ("tox -e post-deploy", set()),  # a rehearsal
    ("tox -e pre-deploy -- $TARGET", {"judge before"}),
    ("prodgate run --moment after aws://prod", {"judge after", "scan"}),
    ("prodgate run --moment during aws://prod", {"scan"}),
    ("tox -e prod-gate --notest", set()),
    ("tox config -e prod-gate", set()),
    ("tox list -e prod-gate", set()),
    ("tox exec -e prod-gate -- python x.py", {"opaque"}),
    ("tox run -e prod-gate", {"judge", "scan"}),
    ("tox -e prod-gate --showconfig", set()),
    ("tox -e prod-gate -x testenv:prod-gate.ignore_outcome=true", set()),
    ("tox -e prod-gate -- --help", set()),
    ("prodgate run --help", {"scan"}),
    ("prodgate run aws://prod --only static", {"test", "scan"}),
    ("tox -e deploy-watch -- --latest aws://prod", {"watch"}),
    ("prodgate watch deploy --latest --cluster c --service s aws://prod", {"watch"}),
    ("terraform -chdir=prod plan -out=x", {"plan"}),
    ("terraform -chdir=prod apply x", {"apply"}),
    ("terragrunt run-all apply", {"apply"}),
    ("terraform apply -refresh-only", set()),
    ("terraform validate", set()),
    ("cdk deploy --all", {"apply"}),
    ("aws cloudformation deploy --stack-name x", {"apply"}),
    ("aws rds create-db-cluster-snapshot --db-cluster-identifier x", {"snapshot"}),
    ("aws rds wait db-snapshot-completed --db-snapshot-identifier x", {"wait for the snapshot"}),
    ("pg_dump -Fc -f x", {"backup"}),
    ("docker compose exec -T db pg_dump app", {"backup"}),
    ("alembic -c x.ini upgrade head", {"migrate"}),
    ("python manage.py migrate --noinput", {"migrate"}),
    ("bundle exec rails db:migrate", {"migrate"}),
    ("bin/rails db:migrate", {"migrate"}),
    ("npx prisma migrate deploy", {"migrate"}),
    ("prisma migrate dev", set()),
    ("sqlx migrate run", {"migrate"}),
    ("flyway -url=x migrate", {"migrate"}),
    ("liquibase --changelog-file=x update", {"migrate"}),
    ("docker run --rm app alembic upgrade head", {"migrate"}),
    ("aws ecs run-task --task-definition app-migration", {"migrate"}),
    ("aws ecs run-task --task-definition app", {"run"}),
    ("aws ecs update-service --service x", {"shift"}),
    ("aws ecs deploy --service x", {"shift", "watch"}),
    ("aws ecs describe-services --services x", set()),
    ("aws deploy create-deployment --cli-input-json x", {"shift"}),
    ("aws deploy create-deployment --auto-rollback-configuration enabled=true", {"shift", "roll back"}),
    ("aws deploy stop-deployment --deployment-id x --auto-rollback-enabled", {"roll back"}),
    ("aws deploy stop-deployment --deployment-id x", set()),
    ("aws deploy wait deployment-successful --deployment-id x", {"watch"}),
    ("aws ecs wait services-stable --services x", {"watch"}),
    ("helm upgrade --install --atomic x .", {"shift", "watch", "roll back"}),
    ("kubectl rollout undo deployment/x", {"roll back"}),
    ("aws s3 sync site/ s3://b --delete", {"publish"}),
    ("aws s3 cp s3://b/x .", set()),
    ("aws s3 sync dags/ s3://b/dags/", {"DAGs"}),
    ("aws s3 rm s3://b/x", {"publish"}),
    ("curl -fsS https://www.example.com/", {"test"}),
    ("curl -fsSL -o tool https://www.example.com/tool", set()),
    ("curl https://www.example.com/", set()),
    ("npx playwright test", {"test"}),
    ("pytest tests/e2e", {"test"}),
    ("pytest tests/unit", set()),
    ("pytest tests/dags", {"DAG test"}),
    ("make deploy", {"opaque"}),
    ("npm run deploy", {"opaque"}),
    ("npm ci", set()),
    ("./deploy.sh", {"opaque"}),
    ("bash deploy.sh", {"opaque"}),
    ("python deploy.py", {"opaque"}),
    ("python --version", set()),
    ("sh -c 'terraform apply'", {"opaque"}),
    ("$DEPLOY now", {"opaque"}),
    ('"$SERVICE" == "all" ]]', set()),
    ("source .venv/bin/activate", set()),
    ("docker build -t x .", set()),
    ("docker run x", {"opaque"}),
    ("echo terraform apply", set()),
    ("git push", set()),
]


@pytest.mark.parametrize(("command", "kinds"), KINDS)
def test_what_a_command_does(command: str, kinds: set[str]) -> None:
    (found,) = read_commands(command)
    assert set(list_kinds(found.text)) == kinds


@pytest.mark.parametrize(
    ("uses", "inputs", "kinds"),
    [
        ("aws-actions/amazon-ecs-deploy-task-definition@v2", {}, {"shift"}),
        (
            "aws-actions/amazon-ecs-deploy-task-definition@v2",
            {"wait-for-service-stability": "true"},
            {"shift", "watch"},
        ),
        ("aws-actions/configure-aws-credentials@v5", {}, set()),
        ("actions/checkout@v5", {}, set()),
        ("hashicorp/setup-terraform@v3", {}, set()),
        ("dflook/terraform-apply@v2", {}, {"apply"}),
        ("someone/deploys@v1", {}, {"opaque"}),
        ("peter-evans/repository-dispatch@v3", {}, {"opaque"}),
        ("./.github/actions/in-javascript", {}, {"opaque"}),
        ("docker://tool:1", {}, {"opaque"}),
    ],
)
def test_what_an_action_does(uses: str, inputs: dict[str, str], kinds: set[str]) -> None:
    assert set(list_kinds_of_action(uses, inputs)) == kinds


def test_on_is_a_key_and_not_the_boolean_true() -> None:
    assert parse_yaml("on: push").at("on").text() == "push"


def test_only_true_and_false_are_booleans() -> None:
    root = parse_yaml("a: yes\nb: on\nc: true\nd: False")
    assert [root.at(key).value for key in "abcd"] == ["yes", "on", True, False]


def test_values_have_the_line_of_their_key() -> None:
    root = parse_yaml("# first\njobs:\n\n  one:\n    # about it\n    steps:\n      - run: a\n      - run: b\n")
    assert root.at("jobs", "one").line == 4
    assert [step.line for step in root.at("jobs", "one", "steps").nodes()] == [7, 8]


def test_what_is_absent_is_null_at_the_nearest_line() -> None:
    node = parse_yaml("a:\n  b: 1").at("a", "c", "d")
    assert (node.value, node.line, node.text(), list(node.items()), node.nodes()) == (None, 1, "", [], ())


def test_an_empty_document_is_null() -> None:
    assert parse_yaml("").value is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "1: is not YAML: "),
        ("a: 1\na: 2", "2: repeats the key 'a'; keep one"),
        ("? [a]\n: 1", "1: has a key that is not a text; write a plain key"),
        ("a: &a [*a]", "1: is nested more than 50 deep; an anchor that holds itself?"),
        ("a: \x01", "1: is not YAML: "),
        ("a: 1\n---\nb: 2", "2: is not YAML: "),
    ],
)
def test_what_github_would_refuse_is_refused(text: str, message: str) -> None:
    with pytest.raises(YamlError) as raised:
        parse_yaml(text)
    assert str(raised.value).startswith(message)


@given(st.text())
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    with suppress(YamlError):
        assert parse_yaml(text).line >= 1


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "values with its aliases written out, more than 50,000; write fewer"),
        ("[" * 3000, "is not YAML that can be read: RecursionError; write it flatter"),
        ("x" * 300_000, "is longer than 262,144 characters; split it"),
        ("a: &a [*a]", "an anchor that holds itself?"),
        ("\x00", "is not YAML: unacceptable character"),
    ],
    ids=lambda value: value[:12],
)
def test_a_text_that_would_take_all_time_or_memory_is_refused_at_once(text: str, message: str) -> None:
    with pytest.raises(YamlError) as refused:
        parse_yaml(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
