"""The [load] section of a criteria file: who is put under load, how much of it, and what is never exceeded."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..criteria import suggest
from ..quantities import Quantity
from .targets import is_address
from .validation import HOST, key_mistakes, quantity_mistakes

#: Profiles in the order in which they are carried out.
PROFILES: Final = ("steady", "surge", "deploy", "compare")

_TEXTS: Final = ("hosts", "resolves_to")
_KEYS: Final = ("locustfile", *_TEXTS, "release", "port_of_green", "workers", "most", *PROFILES, "rehearsal")
_MOST: Final = {"rate": "rate", "duration": "time"}
#: Keys of a profile with the dimension of each.
_PROFILE: Final = {**_MOST, "warm_up": "time", "timeout": "time", "returning": "ratio", "uncached": "ratio"}
_DEFAULTS: Final = {"warm_up": "5 s", "timeout": "10 s", "returning": "0 %", "uncached": "0 %"}
_EXAMPLES: Final = {
    "rate": "100 /s", "duration": "40 s", "warm_up": "5 s", "timeout": "2 s", "returning": "30 %", "uncached": "25 %",
}  # fmt: skip
RUN: Final = re.compile(r"\w[\w.+-]*")
#: Keys with whole numbers, and the greatest of each.
_NUMBERS: Final = {"workers": 64, "port_of_green": 65535}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProfile:
    """How many readers arrive per second, and for how long; each makes one request or more."""

    rate: Quantity
    duration: Quantity
    """What is measured at the full rate."""
    warm_up: Quantity
    """How long load is sent before, climbing to the rate, and not measured; in a surge the climb itself is measured."""
    timeout: Quantity
    """Time that a request may take; longer is a failure."""
    uncached: Quantity
    """Share of visits for which the origin has to answer, and no cache."""
    returning: Quantity
    """Share of visits by readers who still have the connection and the cookies of an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSection:
    """What [load] states."""

    locustfile: str
    """What users do; a path relative to the criteria file."""
    hosts: tuple[str, ...]
    """The only hosts that load may be sent to; the first is the one that is."""
    resolves_to: tuple[str, ...]
    """Networks, and patterns of canonical names or names of addresses, that a host must resolve to."""
    port_of_green: int
    """Port of the host on which the next build can be tried beside the one that serves; 0 when there is none."""
    release: str
    """Name of the run in the same folder that a steady load is compared with; empty for the earliest that is kept."""
    workers: int
    """Further processes that send the load together; 0 for one that does it alone."""
    profiles: Mapping[str, LoadProfile]
    rehearsal: Mapping[str, LoadProfile]
    """Profiles that take the place of those in a rehearsal, where nobody waits ten minutes."""


def parse_load_section(table: Mapping[str, Any]) -> LoadSection:
    """Read a section that has no mistakes."""
    return LoadSection(
        locustfile=table.get("locustfile", "loadtests/locustfile.py"),
        hosts=tuple(table.get("hosts", ())),
        resolves_to=tuple(table.get("resolves_to", ())),
        port_of_green=table.get("port_of_green", 0),
        release=table.get("release", ""),
        workers=table.get("workers", 0),
        profiles=_parse_profiles(table),
        rehearsal=_parse_profiles(table.get("rehearsal", {})),
    )


def _parse_profiles(table: Mapping[str, Any]) -> dict[str, LoadProfile]:
    return {
        name: LoadProfile(**{key: Quantity.parse({**_DEFAULTS, **table[name]}[key]) for key in _PROFILE})
        for name in PROFILES
        if name in table
    }


