"""``python -m prodgate.rehearsal.site``: NBA news to look at, to load and to break, until Ctrl-C."""

import argparse
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from ...criteria import UsageError
from . import faults
from .process import SECRET, listen_on_port

#: The exit code of a usage error, as everywhere in prod-gate.
USAGE = 4


def main(arguments: Sequence[str]) -> int:
    """Serve; the first line of output says where."""
    given = _parser().parse_args(arguments)
    parent = os.getppid() if given.fd is not None else None
    try:
        asked = faults.parse_faults(given.fault)
        stale = any(each.name == "wrong-build" for each in asked)
        with _socket(given.fd, given.port) as place, _database(given.database) as database:
            from .logs import configure_logging  # noqa: PLC0415 - a wrong option needs no site's libraries
            from .server import Settings, serve  # noqa: PLC0415

            configure_logging()
            settings = Settings(
                database=database,
                build="stale" if stale else given.build,
                secret=os.environ.get(SECRET) or token_hex(32),
                faults=asked,
                access_log=given.access_log,
                schema=given.schema,
                parent=parent,
            )
            serve(place, settings, lambda: _announce(place, given.fd is None))
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prodgate.rehearsal.site",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"faults:\n{faults.render_faults()}",
    )
    parser.add_argument(
        "--database", metavar="URL", help="SQLite or PostgreSQL; by default a new one that is deleted at the end"
    )
    parser.add_argument("--port", type=int, default=0, help="on loopback; any free one by default")
    parser.add_argument("--build", default="local", metavar="ID", help="the name of this build")
    parser.add_argument(
        "--schema", default="", metavar="REVISION", help="the newest migration that this build knows; all by default"
    )
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT", help="break something; see below")
    parser.add_argument("--access-log", type=Path, metavar="FILE", help="stdout by default")
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    return parser


@contextmanager
def _socket(number: int | None, port: int) -> Iterator[socket.socket]:
    with listen_on_port(port) if number is None else socket.socket(fileno=number) as place:
        yield place


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with TemporaryDirectory(prefix="nba-news-") as directory:
        yield f"sqlite:///{directory}/news.sqlite"


def _announce(place: socket.socket, person: bool) -> None:
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    print(f"NBA News is at {url} (日本語: {url}/ja/); Ctrl-C ends it." if person else url, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
