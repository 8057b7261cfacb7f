"""Git's answers: the commit that is checked out, files that are not in it, and any revision in a folder of its own."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ..criteria import UsageError
from ..processes.regular_files import digest_file, open_regular, read_measured

#: Seconds in which git must have answered.
_LIMIT: Final = 30.0
#: Without these, a program that the checkout's own settings name could decide what has changed, or learn that git
#: looked, and another object could replace one that the commit names.
_PLAIN: Final = ("--no-replace-objects", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
#: Digits of an id in a repository of SHA-1.
_SHA1: Final = 40
#: How much of git's own words is kept.
_MOST_WORDS: Final = 200
Ask = Callable[..., str]


class GitError(Exception):
    """Git refused a question; the message has the question and git's words."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out, and what of the files that decide is not in it."""

    name: str = ""
    """Its id, empty outside of git."""
    made: str = ""
    """When it was made, by ISO 8601."""
    changed: bool = False
    """Whether a file differs from it, or git can't tell."""
    unknown: tuple[str, ...] = ()
    """The files that decide and differ from the commit, and in words what git can't tell."""


def find_commit(root: Path, files: Iterable[str], decides: Callable[[str], bool]) -> Commit:
    """Compare these files, named from ``root``, with the commit. Raises UsageError when git doesn't answer.

    ``decides`` tells whether a file by some name would be one of them if it were there. Once there is a commit, a
    question that git refuses leaves nothing proven, and counts as a change.
    """
    ask = make_asker(root)
    try:
        name = ask("rev-parse", "HEAD")
    except GitError as error:
        return Commit(unknown=(f"all of it ({error})",))
    made = ""
    try:
        made = ask("log", "-1", "--format=%cI", name)
        unknown = _list_unknown(ask, root, name, sorted(files), decides)
        changed = bool(ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none"))
    except GitError as error:
        return Commit(name, made, changed=True, unknown=(f"what git can't tell ({error})",))
    return Commit(name, made, changed=changed or bool(unknown), unknown=tuple(unknown))


def ask_or_nothing(root: Path, *words: str) -> str:
    """Return git's answer about a directory; nothing without one. Raises UsageError when it hangs."""
    try:
        return make_asker(root)(*words)
    except GitError:
        return ""


def make_asker(root: Path, *, limit: float = 0, settings: Mapping[str, str] = MappingProxyType({})) -> Ask:
    """Return a function that asks git about a directory, and raises GitError, or UsageError when no answer comes.

    Settings in the environment that lead git elsewhere (``GIT_DIR``, ``GIT_INDEX_FILE``, …) are not handed on, but
    those that are given are. ``limit`` is in seconds; the usual one without it.
    """
    limit = limit or _LIMIT
    git = shutil.which("git")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | dict(settings)

    def ask(*words: str) -> str:
        if git is None:
            raise GitError("git is not installed")
        try:
            done = subprocess.run(  # noqa: S603
                (git, *_PLAIN, "-C", str(root), *words),
                capture_output=True, text=True, errors="surrogateescape", check=False, timeout=limit, env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UsageError(f"git {words[0]}: gave no answer within {limit:g} s; see why, and run again") from None
        except OSError as error:  # more words than the system hands on
            raise GitError(f"git {words[0]}: {error.strerror}") from error
        if done.returncode:
            raise GitError(f"git {words[0]}: {' '.join(done.stderr.split())[:_MOST_WORDS]}")
        return done.stdout.strip("\n")

    return ask


def _list_unknown(ask: Ask, root: Path, commit: str, files: Iterable[str], decides: Callable[[str], bool]) -> list[str]:
    """Return the files whose bytes the commit does not hold, then those that it holds, that decide and are gone.

    A file behind a link is held when the commit holds both the link and the file.
    """
    here = root.resolve()
    top = _find_top(ask, here)
    held = dict(_read_tree(ask, top, commit))
    unknown = [each for each in files if not all(_is_held(top, path, held) for path in _follow(here, each))]
    missing = (os.path.relpath(top / name, here) for name in held if not os.path.lexists(top / name))
    return [*unknown, *sorted(filter(decides, missing))]


def _find_top(ask: Ask, here: Path) -> Path:
    """Return the folder of the checkout. Raises GitError where git would look at the files of another one."""
    top = next(each for each in (here, *here.parents) if (each / ".git").exists() or each.parent == each)
    compared = Path(ask("rev-parse", "--show-toplevel")).resolve()
    if compared != top:
        raise GitError(f"core.worktree leads from {top} to {compared}")
    return top


def _read_tree(ask: Ask, top: Path, tree: str) -> Iterator[tuple[str, str]]:
    """Yield the path from the top and the id of each file and link of a commit, submodules included.

    Raises GitError for a folder whose entries do not have its id, which git itself does not compute again.
    """
    folders = {"": (ask("rev-parse", f"{tree}^{{tree}}"), list[bytes]())}
    for entry in filter(None, ask("ls-tree", "-r", "-t", "-z", "--full-tree", tree).split("\0")):
        about, _, path = entry.partition("\t")
        mode, kind, id_ = about.split(" ")
        folder, _, name = path.rpartition("/")
        folders[folder][1].append(b"%s %s\0%s" % (mode.lstrip("0").encode(), os.fsencode(name), bytes.fromhex(id_)))
        if kind == "tree":
            folders[path] = (id_, [])
        elif kind == "blob":
            yield path, id_
        elif (top / path / ".git").exists():
            inner = _read_tree(make_asker(top / path), top / path, id_)
            yield from ((f"{path}/{below}", each) for below, each in inner)
    for folder, (id_, entries) in folders.items():
        if _name_object(b"".join(entries), id_, b"tree") != id_:
            raise GitError(f"the tree of {folder or 'the commit'} is not the one that its id names")


def _follow(here: Path, name: str) -> Iterator[Path]:
    """Yield the links on the way to a file, and the file itself where it lies."""
    path = here
    for part in Path(name).parts:
        path /= part
        if path.is_symlink():
            yield path.parent.resolve() / part
    yield path.resolve()


def _is_held(top: Path, path: Path, held: Mapping[str, str]) -> bool:
    """Whether a file or link is in the commit as its bytes are here, ends of lines aside, which git converts.

    Of a file of Git LFS the commit holds the digest.
    """
    id_ = held.get(os.path.relpath(path, top), "")
    if path.is_symlink():
        return id_ == _name_object(os.fsencode(path.readlink()), id_)
    try:
        return bool(id_) and any(id_ == name(path, id_) for name in (_name_file, _name_pointer, _name_converted))
    except OSError:
        return False


def _name_file(path: Path, like: str) -> str:
    """Return the id of a regular file of whatever size. Raises OSError when it can't be read."""
    with open_regular(path) as file:
        return str(hashlib.file_digest(file, partial(_begin_object, os.fstat(file.fileno()).st_size, like)).hexdigest())


def _name_pointer(path: Path, like: str) -> str:
    """Return the id of the text that Git LFS commits for a file. Raises OSError when the file can't be read."""
    digest, size = digest_file(path), path.stat().st_size
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"
    return _name_object(text.encode(), like)


def _name_converted(path: Path, like: str) -> str:
    """Return the id of a text whose ends of lines git converted. Raises OSError, also for more than people write."""
    return _name_object(read_measured(path).replace(b"\r\n", b"\n"), like)


def _name_object(content: bytes, like: str, kind: bytes = b"blob") -> str:
    """Return the id under which git keeps a content, by the hash of another id."""
    made = _begin_object(len(content), like, kind)
    made.update(content)
    return str(made.hexdigest())


def _begin_object(size: int, like: str, kind: bytes = b"blob") -> Any:
    hashing = "sha1" if len(like) == _SHA1 else "sha256"
    return hashlib.new(hashing, b"%s %d\0" % (kind, size), usedforsecurity=False)


#: Seconds in which git must have written all files of a revision.
_WRITING: Final = 600.0
#: A file that is kept elsewhere is not fetched, and nobody is asked for a password.
_SETTINGS: Final = {"GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
#: Where ``terraform init`` keeps modules. They belong to the machine, even if git is not told to ignore them.
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
        """Return where a path of the repository lies in the revision; a path outside of it is returned unchanged."""
        real = path.resolve()
        return self.place / real.relative_to(self.top) if real.is_relative_to(self.top) else path

    def holds(self, path: Path) -> bool:
        """Whether a path that was found belongs to the revision, not to the machine, even if nothing is there."""
        return path.resolve().is_relative_to(self.place)

    def __str__(self) -> str:
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:7]})"


