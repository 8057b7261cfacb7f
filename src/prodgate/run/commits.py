"""What git tells of the files that decide: the commit that is checked out, and which of them it does not hold."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..criteria import UsageError

#: Seconds in which git must have said what it is asked.
_LIMIT: Final = 30.0
#: Otherwise a program that the checkout's own settings name would be asked what has changed, or told that git looked.
_PLAIN: Final = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
#: How ``ls-files -v`` marks a file that ``status`` does not look at: skipped, or, in lower case, assumed unchanged.
_SKIPPED: Final = "S"
#: How much of git's own words is kept.
_MOST_WORDS: Final = 200
Ask = Callable[..., str]


class GitError(Exception):
    """Git does not tell what it is asked; the message says what that was, and why in git's words."""


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
    """The files that decide and are in no commit, and in words what git can't tell."""


def find_commit(root: Path, files: Iterable[str], decides: Callable[[str], bool]) -> Commit:
    """Ask git which of these files, named from ``root``, the commit holds. Raises UsageError when git doesn't answer.

    ``decides`` tells whether a file by some name would be one of them if it were there. Once there is a commit, a
    question that git refuses leaves nothing proven, and counts as a change.
    """
    ask = make_asker(root)
    try:
        name = ask("rev-parse", "HEAD")
    except GitError:
        return Commit()
    made = ""
    try:
        made = ask("log", "-1", "--format=%cI", name)
        unknown = _list_unknown(ask, root, sorted(files), decides)
        changed = bool(ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none"))
    except GitError as error:
        return Commit(name, made, changed=True, unknown=(f"what git can't tell ({error})",))
    return Commit(name, made, changed=changed or bool(unknown), unknown=tuple(unknown))


def ask_or_nothing(root: Path, *words: str) -> str:
    """Return what git says of a directory; without git, or of what it refuses, nothing. Raises UsageError, too late."""
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


def _list_unknown(ask: Ask, root: Path, files: Iterable[str], decides: Callable[[str], bool]) -> list[str]:
    """Return the files that are not in the index, also ignored ones and those outside of the checkout.

    Of those that ``status`` does not look at, return what is not as it is in the commit, or is gone. A file behind a
    link is in it when both the link and what it leads to are.
    """
    here = root.resolve()
    real = {each: os.path.relpath((root / each).resolve(), here) for each in files}
    tracked, there = _list_tracked(ask, here, real), set(real.values())
    unseen = sorted(each for each, mark in tracked.items() if _is_unseen(mark) and (each in there or decides(each)))
    differing = _list_differing(ask, unseen) if unseen else set()
    held = tracked.keys() - differing
    unknown = (each for each, led in real.items() if led not in held or not _is_reached(each, tracked))
    return [*unknown, *sorted(differing - there)]


def _list_tracked(ask: Ask, here: Path, real: Mapping[str, str]) -> dict[str, str]:
    """Return the mark of each file of the index by its path from here."""
    top = Path(ask("rev-parse", "--show-toplevel")).resolve()
    place = os.path.relpath(top, here) if any(each.startswith("..") for each in (*real, *real.values())) else "."
    listed = ask("ls-files", "-v", "-z", "--recurse-submodules", "--", place)
    return {name: mark for mark, _, name in (each.partition(" ") for each in listed.split("\0") if each)}


def _is_unseen(mark: str) -> bool:
    return mark == _SKIPPED or mark.islower()


def _is_reached(name: str, tracked: Mapping[str, str]) -> bool:
    """Whether the index holds a file by this name, or a link on the way to it."""
    return any(str(each) in tracked for each in (Path(name), *Path(name).parents))


def _list_differing(ask: Ask, files: list[str]) -> set[str]:
    """Return the files whose content is not what the commit holds; all of them where that can't be told."""
    try:
        held = ask("rev-parse", *(f"HEAD:./{each}" for each in files)).split("\n")
        found = ask("hash-object", "--", *files).split("\n")
    except GitError:
        return set(files)
    return {each for each, was, now in zip(files, held, found, strict=True) if was != now}
