"""The arguments of the commands about cells: ``cells`` and ``merge``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .seal_arguments import add_signing_key, add_trust


def add_cell_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the commands; ``command`` makes the parser of one from its name, its handler and its help."""
    cells = command("cells", "cells.cells", "list the accounts, regions and layers that are observed one by one")
    cells.add_argument("--to", type=Path, metavar="FILE", help="write the list there, and print its SHA-256")
    cells.add_argument("--rehearsal", action="store_true", help="let each be rehearsed; no promotion rests on it")
    merge = command("merge", "cells.merge", "give one verdict over the runs of all cells, and seal it")
    merge.add_argument("run", type=Path, nargs="*", help="run directories, bundles, or folders of them")
    merge.add_argument("--cells", type=Path, metavar="FILE", required=True, help="the list that was written first")
    merge.add_argument("--runs", type=Path, default=Path("runs"), help="where the merged run goes (default: runs)")
    add_trust(merge, " of a cell")
    merge.add_argument("--unsigned", action="store_true", help="do not ask for signatures of the cells")
    merge.add_argument("--json", action="store_true", help="print the verdict as JSON")
    add_signing_key(merge)
    for added in (cells, merge):
        added.add_argument("--criteria", type=Path, default=Path("criteria.toml"), help="default: criteria.toml")
        added.add_argument("--waivers", type=Path, help="accepted risks (default: waivers.toml beside the criteria)")
