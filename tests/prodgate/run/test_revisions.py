"""A revision as files: what git has, what it ignores, and nothing of the checkout touched."""

import subprocess
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.run.revisions import checked_out


def git(root: Path, *words: str) -> str:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(root), *named, *words], check=True, capture_output=True, timeout=60)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits on main and one on a branch that left it after the first; main is checked out."""
    root = tmp_path_factory.mktemp("shop")
    git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text("*.auto.tfvars\nbuild/\n")
    (root / ".gitattributes").write_text("live/hidden.tf export-ignore\n")
    (root / "live").mkdir()
    (root / "live" / "main.tf").write_text("first\n")
    (root / "live" / "hidden.tf").write_text("first\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    git(root, "branch", "side")
    (root / "live" / "main.tf").write_text("second\n")
    git(root, "commit", "-qam", "second")
    (root / "live" / "main.tf").write_text("not committed\n")
    (root / "live" / "mine.auto.tfvars").write_text("days = 1\n")
    (root / "live" / "new.tf").write_text("not added\n")
    (root / "live" / ".terraform").mkdir()
    (root / "build").mkdir()
    return root


def test_it_holds_what_the_commit_holds_and_what_git_ignores(shop: Path) -> None:
    stands, index = git(shop, "status", "--porcelain"), (shop / ".git" / "index").read_bytes()
    with checked_out("HEAD", shop / "live") as revision:
        place = revision.find(shop / "live")
        assert (place / "main.tf").read_text() == "second\n"
        assert {each.name for each in place.iterdir()} == {"main.tf", "hidden.tf", "mine.auto.tfvars", ".terraform"}
        assert (revision.place / "build").readlink() == shop / "build"
        assert revision.place.name == shop.name
        assert revision.find(shop.parent / "other.tfvars") == shop.parent / "other.tfvars"
    assert not place.exists()
    assert (shop / ".git" / "index").read_bytes() == index
    assert git(shop, "status", "--porcelain") == stands
    assert (shop / "live" / "mine.auto.tfvars").read_text() == "days = 1\n"
    assert git(shop, "worktree", "list").count("\n") == 0


def test_three_dots_name_where_the_branch_left(shop: Path, tmp_path: Path) -> None:
    git(shop, "worktree", "add", "-q", str(tmp_path / "side"), "side")
    with checked_out("main", tmp_path / "side" / "live") as tip, checked_out("main...", tmp_path / "side") as fork:
        assert (tip.place / "live" / "main.tf").read_text() == "second\n"
        assert (fork.place / "live" / "main.tf").read_text() == "first\n"
    git(shop, "worktree", "remove", str(tmp_path / "side"))


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
def test_what_is_no_commit_is_said(shop: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError) as error, checked_out(name, shop):
        pytest.fail("it was checked out")
    assert str(error.value).startswith(message)


def test_a_folder_of_no_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="is in no git repository, so that nothing was before"):
        checked_out("HEAD", tmp_path).__enter__()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="what was before can't be known: git is not installed"):
        checked_out("HEAD", tmp_path).__enter__()


def test_a_shallow_clone_is_told_apart(shop: Path, tmp_path: Path) -> None:
    made = tmp_path / "clone"
    git(shop, "clone", "-q", "--depth", "1", shop.as_uri(), str(made))
    first = git(shop, "rev-parse", "side")
    for name in (first, f"{first}..."):
        with pytest.raises(UsageError, match=r"git knows no such commit; this clone is shallow: fetch the rest"):
            checked_out(name, made).__enter__()


def test_two_histories_have_no_commit_in_common(shop: Path, tmp_path: Path) -> None:
    other = git(shop, "commit-tree", "-m", "other", git(shop, "rev-parse", "HEAD^{tree}"))
    with pytest.raises(UsageError, match=f"have in common; name {other} itself"):
        checked_out(f"{other}...", shop).__enter__()


def test_a_link_in_the_revision_leads_nothing_out_of_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "shop", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    git(root, "init", "-q")
    (root / "live").symlink_to(outside)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a link")
    (root / "live").unlink()
    (root / "live").mkdir()
    (root / ".gitignore").write_text("*.auto.tfvars\n")
    (root / "live" / "x.auto.tfvars").write_text("days = 1\n")
    with checked_out("HEAD", root):
        assert not list(outside.iterdir())