def load_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with a [load] section, one line each."""
    if not isinstance(table, dict):
        yield 'load: is not a table; write [load] with most = { rate = "500 /s", duration = "10 min" }'
        return
    yield from key_mistakes("load", table, _KEYS)
    if not isinstance(table.get("locustfile", ""), str):
        yield f"load.locustfile: is {table['locustfile']!r}; write the path of a file, e.g. 'loadtests/locustfile.py'"
    if not (isinstance(release := table.get("release", "x"), str) and RUN.fullmatch(release)):
        yield f"load.release: is {release!r}; write the name of a run, such as '2026-11-24T130000Z-3f2a9c1'"
    for key, most in _NUMBERS.items():
        if not (type(number := table.get(key, 0)) is int and 0 <= number <= most):
            yield f"load.{key}: is {number!r}; write a whole number from 0 to {most}"
    yield from _host_mistakes(table)
    yield from _rate_mistakes(table)


def _host_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with who may be put under load."""
    for key in _TEXTS:
        if not isinstance(table.get(key, []), list) or not all(isinstance(each, str) for each in table.get(key, [])):
            yield f"load.{key}: is {table[key]!r}; write a list of texts"
            return
    for host in table.get("hosts", []):
        if not HOST.fullmatch(host) and host != "localhost" and not is_address(host):
            bare = re.sub(r"^\w+://|[:/].*$", "", host.lower()) or "www.example.com"
            yield f"load.hosts: {host!r} is not the name of a host; write e.g. {bare!r}"
    for place in table.get("resolves_to", []):
        if re.fullmatch(r"[\d.:a-fA-F]*/.*|[\d.]+", place) and not _is_network(place):
            yield f"load.resolves_to: {place!r} is not a network; write e.g. '203.0.113.0/24' or '*.cloudfront.net'"
    if table.get("hosts") and not table.get("resolves_to"):
        yield "load.resolves_to: is missing; say where hosts must be, e.g. ['*.cloudfront.net'] or ['203.0.113.0/24']"


def _is_network(place: str) -> bool:
    try:
        ipaddress.ip_network(place)
    except ValueError:
        return False
    return True


def _rate_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the profiles and with what they must stay within."""
    mistakes = list(_limit_mistakes("load.most", table.get("most"), _MOST))
    if not set(PROFILES) & set(table):
        mistakes.append('load: holds no profile; write [load.steady] with rate = "100 /s" and duration = "40 s"')
    mistakes += _profile_mistakes("load", table)
    mistakes += _rehearsal_mistakes(table.get("rehearsal", {}))
    yield from mistakes
    if not mistakes:
        profiles = [(f"load.{name}", profile) for name, profile in _parse_profiles(table).items()]
        rehearsal = _parse_profiles(table.get("rehearsal", {}))
        profiles += [(f"load.rehearsal.{name}", profile) for name, profile in rehearsal.items()]
        yield from _ceiling_mistakes(table["most"], profiles)


def _profile_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    for name in PROFILES:
        if name in table:
            yield from _limit_mistakes(f"{where}.{name}", table[name], _PROFILE)


def _rehearsal_mistakes(table: Any) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"load.rehearsal: is {table!r}; write [load.rehearsal] with profiles such as steady"
        return
    for key in table:
        if key not in PROFILES:
            known = suggest(key, PROFILES) or f"; profiles are {', '.join(PROFILES)}"
            yield f"load.rehearsal.{key}: is not a profile{known}"
    yield from _profile_mistakes("load.rehearsal", table)


def _limit_mistakes(where: str, table: Any, known: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f'{where}: is {table!r}; write {{ rate = "100 /s", duration = "40 s" }}'
        return
    yield from key_mistakes(where, table, known)
    for key, dimension in known.items():
        if key in table:
            zero = key in ("warm_up", "returning", "uncached")
            yield from quantity_mistakes(f"{where}.{key}", table[key], dimension, _EXAMPLES[key], zero=zero)
        elif key not in _DEFAULTS:
            yield f"{where}.{key}: is missing; write e.g. {key} = {_EXAMPLES[key]!r}"


def _ceiling_mistakes(most: Mapping[str, str], profiles: Iterable[tuple[str, LoadProfile]]) -> Iterator[str]:
    """Say which profiles send more, or for longer, than is ever allowed."""
    rate, duration = (Quantity.parse(most[key]) for key in _MOST)
    for where, profile in profiles:
        if profile.rate.base > rate.base:
            yield f"{where}.rate: is '{profile.rate}'; load.most allows '{rate}'"
        if profile.duration.base + profile.warm_up.base > duration.base:
            whole = f"'{profile.duration}' after '{profile.warm_up}'"
            yield f"{where}.duration: is {whole} of warm-up; load.most allows '{duration}' together"
        if profile.uncached.base > 1:
            yield f"{where}.uncached: is '{profile.uncached}'; write at most '100 %'"
        if profile.returning.base >= 1:
            yield f"{where}.returning: is '{profile.returning}'; write less than '100 %': somebody comes first"
