"""Deciding inputs: named by digest or by their commit, whatever git's settings or its checkout, a revision's as
files, and the same until the run has judged."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.criteria import Criteria, Criterion, UsageError
from prodgate.processes.regular_files import MOST
from prodgate.run.inputs import find_inputs, find_places, take_fixity
from prodgate.run.revisions import checked_out
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project
from tests.repositories import commit, git
from tests.trees import write_tree

from .committed import CRITERIA


def test_every_file_and_variable_is_there_by_digest(project: Project) -> None:
    found = find_inputs(project, {"TF_VAR_x": "secret", "HOME": "/"})

    assert set(found.digests) == {"infra/main.tf", "infra/m/main.tf", "TF_VAR_x"}
    assert "secret" not in str(found)
    assert found.uncommitted == ("TF_VAR_x",)


def test_a_name_like_that_of_a_state_hides_no_judge(project: Project) -> None:
    names = {"suites/static/test_x.tfstate.py", "policies/a.tfstate", "dags/terraform.tfstate.backup"}
    write_tree(project.root, dict.fromkeys(names, ""))

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
    write_tree(
        project.root,
        dict.fromkeys(("infra/.terraform/providers/x", "infra/terraform.tfstate", "policies/__pycache__/x.pyc"), ""),
    )

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
    write_tree(project.root, dict.fromkeys(("attestations/runbook.toml", "docs/runbook.md", "docs/other.md"), ""))
    assert find_inputs(project, {}).uncommitted == ()
    (project.root / "criteria.toml").write_text(CRITERIA + ATTESTED, "utf-8")

    found = find_inputs(Project(root=project.root, stated=load_criteria(project.root / "criteria.toml")), {})

    assert found.uncommitted == ("attestations/runbook.toml", "criteria.toml", "docs/runbook.md")
    assert {"attestations/runbook.toml", "docs/runbook.md"} <= set(found.digests)


def at_the_top(root: Path, terraform: str, *files: str) -> Project:
    """A project whose root module is its own folder."""
    git(root, "init", "-q")
    write_tree(root, {"criteria.toml": CRITERIA.replace('root = "infra"', 'root = "."'), "main.tf": terraform})
    write_tree(root, dict.fromkeys(files, ""))
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
    project = at_the_top(tmp_path, f'locals {{\n  p = "notes"\n  a = {value}\n}}\n', *BESIDE, *WRITTEN)

    found = set(find_inputs(project, {}, find_places(project, tmp_path / "elsewhere")).digests)

    assert found == {"main.tf", "more.tf", "x.auto.tfvars"} | read


def test_a_folder_in_which_code_judges_counts_whatever_a_run_has_left_there(project: Project) -> None:
    write_tree(
        project.root,
        dict.fromkeys(
            (
                "policies/run.json",
                "policies/journal.jsonl",
                "policies/runs/a.py",
                "policies/2026-01-01Z-aaaaaaa/b.py",
            ),
            "",
        ),
    )

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
    write_tree(project.root, files)

    found = find_inputs(project, {})

    read = {name for name in files if "other" not in name}
    assert set(found.judges) == read
    assert set(found.uncommitted) == read


def test_variable_files_are_there_by_digest(project: Project) -> None:
    stated = CRITERIA.replace('root = "infra"\n', 'root = "infra"\nvar_files = ["blue.tfvars"]\n')
    write_tree(project.root, {"criteria.toml": stated, "blue.tfvars": "x = 1\n"})

    found = find_inputs(Project(root=project.root, stated=load_criteria(project.root / "criteria.toml")), {})

    assert "blue.tfvars" in found.digests
    assert found.uncommitted == ("blue.tfvars", "criteria.toml")


# ── Deciding inputs may not change while a run judges, even if they are restored in the end


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    write_tree(
        tmp_path,
        dict.fromkeys(
            (
                "infra/main.tf",
                "infra/texts/policy.json",
                "policies/shop.py",
                "suites/static/test_x.py",
                "dags/a.py",
            ),
            "# as it was\n",
        ),
    )
    write_tree(
        tmp_path,
        {"infra/main.tf": 'locals {\n  p = file("${path.module}/texts/policy.json")\n}\n', "criteria.toml": CRITERIA},
    )
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
def test_a_file_that_was_changed_is_named(shop: Project, change: Callable[[Path], object], name: str) -> None:
    fixity = take_fixity(shop)
    assert fixity.find_changes() == ""
    change(shop.root / name)
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
def test_a_file_that_was_added_is_named(shop: Project, name: str) -> None:
    fixity = take_fixity(shop)
    write_tree(shop.root, {name: ""})
    assert fixity.find_changes() == name


def test_many_are_counted(shop: Project) -> None:
    fixity = take_fixity(shop)
    for number in range(5):
        (shop.root / "dags" / f"d{number}.py").write_text("")
    assert fixity.find_changes() == "dags/d0.py, dags/d1.py, dags/d2.py and 2 more"


def test_what_decides_nothing_may_change(shop: Project) -> None:
    fixity = take_fixity(shop, find_places(shop, shop.root / "dags" / "runs"))
    write_tree(
        shop.root,
        dict.fromkeys(
            (
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
            ),
            "",
        ),
    )
    (shop.root / "infra" / "terraform.tfstate").write_text("{}")
    assert fixity.find_changes() == ""


def test_links_are_followed_once(shop: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "test_y.py").write_text("# as it was\n")
    (other / "round").symlink_to(other)
    (shop.root / "suites" / "live").symlink_to(other)
    (shop.root / "suites" / "nowhere").symlink_to(other / "none")
    fixity = take_fixity(shop)
    (other / "test_y.py").write_text("# changed\n")
    assert fixity.find_changes() == "suites/live/test_y.py"


@pytest.mark.parametrize("name", ["attestations/runbook.toml", "docs/runbook.md"])
def test_records_and_their_documents_stay_as_they_are(shop: Project, name: str) -> None:
    runbook = Criterion(
        id="runbook",
        wording="s",
        wording_ja="s",
        why="w",
        source="X-2",
        layers=("attested",),
        layer_keys={"document": {"path": "docs/runbook.md"}},
    )
    fixity = take_fixity(replace(shop, stated=replace(shop.stated, criteria=Criteria({"runbook": runbook}))))
    write_tree(shop.root, {name: ""})
    assert fixity.find_changes() == name


@pytest.fixture
def placed_at_the_top(tmp_path: Path) -> Project:
    """A project whose root module is its own folder, in a checkout with much beside it."""
    write_tree(
        tmp_path,
        {
            "criteria.toml": CRITERIA.replace('root = "infra"', 'root = "."'),
            "main.tf": 'locals {\n  a = file("${path.module}/texts/a.json")\n}\n',
        },
    )
    write_tree(
        tmp_path, dict.fromkeys(("texts/a.json", "texts/b.json", "README.md", "src/app.py", "runs/1/run.json"), "")
    )
    return Project(root=tmp_path, stated=load_criteria(tmp_path / "criteria.toml"))


@pytest.mark.parametrize(
    "name",
    ["README.md", "texts/b.json", "src/app.py", "src/new.py", "notes.txt", "runs/1/x", "runs/2/run.json", ".env"],
)
def test_what_nobody_reads_of_a_checkout_may_change(placed_at_the_top: Project, name: str) -> None:
    fixity = take_fixity(placed_at_the_top)
    write_tree(placed_at_the_top.root, {name: "something else"})
    assert fixity.find_changes() == ""


@pytest.mark.parametrize(
    "name",
    ["main.tf", "texts/a.json", "new.tf", "new.tf.json", "x.auto.tfvars", "x_override.tf", "x.tofu", "conftest.py"],
)
def test_what_is_read_of_a_checkout_stays_as_it_is(placed_at_the_top: Project, name: str) -> None:
    fixity = take_fixity(placed_at_the_top)
    (placed_at_the_top.root / name).write_text("# something else\n")
    assert fixity.find_changes() == name


def test_a_file_that_is_looked_for_and_comes_later_is_named(shop: Project) -> None:
    (shop.root / "infra/main.tf").write_text('locals {\n  a = fileexists("../flags/on")\n}\n')
    (shop.root / ".git").mkdir()
    fixity = take_fixity(shop)
    write_tree(shop.root, {"flags/on": ""})
    assert fixity.find_changes() == "flags/on"


@pytest.mark.parametrize("name", [".github/actions/build/action.yml", "scripts/deploy.sh"])
def test_what_workflows_run_stays_as_it_is(shop: Project, name: str) -> None:
    write_tree(shop.root, {".github/workflows/ci.yml": WORKFLOW, name: ACTION})
    fixity = take_fixity(shop)
    (shop.root / name).write_text(f"{ACTION}# more\n")
    assert fixity.find_changes() == name


# ── The inputs in a commit, whatever git's settings or its checkout


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
    write_tree(project.root, {"infra/more.tf": "", ".git/index": b"no index"})

    found = find_inputs(project, {})

    assert found.commit.endswith("+changes")
    (told,) = found.uncommitted
    assert re.fullmatch(r"what git can't tell \(git status: .*index file.*\)", told)


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


@pytest.mark.parametrize("words", ["not a git repository", "detected dubious ownership in repository"])
def test_where_git_names_no_commit_all_of_it_is_in_none(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, words: str
) -> None:
    put_git(f'echo "fatal: {words}" >&2; exit 128', monkeypatch, tmp_path_factory)

    found = find_inputs(project, {})

    assert (found.commit, found.uncommitted) == ("", (f"all of it (git rev-parse: fatal: {words})",))


def test_a_git_that_does_not_answer_is_not_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr("prodgate.run.revisions._LIMIT", 0.1)
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
    write_tree(project.root, dict.fromkeys(("suites/static/test_x.py", "waivers.toml"), "# as it was\n"))
    commit(project.root, "y")
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


def filter_contents(root: Path) -> None:
    """Let git mistake a changed file for the committed one, as a filter does that hides local values."""
    (root / ".gitattributes").write_text("*.tf filter=local\n")
    git(root, "config", "filter.local.clean", "grep -v local-value || :")
    commit(root, "filtered")
    (root / "infra/main.tf").write_text(f"{(root / 'infra/main.tf').read_text()}# local-value\n")


def replace_the_blob(root: Path) -> None:
    """Let git return another object in the place of the committed one."""
    committed = git(root, "rev-parse", "HEAD:infra/main.tf")
    (root / "infra/main.tf").write_text("locals {\n}\n")
    git(root, "replace", committed, git(root, "hash-object", "-w", "infra/main.tf"))
    git(root, "update-index", "--assume-unchanged", "infra/main.tf")


def compare_by_size_alone(root: Path) -> None:
    """Let git compare only a file's size and the time that anybody may set."""
    file = root / "infra/main.tf"
    git(root, "config", "core.checkStat", "minimal")
    git(root, "config", "core.trustctime", "false")
    os.utime(file, (10**9, 10**9))
    git(root, "status")
    file.write_text(file.read_text()[::-1])
    os.utime(file, (10**9, 10**9))


