"""What git knows of the commit of an older build: its files, and where they name something."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..aws.answers import Unreadable

#: Seconds in which git must answer.
LIMIT: Final = 30.0
#: Exit code of ``git grep`` when nothing matches.
_NOTHING: Final = 1


def find_commit(root: Path, name: str) -> str:
    """Return the full id of the commit that a name stands for. Raises Unreadable when the history does not hold it."""
    code, told = _ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if code == 0:
        return told.strip()
    shallow = _ask(root, "rev-parse", "--is-shallow-repository")[1].strip() == "true"
    why = "the history here is shallow; check out all of it (fetch-depth: 0)" if shallow else "fetch its history"
    raise Unreadable(f"commit {name!r} of the build that served before is not in this repository: {why}")


def list_files(root: Path, commit: str, folder: str) -> frozenset[str]:
    """Return the files below a folder in a commit, by their paths from the folder. Raises Unreadable."""
    code, told = _ask(root, "ls-tree", "-r", "-z", "--name-only", f"{commit}:./{folder.rstrip('/')}")
    if code:
        raise Unreadable(f"git can't list {folder} in commit {commit[:12]}; was the folder somewhere else then?")
    return frozenset(filter(None, told.split("\0")))


def find_words(root: Path, commit: str, word: str, places: Sequence[str], without: str) -> tuple[str, ...]:
    """Return ``file:line`` of each line below some places that holds a word, and nothing below ``without``.

    An empty commit means the files as they lie here. Raises Unreadable when git can't look.
    """
    where = [*(f":(glob){each}" for each in places), f":(exclude){without}"]
    looked = [commit] if commit else ["--untracked"]
    code, told = _ask(root, "grep", "-I", "-i", "-n", "-w", "-F", "-z", "-e", word, *looked, "--", *where)
    if code not in (0, _NOTHING):
        raise Unreadable(f"git can't look for {word!r} in {'commit ' + commit[:12] if commit else 'this folder'}")
    found = (line.split("\0") for line in told.splitlines() if line.count("\0") >= 2)
    return tuple(f"{name.removeprefix(f'{commit}:')}:{number}" for name, number, *_ in found)


def _ask(root: Path, *words: str) -> tuple[int, str]:
    """Return the exit code and the output of git, asked about a directory. Raises Unreadable without git.

    Variables that would lead it elsewhere are not handed on.
    """
    git = shutil.which("git")
    if git is None:
        raise Unreadable("git is not installed; what the build before this one reads can't be looked up")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = (git, "-C", str(root), "--literal-pathspecs" if words[0] != "grep" else "--no-pager", *words)
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", check=False, timeout=LIMIT, env=environment
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"git did not answer within {LIMIT:g} s") from None
    return done.returncode, done.stdout
