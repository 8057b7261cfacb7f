"""Reads the collected data as evidence: plain JSON values, or the reason why there are none."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..aws.account import Account
from ..aws.answers import Absent, Unreadable
from ..sections.dags import SLOT, SOURCE, DataSection, SlotObjects, SlotTable
from .references import Secret, resolve

#: A date in ISO 8601, maybe with a time and a zone, with or without its hyphens and colons.
_ISO: Final = r"\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
#: Directive of a format -> a pattern of its values.
_DIRECTIVES: Final = {"%Y": r"\d{4}", "%f": r"\d{1,6}", "%z": r"(?:Z|[+-]\d\d:?\d\d)"}
_DIRECTIVE: Final = re.compile(r"%[A-Za-z]|[^%]+")
#: How much of time a key names by how exact it is: what it writes -> what comes after that.
_EXACT: Final = (("%f", timedelta(microseconds=1)), ("%S", timedelta(seconds=1)), ("%M", timedelta(minutes=1)))
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: The same by the digits of a time in ISO 8601.
_DIGITS: Final = {0: _DAY, 2: _HOUR, 4: timedelta(minutes=1), 6: timedelta(seconds=1)}
_ZONE: Final = re.compile(r"(Z|[+-]\d\d:?(\d\d)?)$")


@dataclass(frozen=True, slots=True)
class SlotKeys:
    """The keys of one source's objects."""

    listed: str
    """The common beginning of their keys."""
    form: re.Pattern[str]
    stated: str
    """How the slot is written, as ``strftime`` has it; empty for ISO 8601."""
    zone: tzinfo = UTC
    """Of times that state none."""

    def read_slot(self, key: str) -> tuple[str, str] | None:
        """Return the beginning and end of the slot that a key names, in ISO form; None if it names none.

        A key may name only the day or the hour of the slot. Text that is no time stays unchanged.
        """
        found = self.form.match(key)
        if not found:
            return None
        try:
            slot = datetime.strptime(found[1], self.stated) if self.stated else datetime.fromisoformat(found[1])  # noqa: DTZ007
        except ValueError:
            return found[1], found[1]
        # added before the zone is: where clocks change, a day is shorter or longer
        return self._express(slot), self._express(slot + self._measure(found[1]))

    def _express(self, at: datetime) -> str:
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC).isoformat()

    def _measure(self, written: str) -> timedelta:
        """Return how much of time a key names."""
        if self.stated:
            usual = _HOUR if "%H" in self.stated else _DAY
            return next((span for directive, span in _EXACT if directive in self.stated), usual)
        _, _, time = _ZONE.sub("", written).replace(" ", "T").partition("T")
        return _DIGITS.get(len(time.replace(":", "")), timedelta(microseconds=1))


def find_slot_keys(prefix: str, source: str, zone: str = "UTC") -> SlotKeys | None:
    """Return how the keys of a source are built; None where its prefix does not say how they name slots.

    >>> keys = find_slot_keys("raw/{source}/{slot:%Y/%m/%d}.json", "wire")
    >>> keys.listed, keys.read_slot("raw/wire/2026/11/24.json"), keys.read_slot("raw/wire/_SUCCESS")
    ('raw/wire/', ('2026-11-24T00:00:00+00:00', '2026-11-25T00:00:00+00:00'), None)
    """
    own = prefix.replace(SOURCE, source)
    place = SLOT.search(own)
    if place is None:
        return None
    stated = place[1] or ""
    form = "".join(map(_express, _DIRECTIVE.findall(stated))) or _ISO
    before, after = own[: place.start()], own[place.end() :]
    return SlotKeys(before, re.compile(f"{re.escape(before)}({form}){re.escape(after)}"), stated, ZoneInfo(zone))


def _express(part: str) -> str:
    """Return the regular expression of a part of a format: a directive, or literal text."""
    return _DIRECTIVES.get(part, r"\d\d") if part.startswith("%") else re.escape(part)


def list_objects(
    account: Account, place: SlotObjects, sources: Iterable[str], since: datetime
) -> dict[str, list[list[Any]]]:
    """Return [when it was written, size] of every object since then, by source; in ISO form and bytes.

    Where the prefix says how keys name their slot, from when to when it is comes after, and objects with other keys are
    left out.

    Raises Unreadable and Absent, which says that there is no such bucket.
    """
    bucket, _, prefix = place.prefix.removeprefix("s3://").partition("/")
    found: dict[str, list[list[Any]]] = {}
    for source in sources:
        keys = find_slot_keys(prefix, source, place.slot_zone)
        own = keys.listed if keys else prefix.replace(SOURCE, source)
        listed = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=own)
        there = (one for one in listed if not one["Key"].endswith("/") and one["LastModified"] >= since)
        found[source] = sorted(row for one in there if (row := _describe(one, keys)))
    return found


def _describe(listed: Mapping[str, Any], keys: SlotKeys | None) -> list[Any] | None:
    """Return what is kept of an object; None for one whose key should name a slot and is built otherwise."""
    row = [listed["LastModified"].astimezone(UTC).isoformat(), listed["Size"]]
    if keys is None:
        return row
    slot = keys.read_slot(listed["Key"])
    return None if slot is None else [*row, *slot]


def observe(
    section: DataSection,
    since: datetime,
    *,
    environment: Mapping[str, str],
    secret: Secret | None = None,
    account: Account | None = None,
) -> dict[str, Any]:
    """Return the data of slots since then and ``where`` it is stored, or why it is ``unreadable``.

    ``environment`` and ``secret`` say what the references of the section name; ``account`` holds its bucket. ``read``
    is when the reading ended: later times lie in the future.
    """
    place = section.place
    where = f"table {place.table} of {place.database}" if isinstance(place, SlotTable) else place.prefix
    try:
        found = _observe(section, since, environment, secret, account)
    except Unreadable as error:
        found = {"unreadable": error.reason}
    except Absent as error:
        found = {"unreadable": f"{where}: there is no such bucket ({error.code}); mend the prefix"}
    return {"where": where, **found, "read": datetime.now(UTC).isoformat()}


def _observe(
    section: DataSection,
    since: datetime,
    environment: Mapping[str, str],
    secret: Secret | None,
    account: Account | None,
) -> dict[str, Any]:
    place = section.place
    if isinstance(place, SlotTable):
        url = resolve(place.database, environment, secret)
        try:
            from .databases import read_rows  # noqa: PLC0415  SQLAlchemy is an extra
        except ImportError as error:
            raise Unreadable(f"{error.name} is not installed; pip install 'prod-gate[dags]'") from None
        return {"rows": read_rows(url, place, since)}
    if account is None:
        raise Unreadable(f"{place.prefix}: no account is open to list it; run the gate on an account")
    return {"objects": list_objects(account, place, section.sources, since)}