def look_at_another_folder(root: Path) -> None:
    """Let git compare a clean copy instead of the files that are judged."""
    other = root.parent / "copy"
    shutil.copytree(root, other, ignore=shutil.ignore_patterns(".git"))
    git(root, "config", "core.worktree", str(other))
    (root / "infra/main.tf").write_text("locals {\n}\n")


def forge(root: Path, kind: str) -> None:
    """Put what is judged under the id of a committed object, which git does not compute again."""
    (root / "infra/main.tf").write_text("locals {\n}\n")
    names = {"commit": "HEAD", "tree": "HEAD^{tree}", "subtree": "HEAD:infra", "graph": "HEAD"}
    before = git(root, "rev-parse", names[kind])
    branch = git(root, "symbolic-ref", "HEAD")
    git(root, "commit", "-q", "-a", "-m", "judged")
    if kind == "graph":
        git(root, "commit-graph", "write", "--reachable")
    after = git(root, "rev-parse", names[kind])
    git(root, "update-ref", branch, git(root, "rev-parse", "HEAD^"))
    if kind == "graph":
        graph = root / ".git/objects/info/commit-graph"
        old, new = (bytes.fromhex(git(root, "rev-parse", f"{each}^{{tree}}")) for each in (before, after))
        data = graph.read_bytes()[:-20].replace(old, new)
        graph.chmod(0o644)
        graph.write_bytes(data + hashlib.sha1(data).digest())
        return
    there, forged = (root / ".git/objects" / each[:2] / each[2:] for each in (before, after))
    there.unlink()
    shutil.copy(forged, there)


