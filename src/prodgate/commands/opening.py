"""Opening what arguments name, a project by its criteria and accepted risks; and saying how far a command is."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..criteria import UsageError, suggest
from ..layers import BUILT
from ..processes.output import visible
from ..processes.progress import Progress
from ..run.planning import list_files, read_file
from ..sections.project import Project, open_project
from ..sections.waivers_file import find_unknown, load_waivers
from ..waivers import SCANNED, Waiver


def open_stated(args: argparse.Namespace) -> Project:
    """Open the project of --criteria and --waivers, of which nothing is run. Raises UsageError, a line per mistake."""
    project = replace(open_project(args.criteria), accepted=args.waivers)
    waivers = read_waivers(project.waivers, named=args.waivers is not None)
    refuse_unknown(waivers, _list_names(project), project.waivers)
    for name in project.list_replaced():
        print_progress(f"{name}: replaces the file of that name that comes with the gate")
    return project


def read_waivers(path: Path, *, named: bool) -> Sequence[Waiver]:
    """Read waivers; a file that the user names must exist."""
    if named and not path.exists():
        raise UsageError(f"{path}: there is no such file; name a waivers file, or leave --waivers out")
    return load_waivers(path)


def choose_progress(args: argparse.Namespace) -> Progress:
    """Return what says how far a command is; nothing with --quiet."""
    return (lambda _step: None) if args.quiet else print_progress


def choose_status(args: argparse.Namespace) -> Progress | None:
    """Return a function that shows a line until the next one; None with --quiet, and without a terminal."""
    return _show if not args.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None


def _show(step: str) -> None:
    """Show a line in place of the one before; an empty one takes that away."""
    sys.stderr.write(f"\r\x1b[K{visible(step)[: shutil.get_terminal_size().columns - 1]}")
    sys.stderr.flush()


def print_progress(step: str) -> None:
    """Say how far a command is, beside what it prints."""
    sys.stderr.write(visible(step) + "\n")
    sys.stderr.flush()


def refuse_other_host(host: str, project: Project) -> None:
    """Raise UsageError for a host that the criteria do not name: whoever allowed load meant another system."""
    hosts = project.stated.load.hosts if project.stated.load else ()
    if host and host not in hosts:
        hint = suggest(host, hosts) or f"; hosts are {', '.join(hosts) or 'not stated'}"
        raise UsageError(f"--i-am-allowed-to-load: {host!r} is no host of [load] in {project.stated.path}{hint}")


def refuse_unknown(waivers: Sequence[Waiver], names: Iterable[str], path: Path) -> None:
    """Raise UsageError, with the nearest name, for waivers that cover no stated criterion, policy or check."""
    # checks of Checkov's are too many to be known by name
    named = [waiver for waiver in waivers if not SCANNED.fullmatch(waiver.covers)]
    if named and (mistakes := list(find_unknown(named, set(names), path))):
        raise UsageError("\n".join(mistakes))


def _list_names(project: Project) -> Iterator[str]:
    """Yield every name that a waiver may cover: criteria, policies, checks, and what layers conclude themselves."""
    yield from project.stated.criteria
    for name, layer in BUILT.items():
        yield from (word for question in layer.concludes(project.stated) for word in question)
        judges = (judge for path in list_files(project, name) for judge in read_file(path, project).judges)
        yield from (judge.name for judge in judges if judge.criterion in project.stated.criteria)
