"""Where a prefix says that the key of an object names its slot: ``raw/{source}/{slot}/`` or ``{slot:%Y/%m/%d/%H}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from ..sections.data import SLOT, SOURCE

#: A date in ISO 8601, maybe with a time and a zone, with or without its hyphens and colons.
_ISO: Final = r"\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
#: What each directive of a format stands for.
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
    """What all of them begin with."""
    form: re.Pattern[str]
    stated: str
    """How the slot is written, as ``strftime`` has it; empty for ISO 8601."""
    zone: tzinfo = UTC
    """Of times that state none."""

    def read_slot(self, key: str) -> tuple[str, str] | None:
        """Return from when to when the slot is that a key names, in ISO form; None if it names none.

        A key may name no more than the day or the hour that the slot is in. What is no time stands as it is.
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
