"""One message as its file has it: the English text with fields, and what another language says."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: With what a text begins that is added to another, such as ``, first seen at``.
_ADDED: Final = re.compile("[;,:]? ")


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its fields: the texts around them in English, and the whole in the other language."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    said: str

    @classmethod
    def parse(cls, english: str, said: str) -> Message:
        """Read a message as the files have it: fields in braces, a brace itself doubled."""
        around, names = [""], []
        for literal, name, _, _ in string.Formatter().parse(english):
            around[-1] += literal
            if name is not None:
                names.append(name)
                around.append("")
        return cls(tuple(around), tuple(names), said)

    @property
    def weight(self) -> int:
        """How much of a text the message itself says; the greater one decides between two."""
        return sum(map(len, self.around))

    @property
    def words(self) -> Iterator[str]:
        """The words of its own that stand between spaces, wherever the text begins and ends."""
        last = len(self.around) - 1
        for place, literal in enumerate(self.around):
            words = literal.split(" ")
            yield from words[place > 0 : len(words) - (place < last)]

    def may_lack(self, number: int) -> bool:
        """Whether a field is of what may be added to the one before it."""
        return number > 0 and not self.around[number]

    def read(self, text: str) -> list[str] | None:
        """Return what stands in each field of a text; None for a text that is not of this message.

        Each field is as short as it can be, which takes one look at the text, whatever it holds.
        """
        first, *middle, last = self.around
        end = len(text) - len(last)
        if end < len(first) or not (text.startswith(first) and text.endswith(last)):
            return None
        values, at = [], len(first)
        for literal in middle:
            found = text.find(literal, at, end) if literal else _find_end(text, at, end)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(literal)
        return [*values, text[at:end]]

    def repeats(self, text: str) -> bool:
        """Whether a text is a list of which each item is of this message: ``a at b, c at d``."""
        alone = not any(", " in literal for literal in self.around)
        return alone and all(self.read(part) is not None for part in text.split(", "))


def _find_end(text: str, begin: int, end: int) -> int:
    """Return where a field ends after which another begins at once: what is added to a name begins with a sign."""
    found = _ADDED.search(text, begin, end)
    return found.start() if found else end
