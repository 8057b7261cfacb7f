"""What decides is named: by digest, and beside the commit where no commit holds it."""

import subprocess
from pathlib import Path

import pytest

from prodgate.run.inputs import find_inputs
from prodgate.run.places import find_places
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


def at_the_top(root: Path, terraform: str, *files: str) -> Project:
    """A project whose root module is its own folder."""
    git(root, "init", "-q")
    (root / "criteria.toml").write_text(CRITERIA.replace('root = "infra"', 'root = "."'))
    (root / "main.tf").write_text(terraform)
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return Project(root=root, stated=load_criteria(root / "criteria.toml"))


BESIDE = ("README.md", "src/app.py", "texts/a.json", "notes/b.txt", "x.auto.tfvars", "more.tf")
WRITTEN = ("runs/1/run.json", "runs/1/evidence/x.json", "drills/1/run.json", "elsewhere/2/run.json")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1", set()),
        ('file("texts/a.json")', {"texts/a.json"}),
        ('file("${path.module}/texts/a.json")', {"texts/a.json"}),
        ('file("${path.root}/texts/${terraform.workspace}.json")', {"texts/a.json"}),
        ('[for f in fileset("${path.module}/texts", "*") : f]', {"texts/a.json"}),
        ('[templatefile("texts/a.json", {}), filesha256("notes/b.txt")]', {"texts/a.json", "notes/b.txt"}),
        ('file("${local.p}/b.txt")', {"texts/a.json", "notes/b.txt", "README.md", "src/app.py", "criteria.toml"}),
    ],
    ids=["nothing", "a file", "by the module", "by a part", "a set", "two", "it can't be told which"],
)
def test_of_a_root_at_the_top_counts_what_terraform_reads(tmp_path: Path, value: str, read: set[str]) -> None:
    terraform = f'locals {{\n  p = "notes"\n  a = {value}\n}}\n'
    project = at_the_top(tmp_path, terraform, *BESIDE, *WRITTEN)

    places = find_places(project, tmp_path / "elsewhere")
    found = set(find_inputs(project, {}, places).digests)

    assert found == {"main.tf", "more.tf", "x.auto.tfvars"} | read


def test_a_folder_in_which_code_judges_counts_whatever_a_run_has_left_there(project: Project) -> None:
    for name in (
        "policies/run.json",
        "policies/journal.jsonl",
        "policies/runs/a.py",
        "policies/2026-01-01Z-aaaaaaa/b.py",
    ):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("")

    assert {"policies/runs/a.py", "policies/2026-01-01Z-aaaaaaa/b.py"} <= set(find_inputs(project, {}).judges)


WORKFLOW = """on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: ./.github/actions/build
      - run: scripts/deploy.sh
  b:
    uses: ./.github/workflows/called.yml
"""
ACTION = "runs:\n  using: composite\n  steps:\n    - run: scripts/more.sh\n      shell: bash\n"


def test_what_workflows_run_of_the_repository_counts(project: Project) -> None:
    files = {
        ".github/workflows/ci.yml": WORKFLOW,
        ".github/workflows/called.yml": "on: workflow_call\njobs: {}\n",
        ".github/actions/build/action.yml": ACTION,
        ".github/actions/other/action.yml": ACTION,
        "scripts/deploy.sh": "true\n",
        "scripts/more.sh": "true\n",
        "scripts/other.sh": "true\n",
    }
    for name, text in files.items():
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text(text)

    found = find_inputs(project, {})

    read = {name for name in files if "other" not in name}
    assert set(found.judges) == read
    assert set(found.uncommitted) == read


def test_variable_files_are_there_by_digest(project: Project) -> None:
    stated = CRITERIA.replace('root = "infra"\n', 'root = "infra"\nvar_files = ["blue.tfvars"]\n')
    (project.root / "criteria.toml").write_text(stated)
    (project.root / "blue.tfvars").write_text("x = 1\n")

    found = find_inputs(Project(root=project.root, stated=load_criteria(project.root / "criteria.toml")), {})

    assert "blue.tfvars" in found.digests
    assert found.uncommitted == ("blue.tfvars",)
