"""What decides may not change while a run judges, whatever is put back in the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.criteria import Criteria, Criterion
from prodgate.run.fixity import take_fixity
from prodgate.run.places import find_places
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project

from .test_inputs import ACTION, CRITERIA, WORKFLOW


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in (
        "infra/main.tf",
        "infra/texts/policy.json",
        "policies/shop.py",
        "suites/static/test_x.py",
        "dags/a.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# as it was\n")
    (tmp_path / "infra/main.tf").write_text('locals {\n  p = file("${path.module}/texts/policy.json")\n}\n')
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))


def put_back(path: Path) -> None:
    before, found = path.read_bytes(), path.stat()
    path.write_bytes(b"# something else\n")
    path.write_bytes(before)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def swap(path: Path) -> None:
    kept = path.rename(path.with_name("kept"))
    path.write_bytes(b"# another\n")
    kept.rename(path)


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_text("# new\n"), Path.unlink, put_back, swap],
    ids=["new", "gone", "back", "swap"],
)
@pytest.mark.parametrize(
    "name", ["criteria.toml", "infra/main.tf", "infra/texts/policy.json", "policies/shop.py", "suites/static/test_x.py"]
)
def test_a_file_that_was_changed_is_named(project: Project, change: Callable[[Path], object], name: str) -> None:
    fixity = take_fixity(project)
    assert fixity.find_changes() == ""
    change(project.root / name)
    assert fixity.find_changes() == name


@pytest.mark.parametrize(
    "name",
    [
        "infra/x_override.tf",
        "facts/own.py",
        "conftest.py",
        "waivers.toml",
        "dags/b.py",
        "dags/.airflowignore",
        "dags/.settings",
        "suites/static/test_y.tfstate.py",
        "policies/terraform.tfstate",
    ],
)
def test_a_file_that_was_added_is_named(project: Project, name: str) -> None:
    fixity = take_fixity(project)
    (project.root / name).parent.mkdir(exist_ok=True)
    (project.root / name).write_text("")
    assert fixity.find_changes() == name


def test_many_are_counted(project: Project) -> None:
    fixity = take_fixity(project)
    for number in range(5):
        (project.root / "dags" / f"d{number}.py").write_text("")
    assert fixity.find_changes() == "dags/d0.py, dags/d1.py, dags/d2.py and 2 more"


def test_what_decides_nothing_may_change(project: Project) -> None:
    fixity = take_fixity(project, find_places(project, project.root / "dags" / "runs"))
    for name in (
        "dags/runs/1/run.json",
        "infra/.terraform/x",
        "policies/__pycache__/a.pyc",
        "infra/.main.tf.swp",
        "suites/static/.test_x.py.swx",
        "suites/static/.#test_x.py",
        "suites/static/#test_x.py#",
        "suites/static/test_x.py~",
        "suites/static/._test_x.py",
        "x",
    ):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("")
    (project.root / "infra" / "terraform.tfstate").write_text("{}")
    assert fixity.find_changes() == ""


def test_links_are_followed_once(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "test_y.py").write_text("# as it was\n")
    (other / "round").symlink_to(other)
    (project.root / "suites" / "live").symlink_to(other)
    (project.root / "suites" / "nowhere").symlink_to(other / "none")
    fixity = take_fixity(project)
    (other / "test_y.py").write_text("# changed\n")
    assert fixity.find_changes() == "suites/live/test_y.py"


@pytest.mark.parametrize("name", ["attestations/runbook.toml", "docs/runbook.md"])
def test_records_and_their_documents_stay_as_they_are(project: Project, name: str) -> None:
    runbook = Criterion(
        id="runbook",
        statement="s",
        statement_ja="s",
        why="w",
        source="X-2",
        layers=("attested",),
        document="docs/runbook.md",
    )
    asked = replace(project, stated=replace(project.stated, criteria=Criteria({"runbook": runbook})))
    fixity = take_fixity(asked)
    (project.root / name).parent.mkdir(exist_ok=True)
    (project.root / name).write_text("")
    assert fixity.find_changes() == name


@pytest.fixture
def at_the_top(tmp_path: Path) -> Project:
    """A project whose root module is its own folder, in a checkout with much beside it."""
    (tmp_path / "criteria.toml").write_text(CRITERIA.replace('root = "infra"', 'root = "."'))
    (tmp_path / "main.tf").write_text('locals {\n  a = file("${path.module}/texts/a.json")\n}\n')
    for name in ("texts/a.json", "texts/b.json", "README.md", "src/app.py", "runs/1/run.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))


@pytest.mark.parametrize(
    "name",
    ["README.md", "texts/b.json", "src/app.py", "src/new.py", "notes.txt", "runs/1/x", "runs/2/run.json", ".env"],
)
def test_what_nobody_reads_of_a_checkout_may_change(at_the_top: Project, name: str) -> None:
    fixity = take_fixity(at_the_top)
    (at_the_top.root / name).parent.mkdir(exist_ok=True)
    (at_the_top.root / name).write_text("something else")
    assert fixity.find_changes() == ""


@pytest.mark.parametrize(
    "name",
    ["main.tf", "texts/a.json", "new.tf", "new.tf.json", "x.auto.tfvars", "x_override.tf", "x.tofu", "conftest.py"],
)
def test_what_is_read_of_a_checkout_stays_as_it_is(at_the_top: Project, name: str) -> None:
    fixity = take_fixity(at_the_top)
    (at_the_top.root / name).write_text("# something else\n")
    assert fixity.find_changes() == name


def test_a_file_that_is_looked_for_and_comes_later_is_named(project: Project) -> None:
    (project.root / "infra/main.tf").write_text('locals {\n  a = fileexists("../flags/on")\n}\n')
    (project.root / ".git").mkdir()
    fixity = take_fixity(project)
    (project.root / "flags").mkdir()
    (project.root / "flags/on").write_text("")
    assert fixity.find_changes() == "flags/on"


@pytest.mark.parametrize("name", [".github/actions/build/action.yml", "scripts/deploy.sh"])
def test_what_workflows_run_stays_as_it_is(project: Project, name: str) -> None:
    for path, text in ((".github/workflows/ci.yml", WORKFLOW), (name, ACTION)):
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text(text)
    fixity = take_fixity(project)
    (project.root / name).write_text(f"{ACTION}# more\n")
    assert fixity.find_changes() == name
