"""What a run is made from: each file and variable that can decide, by digest, and which of them no commit holds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..sections.project import Project
from ..terraform.diagnostics import TerraformError
from ..terraform.evaluate import MANIFEST, find_only_root
from ..terraform.sources import read_manifest, read_tree

#: Seconds in which git must have said what it is asked.
_GIT_LIMIT: Final = 30.0
#: The places of a project, besides its Terraform, in which whatever lies decides.
PLACES: Final = ("policies", "suites", "loadtests", "e2e", "facts", "dags", "conftest.py", ".github/workflows")
SKIPPED: Final = frozenset({".git", "__pycache__", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
STATE: Final = ".tfstate"
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


def find_inputs(project: Project, environment: Mapping[str, str] = os.environ) -> Inputs:
    """Digest what Terraform, the suites and the attested layer may read, and ask git what of it is in no commit."""
    folders = list_folders(project)
    files = dict(_list_files(project.root, (*folders, *(project.root / each for each in list_recorded(project)))))
    variables = {name: _digest(os.fsencode(text)) for name, text in environment.items() if name.startswith("TF_VAR_")}
    ask = make_asker(project.root)
    commit = ask("rev-parse", "HEAD")
    unknown = _list_unknown(ask, project, folders) if commit else []
    uncommitted = (*sorted(variables), *_shorten(each for each in unknown if _counts(each)))
    changed = ask("status", "--porcelain", "--untracked-files=no")
    marked = f"{commit}+changes" if commit and (changed or uncommitted) else commit
    judges = dict(_list_files(project.root, (project.root / place for place in PLACES)))
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


def list_folders(project: Project) -> tuple[Path, ...]:
    """The directories of the root and of every module that it calls, or the whole root where that can't be told."""
    if not project.stated.terraform_root:
        return ()
    root = project.root / project.stated.terraform_root
    try:
        root = find_only_root(root)
        modules = read_tree(root, project.root, read_manifest(root, root / MANIFEST)).modules
        return tuple(sorted({each.directory for each in modules.values()}))
    except (TerraformError, OSError):
        return (root,)


def list_recorded(project: Project) -> tuple[str, ...]:
    """Where records are, and the documents that their criteria ask for; nothing when no criterion asks for a record."""
    asking = [each for each in project.stated.criteria.values() if "attested" in each.layers]
    documents = dict.fromkeys(each.document for each in asking if each.document)
    return (project.stated.attested.folder, *documents) if asking else ()


def _list_files(root: Path, places: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for folder in places:
        if folder.is_file():
            yield os.path.relpath(folder, root), _digest(folder.read_bytes())
        for place, inner, names in os.walk(folder):
            inner[:] = sorted(name for name in inner if name not in SKIPPED | {".terraform"})
            for path in (
                Path(place, name) for name in sorted(names) if STATE not in name and not name.endswith(".pyc")
            ):
                if path.is_file():
                    yield os.path.relpath(path, root), _digest(path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _list_unknown(ask: Ask, project: Project, folders: Iterable[Path]) -> list[str]:
    """Ask git for files of the project that decide and are in no commit, also ignored ones."""
    top = Path(ask("rev-parse", "--show-toplevel") or project.root)
    inside = [each for each in folders if each.resolve().is_relative_to(top.resolve())]
    places = [os.path.relpath(each, project.root) for each in inside]
    places += [each for each in (*PLACES, *list_recorded(project)) if (project.root / each).exists()]
    places += [project.stated.path.name, *project.stated.included, "waivers.toml", *project.stated.var_files]
    listed = ask("--literal-pathspecs", "ls-files", "-z", "--others", "--", *places)
    outside = [os.path.relpath(each, project.root) for each in folders if each not in inside]
    return sorted(filter(None, listed.split("\0"))) + outside


def _counts(path: str) -> bool:
    parts = Path(path).parts
    if SKIPPED & set(parts) or path.endswith(".pyc") or STATE in parts[-1] or parts[-1] == ".terraform.lock.hcl":
        return False
    return ".terraform" not in parts or "modules" in parts


def _shorten(paths: Iterable[str]) -> tuple[str, ...]:
    """Name a fetched module once instead of each of its files."""
    return tuple(dict.fromkeys(_name_module(Path(each).parts) or each for each in paths))


def _name_module(parts: tuple[str, ...]) -> str:
    place = parts.index(".terraform") if ".terraform" in parts else -1
    return str(Path(*parts[: place + 3])) if place >= 0 else ""
