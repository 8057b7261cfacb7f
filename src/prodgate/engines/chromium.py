"""Finds the Chromium that pages are opened in, and installs one where there is none."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..processes.progress import Progress
from .environments import EngineError
from .system_packages import LIMIT, Run, install_commands, last_line, run_program

#: Names under which a Chromium may be on PATH; the headless shell starts twice as fast.
NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: What Debian calls the browser, and the font without which Japanese is a row of boxes.
PACKAGES: Final = ("chromium-headless-shell", "fonts-noto-cjk")
#: Seconds that a program may take that only looks something up.
_BRIEF: Final = 30.0


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


def ensure_chromium(
    progress: Progress, environment: Mapping[str, str] = os.environ, *, run: Run | None = None, root: bool | None = None
) -> Chromium:
    """Return a Chromium, installed by the system as root or by Playwright where there is none. Raises EngineError."""
    there = find_chromium(environment)
    if there is not None:
        return there
    run, root = run or run_program, os.geteuid() == 0 if root is None else root
    tried = [] if _is_kept_by_playwright(run) else list(_install(progress, environment, run, root))
    there = find_chromium(environment)
    if there is None and not _is_kept_by_playwright(run):
        raise EngineError(
            f"no Chromium: none of {', '.join(NAMES)} is on PATH, and none could be had ({'; '.join(tried)}); "
            f"set PRODGATE_CHROMIUM, or run: apt-get install {' '.join(PACKAGES)}"
        )
    return there or Chromium("", "Playwright")


def has_japanese_fonts(run: Run | None = None) -> bool:
    """Whether Japanese can be drawn here; without fontconfig that is not known, and taken for granted."""
    code, told = (run or run_program)(("fc-list", ":lang=ja", "family"), _BRIEF)
    return code != 0 or bool(told.strip())


def find_shell_of_playwright(run: Run = run_program) -> Chromium | None:
    """Return the Chromium that Playwright has installed for itself, for what does not go through Playwright."""
    shells = (shell for place in _list_places_of_playwright(run) for shell in place.glob("*/*headless*shell"))
    return next((Chromium(str(shell), "Playwright") for shell in shells), None)


def _is_kept_by_playwright(run: Run) -> bool:
    return bool(_list_places_of_playwright(run))


def _list_places_of_playwright(run: Run) -> list[Path]:
    """Return the folders of Playwright that hold a whole Chromium."""
    code, told = run(
        (sys.executable, "-P", "-m", "playwright", "install", "--dry-run", "--only-shell", "chromium"), _BRIEF
    )
    places = map(Path, re.findall(r"Install location:\s*(\S.*\S)", told) if code == 0 else [])
    return [each for each in places if "chromium" in each.name and (each / "INSTALLATION_COMPLETE").exists()]


def _install(progress: Progress, environment: Mapping[str, str], run: Run, root: bool) -> Sequence[str]:
    """Try each way to install a Chromium until one works; return what the failed ones said last."""
    ways: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
    if apt := install_commands(PACKAGES, environment, root):
        ways.append(("apt-get", apt))
    fetch = (sys.executable, "-P", "-m", "playwright", "install", "--only-shell", *(("--with-deps",) if root else ()))
    ways.append(("playwright install", ((*fetch, "chromium"),)))
    tried: list[str] = []
    for name, commands in ways:
        progress(f"getting Chromium with {name}; this takes a minute, once")
        code, told = 1, ""
        for command in commands:
            code, told = run(command, LIMIT)
        if code == 0:
            return tried
        tried.append(f"{name}: {last_line(told)}")
    return tried
