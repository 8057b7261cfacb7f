"""The arguments of ``prodgate watch``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

_WHAT: Final = (
    "what to watch: a deployment, until its clean-up is over; or the next migration, which the pipeline is made to fail"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("what", choices=["deploy", "migration"], help=_WHAT)
    parser.add_argument(
        "named",
        nargs="+",
        metavar="ID|TARGET",
        help="aws://PROFILE@REGION or aws://REGION, and ids of deployments: CodeDeploy's, or ARNs of ECS",
    )
    parser.add_argument("--latest", action="store_true", help="watch the newest deployment of every service")
    parser.add_argument(
        "--next", action="store_true", help="wait for the next deployment of every service, and watch it"
    )
    parser.add_argument(
        "--service",
        metavar="NAME",
        action="append",
        default=[],
        help="with --latest or --next: of this service alone; may be repeated",
    )
    parser.add_argument("--i-am-allowed-to-load", metavar="HOST", default="", help="send requests to this host, too")
    parser.add_argument("--criteria", type=Path, default=Path("criteria.toml"))
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="the record goes to watches/ in it (default: runs)"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
