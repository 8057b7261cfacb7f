"""What decides is named: by digest, and beside the commit where no commit holds it."""

import subprocess
from pathlib import Path

import pytest

from prodgate.run.inputs import find_inputs
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project

CRITERIA = """system = "shop"

[terraform]
root = "infra"

[criteria.truth]
statement = { en = "It is ready.", ja = "準備ができている。" }
why = "It is not, unless somebody says so."
source = "X-1"
layers = ["static"]
"""


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    subprocess.run(("git", "-C", str(root), *who, *words), check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "infra" / "m").mkdir(parents=True)
    (tmp_path / "infra" / "main.tf").write_text('module "m" {\n  source = "./m"\n}\n')
    (tmp_path / "infra" / "m" / "main.tf").write_text("locals {}\n")
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    (tmp_path / ".gitignore").write_text("*_override.tf\n.terraform\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "x")
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))


def test_every_file_and_variable_is_there_by_digest(project: Project) -> None:
    found = find_inputs(project, {"TF_VAR_x": "secret", "HOME": "/"})

    assert set(found.digests) == {"infra/main.tf", "infra/m/main.tf", "TF_VAR_x"}
    assert "secret" not in str(found)
    assert found.uncommitted == ("TF_VAR_x",)


def test_what_is_committed_is_named_by_the_commit(project: Project) -> None:
    found = find_inputs(project, {})

    assert len(found.commit) == 40
    assert found.uncommitted == ()


@pytest.mark.parametrize(
    "name",
    [
        "infra/x_override.tf",
        "infra/override.tf",
        "infra/x.auto.tfvars",
        "infra/terraform.tfvars",
        "infra/m/more.tf",
        "infra/main.tofu",
        "policies/more.py",
        "suites/static/test_more.py",
        "conftest.py",
        "waivers.toml",
    ],
)
def test_what_no_commit_holds_is_named(project: Project, name: str) -> None:
    file = project.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")

    found = find_inputs(project, {})

    assert found.uncommitted == (name,)
    assert found.commit.endswith("+changes")


def test_settings_of_git_name_no_other_commit(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = find_inputs(project, {}).commit
    git(tmp_path, "init", "-q", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert find_inputs(project, {}).commit == commit


def test_files_that_nobody_reads_are_not_named(project: Project) -> None:
    for name in ("infra/.terraform/providers/x", "infra/terraform.tfstate", "policies/__pycache__/x.pyc"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("")

    assert find_inputs(project, {}).uncommitted == ()


ATTESTED = """
[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
source = "X-2"
layers = ["attested"]
document = { path = "docs/runbook.md" }
"""


def test_records_and_their_documents_decide_where_a_criterion_asks_for_them(project: Project) -> None:
    for name in ("attestations/runbook.toml", "docs/runbook.md", "docs/other.md"):
        (project.root / name).parent.mkdir(exist_ok=True)
        (project.root / name).write_text("")
    assert find_inputs(project, {}).uncommitted == ()
    (project.root / "criteria.toml").write_text(CRITERIA + ATTESTED, "utf-8")

    found = find_inputs(Project(root=project.root, stated=load_criteria(project.root / "criteria.toml")), {})

    assert found.uncommitted == ("attestations/runbook.toml", "docs/runbook.md")
    assert {"attestations/runbook.toml", "docs/runbook.md"} <= set(found.digests)
