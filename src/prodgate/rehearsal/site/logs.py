"""The site's logs: a line for each request, and structured logs of everything else."""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG: Final = logging.getLogger("nba_news")


@dataclass(slots=True)
class AccessLog:
    """Lines on their way to a file; ``flush`` writes them together, so that no request waits for a disk."""

    descriptor: int
    waiting: list[str] = field(default_factory=list)

    def flush(self) -> None:
        """Append the waiting lines, in one write because the file may have two writers."""
        told, self.waiting = "".join(self.waiting).encode(), []
        while told:
            told = told[os.write(self.descriptor, told) :]


def open_access_log(path: Path | None) -> AccessLog:
    """Open the access log; without a path it goes to stdout."""
    if path is None:
        return AccessLog(sys.stdout.fileno())
    return AccessLog(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))


def with_access_log(inner: ASGIApp, build: str, log: AccessLog) -> ASGIApp:
    """Log every request with a number and its time. The status is 0 if no response began."""
    start, numbers = token_hex(4), count(1)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        at, begin, status, number = time.time(), time.perf_counter(), 0, f"{start}-{next(numbers)}"

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", number.encode())]}
            await send(message)

        try:
            await inner(scope, receive, send_on)
        except Exception:  # the application has returned 500 by now
            LOG.exception("a handler failed", extra={"more": {"id": number, "path": scope["path"]}})
        finally:
            told = {"at": round(at, 6), "method": scope["method"], "path": scope["path"], "route": route(scope)}
            told |= {"status": status, "seconds": round(time.perf_counter() - begin, 6), "build": build, "id": number}
            log.waiting.append(json.dumps(told, ensure_ascii=False) + "\n")

    return answer


def route(scope: Scope) -> str:
    """Return the path with the names of its parameters in place of their values; nothing without a handler."""
    if "endpoint" not in scope:
        return ""
    path: str = scope["path"]
    if path.startswith("/static/"):
        return path
    for name, value in scope["path_params"].items():
        path = f"{path.removesuffix(value)}[{name}]"
    return path


def configure_logging() -> None:
    """Send all logs to stderr, one JSON object a line."""
    handler = logging.StreamHandler()
    handler.addFilter(_as_json)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, format="%(message)s")
    LOG.setLevel(logging.INFO)


def _as_json(record: logging.LogRecord) -> bool:
    more: Mapping[str, Any] = getattr(record, "more", {})
    told = {"at": round(record.created, 3), "level": record.levelname.lower(), "message": record.getMessage(), **more}
    if record.exc_info:
        told["traceback"] = logging.Formatter().formatException(record.exc_info)
    record.msg, record.args, record.exc_info = json.dumps(told, ensure_ascii=False, default=str), None, None
    return True
