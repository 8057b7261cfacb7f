"""Separate environments for engines whose pins conflict with ours, made on first use from a lock file.

CACHE/environments/
  checkov-3f2a9c1b0d4e5f67/         made by uv from checkov.lock; its stamp is written last, then it is moved here
  .checkov-3f2a9c1b0d4e5f67.lock    held while it is being made

Where NAME.in has a line ``# Python: 3.11, 3.12``, the environment is made of the first of these: ours if it is among
them, else one that is found on the machine. Packages published only as source are built with building.lock.

An environment may hold a team's own requirements besides, from wheels alone; the engine keeps its version.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Final

from platformdirs import user_cache_path

from ..processes.child import Process
from ..processes.progress import Progress

#: Seconds that making an environment may take.
LIMIT: Final = 900.0
#: File in an environment that says for which lock it is complete.
STAMP: Final = "prodgate.stamp"

_LOCKS: Final = Path(__file__).parent
#: The packages, with their digests, that build packages without wheels.
_BUILDING: Final = _LOCKS / "building.lock"
#: Seconds that a look for a Python may take.
_LOOK: Final = 60.0
_PYTHONS: Final = re.compile(r"^# Python: (.+)$", re.MULTILINE)
#: Other files in a file of requirements.
_REFERRED: Final = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)", re.MULTILINE)
#: Variables that would make uv or Python look into another environment.
_MISLEADING: Final = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT")


class EngineError(Exception):
    """An engine can't be made ready; the message says why and what to do."""


def cache_directory() -> Path:
    """Return the directory that holds what is made once: $PRODGATE_CACHE, or the user's cache directory."""
    named = os.environ.get("PRODGATE_CACHE", "")
    return Path(named).expanduser().absolute() if named else user_cache_path("prodgate", appauthor=False)


def find_python(name: str, *, locks: Path = _LOCKS, requirements: Path | None = None) -> Path | None:
    """Return the python of the environment that is made from ``NAME.lock``, or None when it is not complete."""
    try:
        place, key = _locate(name, locks, requirements)
        python = place / "bin" / "python"
        complete = (place / STAMP).read_text("utf-8") == key and python.exists()
    except (OSError, EngineError):
        return None
    return python if complete else None


def ensure_python(
    name: str, progress: Progress, *, locks: Path = _LOCKS, requirements: Path | None = None, keep: str = ""
) -> Path:
    """Return the python of that environment, made now when it is not there. Raises EngineError.

    ``requirements`` is a file of what else it holds, ``keep`` the requirement that it must not change, such as
    ``apache-airflow==3.0.6``. Only making it needs the network, and only the first of several processes makes it.
    """
    python = find_python(name, locks=locks, requirements=requirements)
    if python is None:
        place, key = _locate(name, locks, requirements)
        with hold(place, name, progress) as held:
            if find_python(name, locks=locks, requirements=requirements) is None:
                progress(f"{name}: making its environment, once{f', with {requirements.name}' if requirements else ''}")
                # wheels only, so that none of a team's code runs here
                own = ("--only-binary", ":all:", "-r", str(requirements.resolve())) if requirements else ()
                more = (*own, keep) if own and keep else own
                _make(place, key, _choose_python(name, locks)[0], locks / f"{name}.lock", held, more)
        python = place / "bin" / "python"
    return python


def _locate(name: str, locks: Path, requirements: Path | None = None) -> tuple[Path, str]:
    """Return the directory of an environment and the digest of all that it depends on."""
    _, release = _choose_python(name, locks)
    depends = f"{sys.implementation.name} {release} {sys.platform} {platform.machine()}\n".encode()
    stated = b"".join(_read_requirements(requirements)) if requirements else b""
    key = hashlib.sha256(depends + (locks / f"{name}.lock").read_bytes() + stated).hexdigest()
    return cache_directory() / "environments" / f"{name}-{key[:16]}", key


