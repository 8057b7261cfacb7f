"""A revision of a repository in a folder of its own: the checkout and its index stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from .commits import Ask, GitError, make_asker

#: Seconds in which git must have written all files of a revision.
_LIMIT: Final = 600.0
#: A file that is kept elsewhere is not fetched, and nobody is asked for a password.
_SETTINGS: Final = {"GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
#: Where ``terraform init`` keeps modules; of the machine, also where nothing tells git to ignore it.
_FETCHED: Final = ".terraform"


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as files: what lies at ``top`` in the repository lies at ``place`` as it was."""

    name: str
    """As the user named it."""
    commit: str
    top: Path
    place: Path

    def find(self, path: Path) -> Path:
        """Return where a path of the repository is in the revision; one of elsewhere is where it is."""
        real = path.resolve()
        return self.place / real.relative_to(self.top) if real.is_relative_to(self.top) else path

    def holds(self, path: Path) -> bool:
        """Whether a path that was found is of the revision, and not of the machine; also one that is not there."""
        return path.resolve().is_relative_to(self.place)

    def __str__(self) -> str:
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:7]})"


@contextmanager
def checked_out(name: str, path: Path) -> Iterator[Revision]:
    """Yield a revision of the repository that holds a path, in a folder that is removed in the end.

    ``name`` is any name that git has for a commit; ``main...`` is the commit at which the branch that is checked out
    left main. What git ignores is of the machine and no part of any revision: it is linked. Raises UsageError.
    """
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    try:
        top = Path(make_asker(folder)("rev-parse", "--show-toplevel"))
    except GitError as error:
        raise UsageError(_explain_no_repository(path, error)) from None
    commit = _find_commit(make_asker(top), name)
    with tempfile.TemporaryDirectory(prefix="prodgate-") as made:
        place = Path(made).resolve() / "tree" / (top.name or "root")
        place.mkdir(parents=True)
        settings = {**_SETTINGS, "GIT_INDEX_FILE": str(Path(made).resolve() / "index")}
        _write_files(make_asker(top, limit=_LIMIT, settings=settings), name, commit, place)
        _link_ignored(make_asker(top), top, folder, place)
        (place / ".git").mkdir()  # what says that it is a repository, and ends there
        yield Revision(name, commit, top, place)


def find_top(path: Path) -> Path:
    """Return the top of the repository that holds a path, or the working directory where there is none."""
    try:
        return Path(
            make_asker(path.resolve() if path.is_dir() else path.resolve().parent)("rev-parse", "--show-toplevel")
        )
    except GitError:
        return Path.cwd()


def find_folder(path: Path) -> str:
    """Return where a folder lies in its repository, ``.`` at the top of it; nothing where there is none."""
    try:
        return make_asker(path.resolve())("rev-parse", "--show-prefix").rstrip("/") or "."
    except GitError:
        return ""


def _explain_no_repository(path: Path, error: GitError) -> str:
    if "not a git repository" in str(error):
        return f"--changed: {path} is in no git repository, so that nothing was before; leave --changed out"
    return f"--changed: what was before can't be known: {error}"


def _find_commit(ask: Ask, name: str) -> str:
    wanted, _, fork = name.partition("...")
    if name.startswith("-") or not wanted or (fork and "..." in name):
        raise UsageError(f"--changed {name!r}: is no revision; name a commit, branch or tag, or write main...")
    try:
        found = ask("rev-parse", "--verify", "--end-of-options", f"{wanted}^{{commit}}")
    except GitError:
        raise UsageError(_explain_unknown(ask, wanted)) from None
    if not name.endswith("..."):
        return found
    try:
        return ask("merge-base", "HEAD", found)
    except GitError:
        said = f"--changed {name}: git finds no commit that HEAD and {wanted} have in common"
        raise UsageError(f"{said}; {_ADVICE}" if _is_shallow(ask) else f"{said}; name {wanted} itself") from None


#: What to do where git was given only the newest commits.
_ADVICE: Final = (
    "this clone is shallow: fetch the rest with `git fetch --unshallow`, or with `fetch-depth: 0` of actions/checkout"
)


def _explain_unknown(ask: Ask, name: str) -> str:
    said = f"--changed {name}: git knows no such commit"
    if _is_shallow(ask):
        return f"{said}; {_ADVICE}"
    return f"{said}; name a commit, branch or tag of this repository, or fetch it first"


def _is_shallow(ask: Ask) -> bool:
    return ask("rev-parse", "--is-shallow-repository") == "true"


def _write_files(ask: Ask, name: str, commit: str, place: Path) -> None:
    """Write every file of a commit below a folder, by an index of its own."""
    try:
        ask("read-tree", "--no-sparse-checkout", commit)
        ask("checkout-index", "--all", "--force", f"--prefix={place}{os.sep}")
    except GitError as error:
        raise UsageError(f"--changed {name}: its files can't be written: {error}") from None


def _link_ignored(ask: Ask, top: Path, folder: Path, place: Path) -> None:
    """Link what git ignores, such as modules that were fetched and values of variables, where nothing else stands."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    ignored = {each.rstrip("/") for each in ask(*words).split("\0") if each}
    if (folder / _FETCHED).is_dir():
        ignored.add(os.path.relpath(folder / _FETCHED, top))
    for each in sorted(ignored):
        link = place / each
        if link.parent.resolve() == link.parent and link.parent.is_dir() and not os.path.lexists(link):
            link.symlink_to(top / each)
