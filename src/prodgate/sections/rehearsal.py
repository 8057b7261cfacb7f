"""The [rehearsal] section: which site a rehearsal puts under load, opens in a browser and deploys."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .validation import key_mistakes

#: What ``site`` says for the sample site that comes with the gate; it is the worked example's.
SAMPLE: Final = "sample"
_KEYS: Final = ("site", "start", "health", "past")
#: An address with a port and nothing else: what stood behind it would become a part of every path that is asked.
_HERE: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost):([1-9][0-9]{0,4})/?")
#: A path as it goes over the wire.
_PATH: Final = re.compile(r"/[!-~]*")
_EXAMPLE: Final = 'site = "http://127.0.0.1:8077", or start = "uvicorn app:app --port {port}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSection:
    """What [rehearsal] states: either a site, or how one is started."""

    site: str = ""
    """``sample``, or the address of a site that runs on this machine, such as ``http://127.0.0.1:8077``."""
    start: tuple[str, ...] = ()
    """The words of a command that serves the site at the free port in place of ``{port}``, and of ``$PORT``."""
    health: str = "/"
    """The path that answers with less than 400 once the site is ready."""
    past: str = ""
    """A file that says what happened in the account before; empty for what follows from the plan."""


def parse_rehearsal_section(table: Mapping[str, Any]) -> RehearsalSection:
    """Read a section that has no mistakes."""
    start = tuple(shlex.split(table.get("start", "")))
    return RehearsalSection(
        site=table.get("site", "").rstrip("/"),
        start=start,
        health=table.get("health", "/"),
        past=table.get("past", ""),
    )


def name_past(section: RehearsalSection | None, project: Path) -> str:
    """Return which past a rehearsal account has: a file of the team, ``sample``, or empty for what the plan says."""
    if section is not None and section.past:
        return str(project / section.past)
    return SAMPLE if section is not None and section.site == SAMPLE else ""


def rehearsal_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with the section, one line each."""
    if not isinstance(table, dict):
        yield f"rehearsal: is {table!r}; write [rehearsal] with {_EXAMPLE}"
        return
    yield from key_mistakes("rehearsal", table, _KEYS)
    if "past" in table and not (isinstance(table["past"], str) and table["past"].endswith(".toml")):
        yield f"rehearsal.past: is {table['past']!r}; write the path of a file beside this one, e.g. 'past.toml'"
    if "past" in table and not {"site", "start"} & {*table}:
        return
    if ("site" in table) == ("start" in table):
        yield f"rehearsal: says not in one way which site there is; write either {_EXAMPLE}"
    if "site" in table and not _is_on_this_machine(table["site"]):
        yield f"rehearsal.site: is {table['site']!r}; write an address on this machine, e.g. 'http://127.0.0.1:8077'"
    if "start" in table and not _is_command(table["start"]):
        yield f"rehearsal.start: is {table['start']!r}; write a command, e.g. 'uvicorn app:app --port {{port}}'"
    if not isinstance(health := table.get("health", "/"), str) or not _PATH.fullmatch(health) or "#" in health:
        yield f"rehearsal.health: is {health!r}; write a path, e.g. '/healthz'"


def _is_on_this_machine(site: Any) -> bool:
    if not isinstance(site, str):
        return False
    here = _HERE.fullmatch(site)
    return site == SAMPLE or (here is not None and int(here[1]) < 2**16)


def _is_command(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(shlex.split(text))
    except ValueError:  # a quotation that does not end
        return False
