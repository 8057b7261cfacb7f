"""`python -m prodgate.terraform.provider SOCKET [--sidecar FILE]`: serve the stand-in providers."""

import argparse
from pathlib import Path

from .server import main

parser = argparse.ArgumentParser(prog="prodgate.terraform.provider", description=__doc__)
parser.add_argument("socket", type=Path, help="the unix socket of the AWS provider; others get it with their name")
parser.add_argument("--sidecar", type=Path, help="where to write which data sources were answered with inventions")
parser.add_argument(
    "--tree", type=Path, help="serve only types that files below it name (its default is where the socket is)"
)
parser.add_argument("--account", default="", help="the account that the criteria state")
parser.add_argument("--zone", action="append", default=[], help="an availability zone that the account may use")
arguments = parser.parse_args()
main(
    arguments.socket,
    arguments.sidecar,
    arguments.tree or arguments.socket.parent,
    account=arguments.account,
    zones=arguments.zone,
)
