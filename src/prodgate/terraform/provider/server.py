"""Runs the stand-in providers for as long as the process that started them lives."""

import itertools
import json
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc

from ...processes.lifeline import ENDING, hear_signals, wait_for_end
from ...processes.regular_files import read_measured
from .datasources import AWS_FUNCTIONS, BUILT_IN_FUNCTIONS
from .planning import Creator
from .schema import UsedTypes, aws_schemas
from .service import Service, Sidecar
from .utility_providers import BUILT_IN, TYPES, utility_schemas
from .wire import CLASSES, PROCEDURES, SERVICE

# Gives each connection a provider of its own.
#
# Core opens a connection for each provider block, and never says again which block a call is for; the gRPC library
# does not say on which connection a call arrived. With one server for all of them, one alias would get the region of
# another. So each connection is passed on to a server of its own.

#: Core asks for ten things at once, but no answer waits for anything: more threads only contend for the interpreter.
THREADS: Final = 2
MESSAGE_LIMIT: Final = 256 << 20
_CHUNK: Final = 1 << 18


@contextmanager
def listening(place: Path, make: Callable[[], Service]) -> Iterator[None]:
    """Accept connections at a unix socket while the context is open; `make` is called for each."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        threading.Thread(target=_accept, args=(listener, place, make), daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            place.unlink(missing_ok=True)


def _accept(listener: socket.socket, place: Path, make: Callable[[], Service]) -> None:
    with suppress(OSError):  # the listener is closed
        for number in itertools.count():
            accepted, _ = listener.accept()
            behind = Path(f"{place}.{number}")
            threading.Thread(target=_serve, args=(accepted, behind, make()), daemon=True).start()


def _serve(accepted: socket.socket, behind: Path, service: Service) -> None:
    server = _start_server(service, behind)
    with accepted, socket.socket(socket.AF_UNIX) as inner:
        inner.connect(str(behind))
        back = threading.Thread(target=_pass_on, args=(inner, accepted), daemon=True)
        back.start()
        _pass_on(accepted, inner)
        back.join()
    server.stop(None).wait()
    behind.unlink(missing_ok=True)


def _start_server(service: Service, place: Path) -> Any:
    options = [("grpc.max_send_message_length", MESSAGE_LIMIT), ("grpc.max_receive_message_length", MESSAGE_LIMIT)]
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=options)
    server.add_generic_rpc_handlers((_make_handlers(service),))
    server.add_insecure_port(f"unix:{place}")
    server.start()
    return server


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until the source ends, then end the target."""
    with suppress(OSError):  # either side may go first
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


#: Procedures with nothing to do: core has checked what a provider block may hold, nothing was opened, and the process
#: ends with its parent.
UNANSWERED: Final = frozenset({"ValidateProviderConfig", "CloseEphemeralResource", "StopProvider"})


def _make_handlers(service: Service) -> Any:
    methods = {}
    for procedure, (request, response) in PROCEDURES.items():
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in procedure).lstrip("_")
        answer, empty = None if procedure in UNANSWERED else getattr(service, name), CLASSES.get(response)
        methods[procedure] = grpc.unary_unary_rpc_method_handler(
            lambda request, _context, answer=answer, empty=empty: answer(request) if answer else empty(),
            request_deserializer=CLASSES[request].FromString,
            response_serializer=bytes if response == "bytes" else CLASSES[response].SerializeToString,
        )
    return grpc.method_handlers_generic_handler(SERVICE, methods)


# What a configuration uses of the schemas, so that core need not read all the rest.

SUFFIXES: Final = (".tf", ".tf.json", ".tofu", ".tofu.json")
#: A type name stands literally in the file that declares it.
_TYPE: Final = re.compile(rb"\b[a-z][a-z0-9]*_\w+")
_LOGICAL: Final = re.compile(rb"\b(?:and|or|not)_statement\b")


def make_type_finder(tree: Path) -> Callable[[], UsedTypes]:
    """Return a function that looks through the files below `tree` as they are when it is called."""

    def look() -> UsedTypes:
        found: set[bytes] = set()
        deepest = 0
        for directory, _, files in os.walk(tree):
            for text in (read_measured(Path(directory, name)) for name in files if name.endswith(SUFFIXES)):
                found.update(_TYPE.findall(text))
                deepest = max(deepest, len(_LOGICAL.findall(text)))  # each level is written out
        return UsedTypes(frozenset(each.decode() for each in found), deepest + 1) if found else UsedTypes()

    return look


REGISTRIES: Final = ("registry.terraform.io/hashicorp", "registry.opentofu.org/hashicorp")


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
        functions = BUILT_IN_FUNCTIONS if name == BUILT_IN else {}
        makers[name] = partial(Service, utility_schemas(name), functions, record, used, creator=creator)
    sockets = {name: socket if name == "aws" else Path(f"{socket}.{name}") for name in makers}
    with ExitStack() as open_sockets:
        for name, make in makers.items():
            open_sockets.enter_context(listening(sockets[name], make))
        reattach = {  # the value of TF_REATTACH_PROVIDERS
            address: {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": str(place)},
            }
            for name, place in sockets.items()
            for address in (f"{host}/{name}" for host in (["terraform.io/builtin"] if name == BUILT_IN else REGISTRIES))
        }
        yield json.dumps(reattach)


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
