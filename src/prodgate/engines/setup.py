"""What ``prodgate setup`` makes ready and shows, and carries to a machine without a package index."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ..processes.ending import naming
from ..processes.progress import Progress, print_progress
from ..terraform.diagnostics import TerraformError
from ..terraform.runner import find_engine, run
from .environments import EngineError, cache_directory, ensure_python, hold
from .programs import PROGRAMS, Chromium, HAProxy, find_programs

#: The environment of the newest Airflow that Amazon MWAA is known to run.
AIRFLOW: Final = "airflow-3.0.6"


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can be used, where it is or what to do."""

    name: str
    ready: bool
    detail: str


def check_engines(progress: Progress, *, installs: bool) -> Sequence[EngineState]:
    """Make ready what can be, programs of the system if it ``installs`` any; return the state of every engine."""
    programs = find_programs(PROGRAMS, progress, installs=installs)
    return (
        _check_core(),
        *make_environments(progress),
        *(EngineState(name, not isinstance(each, EngineError), _describe(each)) for name, each in programs.items()),
    )


def _describe(found: Chromium | HAProxy | EngineError) -> str:
    if isinstance(found, HAProxy):
        return f"{found.version} ({found.program})"
    return str(found) if isinstance(found, EngineError) else found.program or f"kept by {found.source}"


def make_environments(progress: Progress) -> Sequence[EngineState]:
    """Make ready the engines that are packages of Python, and return their states."""
    return _make_ready("Checkov", "checkov", progress), _make_ready("Airflow", AIRFLOW, progress)


def _check_core() -> EngineState:
    try:
        engine = find_engine(os.environ)
        with tempfile.TemporaryDirectory(prefix="prodgate-") as place:
            settings = {"CHECKPOINT_DISABLE": "1", "HOME": place, "PATH": os.environ.get("PATH", "")}
            done = run(
                (*engine.start(Path(place), 60), "version", "-json"), cwd=Path(place), environment=settings, limit=60
            )
        version = json.loads(done.stdout)["terraform_version"]
    except TerraformError as error:
        return EngineState("Terraform core", False, str(error))
    except (ValueError, KeyError):
        return EngineState("Terraform core", False, f"{engine.source} tells no version: {done.stderr.strip()[-300:]}")
    return EngineState("Terraform core", True, f"{version} ({engine.source})")


def _make_ready(title: str, name: str, progress: Progress) -> EngineState:
    """Make the environment of an engine, unless it is there."""
    try:
        return EngineState(title, True, str(ensure_python(name, progress).parents[1]))
    except EngineError as error:
        return EngineState(title, False, str(error))


# ── The packages of engines, carried in a folder that another machine filled
#
# DIR/packages/       uv's downloads, in its own form, for the system, processor and Python of the filling machine
# DIR/contents.json   the digest of each file in it, written last
#
# uv checks downloads against the digests of its lock file, but trusts its unpacked cache. The carried files are
# therefore checked against the contents while they are copied to uv's cache, and the contents against their digest,
# which the person who filled the folder carries by another way.

_PACKAGES: Final = "packages"
_CONTENTS: Final = "contents.json"
_AGAIN: Final = "fill it again by prodgate setup --keep where there is an index"


@contextmanager
def filling(folder: Path) -> Iterator[None]:
    """Let every environment be made anew, elsewhere, of what is downloaded into a folder; then write its contents.

    Raises EngineError for a folder that holds packages: uv would believe what lies there.
    """
    packages, contents = folder.absolute() / _PACKAGES, folder.absolute() / _CONTENTS
    if packages.exists():
        raise EngineError(f"{packages}: is there; name a new folder, or remove this one first")
    with naming(packages):
        packages.mkdir(parents=True)
    with (
        TemporaryDirectory(prefix="prodgate-") as elsewhere,
        _settings(PRODGATE_CACHE=elsewhere, UV_CACHE_DIR=str(packages)),
    ):
        yield
    with naming(contents):
        contents.write_text(json.dumps({name: _digest(packages / name) for name in _list_files(packages)}, indent=1))


@contextmanager
def offline(folder: Path, digest: str = "", progress: Progress = print_progress) -> Iterator[None]:
    """Make environments from a filled folder, without a network.

    Raises EngineError for another folder, for one of which a file is not what it was, and for one whose contents have
    another digest than the one that is given.
    """
    stated = _read_contents(folder, digest)
    with hold(made := cache_directory() / "carried", "carried packages", progress):
        try:
            shutil.rmtree(made, ignore_errors=True)  # of a process that was killed
            _copy(folder.absolute() / _PACKAGES, stated, made)
            with _settings(UV_CACHE_DIR=str(made), UV_OFFLINE="1"):
                yield
        finally:
            shutil.rmtree(made, ignore_errors=True)


def read_digest(folder: Path) -> str:
    """Return the SHA-256 of the contents of a folder that was filled. Raises EngineError for another folder."""
    return hashlib.sha256(_load(folder)).hexdigest()


def _load(folder: Path) -> bytes:
    try:
        return (folder / _CONTENTS).read_bytes()
    except OSError:
        raise EngineError(f"{folder}: holds no packages, or not all of them; {_AGAIN}") from None


def _read_contents(folder: Path, digest: str) -> Mapping[str, str]:
    """Return the digests of files; those of ``digest``, unless that is empty."""
    text = _load(folder)
    if digest and digest != (found := hashlib.sha256(text).hexdigest()):
        raise EngineError(f"{folder / _CONTENTS}: has the digest {found}, not {digest}; it is not what was filled")
    try:
        stated = json.loads(text)
    except ValueError:
        stated = None
    if not isinstance(stated, dict):
        raise EngineError(f"{folder / _CONTENTS}: lists no files; {_AGAIN}")
    return stated


def _list_files(packages: Path) -> Iterator[str]:
    """Yield the files and links below a folder, by their paths from there; no link is followed."""
    for place, folders, names in os.walk(packages):
        inside = Path(place).relative_to(packages)
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from sorted((inside / name).as_posix() for name in (*names, *links))


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or where a link leads."""
    if path.is_symlink():
        return f"-> {path.readlink()}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(packages: Path, stated: Mapping[str, str], into: Path) -> None:
    """Copy the files that are stated, and compare each copy, which nobody else changes."""
    if there := sorted(set(_list_files(packages)) ^ stated.keys()):
        raise EngineError(f"{packages}: {there[0]} was added or taken away since it was filled; {_AGAIN}")
    for name, digest in stated.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(packages / name, into / name, follow_symlinks=False)
        if _digest(into / name) != digest:
            raise EngineError(f"{packages / name}: was changed since it was filled; {_AGAIN}")


@contextmanager
def _settings(**more: str) -> Iterator[None]:
    """Set variables of this process, and put them back."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
