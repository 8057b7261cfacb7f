"""What a run is made from: each file and variable that can decide, by digest, and which of them no commit holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..sections.project import Project
from ..terraform.read_files import SUFFIXES, Place
from .commits import find_commit
from .places import Places, find_places, list_files


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run by digest, and the names of those that are in no commit."""

    commit: str
    """The commit of the project, ``+changes`` when something that decides differs; empty outside of git."""
    committed: str
    """When that commit was made, by ISO 8601."""
    digests: Mapping[str, str]
    """Path from the project's root, or ``TF_VAR_x``, -> SHA-256."""
    judges: Mapping[str, str]
    """Path from the project's root -> SHA-256, of the code that judges and what else lies beside it."""
    uncommitted: tuple[str, ...]
    """Names of inputs, and in words what git can't tell."""


def find_inputs(project: Project, environment: Mapping[str, str] = os.environ, places: Places | None = None) -> Inputs:
    """Digest what Terraform, the suites and the attested layer may read, and ask git what of it is in no commit.

    Raises UsageError when git does not answer in time.
    """
    places = places or find_places(project)
    files, judges = (_digest_files(project.root, each, places.written) for each in (places.read, places.judging))
    variables = {name: _digest(os.fsencode(text)) for name, text in environment.items() if name.startswith("TF_VAR_")}
    there = {*files, *judges, *(name for name in _list_named(project) if (project.root / name).is_file())}
    commit = find_commit(project.root, there, partial(_would_decide, project, places))
    uncommitted = (*sorted(variables), *_shorten(commit.unknown))
    marked = f"{commit.name}+changes" if commit.name and (commit.changed or uncommitted) else commit.name
    return Inputs(marked, commit.made, {**files, **variables}, judges, uncommitted)


def _list_named(project: Project) -> tuple[str, ...]:
    return (project.stated.path.name, *project.stated.included, "waivers.toml", *project.stated.var_files)


def _would_decide(project: Project, places: Places, name: str) -> bool:
    """Whether a file would decide if it were there; one of Terraform below the stated root may make another root."""
    root = project.stated.terraform_root
    makes_root = bool(root) and name.endswith(SUFFIXES) and Path(name).is_relative_to(os.path.normpath(root))
    return makes_root or name in _list_named(project) or places.hold(project.root / name)


def _digest_files(root: Path, places: Iterable[Place], written: frozenset[str]) -> dict[str, str]:
    files = (path for path in list_files(places, written) if path.is_file())
    return {os.path.relpath(path, root): _digest(path.read_bytes()) for path in files}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _shorten(paths: Iterable[str]) -> tuple[str, ...]:
    """Name a fetched module once instead of each of its files."""
    return tuple(dict.fromkeys(_name_module(Path(each).parts) or each for each in paths))


def _name_module(parts: tuple[str, ...]) -> str:
    place = parts.index(".terraform") if ".terraform" in parts else -1
    return str(Path(*parts[: place + 3])) if place >= 0 else ""
