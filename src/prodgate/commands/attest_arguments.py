"""The arguments of ``prodgate attest``."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command; what is left out is asked for in a terminal."""
    parser.add_argument("criterion", nargs="?", help="id of the criterion that somebody stands for")
    parser.add_argument(
        "--due", action="store_true", help="list what is missing, changed, or soon out of force instead"
    )
    parser.add_argument("--within", metavar="TIME", help="how soon is soon (default: due of [attested], 30 d)")
    parser.add_argument("--target", default="rehearsal://", help="what --due asks for (default: rehearsal://)")
    parser.add_argument("--statement", help="what was looked at and found")
    parser.add_argument("--name", help="who stands for it (default: git's user)")
    parser.add_argument("--role")
    parser.add_argument("--second-name", help="another person who stands for it")
    parser.add_argument("--second-role")
    parser.add_argument("--when", metavar="TIME", help="with its zone, e.g. 2026-11-27T09:30+09:00 (default: now)")
    parser.add_argument("--valid-until", metavar="TIME", help="default: as long as the criterion allows")
    for option, what in (("document", "PATH"), ("run", "ID"), ("link", "URL")):
        parser.add_argument(
            f"--{option}", metavar=what, action="append", default=[], help="what was looked at, too; may be repeated"
        )
    parser.add_argument("--rehearsal", action="store_true", help="made for rehearsals: never counts on a real account")
    parser.add_argument("--overwrite", action="store_true", help="put it in the place of an earlier record")
    parser.add_argument("--criteria", type=Path, default=Path("criteria.toml"))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where cited runs are (default: runs)")
