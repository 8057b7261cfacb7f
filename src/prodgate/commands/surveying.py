"""What a repository holds that the gate could judge, guessed from names and text: nothing of it is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..dag_files.guesses import Guesses, guess_dags
from ..processes.regular_files import open_regular
from ..report.text import visible
from ..terraform.diagnostics import TerraformError
from ..terraform.sources import PRUNED, find_other_roots, find_roots

#: What serves a site, by the name of its package, in the files that state packages.
_SERVES: Final = re.compile(
    r"""(?im)^[\s"'-]*(starlette|fastapi|django|flask|express|fastify|next|nuxt|react|vue|svelte|rails|axum|actix-web)\b"""
)
#: What is said of a site of files alone.
STATIC: Final = "static files"
#: Folders whose pages are no site: shown, tested, or made of something.
_NO_SITE: Final = frozenset(
    {"docs", "doc", "templates", "examples", "example", "tests", "test", "build", "dist", "htmlcov"}
)
#: The accounts that a provider of Terraform works in.
_ALLOWED: Final = re.compile(r"(?m)^[ \t]*allowed_account_ids[ \t]*=[ \t]*\[([^\]]*)\]")
_PACKAGES: Final = ("pyproject.toml", "package.json", "Gemfile", "Cargo.toml")
_AIRFLOW: Final = re.compile(r"(?m)^\s*(from|import)\s+airflow\b")
_CI: Final = (".github/workflows/*.y*ml", ".gitlab-ci.yml", "buildspec.yml", "Jenkinsfile", ".circleci/config.yml")
#: Folders whose Terraform is an example of a policy, and no system at all.
_SHOWN: Final = "policies/examples"
#: Folders whose Terraform is no system: what is called, shown or tested.
_BESIDE: Final = ("modules", "module", "examples", "example", "tests", "test")
#: Bytes of a file that are looked at, and of one that may hold a DAG.
_MOST: Final = 100_000
_MOST_OF_DAGS: Final = 1_000_000
_NOTHING: Final = Guesses()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found in a folder; paths are relative to it."""

    name: str
    """What the system may be called."""
    roots: tuple[str, ...] = ()
    """Terraform roots, the one that is most likely production first."""
    dags: tuple[str, ...] = ()
    """Folders with files that import Airflow."""
    guesses: Guesses = _NOTHING
    """The DAGs of the first of these folders."""
    sites: tuple[str, ...] = ()
    """Files that name a web framework, each as ``file (framework)``; without one, a page as ``file (static files)``."""
    pipelines: tuple[str, ...] = ()
    """What CI reads."""
    account: str = ""
    """The only account that the providers of the first root allow; empty where they name none, or more than one."""


def survey(folder: Path) -> Survey:
    """Look at a folder and say what of it the gate could judge."""
    files, roots = [*_list_files(folder)], _find_roots(folder)
    dags = _find_dag_folders(folder, files)
    return Survey(
        name=re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "system",
        roots=roots,
        account=_find_account(folder / roots[0]) if roots else "",
        dags=dags,
        guesses=_guess_dags(folder / dags[0], files) if dags else _NOTHING,
        sites=tuple(_find_sites(folder, files)) or _find_pages(folder, files),
        pipelines=tuple(_name(folder, path) for pattern in _CI for path in sorted(folder.glob(pattern))),
    )


def _list_files(folder: Path) -> Iterator[Path]:
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in PRUNED and not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names))


def _find_roots(folder: Path) -> tuple[str, ...]:
    try:
        found = {*find_roots(folder), *find_other_roots(folder)}
    except TerraformError:  # a file that no parser reads; whoever judges it says so
        found = {path.parent for path in _list_files(folder) if path.name.endswith((".tf", ".tf.json"))}
    names = {_name(folder, path) for path in found}
    return tuple(sorted((name for name in names if not name.endswith(_SHOWN)), key=_rank))


def _find_account(root: Path) -> str:
    """Return the account of ``allowed_account_ids``, which Terraform itself refuses to leave."""
    lists = [found for path in sorted(root.glob("*.tf")) for found in _ALLOWED.findall(_read(path))]
    ids = {each for found in lists for each in re.findall(r"\d{12}", found)}
    return ids.pop() if len(ids) == 1 and not any(re.sub(r'"\d{12}"|[\s,]', "", found) for found in lists) else ""


def _rank(root: str) -> tuple[bool, bool, str]:
    """Order what is called production before all else, and what is called, shown or tested after it."""
    parts = Path(root).parts
    return any(part in _BESIDE for part in parts), not any(part.startswith("prod") for part in parts), root


def _find_dag_folders(folder: Path, files: list[Path]) -> tuple[str, ...]:
    found = {path.parent for path in files if path.suffix == ".py" and _AIRFLOW.search(_read(path))}
    tops = {path for path in found if not any(path != other and path.is_relative_to(other) for other in found)}
    return tuple(sorted(name for name in (_name(folder, path) for path in tops) if "tests" not in Path(name).parts))


def _guess_dags(folder: Path, files: list[Path]) -> Guesses:
    """Read the files that Airflow would look at: those that hold two words."""
    texts, large = {}, []
    for path in (each for each in files if each.suffix == ".py" and each.is_relative_to(folder)):
        name, text = _name(folder, path), _read(path, _MOST_OF_DAGS)
        if "tests" in Path(name).parts or not all(word in text.lower() for word in ("dag", "airflow")):
            continue
        if len(text.encode()) >= _MOST_OF_DAGS:
            large.append(f"{name}: is too large to be looked at")
        else:
            texts[name] = text
    guessed = guess_dags(texts)
    return Guesses(guessed.dags, (*guessed.unread, *large))


def _find_sites(folder: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        states = path.name in _PACKAGES or re.fullmatch(r"requirements.*\.txt", path.name)
        if states and (serves := _SERVES.search(_read(path))):
            yield f"{_name(folder, path)} ({serves[1].lower()})"


def _find_pages(folder: Path, files: list[Path]) -> tuple[str, ...]:
    """Return the page that a site of files begins with: the one that lies highest."""
    named = [Path(_name(folder, path)) for path in files if path.name == "index.html" and _is_visible(path)]
    pages = sorted((page for page in named if not _NO_SITE & {*page.parts}), key=lambda page: (len(page.parts), page))
    return tuple(f"{page.as_posix()} ({STATIC})" for page in pages[:1])


def _is_visible(path: Path) -> bool:
    return str(path) == visible(str(path))


def _read(path: Path, most: int = _MOST) -> str:
    try:
        with open_regular(path) as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:  # what can't be read is not found
        return ""


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