def _read_requirements(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[bytes]:
    """Yield a file of requirements, and the files that it refers to. Raises EngineError."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise EngineError(f"{path}: can't be read: {error.strerror}; state the requirements of Airflow") from None
    yield text
    for named in _REFERRED.findall(text.decode("utf-8", "replace")):
        other = (path.parent / named.strip("\"'")).resolve()
        if "://" not in named and other not in seen:
            yield from _read_requirements(other, seen | {path.resolve(), other})


def _choose_python(name: str, locks: Path) -> tuple[str, str]:
    """Return the Python that an environment is made of, and its release. Raises EngineError when there is none."""
    stated = locks / f"{name}.in"
    found = _PYTHONS.search(stated.read_text("utf-8")) if stated.exists() else None
    ours = ".".join(map(str, sys.version_info[:2]))
    releases = tuple(re.split(r",\s*", found[1])) if found else (ours,)
    return (sys.executable, ours) if ours in releases else _find_system_python(name, releases)


@cache
def _find_system_python(name: str, releases: tuple[str, ...]) -> tuple[str, str]:
    """Return the newest of some Pythons that this machine has."""
    for release in reversed(releases):
        command = (_find_uv(name), "python", "find", "--no-project", "--system", release)
        done = subprocess.run(  # noqa: S603  uv
            command, env=_uv_environment(), capture_output=True, text=True, timeout=_LOOK, check=False
        )
        if done.returncode == 0:
            return done.stdout.strip(), release
    newest = releases[-1]
    raise EngineError(
        f"{name}: needs Python {' or '.join(releases)}, and this machine has none of them; "
        f"install one (apt-get install python{newest}, or uv python install {newest})"
    )


@contextmanager
def hold(place: Path, name: str, progress: Progress) -> Iterator[IO[bytes]]:
    """Hold the lock of a folder in the cache. Raises EngineError when a file can't be written meanwhile."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.with_name(f".{place.name}.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(f"{name}: waiting for another process that makes its environment")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    except OSError as error:
        where = error.filename or place.parent
        advice = "set PRODGATE_CACHE to a folder that can be written and has 300 MB free"
        raise EngineError(f"{where}: can't hold the environment of {name}: {error.strerror}; {advice}") from None


def _make(  # noqa: PLR0917  all of it is said once, above
    place: Path, key: str, base: str, lock: Path, held: IO[bytes], more: tuple[str, ...] = ()
) -> None:
    """Make an environment beside its place and move it there when it is complete."""
    partial, broken = (place.with_name(f".{place.name}.{state}") for state in ("partial", "broken"))
    try:
        for left in (partial, broken):
            shutil.rmtree(left, ignore_errors=True)
        _run_uv(held, lock, "venv", "--python", base, "--relocatable", "--no-project", str(partial))
        hashed = ("--require-hashes", "--only-binary", ":all:", "--build-constraints", str(_BUILDING))
        _run_uv(held, lock, "pip", "sync", "--python", str(partial / "bin" / "python"), *hashed, str(lock))
        if more:
            _run_uv(held, lock, "pip", "install", "--python", str(partial / "bin" / "python"), *more)
        (partial / STAMP).write_text(key, "utf-8")
        if place.exists():
            place.rename(broken)
        partial.rename(place)
    finally:
        for left in (partial, broken):
            shutil.rmtree(left, ignore_errors=True)


def _run_uv(held: IO[bytes], lock: Path, *arguments: str) -> None:
    """Run uv. It inherits the lock as its standard input, and so holds it even when it outlives this process."""
    command = (_find_uv(lock.name), "--quiet", *arguments)
    with Process(command, cwd=cache_directory(), environment=_uv_environment(), stdin=held.fileno()) as process:
        try:
            code = process.wait(LIMIT).code
        except subprocess.TimeoutExpired:
            raise EngineError(f"{lock.name}: uv did not finish within {LIMIT:g} s; run prodgate setup again") from None
        if code:
            raise EngineError(f"{lock.name}: can't be installed: {_render_failure(process.errors().strip())}")


def find_uv() -> str:
    """Return the program uv: that of its package, or one on PATH. Raises FileNotFoundError when there is none."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415  comes with extras, as who judges declarations alone needs none

        return find_uv_bin()
    except (ModuleNotFoundError, FileNotFoundError):
        if found := shutil.which("uv"):
            return found
        raise FileNotFoundError("uv") from None


def _find_uv(name: str) -> str:
    try:
        return find_uv()
    except FileNotFoundError:
        raise EngineError(f"{name}: uv is not installed; pip install uv") from None


def _uv_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _MISLEADING}
    return kept | {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}


def _render_failure(said: str) -> str:
    text = " ".join(said.split())[-600:] or "uv said nothing"
    if "No space left" in said or "os error 28" in said:
        return f"{text}; free 300 MB, or set PRODGATE_CACHE and UV_CACHE_DIR to folders that have them"
    return f"{text}; run prodgate setup where the package index can be reached, once (UV_DEFAULT_INDEX names a mirror)"
