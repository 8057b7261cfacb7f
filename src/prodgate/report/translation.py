"""What was judged, in another language: a run keeps the English text, and a report finds the message behind it.

A message is an English text with fields, ``{name} of {all}``. What no message knows is shown as it was written.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final

#: How deep a text may stand in the field of another.
_DEEPEST: Final = 3
#: Letters of its own with which a message says so little that only names and what is known may stand in its fields.
_WEAK: Final = 4
#: Spaces in a name with what it is of.
_NAMING: Final = 2
#: A name, or a number with its unit.
_NAME: Final = re.compile(r"\S*|[-\d.,∞]+ \S+")
_BETWEEN: Final = re.compile("; |, | or | and ")
#: Translated texts that are kept; a large estate says some thousand different ones.
_KEPT: Final = 1 << 14
#: What joins several messages to one text -> what joins them in Japanese.
_JOINTS: Final[Mapping[str, str]] = {"; ": "；", ", ": "、", " or ": " または ", " and ": " と "}


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
            found = text.find(literal, at, end)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(literal)
        return [*values, text[at:end]]


class Messages:
    """Messages of one language, found by the first or the last word of a text."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        parsed = [Message.parse(english, said) for english, said in entries.items()]
        self.whole = {message.around[0]: message.said.format() for message in parsed if not message.names}
        self._begin: dict[str, list[tuple[str, Message]]] = {}
        self._end: dict[str, list[tuple[str, Message]]] = {}
        for message in (m for m in parsed if m.names):
            first, last = message.around[0], message.around[-1]
            probe = max(message.around, key=len)
            if " " in first:
                self._begin.setdefault(first.partition(" ")[0], []).append((probe, message))
            else:
                self._end.setdefault(last.rpartition(" ")[2] if " " in last else "", []).append((probe, message))

    def find(self, text: str) -> Iterator[tuple[Message, list[str]]]:
        """Yield the messages that a text may be of, with what stands in their fields, the one that says most first."""
        words = (text.partition(" ")[0], text.rpartition(" ")[2])
        near = (*self._begin.get(words[0], ()), *self._end.get(words[1], ()), *self._end.get("", ()))
        for message in sorted((each for probe, each in near if probe in text), key=lambda each: -each.weight):
            values = message.read(text)
            if values is not None and self._fits(message, values):
                yield message, values

    def _fits(self, message: Message, values: list[str]) -> bool:
        """Whether a text is of a message: what ``no {names}`` says so little of may be the words of somebody else."""
        if sum(map(str.isalpha, "".join(message.around))) > _WEAK:
            return True
        parts = (part for value in values for part in _BETWEEN.split(value))
        return all(_NAME.fullmatch(part) or part in self.whole or self._names(part) for part in parts)

    def _names(self, part: str) -> bool:
        """Whether a part of a list is a name with what it is of, such as ``A of example.com``."""
        return part.count(" ") <= _NAMING and any(self.find(part))

    def say(self, text: str, deep: int = 0) -> str:
        """Return a text in the other language, as far as messages know it."""
        if text in self.whole:
            return self.whole[text]
        if deep > _DEEPEST or " " not in text:
            return text
        for message, values in self.find(text):
            fields = {name: self._say_part(value, deep + 1) for name, value in zip(message.names, values, strict=True)}
            return message.said.format(**fields)
        return self._say_parts(text, deep + 1)

    def _say_part(self, text: str, deep: int) -> str:
        """Say what stands in a field; a single word is a name, which is nobody's message."""
        return self.say(text, deep) if " " in text else text

    def _say_parts(self, text: str, deep: int) -> str:
        for joint, other in _JOINTS.items():
            parts = text.split(joint)
            said = [self.say(part, deep) for part in parts] if 1 < len(parts) <= 99 else parts
            if said != parts:
                return other.join(said)
        return text


@cache
def read_messages(language: str) -> Mapping[str, str]:
    """Return the messages of a language, English -> translated; none for English itself."""
    folder = resources.files(__package__).joinpath("messages", language)
    if not folder.is_dir():
        return {}
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {key: said for each in files for key, said in tomllib.loads(each.read_text("utf-8")).items()}


@lru_cache(maxsize=_KEPT)
def translate(text: str, language: str) -> str:
    """Return what was judged in a language; what no message knows comes back as it was written."""
    return _open(language).say(text)


@cache
def _open(language: str) -> Messages:
    return Messages(read_messages(language))