@pytest.mark.parametrize("kind", ["commit", "tree", "subtree", "graph"])
def test_an_object_that_is_not_as_its_id_says_is_told(judged: Project, kind: str) -> None:
    forge(judged.root, kind)

    found = find_inputs(judged, {})

    assert found.commit.endswith("+changes") or not found.commit
    assert found.uncommitted


@pytest.mark.parametrize(
    ("deceive", "named"),
    [
        (filter_contents, "infra/main.tf"),
        (replace_the_blob, "infra/main.tf"),
        (compare_by_size_alone, "infra/main.tf"),
        (look_at_another_folder, "what git can't tell (core.worktree leads from {root} to {copy})"),
    ],
)
def test_the_judged_bytes_are_compared_with_the_commit(
    judged: Project, deceive: Callable[[Path], None], named: str
) -> None:
    deceive(judged.root)

    found = find_inputs(judged, {})

    assert found.commit.endswith("+changes")
    assert found.uncommitted == (named.format(root=judged.root, copy=judged.root.parent / "copy"),)


def test_ends_of_lines_that_git_converts_are_no_change(judged: Project) -> None:
    (judged.root / ".gitattributes").write_text("*.tf eol=crlf\n")
    commit(judged.root, "z")
    (judged.root / "infra/main.tf").unlink()
    git(judged.root, "checkout", "--", "infra/main.tf")
    assert b"\r\n" in (judged.root / "infra/main.tf").read_bytes()

    assert find_inputs(judged, {}).uncommitted == ()


