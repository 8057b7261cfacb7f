"""The process of one build: it serves on a given socket until a signal, and then drains before it ends."""

import asyncio
import gc
import os
import signal
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Any, Final

from starlette.applications import Starlette
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from .application import build_application, failure_app, with_security_headers
from .content.stories import last_slot, seed
from .database import Database, migrate, open_database
from .faults import Fault
from .logs import LOG, AccessLog, open_access_log, with_access_log
from .pages import Site, compile_pages, read_assets

#: Seconds in which open connections get a last response with `Connection: close` before the process ends.
DRAIN_SECONDS: Final = 2.0
#: Seconds between checks during a drain.
POLL_SECONDS: Final = 0.02
#: uvicorn's settings: logs and trusted proxies are handled here. Connections stay alive longer than in a load balancer,
#: because it must be the one to close a connection that it might reuse.
CONFIGURATION: Final[Mapping[str, Any]] = {
    "access_log": False,
    "http": "httptools",
    "lifespan": "off",
    "log_config": None,
    "loop": "asyncio",
    "proxy_headers": False,
    "server_header": False,
    "timeout_graceful_shutdown": 1,
    "timeout_keep_alive": 75,
    "ws": "none",
}
#: Seconds between writes of the access log.
FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a build."""

    database: str
    build: str
    secret: str
    faults: Sequence[Fault] = ()
    access_log: Path | None = None
    schema: str = ""
    """The newest migration that the build knows; all of them by default."""
    parent: int | None = None
    """The process with which this one ends."""


def serve(place: socket, settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until the end; ``ready`` is called once the server responds. Raises UsageError if it can't start."""
    database = open_database(settings.database, settings.schema)
    migrate(database, then=lambda connection: seed(connection, last_slot(datetime.now(UTC))))
    log = open_access_log(settings.access_log)
    try:
        asyncio.run(_serve(place, settings, database, log, ready))
    finally:
        log.flush()
        database.engine.dispose()


async def _serve(
    place: socket, settings: Settings, database: Database, log: AccessLog, ready: Callable[[], None]
) -> None:
    files = read_assets()
    site = Site(database, compile_pages(settings.build, files), files)
    await site.load()
    made = build_application(site, settings.secret)
    app: Any = compose(made, settings, log, lambda: server.server_state.connections)
    server = Server(Config(app, **CONFIGURATION))
    # these objects live to the end: collecting them again would only delay requests
    gc.freeze()
    serving = asyncio.create_task(server.serve([place]))
    while not server.started and not serving.done():
        await asyncio.sleep(POLL_SECONDS)
    _handle_ending(server, made, settings.parent)
    LOG.info("ready", extra={"more": {"build": settings.build, "faults": [each.name for each in settings.faults]}})
    if server.started:
        ready()
    while not serving.done():
        log.flush()
        await asyncio.wait([serving], timeout=FLUSH_SECONDS)
    LOG.info("ended", extra={"more": {"build": settings.build}})
    await serving


def compose(made: Starlette, settings: Settings, log: AccessLog, connections: Callable[[], Any]) -> ASGIApp:
    """Wrap the application as it is served; the outermost layer sees the client's view."""
    app: Any = ProxyHeadersMiddleware(made, os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))  # type: ignore[arg-type]
    if settings.faults:
        from .defects import with_disturbances  # noqa: PLC0415 - out of reach of a site without faults

        app = with_disturbances(app, settings.faults, failure_app(made), connections)
    app = with_security_headers(app, settings.build, lambda: bool(made.state.draining))
    if settings.faults:
        from .defects import with_defects  # noqa: PLC0415

        app = with_defects(app, settings.faults)
    return with_access_log(app, settings.build, log)


def _handle_ending(server: Server, made: Starlette, parent: int | None) -> None:
    """Drain on SIGTERM or SIGINT, at once on the second; end if stdin, a pipe, is closed, or with the parent."""
    loop, drains = asyncio.get_running_loop(), list[asyncio.Task[None]]()

    def end() -> None:
        server.should_exit = True

    def drain() -> None:
        if made.state.draining:
            end()
        made.state.draining = True
        drains.append(asyncio.ensure_future(_drain(server)))

    def heard() -> None:
        if not os.read(0, 1 << 16):
            loop.remove_reader(0)
            end()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain)
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        loop.add_reader(0, heard)
    if parent and hasattr(os, "pidfd_open"):
        loop.add_reader(os.pidfd_open(parent), end)


async def _drain(server: Server) -> None:
    """Stop accepting, let open connections finish, and end the server if none is left or time is up."""
    LOG.info("draining", extra={"more": {"connections": len(server.server_state.connections)}})
    for each in server.servers:
        for listening in each.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
    await asyncio.sleep(0)  # a closed server drops, unanswered, connections accepted in this round of the loop
    for each in server.servers:
        each.close()
    until = asyncio.get_running_loop().time() + DRAIN_SECONDS
    # the last accepted connection is counted only a moment later
    await asyncio.sleep(POLL_SECONDS)
    while server.server_state.connections and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(POLL_SECONDS)
    server.should_exit = True
