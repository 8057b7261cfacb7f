"""Runs the stand-in providers for as long as the process that started them lives."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...processes.lifeline import ENDING, hear_signals, wait_for_end
from .connections import listening
from .creation import Creator
from .functions import AWS_FUNCTIONS
from .schema import aws_schemas
from .service import Service, Sidecar
from .used_types import make_type_finder
from .utility_providers import TYPES, utility_schemas

REGISTRIES: Final = ("registry.terraform.io", "registry.opentofu.org")


@contextmanager
def serving(
    socket: Path,
    sidecar: Path | None,
    tree: Path,
    creator: Creator | None = None,
    *,
    account: str = "",
    zones: Sequence[str] = (),
) -> Iterator[str]:
    """Serve each provider at a socket of its own (SOCKET, SOCKET.random, …); yield how core finds them, in JSON."""
    record, used = Sidecar(sidecar), make_type_finder(tree)
    makers: dict[str, Callable[[], Service]] = {
        "aws": lambda: Service(
            aws_schemas(), AWS_FUNCTIONS, record, used, creator=creator, account=account, zones=zones
        )
    }
    for name in TYPES:
        makers[name] = partial(Service, utility_schemas(name), {}, record, used, creator=creator)
    sockets = {name: socket if name == "aws" else Path(f"{socket}.{name}") for name in makers}
    with ExitStack() as open_sockets:
        for name, make in makers.items():
            open_sockets.enter_context(listening(sockets[name], make))
        yield json.dumps(_describe_reattachment(sockets))


def _describe_reattachment(sockets: Mapping[str, Path]) -> dict[str, Any]:
    """The value of TF_REATTACH_PROVIDERS."""
    return {
        f"{registry}/hashicorp/{name}": {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": str(place)},
        }
        for registry in REGISTRIES
        for name, place in sockets.items()
    }


def main(
    socket: Path,
    sidecar: Path | None,
    tree: Path,
    creator: Creator | None = None,
    *,
    account: str = "",
    zones: Sequence[str] = (),
) -> None:
    """Serve until the end; the first line of output is the value of TF_REATTACH_PROVIDERS."""
    # read before we announce that we serve: whoever waits for that may end in the same moment
    parent = os.getppid()
    heard = hear_signals(*ENDING)
    with serving(socket, sidecar, tree, creator, account=account, zones=zones) as reattachment:
        sys.stdout.write(reattachment + "\n")
        sys.stdout.flush()
        wait_for_end(heard, parent)
    # a request that had only begun when core was killed holds one of grpc's threads, which a normal exit waits for
    os._exit(0)