#: Variables by which a CI names the branch that a change is to be merged into.
MERGED_INTO: Final = (
    "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH", "CHANGE_TARGET", "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
)  # fmt: skip


def find_base(root: Path, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the branch that a change goes to, and the commit at which the change left it, as far as git knows.

    Outside of CI it is the remote's main branch. None where there is no repository, and no branch. Raises GitError for
    a branch that git does not have.
    """
    ask, here = make_asker(root), root.resolve()
    named = next(filter(None, map(environment.get, MERGED_INTO)), "").removeprefix("refs/heads/")
    for name in filter(None, (f"origin/{named or 'HEAD'}", named, environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))):
        with suppress(GitError):
            tip = ask("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
            with suppress(GitError):  # in a shallow clone they have no commit in common
                tip = ask("merge-base", "HEAD", tip)
            return named or ask("rev-parse", "--abbrev-ref", name), tip
    if not named or not any((each / ".git").exists() for each in (here, *here.parents)):
        return None
    with suppress(GitError):  # of the merge that GitHub checks out, the branch is the first of two parents
        ask("rev-parse", "--verify", "HEAD^2")
        return named, ask("rev-parse", "--verify", "HEAD^1")
    raise GitError(f"git has no {named}; fetch it, or check out with a fetch-depth of 2")


@contextmanager
def written_out(root: Path, commit: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[Path, Collection[str]]]:
    """Yield a folder with files that a commit holds below a folder, and their paths in it, as they were committed.

    No program of the checkout has a say. Raises GitError.
    """
    ask, here = make_asker(root), root.resolve()
    top = _find_top(ask, here)
    held, prefix = dict(_read_tree(ask, top, commit)), f"{here.relative_to(top)}/" if here != top else ""
    below = {name.removeprefix(prefix): id_ for name, id_ in held.items() if name.startswith(prefix)}
    wanted = {name: id_ for name, id_ in below.items() if is_wanted(name)}
    with tempfile.TemporaryDirectory(prefix="prodgate-") as made:
        place = Path(made).resolve()
        for name, id_ in wanted.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            if _is_held(top, here / name, held):
                shutil.copyfile(here / name, place / name)
            else:
                (place / name).write_bytes(os.fsencode(ask("cat-file", "blob", id_)))
        yield place, wanted


@contextmanager
def checked_out(name: str, path: Path) -> Iterator[Revision]:
    """Yield a revision of the repository that holds a path, in a folder that is removed in the end.

    ``name`` is any name that git has for a commit; ``main...`` is the commit at which the branch that is checked out
    left main. Ignored files belong to the machine, not to a revision: they are linked. Raises UsageError.
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
        _write_files(make_asker(top, limit=_WRITING, settings=settings), name, commit, place)
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


#: The advice for a clone with only the newest commits.
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
