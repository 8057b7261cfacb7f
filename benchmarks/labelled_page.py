"""The summary of labelled examples: how many we answer as their authors do, and each that we don't: who is right."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Our answers on an example that we don't stop.
PASSED: Final = ("good", "not asked")
_RIGHT: Final = {"ours": "we are right:", "theirs": "**they are right**:"}
_NAMES: Final = {"checkov": "Checkov", "trivy": "Trivy", "sentinel": "HashiCorp"}


@dataclass(frozen=True, slots=True)
class Answered:
    """Our answer on a labelled resource, or on a whole example."""

    source: str
    check: str
    example: str
    resource: str
    bad: bool
    said: str
    """``bad``, ``good``, ``not known``, ``not asked``, or why the example could not be evaluated."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return the key of a statement on a difference."""
        return (self.check, self.example, self.resource)

    @property
    def agrees(self) -> bool:
        """Whether we call a bad one bad, and a good one good."""
        return self.said == ("bad" if self.bad else "good")

    @property
    def is_refused(self) -> bool:
        """Whether it could not be evaluated, or lacks the values that decide."""
        return self.said.startswith("refused")

    @property
    def is_silent(self) -> bool:
        """Whether no policy judges it and it is good, which would be too cheap an agreement to count."""
        return self.said == "not asked" and not self.bad


Differences = Mapping[tuple[str, str, str], Mapping[str, Any]]


def list_asked(answered: Sequence[Answered]) -> list[Answered]:
    """Return the answers that count: all but those that can't be evaluated, and good ones that no policy judges."""
    return [each for each in answered if not each.is_refused and not each.is_silent]


def count_right(answered: Sequence[Answered], stated: Differences) -> tuple[int, int, int]:
    """Return in how many we agree, in how many others we are right, and the total."""
    asked = list_asked(answered)
    ours = sum(_who(each, stated) == "ours" for each in asked if not each.agrees)
    return sum(each.agrees for each in asked), ours, len(asked)


def _who(each: Answered, stated: Differences) -> str:
    return str(stated.get(each.key, {}).get("right", ""))


def render_summary(answered: Sequence[Answered], stated: Differences) -> Iterator[str]:
    """Yield a table of the sources, and a line for each difference, our wrong passes first."""
    yield "| labelled by | asked | bad, and we say so | good, and we say so | differ | of these we are right |"
    yield "|---|---|---|---|---|---|"
    for source in dict.fromkeys(each.source for each in answered):
        of = list_asked([each for each in answered if each.source == source])
        counts = Counter((each.bad, each.agrees) for each in of)
        agreed, ours, asked = count_right(of, stated)
        bad, good = ((counts[kind, True], counts[kind, True] + counts[kind, False]) for kind in (True, False))
        row = (_NAMES[source], asked, f"{bad[0]} of {bad[1]}", f"{good[0]} of {good[1]}", asked - agreed, ours)
        yield f"| {' | '.join(map(str, row))} |"
    differing = [each for each in list_asked(answered) if not each.agrees]
    for title, chosen in (
        ("bad for them, and passed by us", [each for each in differing if each.bad and each.said in PASSED]),
        ("bad for them, and not known to us, which blocks", [e for e in differing if e.bad and e.said not in PASSED]),
        ("good for them, and not for us", [each for each in differing if not each.bad]),
    ):
        yield f"\n### {title.capitalize()}: {len(chosen)}\n"
        yield from (_render_difference(each, stated.get(each.key)) for each in chosen)


def _render_difference(each: Answered, stated: Mapping[str, Any] | None) -> str:
    said = f"{_RIGHT[stated['right']]} {stated['because']}" if stated else "not looked at"
    return f"- {_name(each)}, {each.said}: {said}"


def _name(each: Answered) -> str:
    return f"`{each.check}` {each.example}{f' `{each.resource}`' if each.resource else ''}"
