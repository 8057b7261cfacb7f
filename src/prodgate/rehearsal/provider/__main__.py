"""`python -m prodgate.rehearsal.provider SOCKET --endpoint URL`: serve providers that create in the emulator."""

import argparse
import sys
from pathlib import Path

from ...terraform.provider.server import main
from ..adapters.registry import ADAPTERS
from .creator import Adapters, NotLoopback, load

parser = argparse.ArgumentParser(prog="prodgate.rehearsal.provider", description=__doc__)
parser.add_argument("socket", type=Path, help="the unix socket of the AWS provider; others get it with their name")
parser.add_argument("--endpoint", required=True, help="where the emulator listens, such as http://127.0.0.1:45123")
parser.add_argument("--sidecar", type=Path, help="where to write which data sources were answered with inventions")
parser.add_argument("--tree", type=Path, required=True, help="serve only types that files below it name")
arguments = parser.parse_args()
try:
    creator = Adapters(arguments.endpoint, ADAPTERS)
except NotLoopback as error:
    sys.exit(str(error))
load("prodgate.rehearsal.adapters")
main(arguments.socket, arguments.sidecar, arguments.tree, creator)
