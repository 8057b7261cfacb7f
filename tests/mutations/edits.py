"""Edits of terraform/: the change, and the lines at which a finding may point."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from prodgate.findings import Finding

ROOT: Final = Path(__file__).parents[2]
TERRAFORM: Final = ROOT / "terraform"
EDITS: Final = Path(__file__).with_name("edits.toml")
#: Batches to begin with: somewhat more than there are edits of any one file.
AT_FIRST: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change that a reviewer would reject, and the policies that notice it."""

    id: str
    file: str
    before: str
    after: str
    policies: frozenset[str]
    points_at: str
    """The required distance of findings: ``line``, ``block`` around it, ``file``, or ``elsewhere``."""

    def applied(self, text: str) -> str:
        """Return the file's text after the edit. Raises ValueError unless ``before`` is in it exactly once."""
        if (found := text.count(self.before)) != 1:
            raise ValueError(f"{self.id}: {self.file} holds the text of `before` {found} times; state it as it is now")
        return text.replace(self.before, self.after)

    def nearness(self, findings: Iterable[Finding], text: str) -> str:
        """Return the distance of findings from the edit of ``text``, which is the file before it."""
        places = [place.rpartition(":") for finding in findings for place in finding.where]
        lines = {int(line) for file, _, line in places if file == self.file}
        changed = self._changed(text)
        if lines & changed:
            return "line"
        if lines & self._around(text, changed):
            return "block"
        return "file" if lines else "elsewhere"

    def _first(self, text: str) -> int:
        return text[: text.index(self.before)].count("\n") + 1

    def _changed(self, text: str) -> frozenset[int]:
        """The lines of the edited file that are new or different; none for a mere removal."""
        before, after = text.splitlines(), self.applied(text).splitlines()
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        return frozenset(line + 1 for tag, _, _, first, end in blocks if tag != "equal" for line in range(first, end))

    def _around(self, text: str, changed: frozenset[int]) -> frozenset[int]:
        """The lines that open the surroundings of the edit: its argument, its block, the resource."""
        lines = self.applied(text).splitlines()
        return frozenset(_openings(lines, min(changed, default=self._first(text))))


def _openings(lines: Sequence[str], start: int) -> Iterator[int]:
    """Yield the lines above ``start`` that are indented less and less: the tree is formatted, so these open blocks."""
    depth = _depth(lines[start - 1]) if start <= len(lines) and lines[start - 1].strip() not in ("", "}") else 1000
    for number in range(start - 1, 0, -1):
        line = lines[number - 1]
        if line.strip() and not line.strip().startswith(("#", "}", "]", ")")) and _depth(line) < depth:
            depth = _depth(line)
            yield number
        if depth == 0:
            return


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def read_edits() -> tuple[Edit, ...]:
    stated = tomllib.loads(EDITS.read_text("utf-8"))["edits"]
    return tuple(
        Edit(
            id=id_,
            file=edit["file"],
            before=edit["before"],
            after=edit["after"],
            policies=frozenset(edit["policies"]),
            points_at=edit.get("points_at", "line"),
        )
        for id_, edit in stated.items()
    )


def in_company(edits: Iterable[Edit]) -> tuple[tuple[Edit, ...], ...]:
    """Put edits into few batches that can be evaluated at once: no two of one share a file or claim the same policy.

    Each edit is in two batches, and no two edits meet twice: if an edit turned red a policy that only another edit
    claims, at least one of the two batches would differ from its statement.
    """
    by_file = sorted(edits, key=lambda edit: edit.file)
    met: set[frozenset[str]] = set()
    return (*_round(by_file, met), *_round(by_file[::-1], met))


def _round(edits: Sequence[Edit], met: set[frozenset[str]]) -> list[tuple[Edit, ...]]:
    """Spread edits evenly over batches, and record which ones shared a batch."""
    batches: list[list[Edit]] = [[] for _ in range(AT_FIRST)]
    for edit in edits:
        free = [batch for batch in batches if all(_are_apart(edit, other, met) for other in batch)]
        batch = min(free, key=len, default=None)
        if batch is None:
            batches.append(batch := [])
        batch.append(edit)
    met |= {frozenset((one.id, other.id)) for batch in batches for one in batch for other in batch if one is not other}
    return [tuple(batch) for batch in batches if batch]


def _are_apart(one: Edit, other: Edit, met: set[frozenset[str]]) -> bool:
    return one.file != other.file and not one.policies & other.policies and frozenset((one.id, other.id)) not in met
