"""What decides is named: by digest, and beside the commit where no commit holds it."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
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
    assert datetime.fromisoformat(found.committed) <= datetime.now(UTC)


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


def test_of_an_index_that_git_cannot_read_nothing_is_held(project: Project) -> None:
    (project.root / "infra" / "more.tf").write_text("")
    (project.root / ".git" / "index").write_bytes(b"no index")

    found = find_inputs(project, {})

    assert found.commit.endswith("+changes")
    (told,) = found.uncommitted
    assert re.fullmatch(r"what git can't tell \(git ls-files: .*index file.*\)", told)


def test_a_question_that_git_refuses_later_counts_as_a_change(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real = shutil.which("git")
    put_git(
        f'case "$*" in *status*) echo "fatal: no" >&2; exit 128;; esac\nexec {real} "$@"', monkeypatch, tmp_path_factory
    )

    found = find_inputs(project, {})

    assert found.commit.endswith("+changes")
    assert found.uncommitted == ("what git can't tell (git status: fatal: no)",)


def test_a_git_that_does_not_answer_is_not_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr("prodgate.run.commits._LIMIT", 0.1)
    put_git("exec sleep 600", monkeypatch, tmp_path_factory)

    with pytest.raises(UsageError, match=r"^git rev-parse: gave no answer within 0\.1 s; see why, and run again$"):
        find_inputs(project, {})


def put_git(script: str, monkeypatch: pytest.MonkeyPatch, folders: pytest.TempPathFactory) -> None:
    folder = folders.mktemp("bin")
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def judged(project: Project) -> Project:
    """The project with a check and a waiver, committed."""
    for name in ("suites/static/test_x.py", "waivers.toml"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("# as it was\n")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "y")
    return project


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
@pytest.mark.parametrize("name", ["suites/static/test_x.py", "infra/main.tf", "waivers.toml", "criteria.toml"])
@pytest.mark.parametrize("gone", [False, True], ids=["changed", "gone"])
def test_a_file_that_git_was_told_not_to_look_at_is_compared(
    judged: Project, flag: str, name: str, *, gone: bool
) -> None:
    git(judged.root, "update-index", flag, name)
    assert find_inputs(judged, {}).uncommitted == ()
    if gone:
        (judged.root / name).unlink()
    else:
        (judged.root / name).write_text(f"{(judged.root / name).read_text()}# more\n")

    found = find_inputs(judged, {})

    assert found.commit.endswith("+changes")
    assert found.uncommitted == (name,)


def test_what_decides_nothing_may_be_left_out_of_a_checkout(judged: Project) -> None:
    (judged.root / "README.md").write_text("")
    git(judged.root, "add", "-A")
    git(judged.root, "commit", "-q", "-m", "z")
    git(judged.root, "update-index", "--skip-worktree", "README.md")
    (judged.root / "README.md").unlink()

    assert len(find_inputs(judged, {}).commit) == 40


def test_no_program_of_the_checkout_says_what_has_changed(judged: Project) -> None:
    watcher = judged.root / ".git" / "watcher"
    watcher.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    watcher.chmod(0o755)
    git(judged.root, "config", "core.fsmonitor", str(watcher))
    git(judged.root, "update-index", "--fsmonitor")
    git(judged.root, "status")
    (judged.root / "suites/static/test_x.py").write_text("# something else\n")

    assert find_inputs(judged, {}).commit.endswith("+changes")


def test_files_of_a_repository_inside_are_in_no_commit_of_the_project(judged: Project) -> None:
    inner = judged.root / "suites" / "static" / "inner"
    inner.mkdir()
    (inner / "test_y.py").write_text("")
    git(inner, "init", "-q")

    assert "suites/static/inner/test_y.py" in find_inputs(judged, {}).uncommitted


def test_files_of_a_submodule_are_in_the_commit(judged: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "test_y.py").write_text("")
    git(other, "init", "-q")
    git(other, "add", "-A")
    git(other, "commit", "-q", "-m", "x")
    git(judged.root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "suites/other")
    git(judged.root, "commit", "-q", "-m", "z")
    assert len(find_inputs(judged, {}).commit) == 40
    (judged.root / "suites/other/test_y.py").write_text("# more\n")
    git(judged.root, "config", "submodule.suites/other.ignore", "all")
    assert find_inputs(judged, {}).commit.endswith("+changes")
    (judged.root / "suites/other/test_z.py").write_text("")
    assert find_inputs(judged, {}).uncommitted == ("suites/other/test_z.py",)


def test_a_file_behind_a_link_is_held_where_it_lies(judged: Project) -> None:
    (judged.root / ".gitignore").write_text("ignored\n")
    for name in ("ignored", "kept"):
        (judged.root / name).mkdir()
        (judged.root / name / "test_y.py").write_text("")
        (judged.root / "suites" / name[:2]).symlink_to(judged.root / name)
    git(judged.root, "add", "-A")
    git(judged.root, "commit", "-q", "-m", "z")

    assert find_inputs(judged, {}).uncommitted == ("suites/ig/test_y.py",)


def test_a_link_that_no_commit_holds_is_named(judged: Project) -> None:
    (judged.root / "suites/static/test_y.py").symlink_to("test_x.py")

    assert find_inputs(judged, {}).uncommitted == ("suites/static/test_y.py",)


def test_a_project_below_the_top_of_its_repository_is_asked_about_all_that_it_reads(judged: Project) -> None:
    below = judged.root / "below"
    (below / "infra").mkdir(parents=True)
    (below / "infra" / "main.tf").write_text('module "m" {\n  source = "../../infra/m"\n}\n')
    (below / "criteria.toml").write_text(CRITERIA)
    git(judged.root, "add", "-A")
    git(judged.root, "commit", "-q", "-m", "z")
    project = Project(root=below, stated=load_criteria(below / "criteria.toml"))
    assert "../infra/m/main.tf" in find_inputs(project, {}).digests
    assert find_inputs(project, {}).uncommitted == ()
    git(judged.root, "update-index", "--skip-worktree", "infra/m/main.tf")
    assert find_inputs(project, {}).uncommitted == ()
    (judged.root / "infra/m/main.tf").write_text("locals {\n}\n")
    assert find_inputs(project, {}).uncommitted == ("../infra/m/main.tf",)


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
