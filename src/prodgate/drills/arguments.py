"""The arguments of ``prodgate drill``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

CONFIRM: Final = "--yes-change-alarm-state"
CONFIRM_FAILURE: Final = "--yes-fail-on-purpose"
CONFIRM_BUILDS: Final = "--yes-deploy-bad-builds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "what",
        choices=["alarm", "dag", "rollback"],
        help="what to try: an alarm, which is made to fire for a moment, the canary DAG, which is made to fail, or "
        "whether releases that must not stay are taken back",
    )
    parser.add_argument("name", nargs="?", default="", help="the name of the alarm or of the DAG")
    parser.add_argument(
        "target", nargs="?", default="rehearsal://", help="rehearsal:// (default) or aws://PROFILE@REGION"
    )
    _add_confirmations(parser)
    _add_builds(parser)
    parser.add_argument("--criteria", type=Path, default=Path("criteria.toml"))
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="the record goes to drills/ in it (default: runs)"
    )
    parser.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="how long to wait for notifications (default: 60), or for a DAG's runs to end (default: 900)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_confirmations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(CONFIRM, dest="confirmed", action="store_true", help="needed where people will be told")
    parser.add_argument(
        CONFIRM_FAILURE, dest="may_fail", action="store_true", help="needed for a DAG, of which people will be told"
    )


def _add_builds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        CONFIRM_BUILDS, dest="may_deploy", action="store_true", help="needed where readers may meet a bad build"
    )
    parser.add_argument(
        "--build",
        nargs=3,
        action="append",
        default=[],
        metavar=("BUILD", "SERVICE", "REVISION"),
        help="the task definition that is deployed to a service as this build; one for each build and service",
    )
    parser.add_argument("--i-am-allowed-to-load", metavar="HOST", default="", help="send requests to this host, too")
