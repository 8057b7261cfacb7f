"""The arguments of ``prodgate check``."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(check: argparse.ArgumentParser) -> None:
    """Add what ``prodgate check`` takes."""
    check.add_argument("path", type=Path, help="a directory with Terraform, or a plan.json")
    check.add_argument("--var-file", type=Path, action="append", default=[], help="variable file; may be repeated")
    check.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="set a variable of the root")
    check.add_argument("--modules", type=Path, action="append", default=[], metavar="DIR", help="holds modules by name")
    check.add_argument("--workspace", default="", metavar="NAME", help="what terraform.workspace is")
    check.add_argument("--source", type=Path, metavar="DIR", help="the root that a plan.json was made from")
    check.add_argument("--criteria", type=Path, help="judge by these (default: good practice for any team)")
    check.add_argument("--waivers", type=Path, help="accepted risks (default: none)")
    check.add_argument("--explain", action="store_true", help="say why each finding matters, and who asks for it")
    check.add_argument("--json", action="store_true", help="the same as --format json")
    check.add_argument("--format", choices=("text", "json", "sarif", "junit", "github"), default="text")
    check.add_argument("--output", type=Path, metavar="FILE", help="write SARIF, JUnit or annotations there")
    check.add_argument(
        "--changed",
        metavar="BASE",
        help="show what is worse than at this revision of git; main... is where the branch left main",
    )