def test_a_file_of_any_size_is_compared(judged: Project) -> None:
    file = judged.root / "suites/static/large.bin"
    file.write_bytes(bytes(MOST + 1))
    commit(judged.root, "z")
    assert find_inputs(judged, {}).uncommitted == ()

    with file.open("r+b") as opened:
        opened.write(b"x")
    assert find_inputs(judged, {}).uncommitted == ("suites/static/large.bin",)


def test_of_a_file_of_git_lfs_the_commit_holds_the_digest(judged: Project) -> None:
    file, content = judged.root / "suites/static/picture.png", b"as it was"
    pointer = judged.root.parent / "pointer"
    digest = hashlib.sha256(content).hexdigest()
    pointer.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n")
    file.write_bytes(content)
    (judged.root / ".gitattributes").write_text("*.png filter=lfs\n")
    git(judged.root, "config", "filter.lfs.clean", f"cat > /dev/null; cat '{pointer}'")
    commit(judged.root, "z")
    assert len(find_inputs(judged, {}).commit) == 40

    file.write_bytes(b"as it is ")
    assert find_inputs(judged, {}).uncommitted == ("suites/static/picture.png",)


def test_what_decides_nothing_may_be_left_out_of_a_checkout(judged: Project) -> None:
    (judged.root / "README.md").write_text("")
    commit(judged.root, "z")
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
    write_tree(inner, {"test_y.py": ""})
    git(inner, "init", "-q")

    assert "suites/static/inner/test_y.py" in find_inputs(judged, {}).uncommitted


def test_files_of_a_submodule_are_in_the_commit(judged: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "test_y.py").write_text("")
    git(other, "init", "-q")
    commit(other, "x")
    git(judged.root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "suites/other")
    git(judged.root, "commit", "-q", "-m", "z")
    assert len(find_inputs(judged, {}).commit) == 40
    (judged.root / "suites/other/test_y.py").write_text("# more\n")
    git(judged.root, "config", "submodule.suites/other.ignore", "all")
    assert find_inputs(judged, {}).uncommitted == ("suites/other/test_y.py",)
    (judged.root / "suites/other/test_z.py").write_text("")
    assert find_inputs(judged, {}).uncommitted == ("suites/other/test_y.py", "suites/other/test_z.py")


def test_a_file_behind_a_link_is_held_where_it_lies(judged: Project) -> None:
    (judged.root / ".gitignore").write_text("ignored\n")
    for name in ("ignored", "kept"):
        write_tree(judged.root, {f"{name}/test_y.py": ""})
        (judged.root / "suites" / name[:2]).symlink_to(judged.root / name)
    commit(judged.root, "z")

    assert find_inputs(judged, {}).uncommitted == ("suites/ig/test_y.py",)


def test_a_link_that_no_commit_holds_is_named(judged: Project) -> None:
    (judged.root / "suites/static/test_y.py").symlink_to("test_x.py")

    assert find_inputs(judged, {}).uncommitted == ("suites/static/test_y.py",)


def test_a_project_below_the_top_of_its_repository_is_asked_about_all_that_it_reads(judged: Project) -> None:
    below = judged.root / "below"
    write_tree(below, {"infra/main.tf": 'module "m" {\n  source = "../../infra/m"\n}\n', "criteria.toml": CRITERIA})
    commit(judged.root, "z")
    project = Project(root=below, stated=load_criteria(below / "criteria.toml"))
    assert "../infra/m/main.tf" in find_inputs(project, {}).digests
    assert find_inputs(project, {}).uncommitted == ()
    git(judged.root, "update-index", "--skip-worktree", "infra/m/main.tf")
    assert find_inputs(project, {}).uncommitted == ()
    (judged.root / "infra/m/main.tf").write_text("locals {\n}\n")
    assert find_inputs(project, {}).uncommitted == ("../infra/m/main.tf",)


# ── A revision as files: git's own, without ignored ones, and nothing of the checkout touched


