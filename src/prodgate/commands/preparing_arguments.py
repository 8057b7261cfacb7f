"""Arguments of the commands that come before a first run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add_preparing_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add what starts a project, lists what a rehearsal creates, and installs."""
    init = command("init", "initializing.initialize", "look at a repository, and write a first criteria.toml")
    init.add_argument("directory", type=Path, nargs="?", default=Path(), help="the repository (default: here)")
    init.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    rehearsal = command("rehearsal", "rehearsing.list_types", "list the types of resources that a rehearsal creates")
    rehearsal.add_argument("what", choices=("types",), help="what is listed")
    rehearsal.add_argument(
        "path", type=Path, nargs="?", help="a Terraform root: say which of its resources it can't have"
    )
    rehearsal.add_argument("--json", action="store_true")
    prepared = command("setup", "setup", "install what the layers need; list what is ready")
    prepared.add_argument("--json", action="store_true")
    way = prepared.add_mutually_exclusive_group()
    way.add_argument("--keep", type=Path, metavar="DIR", help="download into a folder what another machine needs")
    way.add_argument("--offline", type=Path, metavar="DIR", help="install from such a folder, and ask no registry")
    prepared.add_argument(
        "--digest", default="", help="with --offline: what --keep said of the contents, carried by another way"
    )
