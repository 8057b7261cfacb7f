"""Renders migrations of Alembic as SQL, offline, and prints one JSON document.

Run as a plain file; imports nothing from this package. It imports only the files of the migrations, not the team's
``env.py``. Network, programs and databases are refused meanwhile. The end
of standard input means that nobody waits for the answer any more.
"""

import argparse
import io
import json
import os
import resource
import sys
import threading
from types import TracebackType
from typing import Any

from alembic import __version__
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import Script, ScriptDirectory

#: Exit code when the end of standard input came first.
ABANDONED = 75
#: Seconds of CPU and bytes of memory that rendering may take.
CPU_SECONDS = 60
MEMORY = 4 * 2**30
#: Event that Python audits before it acts -> the act, in words.
REFUSED = {
    "socket.connect": "a network connection",
    "socket.getaddrinfo": "a name of the network",
    "socket.gethostbyname": "a name of the network",
    "socket.sendto": "a network connection",
    "sqlite3.connect": "a database",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.exec": "another program",
    "os.posix_spawn": "another program",
}


class Refused(Exception):
    """A migration reached out while it was rendered."""


def main(arguments: list[str]) -> int:
    """Render, and print the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", help="script location")
    parser.add_argument("--base", required=True, help="the project, from which migrations may import")
    parser.add_argument("--dialect", default="postgresql")
    parser.add_argument("--revision", action="append", default=[], help="ids to render")
    given = parser.parse_args(arguments)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever migrations print is noise
    threading.Thread(target=listen, daemon=True).start()
    limit()
    sys.path[:0] = [given.base, os.path.join(given.base, "src")]  # noqa: PTH118  as Alembic's prepend_sys_path
    json.dump(render_all(given), answer)
    answer.flush()
    return 0


def listen() -> None:
    """End this process when nobody waits for it."""
    sys.stdin.read()
    os._exit(ABANDONED)


def limit() -> None:
    """Keep what migrations may take within bounds, and refuse what reaches out."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.addaudithook(refuse)


def refuse(event: str, _arguments: Any) -> None:
    """Raise for anything that rendering a migration does not need."""
    if event in REFUSED:
        raise Refused(f"reaches for {REFUSED[event]} while it is rendered")


def render_all(given: argparse.Namespace) -> dict[str, Any]:
    """Return the heads that Alembic sees, and the SQL of each wanted migration or why there is none."""
    settings = Config()
    settings.set_main_option("script_location", given.folder.replace("%", "%%"))
    scripts = ScriptDirectory.from_config(settings)
    known = {script.revision: script for script in scripts.walk_revisions()}
    rendered = [
        render(settings, scripts, known[id_], given.dialect) if id_ in known else {"id": id_, "fault": "is not known"}
        for id_ in given.revision
    ]
    return {"version": __version__, "heads": sorted(scripts.get_heads()), "rendered": rendered}


def render(settings: Config, scripts: ScriptDirectory, script: Script, dialect: str) -> dict[str, Any]:
    """Return the SQL that brings a database up to one migration from the one before it."""
    output = io.StringIO()
    try:
        with EnvironmentContext(settings, scripts, as_sql=True) as environment:
            environment.configure(
                dialect_name=dialect, output_buffer=output, literal_binds=True, transaction_per_migration=True
            )
            running = environment.get_context()
            with Operations.context(running), running.begin_transaction(_per_migration=True):
                script.module.upgrade()
    except (Exception, SystemExit) as error:  # noqa: BLE001  what a team wrote may raise anything
        where = locate(error.__traceback__, script.path)
        return {"id": script.revision, "fault": f"{where}{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    return {"id": script.revision, "sql": output.getvalue()}


def locate(trace: TracebackType | None, file: str) -> str:
    """Return the line of a file in which something was raised."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # the thread that listens would keep this process
