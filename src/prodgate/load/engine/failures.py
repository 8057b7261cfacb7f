"""Classifies failures, in the words of what a reader would have met."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Mapping
from socket import gaierror
from typing import Final

import gevent
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import RetriesExceeded
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import CatchResponseError

from .connections import ForeignRedirect, ForeignRequest

CLOSED: Final = "closed without an answer"
CLOSED_REUSED: Final = "closed on a reused connection"
TIMEOUT: Final = "timeout"
CUT_SHORT: Final = "answer cut short"
WRONG_CONTENT: Final = "wrong content"
#: A task raised something after a request: the locustfile is at fault, or an answer was not what it needs.
TASK: Final = "error in the task"
NO_REQUEST: Final = "nothing was asked"
FOREIGN_REQUEST: Final = "asked of another host"
NO_SOCKET: Final = "no socket left here"
#: Failures in which nothing reached the system, and which therefore say nothing about it -> what to do about them.
GENERATOR_FAILURES: Final[Mapping[str, str]] = {
    NO_REQUEST: "mend the locustfile",
    FOREIGN_REQUEST: "mend the locustfile",
    NO_SOCKET: "let a process open more files (ulimit -n), or use more workers",
}
#: This machine has no files, ports or memory left for a connection.
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)

#: In this order, since some are subclasses of others.
_KINDS: Final = (
    (ForeignRequest, FOREIGN_REQUEST),
    (ForeignRedirect, "redirected to another host"),
    (RetriesExceeded, "redirected without end"),
    (CatchResponseError, WRONG_CONTENT),
    (gaierror, "DNS"),
    ((gevent.Timeout, TimeoutError), TIMEOUT),
    (ssl.SSLError, "TLS"),
    (ConnectionRefusedError, "refused"),
    ((HTTPConnectionClosed, ConnectionResetError, BrokenPipeError), CLOSED),
    (HTTPParseError, CUT_SHORT),
    (OSError, "unreachable"),
)


def classify_failure(error: BaseException, *, reused: bool, begun: bool = False) -> str:
    """Return the class of a failed request; ``begun`` when the head of a response had arrived."""
    error = getattr(error, "original", None) or error
    if isinstance(error, LocustBadStatusCode):
        return f"HTTP {getattr(error, 'code', 0)}"
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return NO_SOCKET
    kind = next((name for kinds, name in _KINDS if isinstance(error, kinds)), WRONG_CONTENT)
    if kind == CLOSED and begun:
        return CUT_SHORT
    return CLOSED_REUSED if kind == CLOSED and reused else kind
