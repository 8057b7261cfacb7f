"""Takes the record of a load that other machines made: hands out its settings, awaits it, and refuses any other.

The load is asked for and awaited by one run, so that it is as old as the run, and one attempt. Its settings hold a seed
that nobody knew before.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shlex import quote
from time import monotonic, sleep
from typing import Any, Final

from ..criteria import UsageError
from ..processes.progress import Progress
from ..processes.regular_files import OF_RUN, read_measured
from ..processes.web import fetch, parse_private
from ..semantics.json_texts import read_json
from .contents import read_stated, read_statement
from .profile import Settings, count_arrivals
from .record import FORMAT, UNCACHED, read_versions, write_record

#: The files in the folder that both sides see.
SETTINGS: Final = "settings.json"
RECORD: Final = "record.json"
#: The command that starts the load, and holds the settings: all that has to be copied to another machine.
MASTER: Final = "master.sh"
#: What a record holds, by which a load is judged.
_PARTS: Final = (
    *("planned", "sent", "not_sent", "followed", "unsent", "standstills", "seconds", "requests", "failures", "warm_up"),
    *("why", "health", "clock_moved", "addresses", "protocol"),
)
#: Seconds that machines may take to start and to find each other.
GATHERING: Final = 900.0
_POLL_INTERVAL: Final = 0.25
#: Seconds for a record to come from a URL, and bytes of the largest: some hours of ten workers.
FETCHING: Final = 60.0
MOST: Final = 64 * 1024**2
#: Seconds that clocks may differ, and that workers may begin apart: less than a window.
APART: Final = 1.0


def check_place(place: str) -> None:
    """Raise UsageError for a URL that can't be the folder of a record, without showing it: it may hold a secret."""
    parts = parse_private(place)
    if "://" in place and (not parts or "@" in parts.netloc or parts.query or parts.fragment):
        raise UsageError(
            "--load-record: is no URL of a folder; write https://HOST/PATH, or http:// for this machine, without a "
            "user and a query, which the run would keep"
        )


