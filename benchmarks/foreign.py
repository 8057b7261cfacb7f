"""Evaluates Terraform of other projects, and prints which roots it could evaluate, and which not.

Run from the root: python benchmarks/foreign.py [--modules DIR] FOLDER … . Each FOLDER is a repository of a module, with
its examples in ``examples/*``, or a root. DIR holds modules by name, as `prodgate check --modules` takes it. The script
fetches nothing: the folders must exist. The exit code is 0 if at least 95 % of the roots were evaluated, else 1.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import Given, open_configurations
from prodgate.terraform.sources import has_configuration

#: The share of roots that must be evaluated.
TARGET = 0.95


@dataclass(frozen=True, slots=True)
class Row:
    """The result for one root: how much was found, how much of it is unknown, or why it was refused."""

    folder: str
    root: str
    seconds: float
    resources: int = 0
    gaps: int = 0
    refused: str = ""


def list_roots(folder: Path) -> Iterator[Path]:
    """Yield the examples of a module's repository, or the folder itself where it has none."""
    examples = sorted(each for each in (folder / "examples").glob("*") if has_configuration(each))
    yield from examples or [folder]


def evaluate(folder: Path, root: Path, given: Given) -> Row:
    """Evaluate one root as `prodgate check` does before it judges anything."""
    started = time.monotonic()
    try:
        found = open_configurations(root, given=given)
    except TerraformError as error:
        return Row(folder.name, root.name, time.monotonic() - started, refused=str(error.diagnostics[0]))
    seconds = time.monotonic() - started
    resources = sum(each.mode == "managed" for one in found for each in one.resources)
    return Row(folder.name, root.name, seconds, resources, sum(len(each.gaps) for each in found))


def render(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table with a row for each folder, and a list of the refused ones."""
    yield "| module | evaluated | resources | undetermined | seconds |"
    yield "|---|---|---|---|---|"
    for folder in dict.fromkeys(row.folder for row in rows):
        of = [row for row in rows if row.folder == folder]
        done = [row for row in of if not row.refused]
        sums = (sum(row.resources for row in done), sum(row.gaps for row in done), sum(row.seconds for row in of))
        yield f"| {folder} | {len(done)} of {len(of)} | {sums[0]} | {sums[1]} | {sums[2]:.0f} |"
    evaluated = sum(not row.refused for row in rows)
    yield f"\n{evaluated} of {len(rows)} were evaluated ({evaluated / len(rows):.1%}). Refused:\n"
    yield from (f"- {row.folder}/{row.root}: {row.refused}" for row in rows if row.refused)


def main() -> int:
    """Evaluate all roots, printing each, and print the table."""
    parser = argparse.ArgumentParser(description="Say which roots of others can be evaluated.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--modules", action="append", default=[], type=Path, metavar="DIR")
    arguments = parser.parse_args()
    given, rows = Given(modules=arguments.modules), []
    for folder in arguments.folders:
        for root in list_roots(folder):
            rows.append(evaluate(folder, root, given))
            print(rows[-1], file=sys.stderr, flush=True)
    print("\n".join(render(rows)))
    return 0 if sum(not row.refused for row in rows) >= TARGET * len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
