"""Where a prefix says that the key of an object names its slot: ``raw/{source}/{slot}/`` or ``{slot:%Y/%m/%d/%H}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..sections.data import SLOT, SOURCE

#: A date in ISO 8601, maybe with a time and a zone, with or without its hyphens and colons.
_ISO: Final = r"\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
#: What each directive of a format stands for.
_DIRECTIVES: Final = {"%Y": r"\d{4}", "%f": r"\d{1,6}", "%z": r"(?:Z|[+-]\d\d:?\d\d)"}
_DIRECTIVE: Final = re.compile(r"%[A-Za-z]|[^%]+")


@dataclass(frozen=True, slots=True)
class SlotKeys:
    """The keys of one source's objects."""

    listed: str
    """What all of them begin with."""
    form: re.Pattern[str]
    stated: str
    """How the slot is written, as ``strftime`` has it; empty for ISO 8601."""

    def read_slot(self, key: str) -> str | None:
        """Return the slot that a key names, in ISO form, or as it stands where it is no time; None if it names none.

        A slot without a zone is in UTC.
        """
        found = self.form.match(key)
        if not found:
            return None
        try:
            slot = datetime.strptime(found[1], self.stated) if self.stated else datetime.fromisoformat(found[1])  # noqa: DTZ007
        except ValueError:
            return found[1]
        return (slot.astimezone(UTC) if slot.tzinfo else slot.replace(tzinfo=UTC)).isoformat()


def find_slot_keys(prefix: str, source: str) -> SlotKeys | None:
    """Return how the keys of a source are built; None where its prefix does not say how they name slots.

    >>> keys = find_slot_keys("raw/{source}/{slot:%Y/%m/%d}.json", "wire")
    >>> keys.listed, keys.read_slot("raw/wire/2026/11/24.json"), keys.read_slot("raw/wire/_SUCCESS")
    ('raw/wire/', '2026-11-24T00:00:00+00:00', None)
    """
    own = prefix.replace(SOURCE, source)
    place = SLOT.search(own)
    if place is None:
        return None
    stated = place[1] or ""
    form = "".join(map(_express, _DIRECTIVE.findall(stated))) or _ISO
    before, after = own[: place.start()], own[place.end() :]
    return SlotKeys(before, re.compile(f"{re.escape(before)}({form}){re.escape(after)}"), stated)


def _express(part: str) -> str:
    """Return the regular expression of a part of a format: a directive, or literal text."""
    return _DIRECTIVES.get(part, r"\d\d") if part.startswith("%") else re.escape(part)
