"""What a run is made from: each file and variable that can decide, by digest, and which of them no commit holds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..sections.project import Project
from ..terraform.read_files import Place
from .places import Places, find_places, list_files

#: Seconds in which git must have said what it is asked.
_GIT_LIMIT: Final = 30.0
Ask = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run by digest, and the names of those that are in no commit."""

    commit: str
    """The commit of the project, ``+changes`` when something that decides differs; empty outside of git."""
    digests: Mapping[str, str]
    """Path from the project's root, or ``TF_VAR_x``, -> SHA-256."""
    judges: Mapping[str, str]
    """Path from the project's root -> SHA-256, of the code that judges and what else lies beside it."""
    uncommitted: tuple[str, ...]


def find_inputs(project: Project, environment: Mapping[str, str] = os.environ, places: Places | None = None) -> Inputs:
    """Digest what Terraform, the suites and the attested layer may read, and ask git what of it is in no commit."""
    places = places or find_places(project)
    files, judges = (_digest_files(project.root, each, places.written) for each in (places.read, places.judging))
    variables = {name: _digest(os.fsencode(text)) for name, text in environment.items() if name.startswith("TF_VAR_")}
    ask = make_asker(project.root)
    commit = ask("rev-parse", "HEAD")
    unknown = _list_unknown(ask, project, {**files, **judges}) if commit else []
    uncommitted = (*sorted(variables), *_shorten(unknown))
    changed = ask("status", "--porcelain", "--untracked-files=no")
    marked = f"{commit}+changes" if commit and (changed or uncommitted) else commit
    return Inputs(marked, {**files, **variables}, judges, uncommitted if commit else tuple(sorted(variables)))


def make_asker(root: Path) -> Ask:
    """Return a function that asks git about a directory; without git, or of what it refuses, the answer is empty.

    Settings in the environment that lead git elsewhere (``GIT_DIR``, ``GIT_INDEX_FILE``, …) are not handed on.
    """
    git = shutil.which("git")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def ask(*words: str) -> str:
        if git is None:
            return ""
        command = (git, "-C", str(root), *words)
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="surrogateescape", check=False, timeout=_GIT_LIMIT,
            env=environment,
        )  # fmt: skip
        return done.stdout.strip("\n") if done.returncode == 0 else ""

    return ask


def _digest_files(root: Path, places: Iterable[Place], written: frozenset[str]) -> dict[str, str]:
    files = (path for path in list_files(places, written) if path.is_file())
    return {os.path.relpath(path, root): _digest(path.read_bytes()) for path in files}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _list_unknown(ask: Ask, project: Project, digested: Iterable[str]) -> list[str]:
    """Ask git which of the files that decide are in no commit, also ignored ones, and those that lie outside of it."""
    top = Path(ask("rev-parse", "--show-toplevel") or project.root).resolve()
    named = (project.stated.path.name, *project.stated.included, "waivers.toml", *project.stated.var_files)
    files = sorted({*digested, *(name for name in named if (project.root / name).is_file())})
    place = os.path.relpath(top, project.root) if any(each.startswith("..") for each in files) else "."
    others = set(ask("ls-files", "-z", "--others", "--", place).split("\0"))
    inside = {each for each in files if (project.root / each).resolve().is_relative_to(top)}
    return [each for each in files if each in others or each not in inside]


def _shorten(paths: Iterable[str]) -> tuple[str, ...]:
    """Name a fetched module once instead of each of its files."""
    return tuple(dict.fromkeys(_name_module(Path(each).parts) or each for each in paths))


def _name_module(parts: tuple[str, ...]) -> str:
    place = parts.index(".terraform") if ".terraform" in parts else -1
    return str(Path(*parts[: place + 3])) if place >= 0 else ""
