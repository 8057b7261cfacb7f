"""The [rollout] section of a criteria file: how a deployment is watched, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..quantities import Quantity
from .migrations import MigrationsSection, migrations_mistakes, parse_migrations_section
from .rollout_before import BeforeSection, before_mistakes, parse_before_section
from .validation import is_text_list, key_mistakes, parse_quantity, quantity_mistakes

#: Keys with the dimension, the default and an example of each.
_QUANTITIES: Final = {
    "rate": ("rate", "50 /s"),
    "timeout": ("time", "5 s"),
    "limit": ("time", "2 h"),
    "poll": ("time", "5 s"),
}
_FASTEST: Final = 3600
_PATH: Final = re.compile(r"/[!-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How a deployment is watched."""

    rate: Quantity
    """Requests per second, evenly, none of them retried."""
    timeout: Quantity
    """Time that a request may take; longer is a failure."""
    limit: Quantity
    """Time after which a deployment is watched no longer."""
    poll: Quantity
    """Time between two looks at the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSection:
    """What [rollout] states."""

    watching: Watching
    rehearsal: Watching
    """The same in a rehearsal, where nobody waits an hour."""
    reads: tuple[str, ...]
    """Paths that are read while a deployment is watched, in turn."""
    write: str
    """Path that is posted to, each time with an ``Idempotency-Key`` of its own; empty where nothing may be written."""
    written: str
    """Path at which a write is read back, with ``{key}`` for its key; empty where none can be."""
    speed: int
    """How many seconds of the declared bake, alarms and waits pass in one second of a rehearsal."""
    before: BeforeSection
    migrations: MigrationsSection | None = None
    """The migrations of the database; None when the file says nothing of them."""


def parse_rollout_section(table: Mapping[str, Any]) -> RolloutSection:
    """Read a section that has no mistakes."""
    own = {key: value for key, value in table.items() if key in _QUANTITIES}
    rehearsal = table.get("rehearsal", {})
    return RolloutSection(
        watching=_parse_watching(own),
        rehearsal=_parse_watching({**own, **{key: value for key, value in rehearsal.items() if key != "speed"}}),
        reads=tuple(table.get("reads", ("/",))),
        write=table.get("write", ""),
        written=table.get("written", ""),
        speed=rehearsal.get("speed", 60),
        before=parse_before_section(table.get("before", {})),
        migrations=parse_migrations_section(table["migrations"]) if "migrations" in table else None,
    )


def _parse_watching(table: Mapping[str, str]) -> Watching:
    usual = {key: default for key, (_, default) in _QUANTITIES.items()}
    return Watching(**{key: Quantity.parse(text) for key, text in {**usual, **table}.items()})


def rollout_mistakes(table: Any, load: Any) -> Iterator[str]:
    """Say what is wrong with a [rollout] section, one line each; ``load`` is the [load] section beside it."""
    if not isinstance(table, dict):
        yield f'rollout: is {table!r}; write [rollout] with limit = "2 h"'
        return
    known = (*_QUANTITIES, "reads", "write", "written", "before", "rehearsal", "migrations")
    yield from key_mistakes("rollout", table, known)
    yield from _path_mistakes(table)
    yield from before_mistakes(table.get("before", {}))
    yield from migrations_mistakes(table["migrations"]) if "migrations" in table else ()
    yield from _watching_mistakes("rollout", table, load)
    rehearsal = table.get("rehearsal", {})
    if not isinstance(rehearsal, dict):
        yield f'rollout.rehearsal: is {rehearsal!r}; write {{ rate = "100 /s", speed = 60 }}'
        return
    yield from key_mistakes("rollout.rehearsal", rehearsal, (*_QUANTITIES, "speed"))
    yield from _watching_mistakes("rollout.rehearsal", rehearsal, load)
    if not (type(speed := rehearsal.get("speed", 1)) is int and 1 <= speed <= _FASTEST):
        yield f"rollout.rehearsal.speed: is {speed!r}; write a whole number from 1 to {_FASTEST:,}"


def _path_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    reads = table.get("reads", ["/"])
    if not is_text_list(reads) or not reads:
        yield f'rollout.reads: is {reads!r}; write a list of paths, e.g. ["/", "/api/stories"]'
        return
    stated = {"reads": reads} | {key: [table[key]] for key in ("write", "written") if key in table}
    for key, paths in stated.items():
        for path in paths:
            if not isinstance(path, str) or not _PATH.fullmatch(path):
                yield f"rollout.{key}: {path!r} is no path; write e.g. '/api/stories?page=1'"
    if "written" in table and ("{key}" not in str(table["written"]) or "write" not in table):
        yield (
            f"rollout.written: {table['written']!r} reads no write back; state write as well, and in written where the "
            "key stands, e.g. '/api/orders/{key}'"
        )


def _watching_mistakes(where: str, table: Mapping[str, Any], load: Any) -> Iterator[str]:
    for key, (dimension, example) in _QUANTITIES.items():
        if key in table:
            yield from quantity_mistakes(f"{where}.{key}", table[key], dimension, example)
    most = load.get("most", {}).get("rate") if isinstance(load, dict) and isinstance(load.get("most"), dict) else None
    allowed, _ = parse_quantity("load.most.rate", most, "rate", "500 /s")
    rate, _ = parse_quantity(f"{where}.rate", table.get("rate"), "rate", "50 /s")
    if allowed and rate and rate.base > allowed.base:
        yield f"{where}.rate: is '{rate}'; load.most allows '{allowed}'"
