"""`python -m prodgate.rehearsal.provider SOCKET`: serve providers that create in the emulator at PRODGATE_EMULATOR."""

import argparse
import os
import sys
from pathlib import Path

from ...terraform.provider.server import main
from ..adapters import ADAPTERS
from ..emulator_process import ENDPOINT
from .creator import Adapters, NotLoopback

parser = argparse.ArgumentParser(prog="prodgate.rehearsal.provider", description=__doc__)
parser.add_argument("socket", type=Path, help="the unix socket of the AWS provider; others get it with their name")
parser.add_argument("--sidecar", type=Path, help="where to write which data sources were answered with inventions")
parser.add_argument("--tree", type=Path, required=True, help="serve only types that files below it name")
parser.add_argument("--account", default="", help="the AWS account of what does not name its own")
arguments = parser.parse_args()
try:
    creator = Adapters(os.environ.get(ENDPOINT, ""), ADAPTERS)
except NotLoopback as error:
    sys.exit(str(error))
main(arguments.socket, arguments.sidecar, arguments.tree, creator, account=arguments.account)