@pytest.fixture(scope="module")
def committed_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits on main and one on a branch that left it after the first; main is checked out."""
    root = tmp_path_factory.mktemp("shop")
    git(root, "init", "-q", "-b", "main")
    write_tree(
        root,
        {
            ".gitignore": "*.auto.tfvars\nbuild/\n",
            ".gitattributes": "live/hidden.tf export-ignore\n",
            "live/main.tf": "first\n",
            "live/hidden.tf": "first\n",
        },
    )
    commit(root, "first")
    git(root, "branch", "side")
    (root / "live" / "main.tf").write_text("second\n")
    git(root, "commit", "-qam", "second")
    left = {"main.tf": "not committed\n", "mine.auto.tfvars": "days = 1\n", "new.tf": "not added\n"}
    write_tree(root / "live", left)
    (root / "live" / ".terraform").mkdir()
    (root / "build").mkdir()
    return root


def test_it_holds_what_the_commit_holds_and_what_git_ignores(committed_shop: Path) -> None:
    stands, index = git(committed_shop, "status", "--porcelain"), (committed_shop / ".git" / "index").read_bytes()
    with checked_out("HEAD", committed_shop / "live") as revision:
        place = revision.find(committed_shop / "live")
        assert (place / "main.tf").read_text() == "second\n"
        assert {each.name for each in place.iterdir()} == {"main.tf", "hidden.tf", "mine.auto.tfvars", ".terraform"}
        assert (revision.place / "build").readlink() == committed_shop / "build"
        assert revision.place.name == committed_shop.name
        assert revision.find(committed_shop.parent / "other.tfvars") == committed_shop.parent / "other.tfvars"
    assert not place.exists()
    assert (committed_shop / ".git" / "index").read_bytes() == index
    assert git(committed_shop, "status", "--porcelain") == stands
    assert (committed_shop / "live" / "mine.auto.tfvars").read_text() == "days = 1\n"
    assert git(committed_shop, "worktree", "list").count("\n") == 0


def test_three_dots_name_where_the_branch_left(committed_shop: Path, tmp_path: Path) -> None:
    git(committed_shop, "worktree", "add", "-q", str(tmp_path / "side"), "side")
    with checked_out("main", tmp_path / "side" / "live") as tip, checked_out("main...", tmp_path / "side") as fork:
        assert (tip.place / "live" / "main.tf").read_text() == "second\n"
        assert (fork.place / "live" / "main.tf").read_text() == "first\n"
    git(committed_shop, "worktree", "remove", str(tmp_path / "side"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "--changed nope: git knows no such commit; name a commit, branch or tag of this repository"),
        ("HEAD:live", "--changed HEAD:live: git knows no such commit"),
        ("", "--changed '': is no revision"),
        ("...", "--changed '...': is no revision"),
        ("--help", "--changed '--help': is no revision"),
    ],
)
def test_what_is_no_commit_is_said(committed_shop: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError) as error, checked_out(name, committed_shop):
        pytest.fail("it was checked out")
    assert str(error.value).startswith(message)


def test_a_folder_of_no_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="is in no git repository, so that nothing was before"):
        checked_out("HEAD", tmp_path).__enter__()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="what was before can't be known: git is not installed"):
        checked_out("HEAD", tmp_path).__enter__()


def test_a_shallow_clone_is_told_apart(committed_shop: Path, tmp_path: Path) -> None:
    made = tmp_path / "clone"
    git(committed_shop, "clone", "-q", "--depth", "1", committed_shop.as_uri(), str(made))
    first = git(committed_shop, "rev-parse", "side")
    for name in (first, f"{first}..."):
        with pytest.raises(UsageError, match=r"git knows no such commit; this clone is shallow: fetch the rest"):
            checked_out(name, made).__enter__()


def test_two_histories_have_no_commit_in_common(committed_shop: Path, tmp_path: Path) -> None:
    other = git(committed_shop, "commit-tree", "-m", "other", git(committed_shop, "rev-parse", "HEAD^{tree}"))
    with pytest.raises(UsageError, match=f"have in common; name {other} itself"):
        checked_out(f"{other}...", committed_shop).__enter__()


def test_a_link_in_the_revision_leads_nothing_out_of_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "shop", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    git(root, "init", "-q")
    (root / "live").symlink_to(outside)
    commit(root, "a link")
    (root / "live").unlink()
    write_tree(root, {".gitignore": "*.auto.tfvars\n", "live/x.auto.tfvars": "days = 1\n"})
    with checked_out("HEAD", root):
        assert not list(outside.iterdir())
