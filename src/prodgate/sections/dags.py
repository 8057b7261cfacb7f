"""The [airflow] and [dags] sections: the Airflow, the duties of each DAG, and what its slots leave."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from ..criteria import suggest
from ..dags.declared import DeclaredDag, Schedule
from ..quantities import Quantity
from .fields import Key, Kind, key, keys_of, many, named, one_of, quantity, secret, table, text, whole

# ── The data of a DAG: where each slot leaves what it collected, and how much that must be

#: A name in a database, and of a table with its schema.
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
TABLE_NAME: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")
#: Where a secret stands; never the secret itself.
REFERENCE: Final = re.compile(r"env:[A-Za-z_]\w*|secret:[\w/+=.@:-]+", re.ASCII)
URL: Final = secret("'env:NAME' or 'secret:ID'", REFERENCE.fullmatch, "names no place where the URL stands")
_COLUMN: Final = "{} is no name of a column"
_PREFIX: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*")
#: Stands in a prefix for the name of a source.
SOURCE: Final = "{source}"
#: Stands in a prefix for the slot in ISO 8601, or as ``strftime`` has it: ``{slot:%Y/%m/%d}``.
SLOT: Final = re.compile(r"\{slot(?::([^{}]+))?\}")
_FORMAT: Final = re.compile(r"(?=.*%Y)(?=.*%m)(?=.*%d)(%[YmdHMSfz]|[^%])+")


def _find_in_prefix(where: str, prefix: Any) -> Iterator[str]:
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix) or prefix.count(SOURCE) != 1:
        yield f"{where}: is {prefix!r}; write e.g. 's3://bucket/raw/{SOURCE}/{{slot}}/', with {SOURCE} once"
    elif len(SLOT.findall(prefix)) > 1 or (not SLOT.search(prefix) and not prefix.endswith("/")):
        yield f"{where}: is {prefix!r}; write {{slot}} once, or '/' at its end"
    elif any(form and not _FORMAT.fullmatch(form) for form in SLOT.findall(prefix)):
        yield f"{where}: is {prefix!r}; write the slot with its whole date, e.g. {{slot:%Y/%m/%d/%H}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTable:
    """A table with one row for each slot and source; times without a zone are in UTC."""

    database: str = key(
        URL, "Where its SQLAlchemy URL stands: `env:NAME` or `secret:ID`.", example="'env:NEWS_DATABASE'"
    )
    table: str = key(
        text("e.g. 'collections'", TABLE_NAME.fullmatch, "{} is no name of a table"),
        "A table with one row for each slot and source; times without a zone are in UTC.",
        example="'collections'",
    )
    source: str = key(text("e.g. 'source'", _NAME.fullmatch, _COLUMN), "Column of the source.", example="'source'")
    slot: str = key(text("e.g. 'slot'", _NAME.fullmatch, _COLUMN), "Column of the slot.", example="'slot'")
    written: str = key(
        text("e.g. 'finished_at'", _NAME.fullmatch, _COLUMN),
        "Column of when the source was done.",
        example="'finished_at'",
    )
    rows: str = key(
        text("e.g. 'rows'", _NAME.fullmatch, _COLUMN),
        "Column of how much the source had; 0 says that there was nothing new.",
        example="'rows'",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotObjects:
    """Objects in a bucket, of which an empty one counts nothing.

    Each belongs to the slot that its key names, or where the prefix does not say that it names one, to the last slot
    before it was written: then an object that is late, or written once more, counts for another slot than its own.
    """

    prefix: str = key(
        Kind(find=_find_in_prefix, read=str, schema={"type": "string"}),
        "Objects in a bucket instead of a table: `s3://bucket/raw/{source}/{slot}/`, or `s3://bucket/raw/{source}/`.",
    )
    slot_zone: str = key(
        text("e.g. 'Asia/Tokyo'", lambda zone: zone in available_timezones(), "{} is no time zone"),
        "The time zone of slots in keys that state none.",
        "UTC",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSection:
    """The data that a slot of a DAG must leave."""

    sources: tuple[str, ...] = key(
        many(
            text("a text without blanks, e.g. 'wire'", re.compile(r"[^\s/{}]+").fullmatch, "{} is no name of a source"),
            "the names of the sources, each once, e.g. ['wire']",
            least=1,
            once=True,
        ),
        "The sources; each leaves something in every slot, even if only that there was nothing new.",
        example="['wire']",
    )
    least: int = key(whole(0), "Rows or objects that all sources together must have in each slot.", 1)
    place: SlotTable | SlotObjects
    slot_is: str = key(
        one_of("end", "start"),
        "Whether the slot that data state is the `end` of their interval, when the run comes due, or its `start`.",
        "end",
    )


_TABLE: Final = keys_of(SlotTable)


def _make_data(sources: tuple[str, ...], least: int = 1, slot_is: str = "end", **place: Any) -> DataSection:
    found = SlotTable(**place) if "table" in place else SlotObjects(**place)
    return DataSection(sources=sources, least=least, slot_is=slot_is, place=found)


def _find_in_place(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    """Yield that there is not one place, or something that the other kind of place has."""
    if not SLOT.search(str(stated.get("prefix"))):
        if "slot_is" in stated and "prefix" in stated:
            yield f"{where}.slot_is: keys of this prefix state no slot; write {{slot}} in it, or take slot_is out"
        if "slot_zone" in stated:
            yield f"{where}.slot_zone: no key of objects states a slot; write {{slot}} in prefix, or take it out"
    if ("table" in stated) == ("prefix" in stated):
        both = "both table and prefix" if "table" in stated else "neither table nor prefix"
        yield f"{where}: names {both}; write one: table = 'collections' or prefix = 's3://bucket/raw/{SOURCE}/'"
        return
    for name, each in _TABLE.items():
        if "table" in stated and name not in stated:
            yield f"{where}.{name}: is missing; write e.g. {name} = {each.example}"
        elif "prefix" in stated and name in stated:
            yield f"{where}.{name}: is of a table, and prefix is of a bucket; take it out"


DATA: Final = table(
    _make_data,
    "table or prefix, and sources",
    {
        **keys_of(DataSection),
        **{name: replace(each, usual=None) for name, each in _TABLE.items()},
        "prefix": replace(keys_of(SlotObjects)["prefix"], usual=None),
        "slot_zone": keys_of(SlotObjects)["slot_zone"],
    },
    _find_in_place,
)
parse_data_section = DATA.read

# ── [dags.ID]: when a DAG must run


@dataclass(frozen=True, slots=True, kw_only=True)
class DagSection:
    """The section [dags.ID] of one DAG."""

    declared: DeclaredDag
    tasks: Mapping[str, tuple[str, ...]]
    """Each task with those that must have succeeded before it; empty when the structure is not stated."""
    data: DataSection | None
    """Where what it collects can be looked at; None for a DAG that collects nothing."""
    data_table: Mapping[str, Any]
    """The same as it is written."""


def _read_duration(stated: str) -> timedelta:
    return timedelta(seconds=float(Quantity.parse(stated).base))


def _parse_since(stated: str, zone: str) -> datetime:
    """Return an instant in UTC; a day begins at midnight, and a time without a zone is in the DAG's."""
    at = datetime.fromisoformat(stated)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _schedule(make: Callable[[str], Schedule], example: str) -> Kind[Any]:

    def find(where: str, value: Any) -> Iterator[str]:
        from ..dags.cron import find_mistakes  # noqa: PLC0415  croniter is slow to load, and many criteria state no DAG

        if not isinstance(value, str):
            yield f"{where}: is {value!r}; write e.g. {example!r}"
        else:
            yield from (f"{where}: {mistake}" for mistake in find_mistakes(make(value)))

    return Kind(find=find, read=str, schema={"type": "string"})


