"""Which build the site says it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.answers import Unread
from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServedBuild(Fact):
    """The builds that answered the visits to all declared pages; ``subject`` is the place."""

    seen: Mapping[str, int]
    """Visits by build."""
    expected: str
    """The one under test."""

    @property
    def strangers(self) -> tuple[str, ...]:
        """Builds that are not the one under test, with how many visits each answered; a commit may be shortened."""
        same = {each for each in self.seen if is_build(each, self.expected)}
        return tuple(f"{each} ({count} visits)" for each, count in sorted(self.seen.items()) if each not in same)


def why_other_build(record: Mapping[str, Any]) -> str:
    """Return why visits were not known to be answered by the expected build alone; empty when they were."""
    (found,) = build_facts(record)
    for name in ("seen", "expected"):
        if isinstance(value := object.__getattribute__(found, name), Unread):
            return value.reason
    return f"another build answered: {found.strangers[0]}" if found.strangers else ""


#: Fewest characters that identify a commit.
_SHORTEST: Final = 7


def build_facts(record: Mapping[str, Any]) -> Iterator[ServedBuild]:
    """Yield the builds that served; unread if a page does not say its build."""
    stated, answered = record["build"], [page for page in record["pages"] if "build" in page]
    silent = sorted({page["name"] for page in answered if not page["build"]})
    seen: Any = Counter(page["build"] for page in answered)
    if silent:
        seen = Unread(f"{', '.join(silent)} said no build; send it in {stated['how']}")
    elif not answered:
        seen = Unread("no page was answered")
    expected: Any = Unread(stated["unread"]) if stated["unread"] else stated["expected"]
    yield ServedBuild(subject=record["place"], seen=seen, expected=expected)


def is_build(build: str, expected: str) -> bool:
    """Whether a build is the expected one; a commit may be shortened."""
    return build == expected or (len(build) >= _SHORTEST and expected.startswith(build))
