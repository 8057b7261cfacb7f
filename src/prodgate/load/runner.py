"""Runs one load: starts Locust in its own processes and returns the record it leaves.

Workers may also run elsewhere, as containers for instance. The master is then told where to listen
(``run_load(..., workers=6, listen="0.0.0.0:5557")``) and each worker is started with the same locustfile and image as

    locust -f loadtests/locustfile.py,$(python -c "import prodgate.load as p; print(p.PLUGIN)") \
        --worker --master-host MASTER --master-port 5557

and needs nothing else: the master hands it the settings and its share of the arrivals. A master that is a
container too is started like it with ``--master --expect-workers 6 --headless -u 6 -r 6 -H HOST`` and
``PRODGATE_LOAD``, the settings (``prodgate.load.settings``) as a JSON object or the name of a file with them.
"""

from __future__ import annotations

import importlib.util
import json
import math
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..criteria import UsageError
from ..processes.child import clean_environment
from ..processes.progress import Progress
from ..semantics.json_texts import read_json
from . import PLUGIN
from .locust_errors import explain_locust_failure
from .processes import process_group
from .profile import Profile
from .record import write_record
from .settings import VARIABLE, Settings

#: Seconds that Locust may take beyond the arrivals and their last timeout: to start, gather workers and write.
ALLOWANCE: Final = 45.0
#: Seconds that a master waits for its workers.
WORKER_WAIT: Final = 20.0


class LoadError(UsageError):
    """No load could be run; the message says what to do."""


def run_load(
    profile: Profile,
    host: str,
    *,
    locustfile: Path,
    directory: Path,
    workers: int = 0,
    other_host: str = "",
    listen: str = "",
    ca_file: str = "",
    progress: Progress = lambda _line: None,
) -> Mapping[str, Any]:
    """Run a load and return its record, which is also kept as record.json in ``directory``.

    Beside it are locust.html (Locust's own page, with the same latencies), locust.txt (its output) and settings.json.
    ``workers`` is 0 for a single process; with ``listen`` ("address:port") they run elsewhere. ``ca_file`` holds
    authorities that are trusted instead of the system's. A record with ``complete`` false is no error. Raises LoadError
    when nothing could be run.
    """
    _check_inputs(locustfile, listen)
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / "record.json"
    kept.unlink(missing_ok=True)
    settings = Settings(profile=profile, host=host, other_host=other_host, workers=workers, record=str(kept.absolute()))
    (directory / "settings.json").write_text(json.dumps(settings.to_json(), indent=1), "utf-8")
    commands = _build_commands(settings, locustfile, directory, listen)
    limit = profile.seconds + profile.patience + ALLOWANCE
    # Locust reads options from variables as well
    environment = {**clean_environment("LOCUST_"), VARIABLE: str((directory / "settings.json").absolute())}
    environment |= {"SSL_CERT_FILE": str(Path(ca_file).absolute())} if ca_file else {}
    with process_group(commands, environment, directory / "locust.txt") as processes:
        code = processes.follow(limit, progress)
    if not kept.exists():
        raise LoadError(
            explain_locust_failure((directory / "locust.txt").read_text("utf-8", "replace"), locustfile, code)
        )
    return _read_record(kept, code, limit)


def _check_inputs(locustfile: Path, listen: str) -> None:
    if importlib.util.find_spec("locust") is None:
        raise LoadError("the load layer: Locust is not installed; pip install 'prod-gate[load]'")
    if not locustfile.is_file():
        raise LoadError(f"{locustfile}: there is no such locustfile; write one, or name it under [load]")
    if listen and not listen.rpartition(":")[2].isdecimal():
        raise LoadError(f"listen: {listen!r} is no address and port; write for instance 0.0.0.0:5557")


def _build_commands(settings: Settings, locustfile: Path, directory: Path, listen: str) -> Sequence[Sequence[str]]:
    files = ("-f", f"{locustfile.absolute()},{PLUGIN}", "--loglevel", "INFO")
    number = str(settings.workers or 1)
    first = [*files, "--headless", "--only-summary", "-H", settings.host, "-u", number, "-r", number]
    first += ["--html", str((directory / "locust.html").absolute())]
    first += ["--stop-timeout", f"{math.ceil(settings.profile.timeout) + 5}"]
    if not settings.workers:
        return [first]
    address, _, port = (listen or f"127.0.0.1:{_find_free_port()}").rpartition(":")
    first += ["--master", "--master-bind-host", address, "--master-bind-port", port]
    first += ["--expect-workers", number, "--expect-workers-max-wait", f"{WORKER_WAIT:.0f}"]
    worker = [*files, "--worker", "--master-host", address, "--master-port", port]
    return [first, *([worker] * settings.workers if not listen else [])]


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _read_record(kept: Path, code: int | None, limit: float) -> Mapping[str, Any]:
    """Return the record; where only we know why it is incomplete, add that."""
    data: dict[str, Any] = read_json(kept.read_text("utf-8"))
    if not data["complete"] and (code is None or code < 0):
        why = f"Locust did not end within {limit:.0f} s" if code is None else f"Locust was ended by signal {-code}"
        data["why"] = f"{why}; its own record says: {data['why']}"
        write_record(data, kept)
    return data
