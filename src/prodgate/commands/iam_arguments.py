"""The arguments of ``prodgate iam``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

COMPARING: Final = "check-no-new-access"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar=f"PATH | aws://PROFILE@REGION | RUN | {COMPARING} OLD NEW",
        help="a Terraform root, plan.json, account or kept run, whose principals are asked what they can reach; or two "
        "policy documents: prove that NEW grants nothing that OLD does not (exit code 0), or show what (1)",
    )
    parser.add_argument("--var-file", type=Path, action="append", default=[], help="variable file; may be repeated")
    parser.add_argument("--who-can", nargs=2, metavar=("ACTION", "RESOURCE"), help="print who can do that, and by what")
    parser.add_argument("--idle", action="store_true", help="print the statements that can never grant, and why")
    parser.add_argument(
        "--least",
        metavar="ROLE",
        help="print what of a role's rights nothing uses, what it lacks, and the least policy that would do",
    )
    parser.add_argument(
        "--criteria", type=Path, default=Path("criteria.toml"), help="for --least: the file that says what a role uses"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def parse_documents(words: list[str]) -> tuple[Path, Path] | None:
    """Return the two files to compare, or None where the words ask for something else."""
    return (Path(words[1]), Path(words[2])) if len(words) == 3 and words[0] == COMPARING else None
