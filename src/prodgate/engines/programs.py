"""Programs that no package of Python brings: where they are, and how they are installed where somebody wants that."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..processes.interpreter import own_python
from ..processes.progress import Progress
from .environments import EngineError

#: Seconds that a download or an installation may take.
LIMIT: Final = 600.0
#: Whoever else installs something meanwhile holds apt's locks: wait for them instead of giving up.
_WAITING: Final = ("-o", "DPkg::Lock::Timeout=300")
#: Files that Docker and Podman put into every container.
_MARKS: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
#: Variables that Podman, systemd and Kubernetes set in every container.
_VARIABLES: Final = ("container", "KUBERNETES_SERVICE_HOST")

#: Names under which a Chromium may be on PATH; the headless shell starts twice as fast.
NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Debian's packages of the browser, and of a font with Japanese characters.
PACKAGES: Final = ("chromium-headless-shell", "fonts-noto-cjk")
#: Seconds that a program may take that only looks something up, or says its version.
_BRIEF: Final = 30.0
_PLAYWRIGHT: Final = own_python("-m", "playwright", "install", "--only-shell")
#: Where systems keep HAProxy; PATH of who is not root often lacks it.
_HAPROXY_PLACES: Final = "/usr/sbin:/usr/local/sbin"
#: The oldest HAProxy whose runtime interface does all that is asked of it.
OLDEST_HAPROXY: Final = (2, 4)
#: Where Debian keeps the programs of each version of PostgreSQL, which are not on PATH.
_POSTGRESQL_KEPT: Final = Path("/usr/lib/postgresql")
#: Values of PRODGATE_POSTGRESQL: do without PostgreSQL, or fail if it is missing.
NONE, REQUIRED = "none", "required"

#: Runs a command for so many seconds at most; returns its exit code and its output.
Run = Callable[[Sequence[str], float], "tuple[int, str]"]


class MissingProgram(EngineError):
    """A program is not there; one that is there and of no use is another EngineError."""


def may_install(asked: bool, environment: Mapping[str, str] = os.environ, marks: Sequence[Path] = _MARKS) -> bool:
    """Whether packages may be installed: somebody asked for it, or this is CI or a container, which last for no one."""
    in_ci = environment.get("CI", "").casefold() not in ("", "0", "false")
    return asked or in_ci or any(map(environment.get, _VARIABLES)) or any(mark.exists() for mark in marks)


def list_commands(
    packages: Sequence[str], environment: Mapping[str, str], *, prefix: Sequence[str]
) -> Sequence[Sequence[str]]:
    """Return the commands that install packages; none where the system's are not Debian's."""
    if not shutil.which("apt-get", path=environment.get("PATH")):
        return ()
    apt = (*prefix, "apt-get")
    return (*apt, *_WAITING, "update"), (*apt, *_WAITING, "install", "-y", "--no-install-recommends", *packages)


def describe_install(packages: Sequence[str], environment: Mapping[str, str], *, root: bool) -> str:
    """Return what a person types to install packages; words where the system's are not Debian's."""
    commands = list_commands(packages, environment, prefix=() if root else ("sudo",))
    typed = " && ".join(" ".join(word for word in command if word not in _WAITING) for command in commands)
    return typed or f"install what your system calls {', '.join(packages)}"


def install(
    packages: Sequence[str], progress: Progress, environment: Mapping[str, str], *, run: Run, root: bool
) -> str:
    """Install packages, by a sudo that asks nobody where this is not root; return why that failed, or nothing."""
    commands = list_commands(packages, environment, prefix=() if root else ("sudo", "-n"))
    if commands:
        progress(f"installing {', '.join(packages)} with apt-get; this takes a minute, once")
    for command in commands:
        code, told = run(command, LIMIT)
        if code:
            return f"apt-get: {last_line(told)}"
    return "" if commands else "apt-get is not there"


def last_line(told: str) -> str:
    """Return what a program said last."""
    return (told.strip().splitlines() or ["said nothing"])[-1]


def run_program(command: Sequence[str], limit: float) -> tuple[int, str]:
    """Return the exit code and the output of a program; one that can't run or does not end has failed."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, check=False)  # noqa: S603  of our own making
    except FileNotFoundError:
        return 127, f"{command[0]} is not there"
    except subprocess.TimeoutExpired:
        return 124, f"did not end within {limit:.0f} s"
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Chromium:
    """A Chromium: ``program`` is its path, empty for the one that Playwright keeps and finds itself."""

    program: str
    source: str


