"""What was found out about a whole configuration, kept for every subject that is judged by it.

Each subject must see what it would have seen by finding it out itself: what was doubted on the way counts for all of
them, and so does what was read, as far as it places a finding or hides a value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from ..judgement import Doubt, NotKnown, is_judging, open_judgement, record_doubt, record_set_aside
from .reading import NoSuchAttribute
from .reads import Declaration, note_reads, recorded_reads


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Any
    failure: NotKnown | NoSuchAttribute | None
    reads: tuple[tuple[Declaration, str], ...]
    doubts: tuple[Doubt, ...]
    set_aside: tuple[str, ...]

    def repeat(self) -> None:
        """Doubt once more what was doubted when it was found out."""
        for doubt in self.doubts:
            record_doubt(doubt, optional=True)
        for reason in self.set_aside:
            record_set_aside(reason)


@dataclass(slots=True)
class KeptAnswers:
    """Answers by what was asked. Outside of a judgement nothing is kept, since nobody hears the doubts there."""

    keeps: bool = True
    """Whether anything is kept: not while the values of resources are changed in place."""
    _answers: dict[Hashable, _Answer] = field(default_factory=dict)

    def compute(self, key: Hashable, find_out: Callable[[], Any]) -> Any:
        """Return what was kept under the key, or find it out. Raises what that raised."""
        if not self.keeps or not is_judging():
            return find_out()
        answer = self._answers.get(key)
        if answer is None:
            self._answers[key] = answer = _find_out(find_out)
        else:
            answer.repeat()
        note_reads(answer.reads)
        if answer.failure is not None:
            raise answer.failure.with_traceback(None)
        return answer.value


def _find_out(find_out: Callable[[], Any]) -> _Answer:
    value, failure = None, None
    with open_judgement() as heard, recorded_reads() as reads:
        try:
            value = find_out()
        except (NotKnown, NoSuchAttribute) as unclear:
            failure = unclear
    telling = [read for read in reads[:-1] if read[1].split(".")[0] in read[0].sensitive]
    return _Answer(value, failure, (*telling, *reads[-1:]), tuple(heard.doubts), tuple(heard.set_aside))