_CRON: Final = _schedule(lambda cron: Schedule(cron=cron, timezone="UTC"), "0 */6 * * *")
_ZONE: Final = _schedule(lambda zone: Schedule(cron="0 0 * * *", timezone=zone), "Asia/Tokyo")
_UNSTATED: Final = "since an unstated one is not the same everywhere"


def _make_dag(id_: str, stated: Mapping[str, Any]) -> DagSection:
    durations = {name: stated.get(name, _read_duration(_DAG_KEYS[name].usual)) for name in ("window", "grace", "limit")}
    zone = stated["timezone"]
    return DagSection(
        declared=DeclaredDag(
            dag_id=id_,
            schedule=Schedule(cron=stated["cron"], timezone=zone),
            since=_parse_since(stated["since"], zone) if "since" in stated else None,
            may_skip=stated.get("may_skip", ()),
            **durations,
        ),
        tasks=stated.get("tasks", {}),
        data=DATA.read(stated["data"]) if "data" in stated else None,
        data_table=stated.get("data", {}),
    )


def _find_in_dag(where: str, stated: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    tasks = sound.get("tasks", {})
    if "since" in sound and "timezone" in sound:
        try:
            _parse_since(sound["since"], sound["timezone"])
        except (ValueError, OverflowError, OSError):
            day = "the day since when it runs so, as a text such as '2026-11-20'"
            yield f"{where}.since: is {stated['since']!r}; write {day}"
    for task, other in ((task, other) for task, before in tasks.items() for other in before):
        if other not in tasks:
            yield f"{where}.tasks.{task}: {other!r} is not a task of this DAG{suggest(other, tasks)}"
    for pattern in sound.get("may_skip", ()) if tasks else ():
        if not any(fnmatchcase(task, pattern) for task in tasks):
            yield f"{where}.may_skip: {pattern!r} is not a task of this DAG{suggest(pattern, tasks)}"


_DAG_KEYS: Final = {
    "cron": Key(
        kind=_CRON,
        meaning="When it runs: five fields, or six with seconds last.",
        example=f"'0 */6 * * *', {_UNSTATED}",
    ),
    "timezone": Key(kind=_ZONE, meaning="The time zone of `cron`.", example=f"'Asia/Tokyo', {_UNSTATED}"),
    "since": Key(
        kind=text("the day since when it runs so, as a text such as '2026-11-20'"),
        meaning="The day since when it has this name and this schedule.",
        usual=None,
    ),
    "window": Key(
        kind=quantity("time", "30 d", read=_read_duration),
        meaning="How far back its slots are accounted for.",
        usual="30 d",
    ),
    "grace": Key(
        kind=quantity("time", "30 min", read=_read_duration),
        meaning="How long after its slot a run may succeed and still be on time.",
        usual="30 min",
    ),
    "limit": Key(
        kind=quantity("time", "2 h", read=_read_duration),
        meaning="How long a run may take before it counts as stuck.",
        usual="2 h",
    ),
    "tasks": Key(
        kind=named(
            many(text("the id of a task"), "the tasks before it, e.g. ['collect']"),
            '{ collect = [], store = ["collect"] }',
        ),
        meaning="Each task with those that must have succeeded before it.",
        usual={},
    ),
    "may_skip": Key(
        kind=many(text("the id of a task"), "the tasks that may be skipped, e.g. ['holiday', 'report.*']"),
        meaning="Tasks that may be skipped in a run that did its work; `*` stands for any characters.",
        usual=[],
    ),
    "data": Key(
        kind=Kind(find=DATA.find, read=dict, schema=DATA.schema),
        meaning="The data that each slot must leave.",
        usual=None,
    ),
}
DAG: Final = table(dict[str, Any], 'cron = "0 */6 * * *" and timezone = "Asia/Tokyo"', _DAG_KEYS, _find_in_dag)

# ── [airflow]

_LINE: Final = re.compile(r"(?P<dag>[\w.-]+)/(?P<run>\S+):\s+(?P<done>\S.*)")
_EXAMPLE: Final = "'collect/scheduled__2026-11-20T00:00:00+00:00: the source had moved; run again by Sato'"
_CREDENTIAL: Final = secret("env:NAME or secret:ID, never the value itself", re.compile(r"(env|secret):\S+").fullmatch)
_TEXT: Final = text("a text")
_TIME: Final = quantity("time", "30 s", read=_read_duration)
#: How many times their stated time slots are watched at most, unless something else is stated.
_MOST: Final = 3


def parse_acknowledged(lines: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """Return what was done, by DAG and run, from the lines without mistakes."""
    return {(line["dag"], line["run"]): line["done"] for line in filter(None, map(_LINE.fullmatch, lines))}


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSettings:
    """How DAGs run in a rehearsal, where nobody waits six hours for a slot."""

    history: timedelta = key(_TIME, "How long slots are watched.", example="'75 s'")
    grace: timedelta = key(_TIME, "How long after its slot a run may succeed and still be on time.", example="'45 s'")
    limit: timedelta = key(_TIME, "How long a run may take before it counts as stuck.", example="'60 s'")
    crons: Mapping[str, str] = key(
        named(_CRON, '{ ID = "* * * * * */15" }'),
        "Schedules of six fields, seconds last, by DAG; they take the place of the stated ones.",
        example='{ ID = "* * * * * */15" }',
    )
    most: timedelta = key(
        _TIME,
        "The longest time for watching slots, if the machine spoils some of them; "
        f"{_MOST} times `history` unless stated.",
        None,
    )
    database: str = key(
        _CREDENTIAL,
        "Where Airflow keeps its own tables, by reference: an empty PostgreSQL database. Else it is a SQLite file.",
        "",
    )


def _find_less(where: str, stated: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    if {"most", "history"} <= set(sound) and _read_duration(sound["most"]) < _read_duration(sound["history"]):
        yield f"{where}.most: {stated['most']!r} is less than history, {stated['history']!r}; write a longer time"


_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSection:
    """The section [airflow], with the DAGs of [dags]."""

    version: str = key(
        _TEXT,
        "The version that the environment runs, such as `3.0.6`.",
        example='"3.0.6", as the environment has it',
    )
    environment: str = key(_TEXT, "Name of the MWAA environment; or `url` for an Airflow elsewhere.", "")
    url: str = key(_TEXT, "The address of an Airflow that is not MWAA's.", "")
    username: str = key(_CREDENTIAL, "The user who asks at `url`, by reference: `env:NAME` or `secret:ID`.", "")
    password: str = key(_CREDENTIAL, "The password at `url`, by reference.", "")
    token: str = key(_CREDENTIAL, "A token for `url`, by reference, in place of a name and a password.", "")
    role: str = key(
        text("the ARN of a role, e.g. 'arn:aws:iam::123456789012:role/workers'", _ROLE.fullmatch),
        "The role of the workers at `url`, by which a drill finds the queue and the topic that failures go to.",
        "",
    )
    folder: str = key(_TEXT, "Where the DAG files are; a path relative to the criteria file.", "dags")
    requirements: str = key(
        _TEXT,
        "Further packages of the environment, for importing the DAG files: a path relative to the criteria file.",
        "",
    )
    canary: str = key(_TEXT, "The DAG that a drill makes fail.", "")
    acknowledged: tuple[str, ...] = key(
        many(
            text(f"e.g. {_EXAMPLE}", _LINE.fullmatch, "{} does not say which run, and what was done"),
            f"a list of texts such as {_EXAMPLE}",
        ),
        "Failed runs that a person has dealt with, each `DAG/RUN: what was done`.",
        [],
    )
    exempt: tuple[str, ...] = key(
        many(text("the id of a DAG"), "the DAGs of others, e.g. ['airflow_monitoring', 'billing_*']"),
        "DAGs that are active beside those of `[dags]` and that nobody judges here; `*` stands for any characters.",
        [],
    )
    rehearsal: RehearsalSettings | None = key(
        table(
            lambda history, most=None, **given: RehearsalSettings(
                history=history, most=most or _MOST * history, **given
            ),
            '{ history = "75 s", grace = "45 s", limit = "60 s", crons = { ID = "* * * * * */15" } }',
            keys_of(RehearsalSettings),
            _find_less,
        ),
        "How DAGs run in a rehearsal, where nobody waits six hours for a slot.",
        None,
    )
    dags: Mapping[str, DagSection] = field(default_factory=dict)


def _find_places(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    if ("environment" in stated) == ("url" in stated):
        yield f'{where}: names no Airflow, or two; write either environment = "NAME" of MWAA or url = "https://…"'
    if "role" in stated and "environment" in stated:
        yield f"{where}.role: MWAA says itself which role its workers have; take it out"


AIRFLOW: Final = table(
    AirflowSection,
    '[airflow] with version = "3.0.6", as the environment has it',
    keys_of(AirflowSection),
    _find_places,
)


def parse_airflow_section(stated: Mapping[str, Any], dags: Mapping[str, Any]) -> AirflowSection:
    """Read sections that have no mistakes."""
    return replace(AIRFLOW.read(stated), dags={id_: _make_dag(id_, DAG.read(each)) for id_, each in dags.items()})


def airflow_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the [airflow] and [dags] sections of a criteria file, one line each."""
    if "airflow" not in data and "dags" not in data:
        return
    stated, dags = data.get("airflow"), data.get("dags")
    yield from AIRFLOW.find("airflow", stated)
    if not isinstance(dags, dict) or not dags:
        yield 'dags: holds no DAG; write [dags.ID] with cron = "0 */6 * * *" and timezone = "Asia/Tokyo"'
        return
    for id_, each in dags.items():
        if not re.fullmatch(r"[\w.-]+", id_):
            yield f"dags.{id_}: is not the id of a DAG; ids are letters, digits, '_', '-' and '.'"
        yield from DAG.find(f"dags.{id_}", each)
    rehearsal = stated.get("rehearsal") if isinstance(stated, dict) else None
    crons = rehearsal.get("crons") if isinstance(rehearsal, dict) else None
    if isinstance(crons, dict):
        for id_ in (each for each in crons if each not in dags):
            yield f"airflow.rehearsal.crons.{id_}: is not a DAG of [dags]{suggest(id_, dags)}"
        for id_ in (each for each in dags if each not in crons):
            yield f"airflow.rehearsal.crons: says nothing of {id_}; write how often it runs in a rehearsal"