def find_chromium(environment: Mapping[str, str] = os.environ) -> Chromium | None:
    """Return the Chromium that is named or on PATH. Raises EngineError when what is named is none."""
    if named := environment.get("PRODGATE_CHROMIUM", ""):
        if not (path := shutil.which(named)):
            raise EngineError(f"PRODGATE_CHROMIUM: {named!r} is no program; name Chromium's, or unset it")
        return Chromium(path, "PRODGATE_CHROMIUM")
    path = next(filter(None, (shutil.which(name, path=environment.get("PATH")) for name in NAMES)), None)
    return Chromium(path, "PATH") if path else None


def require_chromium(environment: Mapping[str, str] = os.environ, run: Run = run_program) -> Chromium:
    """Return a Chromium, else the one that Playwright keeps. Raises EngineError."""
    found = find_chromium(environment)
    if found is None and not _list_places_of_playwright(run):
        raise MissingProgram(
            f"no Chromium: none of {', '.join(NAMES)} is on PATH, and Playwright keeps none; run with --install, set "
            f"PRODGATE_CHROMIUM, or run: apt-get install {' '.join(PACKAGES)}"
        )
    return found or Chromium("", "Playwright")


def download_chromium(progress: Progress, run: Run, *, root: bool) -> str:
    """Let Playwright download its own Chromium, as root with what it needs; return why it did not, or nothing."""
    progress("downloading Chromium with playwright install; this takes a minute, once")
    with_packages = ("--with-deps",) if root else ()
    code, told = run((*_PLAYWRIGHT, *with_packages, "chromium"), LIMIT)
    return f"playwright install: {last_line(told)}" if code else ""


def has_japanese_fonts(run: Run | None = None) -> bool:
    """Whether Japanese can be drawn here; without fontconfig that is not known, and taken for granted."""
    code, told = (run or run_program)(("fc-list", ":lang=ja", "family"), _BRIEF)
    return code != 0 or bool(told.strip())


def find_shell_of_playwright(run: Run = run_program) -> Chromium | None:
    """Return the Chromium that Playwright has installed for itself, for what does not go through Playwright."""
    shells = (shell for place in _list_places_of_playwright(run) for shell in place.glob("*/*headless*shell"))
    return next((Chromium(str(shell), "Playwright") for shell in shells), None)


def _list_places_of_playwright(run: Run) -> list[Path]:
    """Return the folders of Playwright that hold a whole Chromium."""
    code, told = run((*_PLAYWRIGHT, "--dry-run", "chromium"), _BRIEF)
    places = map(Path, re.findall(r"Install location:\s*(\S.*\S)", told) if code == 0 else [])
    return [each for each in places if "chromium" in each.name and (each / "INSTALLATION_COMPLETE").exists()]


@dataclass(frozen=True, slots=True)
class HAProxy:
    """A HAProxy: ``program`` is its path."""

    program: str
    version: str


def require_haproxy(environment: Mapping[str, str] = os.environ, run: Run = run_program) -> HAProxy:
    """Return a HAProxy. Raises EngineError."""
    program = _find_haproxy(environment)
    if not program:
        raise MissingProgram(
            "no HAProxy: haproxy is not on PATH; run with --install, set PRODGATE_HAPROXY, or run as root: apt-get "
            "install haproxy"
        )
    return HAProxy(program, _read_haproxy_version(program, run))


def _find_haproxy(environment: Mapping[str, str]) -> str:
    """Return the path of a HAProxy, "" without one. Raises EngineError when what is named is none."""
    if named := environment.get("PRODGATE_HAPROXY", ""):
        if not (path := shutil.which(named)):
            raise EngineError(f"PRODGATE_HAPROXY: {named!r} is no program; name HAProxy's, or unset it")
        return path
    return shutil.which("haproxy", path=f"{environment.get('PATH', '')}:{_HAPROXY_PLACES}") or ""


