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
#: Letters of its own with which a message says nothing without its fields.
_WEAK: Final = 4
#: Letters of its own with which a message is found whatever its fields hold; with fewer, they are more than those of
#: the words in its fields that nobody knows.
_ENOUGH: Final = 20
#: A number with its unit.
_QUANTITY: Final = re.compile(r"[-\d.,∞]+ \S+")
#: With what a text begins that is added to another, such as ``, first seen at``.
_ADDED: Final = re.compile("[;,:]? ")
#: A word of a language, and no name of something.
_WORD: Final = re.compile(r"(?<!\S)[(\"']?([A-Za-z][a-z]+(?:['’-][a-z]+)*)[)\"'.,;:!?]*(?!\S)")
_BETWEEN: Final = re.compile("; |, | or | and ")
#: Parts of a text that are said one by one; more are a list that nobody reads.
_MANY: Final = 99
#: Translated texts that are kept; a large estate says some thousand different ones.
_KEPT: Final = 1 << 14
#: What joins several messages to one text -> what joins them in Japanese.
_JOINTS: Final[Mapping[str, str]] = {"; ": "；", ", then ": "。次に、", ", ": "、", " or ": " または ", " and ": " と "}
#: What joins several sentences.
_STOPS: Final = ("; ", ", then ")


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


def _is_name(text: str) -> bool:
    """Whether a text is a name, or a number with its unit."""
    return " " not in text or bool(_QUANTITY.fullmatch(text))


def _count_words(text: str) -> int:
    """Return how many letters of a text are of words; more than one word is a sentence, of which each counts twice."""
    letters = 0 if _QUANTITY.fullmatch(text) else sum(map(len, _WORD.findall(text)))
    return 2 * letters if " " in text else letters


class Messages:
    """Messages of one language, found by a word that they say."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        parsed = [Message.parse(english, said) for english, said in entries.items()]
        self.whole = {message.around[0]: message.said.format() for message in parsed if not message.names}
        self._by_word: dict[str, list[Message]] = {}
        for message in (m for m in parsed if m.names):
            self._by_word.setdefault(max(message.words, key=len, default=""), []).append(message)

    def find(self, text: str, deep: int = 0) -> Iterator[tuple[Message, list[str]]]:
        """Yield the messages that a text may be of, with what stands in their fields, the one that says most first."""
        words = dict.fromkeys(("", *text.split(" ")))
        near = [message for word in words if word in self._by_word for message in self._by_word[word]]
        for message in sorted(near, key=lambda each: -each.weight):
            values = message.read(text)
            if values is not None and self._fits(message, values, deep + 1):
                yield message, values

    def _fits(self, message: Message, values: list[str], deep: int) -> bool:
        """Whether a text is of a message: one that says little of it may be the words of somebody else by chance.

        A bracket that opens in one field and closes elsewhere shows that the text is divided at the wrong place.
        """
        if any(value.count("(") != value.count(")") for value in values):
            return False
        own = sum(map(str.isalpha, "".join(message.around)))
        if own <= _WEAK and not all(value or message.may_lack(number) for number, value in enumerate(values)):
            return False
        return own > _ENOUGH or own > sum(self._count_strange(value, deep) for value in values)

    def _count_strange(self, text: str, deep: int) -> int:
        """Return how much of what stands in a field is words that no message knows."""
        if self._know(text, deep) is not None:
            return 0
        return sum(_count_words(part) for part in _BETWEEN.split(text) if self._know(part, deep) is None)

    def say(self, text: str, deep: int = 0) -> str:
        """Return a text in the other language where messages know it: as one, or as several that are joined."""
        known = self._know(text, deep)
        return known if known is not None else self._say_list(text, deep + 1)

    def _know(self, text: str, deep: int) -> str | None:
        if text in self.whole:
            return self.whole[text]
        if deep > _DEEPEST or " " not in text:
            return None
        message, values = next(self.find(text, deep), (None, []))
        for joint in _STOPS:
            several = message is None or not any(joint in literal for literal in message.around)
            if several and (said := self._say_each(text, joint, deep + 1)):
                return said
        if message is None:
            return self._say_after_path(text, deep + 1)
        if message.repeats(text) and (said := self._say_each(text, ", ", deep + 1)):
            return said
        fields = {name: self._say_part(value, deep + 1) for name, value in zip(message.names, values, strict=True)}
        return message.said.format(**fields)

    def _say_part(self, text: str, deep: int) -> str:
        """Say what stands in a field; a single word is a name, which is nobody's message."""
        return self.say(text, deep) if " " in text else text

    def _say_each(self, text: str, joint: str, deep: int) -> str:
        """Say several reasons, each of which is known by itself; nothing for another text."""
        parts = text.split(joint)
        if not 1 < len(parts) <= _MANY:
            return ""
        said = [known for part in parts if (known := self._know(part, deep)) is not None]
        return _JOINTS[joint].join(said) if len(said) == len(parts) else ""

    def _say_after_path(self, text: str, deep: int) -> str | None:
        """Say why a value is not known, after the path of the argument that it is of; None for another text."""
        path, _, reason = text.partition(" ")
        if "." not in path or path.endswith((".", ",", ";", ":")):
            return None
        said = self._know(reason, deep)
        return said and (f"{path} {said}" if said.startswith("は") else f"{path}：{said}")

    def _say_list(self, text: str, deep: int) -> str:
        """Say a list of what is known and of names; nothing of a sentence, of which a part may be known by chance."""
        for joint, other in _JOINTS.items():
            parts = text.split(joint)
            if 1 < len(parts) <= _MANY:
                said = [self._know(part, deep) for part in parts]
                if any(said) and all(known or _is_name(part) for known, part in zip(said, parts, strict=True)):
                    return other.join(known or part for known, part in zip(said, parts, strict=True))
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
