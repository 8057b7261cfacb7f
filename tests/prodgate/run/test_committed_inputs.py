"""Which inputs a commit holds, whatever git is told or its checkout says."""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.run.inputs import find_inputs
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project

from .committed import CRITERIA, git


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
