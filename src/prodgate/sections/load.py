"""The [load] section of a criteria file: who is put under load, how much of it, and what is never exceeded."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from ..criteria import Criterion
from ..load.contents import read_statement
from ..quantities import Quantity
from .fields import HOST, Key, Kind, key, keys_of, many, named, quantity, quantity_mistakes, table, text, whole
from .targets import is_address

#: Keys of a criterion that say which load a figure must rest on, with their types.
LOAD_KEYS: Final[Mapping[str, tuple[type, ...]]] = {"rate": (str,), "disturbances": (str,)}
_TERMS: Final = {"rate": ("rate", "100 /s"), "disturbances": ("time", "5 s")}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTerms:
    """The terms of a criterion for the load under which it is decided."""

    rate: Quantity | None
    """Least load under which the bound must hold, in arrivals per second."""
    disturbances: Quantity | None
    """Longest disturbance under load for which the confidence must hold."""


def read_load_terms(criterion: Criterion) -> LoadTerms:
    """Return what a criterion asks of the load."""
    stated = criterion.layer_keys
    return LoadTerms(**{key: Quantity.parse(stated[key]) if key in stated else None for key in LOAD_KEYS})


def load_terms_mistakes(where: str, stated: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with what a criterion asks of the load."""
    for name, (dimension, example) in _TERMS.items():
        if name in stated:
            yield from quantity_mistakes(f"{where}.{name}", stated[name], dimension, example)


# ── The section

#: Profiles in the order in which they are carried out.
PROFILES: Final[tuple[str, ...]] = ("steady", "surge", "deploy", "compare")
#: Where nothing is stated, a profile is measured for so many times its duration at most, or so many seconds.
_TIMES: Final = 3
_LEAST: Final = 60
RUN: Final = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProfile:
    """How many readers arrive per second, and for how long; each makes one request or more."""

    rate: Quantity = key(quantity("rate", "100 /s"), "How many readers arrive per second.", example="'100 /s'")
    duration: Quantity = key(quantity("time", "40 s"), "Time that is measured at the full rate.", example="'40 s'")
    within: Quantity = key(
        quantity("time", "2 min"),
        "The longest time for measuring, including what is measured again because this machine was disturbed; "
        f"{_TIMES} times its duration unless stated, at least {_LEAST} s, and within `most`.",
        None,
    )
    warm_up: Quantity = key(
        quantity("time", "5 s", zero=True),
        "How long load is sent before the measured time, climbing to the rate; a surge is measured from here on.",
        "5 s",
    )
    timeout: Quantity = key(quantity("time", "2 s"), "Time that a request may take; longer is a failure.", "10 s")
    returning: Quantity = key(
        quantity("ratio", "30 %", zero=True),
        "Share of visits by readers who still have the connection and the cookies of an earlier one.",
        "0 %",
    )
    uncached: Quantity = key(
        quantity("ratio", "25 %", zero=True),
        "Share of visits that no cache can answer, so that the origin must.",
        "0 %",
    )


def _is_host(host: str) -> bool:
    return bool(HOST.fullmatch(host)) or host == "localhost" or is_address(host)


def _suggest_host(url: Any) -> str:
    bare = re.sub(r"^\w+://|[:/].*$", "", str(url).lower())
    return f"e.g. {bare if _is_host(bare) else 'www.example.com'!r}"


def _is_place(place: str) -> bool:
    """Whether a text is a network, or a pattern of names. Raises ValueError for what only looks like a network."""
    return not re.fullmatch(r"[\d.:a-fA-F]*/.*|[\d.]+", place) or bool(ipaddress.ip_network(place))


def _find_statement(where: str, held: Any) -> Iterator[str]:
    try:
        read_statement(held)
    except ValueError as error:
        yield f"{where}: {error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSection:
    """The section [load]."""

    locustfile: str = key(
        text("the path of a file, e.g. 'loadtests/locustfile.py'", lambda _: True),
        "The behaviour of users; a path relative to the criteria file.",
        "loadtests/locustfile.py",
    )
    hosts: tuple[str, ...] = key(
        many(
            text(_suggest_host, _is_host, "{} is not the name of a host"),
            "a list of texts",
        ),
        "The only hosts that load may be sent to; it is sent to the first.",
        [],
    )
    resolves_to: tuple[str, ...] = key(
        many(
            text("e.g. '203.0.113.0/24' or '*.cloudfront.net'", _is_place, "{} is not a network"),
            "a list of texts",
        ),
        "Networks, and patterns of canonical names or names of addresses, that a host must resolve to.",
        [],
    )
    release: str = key(
        text("the name of a run, such as '2026-11-24T130000Z-3f2a9c1'", RUN.fullmatch),
        "Name of the run in the same folder that a steady load is compared with; left out for the earliest that is "
        "kept.",
        "",
    )
    port_of_green: int = key(
        whole(0, 65535),
        "Port of the host on which the next build can be tried while the other one serves; 0 if there is none.",
        0,
    )
    holds: Mapping[str, Any] = key(
        named(
            Kind(find=_find_statement, read=lambda held: held, schema={}),
            '"/api/stories" = { status = 200, json = { ok = true } }',
        ),
        "What a right answer holds, by the name of the request, such as `POST /api/login`; a name alone is that of a "
        "GET. A text, a least number of bytes, or a table: `status`, `text` and `bytes`; `json` with values, and "
        "`schema` with types (string, number, boolean, array, object, null), by path, such as `stories[].slug`.",
        {},
    )
    workers: int = key(whole(0, 64), "Further processes that help to send the load; 0 for one process alone.", 0)
    profiles: Mapping[str, LoadProfile]
    rehearsal: Mapping[str, LoadProfile]
    """Profiles that take the place of those in a rehearsal, where nobody waits ten minutes."""


