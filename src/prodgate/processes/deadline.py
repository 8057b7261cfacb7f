"""A limit on a whole exchange with a server; a socket's own timeout begins anew with every byte that arrives."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


@contextmanager
def cut_after(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Cut a connection when the time is over, however slowly the answer drips. Raises TimeoutError."""
    over = Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):  # it may be closed already
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS, which the reader is in

    timer = Timer(max(seconds, 0.001), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if not over.is_set():
            raise
    finally:
        timer.cancel()
        timer.join()
    if over.is_set():
        raise TimeoutError