def _read_haproxy_version(program: str, run: Run) -> str:
    code, told = run((program, "-v"), _BRIEF)
    found = re.search(r"HAProxy version (\d+)\.(\d+)\S*", told)
    if code or not found:
        raise EngineError(f"{program}: tells no version of HAProxy: {last_line(told)}; set PRODGATE_HAPROXY to one")
    if (int(found[1]), int(found[2])) < OLDEST_HAPROXY:
        wanted = ".".join(map(str, OLDEST_HAPROXY))
        raise EngineError(f"{program}: {found[0]} is too old; set PRODGATE_HAPROXY to {wanted} or newer")
    return found[0].removeprefix("HAProxy version ")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL: paths of the programs that make a cluster and that serve one."""

    initdb: str
    server: str
    version: str


def find_postgresql(environment: Mapping[str, str] = os.environ, *, run: Run | None = None) -> PostgreSQL:
    """Return a PostgreSQL on PATH, else the newest that Debian keeps. Raises EngineError when there is none."""
    if environment.get("PRODGATE_POSTGRESQL") == NONE:
        raise EngineError(f"PRODGATE_POSTGRESQL says {NONE!r}")
    for folder in _list_folders(environment):
        initdb, server = (shutil.which(name, path=folder) for name in ("initdb", "postgres"))
        if initdb and server:
            return PostgreSQL(initdb, server, _read_postgresql_version(server, run or run_program))
    raise EngineError(f"no PostgreSQL is on PATH or in {_POSTGRESQL_KEPT}; install the package postgresql")


def _list_folders(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where its programs may be, in order; both are taken from one folder, so that they fit."""
    yield from filter(None, environment.get("PATH", "").split(os.pathsep))
    kept = [folder for folder in _POSTGRESQL_KEPT.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from map(str, sorted(kept, key=lambda folder: -int(folder.parent.name)))


def _read_postgresql_version(server: str, run: Run) -> str:
    code, told = run((server, "--version"), _BRIEF)
    found = re.search(r"PostgreSQL\) (\d\S*)", told)
    if code or not found:
        raise EngineError(f"{server}: tells no version of PostgreSQL: {last_line(told)}; mend it, or take it off PATH")
    return found[1]


#: Programs that no package of Python brings -> what finds one, and the system's packages that hold it.
PROGRAMS: Final[Mapping[str, tuple[Callable[[Mapping[str, str], Run], Chromium | HAProxy], Sequence[str]]]] = {
    "Chromium": (require_chromium, PACKAGES),
    "HAProxy": (require_haproxy, ("haproxy",)),
}


def find_programs(
    names: Iterable[str],
    progress: Progress,
    *,
    installs: bool,
    environment: Mapping[str, str] = os.environ,
    run: Run = run_program,
    root: bool | None = None,
) -> Mapping[str, Chromium | HAProxy | EngineError]:
    """Find programs by name, and install those that are missing if it ``installs`` any.

    A program that can't be had is an EngineError, which says why and what to do.
    """
    root, found = os.geteuid() == 0 if root is None else root, {name: _find(name, environment, run) for name in names}
    missing = [name for name, each in found.items() if isinstance(each, MissingProgram)]
    if not missing or not installs:
        return found
    tried = [install(_list_packages(missing), progress, environment, run=run, root=root)]
    found |= {name: _find(name, environment, run) for name in missing}
    if isinstance(found.get("Chromium"), MissingProgram):
        tried.append(download_chromium(progress, run, root=root))
        found["Chromium"] = _find("Chromium", environment, run)
    why = "; ".join(filter(None, tried))
    return {
        name: MissingProgram(f"{each} ({why})") if isinstance(each, MissingProgram) else each
        for name, each in found.items()
    }


def describe_missing(names: Sequence[str]) -> str:
    """Return what a person types to have programs that are missing."""
    return describe_install(_list_packages(names), os.environ, root=os.geteuid() == 0)


def _list_packages(names: Iterable[str]) -> list[str]:
    return [package for name in names for package in PROGRAMS[name][1]]


def _find(name: str, environment: Mapping[str, str], run: Run) -> Chromium | HAProxy | EngineError:
    try:
        return PROGRAMS[name][0](environment, run)
    except EngineError as error:
        return error


# ── A page printed to PDF with the Chromium that pages are opened in

#: Seconds in which a page must be printed.
_LIMIT: Final = 120.0
_BEGINNING: Final = b"%PDF-"


def print_page(page: Path, pdf: Path, environment: Mapping[str, str] = os.environ, run: Run = run_program) -> None:
    """Write the PDF of a page that needs no script and no network. Raises EngineError."""
    chromium = find_chromium(environment) or find_shell_of_playwright(run)
    if chromium is None:
        raise EngineError(
            f"no Chromium to print with: none of {', '.join(NAMES)} is on PATH; set PRODGATE_CHROMIUM, "
            f"run: apt-get install {' '.join(PACKAGES)}, or open {page} in a browser and print it"
        )
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "printed.pdf")
        # the page is the gate's own and loads nothing, so that Chromium needs no sandbox, which root can't have
        command = (
            chromium.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={Path(folder, 'profile')}", "--no-first-run", "--disable-background-networking",
            "--no-pdf-header-footer", f"--print-to-pdf={made}", page.absolute().as_uri(),
        )  # fmt: skip
        code, told = run(command, _LIMIT)
        if code != 0 or not made.is_file() or not made.read_bytes().startswith(_BEGINNING):
            raise EngineError(f"{page}: {chromium.program} printed no PDF: {last_line(told) or f'exit code {code}'}")
        pdf.write_bytes(made.read_bytes())