_PROFILE: Final = table(dict[str, Any], '{ rate = "100 /s", duration = "40 s" }', keys_of(LoadProfile))
_APART: Final = {
    name: Key(kind=_PROFILE, meaning=meaning, usual=None)
    for name, meaning in zip(
        PROFILES,
        (
            "Load that stays the same.",
            "Load that climbs to its rate within the warm-up, and is measured meanwhile.",
            "Load while the site is deployed.",
            "Load on two builds in one run, with arrivals alternating between them.",
        ),
        strict=True,
    )
}
_MOST: Final = table(
    dict[str, Any],
    '{ rate = "500 /s", duration = "10 min" }',
    {
        "rate": Key(kind=quantity("rate", "100 /s"), meaning="The greatest rate of a profile.", example="'100 /s'"),
        "duration": Key(
            kind=quantity("time", "40 s"), meaning="The longest warm-up and duration together.", example="'40 s'"
        ),
    },
)


def _measure(stated: Mapping[str, Quantity], most: Mapping[str, Quantity]) -> LoadProfile:
    profile = LoadProfile(**stated)
    longest = most["duration"].base - profile.warm_up.base
    within = Quantity.seconds(min(max(_TIMES * profile.duration.base, Decimal(_LEAST)), longest))
    return profile if "within" in stated else replace(profile, within=within)


def _make(most: Mapping[str, Quantity], rehearsal: Mapping[str, Any] | None = None, **given: Any) -> LoadSection:
    profiles, apart = (
        {name: _measure(stated.pop(name), most) for name in PROFILES if name in stated}
        for stated in (given, {**(rehearsal or {})})
    )
    return LoadSection(profiles=profiles, rehearsal=apart, **given)


def _find_excess(where: str, stated: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    """Yield which hosts may be anywhere, and which profiles send more, or for longer, than is ever allowed."""
    if stated.get("hosts") and not stated.get("resolves_to"):
        yield (
            f"{where}.resolves_to: is missing; say where hosts must be, e.g. ['*.cloudfront.net'] or ['203.0.113.0/24']"
        )
    if not set(PROFILES) & set(stated):
        yield f'{where}: holds no profile; write [load.steady] with rate = "100 /s" and duration = "40 s"'
    if "most" in sound:
        most = _MOST.read(sound["most"])
        for place, tables in ((where, sound), (f"{where}.rehearsal", sound.get("rehearsal", {}))):
            for name in (each for each in PROFILES if each in tables):
                yield from _ceiling_mistakes(f"{place}.{name}", _measure(_PROFILE.read(tables[name]), most), most)


def _ceiling_mistakes(where: str, profile: LoadProfile, most: Mapping[str, Quantity]) -> Iterator[str]:
    rate, duration = most["rate"], most["duration"]
    if profile.rate.base > rate.base:
        yield f"{where}.rate: is '{profile.rate}'; load.most allows '{rate}'"
    if profile.duration.base + profile.warm_up.base > duration.base:
        both = f"'{profile.duration}' after '{profile.warm_up}'"
        yield f"{where}.duration: is {both} of warm-up; load.most allows '{duration}' together"
    elif profile.within.base < profile.duration.base:
        yield f"{where}.within: is '{profile.within}'; write no less than its duration, '{profile.duration}'"
    elif profile.within.base + profile.warm_up.base > duration.base:
        both = f"'{profile.within}' after '{profile.warm_up}'"
        yield f"{where}.within: is {both} of warm-up; load.most allows '{duration}' together"
    if profile.returning.base >= 1:
        yield f"{where}.returning: is '{profile.returning}'; write less than '100 %': somebody comes first"


LOAD: Final = table(
    _make,
    '[load] with most = { rate = "500 /s", duration = "10 min" }',
    {
        **keys_of(LoadSection),
        "most": Key(
            kind=_MOST,
            meaning="Limits that no profile exceeds.",
            example='{ rate = "500 /s", duration = "10 min" }',
        ),
        **_APART,
        "rehearsal": Key(
            kind=table(dict[str, Any], "[load.rehearsal] with profiles such as steady", _APART),
            meaning="Profiles that take the place of those in a rehearsal, where nobody waits ten minutes.",
            usual=None,
        ),
    },
    _find_excess,
)
