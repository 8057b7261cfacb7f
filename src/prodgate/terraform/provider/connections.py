"""Gives each connection a provider of its own.

Core opens a connection for each provider block, and never says again which block a call is for; the gRPC library does
not say on which connection a call arrived. With one server for all of them, one alias would get the region of another.
So each connection is passed on to a server of its own.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import grpc

from .service import Message, Service
from .wire import CLASSES, PROCEDURES, SERVICE

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
    """Serve one connection until it is closed."""
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


def _make_handlers(service: Service) -> Any:
    """Return the handler that a gRPC server answers a provider's procedures with."""
    methods = {}
    for procedure, (request, response) in PROCEDURES.items():
        methods[procedure] = grpc.unary_unary_rpc_method_handler(
            _make_handler(getattr(service, _to_snake_case(procedure))),
            request_deserializer=CLASSES[request].FromString,
            response_serializer=bytes if response == "bytes" else CLASSES[response].SerializeToString,
        )
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _make_handler(procedure: Callable[[Message], Message]) -> Callable[[Message, Any], Message]:
    return lambda request, _context: procedure(request)


def _to_snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
