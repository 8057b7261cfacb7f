"""Pipeline parts for other teams, with each of this gate's commands, which run as written; and the workflow that
publishes: only a commit that passed, built by a script, with a right of its own in each job."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from prodgate.cli import _parser
from prodgate.commands.initializing import WORKFLOW, Survey, write_pipeline
from prodgate.engines.environments import cache_directory
from prodgate.facts.static.shell_commands import list_kinds, list_kinds_of_action
from tests.workflows.runner import ROOT, Machine, find_step, read_jobs

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ACTION, HOOKS = ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml"
REUSABLE, EXAMPLES = ROOT / ".github" / "workflows" / "reusable-gate.yml", ROOT / "examples" / "ci"
WRITTEN = (ACTION, REUSABLE, *sorted(EXAMPLES.iterdir()))
#: Stands for pipx, and writes down what it was given.
PIPX = '#!/bin/sh\nprintf "%s\\n" "$@" > "$GIVEN"\necho "## NO-GO, was GO"\n'
#: Stands for gh, knows the comments that are there, and writes down what it was asked and given as a body.
GH = """#!/bin/sh
case "$*" in *--paginate*) printf "$THERE"; exit ;; esac
for word; do case "$word" in body=@*) cat "${word#body=@}" ;; *) echo "$word" ;; esac; done > "$ASKED"
"""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def run_step(path: Path, folder: Path, calls: str = "prodgate run", **environment: str) -> list[str]:
    """Run the one step that calls the gate so, as bash would with these variables; return the words pipx was given."""
    document = read(path)
    steps = document["runs"]["steps"] if path == ACTION else document["jobs"]["gate"]["steps"]
    (script,) = [step["run"] for step in steps if calls in step.get("run", "")]
    for name, program in (("pipx", PIPX), ("gh", GH)):
        (folder / name).write_text(program, "utf-8")
        (folder / name).chmod(0o755)
    given = folder / "given"
    given.touch()
    variables = {"PATH": f"{folder}:/usr/bin:/bin", "GIVEN": str(given), **environment}
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=variables, cwd=folder, check=True, timeout=60)
    return given.read_text("utf-8").splitlines()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_command_that_pipelines_give_is_one_of_the_gate(path: Path) -> None:
    lines = [line for text in texts(read(path)) for line in text.splitlines() if line.startswith("prodgate ")]
    for line in lines:
        _parser().parse_args(shlex.split(line)[1:])
    assert lines or path.suffix == ".yaml" or path in (ACTION, REUSABLE, EXAMPLES / "github.yml")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_the_version_that_is_installed_is_this_one(path: Path) -> None:
    stated = re.findall(r"prod-gate\[core\]==([\d.]+)", path.read_text("utf-8"))
    assert set(stated) <= {PROJECT["version"]}
    if path == REUSABLE:
        assert read(path)[True]["workflow_call"]["inputs"]["version"]["default"] == PROJECT["version"]


@pytest.mark.parametrize("path", [ACTION, REUSABLE, EXAMPLES / "github.yml"], ids=lambda path: path.name)
def test_actions_are_named_by_commits_and_inputs_reach_no_script_as_text(path: Path) -> None:
    document = read(path)
    steps = document["runs"]["steps"] if path == ACTION else document["jobs"]["gate"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", each) for each in used)
    assert not [step for step in steps if "${{" in step.get("run", "")]
    if path != ACTION:
        assert (document["permissions"], document["jobs"]["gate"]["permissions"]) == ({}, {"contents": "read"})


@pytest.mark.parametrize(
    ("place", "gate"),
    [(ACTION, "${{ github.action_ref }}"), (REUSABLE, "${{ inputs.version }}"), (WORKFLOW, PROJECT["version"])],
    ids=str,
)
def test_engines_are_kept_where_the_gate_has_them_for_the_gate_and_the_python_that_made_them(
    place: Path | str, gate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = read(place) if isinstance(place, Path) else yaml.safe_load(write_pipeline(Survey(name="x"))[place])
    steps = document["runs"]["steps"] if place == ACTION else document["jobs"]["gate"]["steps"]
    (kept,) = [step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@")]
    for name in ("PRODGATE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Path(kept["path"]).expanduser() == cache_directory()
    (python,) = [step for step in steps if step.get("id") == "python"]
    assert python["uses"].startswith("actions/setup-python@")
    machine = "${{ runner.os }}-${{ runner.arch }}-${{ steps.python.outputs.python-version }}"
    assert kept["key"] == f"prodgate-{machine}-{gate}"


@pytest.mark.parametrize(("only", "layers"), [("static", "static"), ("", None)])
def test_the_action_runs_the_gate_of_its_own_commit_with_what_it_is_given(
    only: str, layers: str | None, tmp_path: Path
) -> None:
    criteria = "a folder/criteria.toml"
    words = run_step(ACTION, tmp_path, TARGET="rehearsal://", ONLY=only, CRITERIA=criteria, EXTRAS="core",
                     GITHUB_ACTION_PATH="/actions/prod-gate")  # fmt: skip
    assert words[:4] == ["run", "--spec", "prod-gate[core] @ file:///actions/prod-gate", "prodgate"]
    given = _parser().parse_args(words[4:])
    assert (given.target, given.criteria, given.only) == ("rehearsal://", Path(criteria), layers)


def comment(folder: Path, *, there: str = "", before: bool = True) -> tuple[list[str], list[str]]:
    """Run the step that comments on a pull request; return the arguments of pipx and gh."""
    (folder / "runs" / "new").mkdir(parents=True)
    (folder / "runs" / "new" / "summary.md").write_text("# NO-GO\n", "utf-8")
    if before:
        (folder / "prodgate-before" / "old").mkdir(parents=True)
    words = run_step(ACTION, folder, "prodgate diff", ARTIFACT="run", EXTRAS="check", NUMBER="42", THERE=there,
                     GITHUB_ACTION_PATH="/actions/prod-gate", GITHUB_REPOSITORY="shop/shop", RUNNER_TEMP=str(folder),
                     ASKED=str(folder / "asked"))  # fmt: skip
    return words, (folder / "asked").read_text("utf-8").splitlines()


def test_a_pull_request_has_one_comment_that_says_what_changed(tmp_path: Path) -> None:
    words, asked = comment(tmp_path)
    given = _parser().parse_args(words[4:])
    assert (given.before.name, given.after, given.format) == ("old", Path("runs/new"), "markdown")
    assert asked == [
        "api", "--silent", "repos/shop/shop/issues/42/comments", "--field",
        "<!-- prod-gate: run -->", "## NO-GO, was GO",
    ]  # fmt: skip


def test_the_comment_of_the_run_before_is_written_over(tmp_path: Path) -> None:
    _, asked = comment(tmp_path, there="7\n8")
    assert asked[:5] == ["api", "--silent", "--method", "PATCH", "repos/shop/shop/issues/comments/7"]


def test_without_a_run_to_compare_with_the_comment_is_the_summary(tmp_path: Path) -> None:
    words, asked = comment(tmp_path, before=False)
    assert (words, asked[-2:]) == ([], ["<!-- prod-gate: run -->", "# NO-GO"])


def test_comments_are_written_when_they_are_asked_for_and_not_for_forks() -> None:
    steps = [step for step in read(ACTION)["runs"]["steps"] if "comment" in step.get("if", "")]
    assert len(steps) == 4
    assert all("inputs.comment == 'true'" in step["if"] for step in steps)
    (writing,) = [step for step in steps if "gh api" in step.get("run", "")]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in writing["if"]


def test_the_reusable_workflow_runs_the_version_that_is_asked_for(tmp_path: Path) -> None:
    words = run_step(REUSABLE, tmp_path, TARGET="rehearsal://", ONLY="static", VERSION="0.1.0")
    assert words[:4] == ["run", "--spec", "prod-gate[core]==0.1.0", "prodgate"]
    assert _parser().parse_args(words[4:]).only == "static"


def test_each_input_is_used_and_the_example_gives_none_that_is_not_there() -> None:
    inputs = set(read(ACTION)["inputs"])
    assert set(re.findall(r"inputs\.(\w+)", ACTION.read_text("utf-8"))) == inputs
    (step,) = [each for each in read(EXAMPLES / "github.yml")["jobs"]["gate"]["steps"] if "OWNER" in each["uses"]]
    assert set(step["with"]) <= inputs


def test_the_hook_judges_with_what_checking_needs() -> None:
    (hook,) = read(HOOKS)
    assert hook["additional_dependencies"] == PROJECT["optional-dependencies"]["check"]
    (repository,) = read(EXAMPLES / "pre-commit-config.yaml")["repos"]
    (used,) = repository["hooks"]
    assert used["id"] == hook["id"]
    for arguments in (hook["args"], used["args"]):
        _parser().parse_args([*shlex.split(hook["entry"])[1:], *arguments])
    named = re.compile(hook["files"])
    assert [bool(named.search(name)) for name in ("infra/main.tf", "a.tfvars", "a.tf.json", "a.py")] == [True] * 3 + [
        False
    ]


# ── The workflow that publishes: only a commit that passed, built by a script, with a right of its own in each job

PATH = ROOT / ".github" / "workflows" / "publish.yml"
JOBS = read_jobs("publish.yml")
STATED: Any = yaml.safe_load(PATH.read_text("utf-8"))
#: Answers how many runs of the gate have passed.
GH_PASSED = 'echo "$PASSED"'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, {"github.token": "t"}, {"GITHUB_REPOSITORY": "o/prod-gate", "GITHUB_SHA": "c" * 40})
    made.install("gh", GH_PASSED)
    return made


@pytest.mark.parametrize(("passed", "code"), [("0", 1), ("1", 0), ("2", 0)])
def test_only_a_commit_that_the_gate_has_passed_on_main_goes_on(machine: Machine, passed: str, code: int) -> None:
    machine.environment["PASSED"] = passed
    assert machine.run(JOBS["passed"]) == code
    (asked,) = machine.commands
    options = dict(re.findall(r"--(\w+) (\S+)", asked))
    assert (options["commit"], options["branch"], options["event"]) == ("c" * 40, "main", "push")
    assert (options["workflow"], options["status"], options["repo"]) == ("gate.yml", "success", "o/prod-gate")


def test_without_an_answer_nothing_is_published(machine: Machine) -> None:
    machine.install("gh", "exit 4")
    assert machine.run(JOBS["passed"]) != 0


def test_what_is_published_is_built_by_the_script_for_the_tag(machine: Machine) -> None:
    machine.install("pipx", "mkdir -p dist build && touch dist/a.whl build/prod-gate.cdx.json")
    machine.environment["GITHUB_REF_NAME"] = "v0.1.0"
    assert machine.run(JOBS["build"]) == 0
    assert machine.commands == ["pipx run tox -e translations", "pipx run tox -e dist -- --tag v0.1.0"]
    assert "scripts/build_release.py {posargs}" in (ROOT / "tox.ini").read_text("utf-8").split("[testenv:dist]")[1]
    assert machine.run(JOBS["attest"]) == 0
    assert sorted(path.name for path in machine.work(JOBS["attest"]).rglob("*.[wj]*")) == [
        "a.whl",
        "prod-gate.cdx.json",
    ]
    assert machine.run(JOBS["publish"]) == 0
    assert [path.name for path in (machine.work(JOBS["publish"]) / "dist").iterdir()] == ["a.whl"]


def test_a_build_that_left_nothing_stops_it(machine: Machine) -> None:
    machine.install("pipx")
    machine.environment["GITHUB_REF_NAME"] = "v0.1.0"
    assert machine.run(JOBS["build"]) == 1


def test_it_begins_with_a_tag_and_each_job_waits_for_the_one_before() -> None:
    assert STATED[True] == {"push": {"tags": ["v*"]}}
    needs = {name: job.get("needs") for name, job in STATED["jobs"].items()}
    assert needs == {"passed": None, "build": "passed", "attest": "build", "publish": "attest"}
    assert not [
        step for job in JOBS.values() for step in job.steps if step.condition or "continue-on-error" in step.inputs
    ]
    assert not [name for name, job in STATED["jobs"].items() if "if" in job or "continue-on-error" in job]
    assert STATED["concurrency"]["cancel-in-progress"] is False


def test_each_job_has_what_it_needs_and_no_job_that_builds_may_write() -> None:
    assert STATED["permissions"] == {}
    assert {name: job["permissions"] for name, job in STATED["jobs"].items()} == {
        "passed": {"actions": "read"},
        "build": {"contents": "read"},
        "attest": {"attestations": "write", "id-token": "write"},
        "publish": {"id-token": "write"},
    }
    assert STATED["jobs"]["publish"]["environment"]["name"] == "pypi"
    assert "secrets." not in PATH.read_text("utf-8"), "PyPI trusts the workflow; there is no token to lose"
    assert not [step for name in ("attest", "publish") for step in JOBS[name].steps if step.run]


def test_what_is_attested_and_handed_over_is_what_was_built() -> None:
    built = find_step(JOBS["attest"], "Attest where it was built").inputs
    held = find_step(JOBS["attest"], "Attest what is in it").inputs
    assert built == {"subject-path": "dist/*"}
    assert held == {"subject-path": "dist/*", "sbom-path": "bill/prod-gate.cdx.json"}
    (handed,) = [step for step in JOBS["publish"].steps if step.uses.startswith("pypa/")]
    assert not handed.inputs, "nothing turns the attestations off, names a password or skips what is there"


def test_publishing_a_package_is_seen_through_and_changes_no_system() -> None:
    used = [step for job in JOBS.values() for step in job.steps if step.uses]
    assert {kind for step in used for kind in list_kinds_of_action(step.uses, step.inputs)} == set()
    assert list(list_kinds("tox -e dist -- --tag v0.1.0")) == []
