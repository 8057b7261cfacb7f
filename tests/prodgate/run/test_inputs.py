"""What decides is named: by digest, and beside the commit where no commit holds it."""

from pathlib import Path

import pytest

from prodgate.run.inputs import find_inputs
from prodgate.run.places import find_places
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project

from .committed import CRITERIA, git


def test_every_file_and_variable_is_there_by_digest(project: Project) -> None:
    found = find_inputs(project, {"TF_VAR_x": "secret", "HOME": "/"})

    assert set(found.digests) == {"infra/main.tf", "infra/m/main.tf", "TF_VAR_x"}
    assert "secret" not in str(found)
    assert found.uncommitted == ("TF_VAR_x",)


def test_a_name_like_that_of_a_state_hides_no_judge(project: Project) -> None:
    names = {"suites/static/test_x.tfstate.py", "policies/a.tfstate", "dags/terraform.tfstate.backup"}
    for name in names:
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("")

    found = find_inputs(project, {})

    assert set(found.judges) == names
    assert set(found.uncommitted) == names


def test_a_state_beside_what_terraform_reads_is_no_input(project: Project) -> None:
    (project.root / "infra" / "main.tf").write_text('locals {\n  a = fileset("${path.module}", "*")\n}\n')
    for name in ("terraform.tfstate", "terraform.tfstate.backup", "x.tfstate.json"):
        (project.root / "infra" / name).write_text("")

    assert {"infra/main.tf", "infra/x.tfstate.json"} <= set(digests := find_inputs(project, {}).digests)
    assert not [name for name in digests if name.endswith((".tfstate", ".backup"))]


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