def await_record(
    settings: Settings, place: str, *, directory: Path, locustfile: Path, limit: float, progress: Progress
) -> Mapping[str, Any]:
    """Hand out the settings, and return the record of whoever makes the load.

    ``place`` is the folder into which both are put; or its URL, where the record is fetched, while the settings are
    written into ``directory``. The record must come within ``limit`` seconds beyond GATHERING. Raises UsageError.
    """
    remote = "://" in place
    folder, kept = directory if remote else Path(place), f"{place}/{RECORD}"
    read: Callable[[], bytes | None] = (
        (lambda: fetch(kept, limit=FETCHING, most=MOST))
        if remote
        else (lambda: read_measured(Path(kept), OF_RUN) if Path(kept).exists() else None)
    )
    pause, asked, until = 1.0 if remote else _POLL_INTERVAL, datetime.now(UTC), monotonic() + GATHERING + limit
    try:
        if read() is not None:
            raise UsageError(f"{kept}: is older than this run; name an empty folder")
    except OSError as error:
        raise UsageError(
            f"{kept}: {error.strerror or error}; before the load it must not be there (HTTP 404)"
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        told = replace(settings, record=RECORD, own=0).to_json()
        (folder / MASTER).write_text(_write_script(told, locustfile), "utf-8")
        write_record(told, folder / SETTINGS)
    except OSError as error:
        raise UsageError(f"{folder / SETTINGS}: can't be written: {error.strerror or error}") from error
    progress(f"{settings.profile.name}: run sh {folder / MASTER}, which holds its settings; {kept} is awaited")
    found = _parse(read)
    while not found.get("over") and monotonic() < until:
        sleep(pause)
        found = _parse(read)
    if not found:
        raise UsageError(f"{kept}: no record was there within {GATHERING + limit:.0f} s; see what the master says")
    if why := explain_refusal(found, settings, locustfile, asked):
        raise UsageError(f"{kept}: {why}")
    return {**found, "elsewhere": f"{kept} {found['elsewhere']}"}


def _write_script(settings: Mapping[str, Any], locustfile: Path) -> str:
    """Return the shell script that starts the master of a load with these settings, wherever it is copied to."""
    workers, file = max(1, settings["workers"]), quote(os.path.relpath(locustfile))
    return f"""\
# Starts the master of this load in the project's folder, and leaves {RECORD} beside this file. Options of Locust may
# follow. On each machine of a worker, of {workers} in all:
#   locust -f {file},"$(python -c 'import prodgate.load as load; print(load.PLUGIN)')" --worker --master-host MASTER
set -e
here=$(dirname "$0")
plugin=$(python -c 'import prodgate.load as load; print(load.PLUGIN)')
cat > "$here/{SETTINGS}" <<'END'
{json.dumps(settings)}
END
PRODGATE_LOAD="$here/{SETTINGS}" exec locust -f {file},"$plugin" --master --expect-workers {workers} --headless \\
  -u {workers} -r {workers} -H {quote(settings["host"])} "$@"
"""


def _parse(read: Callable[[], bytes | None]) -> dict[str, Any]:
    """Return a record with its SHA-256, nothing while there is none, or only a part of it."""
    with suppress(OSError, ValueError):
        found = read_json(data := read() or b"")
        return {**found, "elsewhere": f"(SHA-256 {sha256(data).hexdigest()})"} if isinstance(found, dict) else {}
    return {}


def explain_refusal(record: Mapping[str, Any], settings: Settings, locustfile: Path, asked: datetime) -> str:
    """Return why a record does not answer settings that were written at a time, with the remedy; empty if it does."""
    try:
        return next(_list_refusals(record, settings, locustfile, asked), "")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return f"is no record of a load ({type(error).__name__}: {error}); make it with the same version of prod-gate"


def _list_refusals(record: Mapping[str, Any], settings: Settings, locustfile: Path, asked: datetime) -> Iterator[str]:
    if record["format"] != FORMAT:
        yield f"has format {record['format']!r}, and this version reads {FORMAT}; make it with the same version"
    for name, given in {**settings.profile.to_json(), "workers": settings.workers}.items():
        if (found := record["profile"][name]) != given:
            yield f"{name} of its load is {found!r}, not {given!r}; make the load with {SETTINGS} of this run"
    hosts = tuple(side["host"] for side in (record, record["other"]) if side)
    if hosts != settings.hosts:
        yield f"its load went to {', '.join(hosts)}, not to {', '.join(settings.hosts)}; make it with {SETTINGS}"
    yield from (f"holds no {name}; make it with the same version" for name in _PARTS if name not in record)
    yield from _list_wrong_times(record, asked)
    if record["complete"] or record["stopped_early"]:  # otherwise nothing follows from it
        yield from _list_other_statements(record, settings)
        yield from _list_wrong_workers(record, settings)
        for one in (record, *record["workers"]):
            yield from _list_differences(one, locustfile)


def _list_wrong_times(record: Mapping[str, Any], asked: datetime) -> Iterator[str]:
    begun, ended = (datetime.fromisoformat(record[name]) for name in ("started", "ended"))
    now, slack = datetime.now(UTC), timedelta(seconds=APART)
    if not asked - slack <= begun or not ended <= now + slack:
        told = f"its load was measured from {begun:%H:%M:%S} to {ended:%H:%M:%S} UTC by its own clock"
        yield f"{told}, not between {asked:%H:%M:%S} and {now:%H:%M:%S}; set the clocks of all machines by NTP"


def _list_wrong_workers(record: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    workers, sides = record["workers"], [side for side in (record, record["other"]) if side]
    if len(workers) != max(1, settings.workers):
        yield f"holds the load of {len(workers)} workers, not of {max(1, settings.workers)}; make the load again"
    if not record["windows"]:
        yield "holds nothing of the health of its machines; make the load again"
    planned = sum(side["planned"] for side in sides)
    if planned < count_arrivals(settings.profile):
        yield f"{planned:,} arrivals were planned, not {count_arrivals(settings.profile):,}; make the load again"
    if sum(each["sent"] for each in workers) != sum(side["sent"] for side in sides):
        yield "its workers sent other numbers of requests than it holds; make the load again"
    for each in workers:
        if not abs(each["behind"]) <= APART:
            yield f"the clock of {each['name']} and its master's differ by {abs(each['behind']):.1f} s; set both by NTP"
    starts = [each["started"] for each in workers]
    if max(starts) - min(starts) > APART:
        yield f"its workers began {max(starts) - min(starts):.1f} s apart, in other seconds; make the load again"


def _list_other_statements(record: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    told = {each["name"].removesuffix(UNCACHED): each for each in record["requests"]}
    for name, stated in read_stated(settings.holds).items():
        asked, found = str(read_statement(stated)), told.get(name, {"holds": ""})
        if "learned" not in found and found["holds"] != asked:
            yield f"answers to {name} had to hold {found['holds'] or 'nothing'}, not {asked}; make it with {SETTINGS}"


def _list_differences(one: Mapping[str, Any], locustfile: Path) -> Iterator[str]:
    """Yield the differences of a process's code from that of this machine."""
    where, folder = one.get("name", "the master"), locustfile.resolve().parent
    for name, own in read_versions().items():
        if name != "python" and one["versions"][name] != own:
            yield f"{where} ran {name} {one['versions'][name]}, and here {own} is installed and tested; use one image"
    for name in (locustfile.resolve().name, *one["code"]):
        with suppress(OSError):
            if one["code"].get(name) == sha256(read_measured(folder / name)).hexdigest():
                continue
        yield f"{where} ran another {name} than {folder / name}; use one image"
