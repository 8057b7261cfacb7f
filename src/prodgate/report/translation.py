"""What was judged, in another language: a run keeps the English text, and a report finds the message behind it.

A message is an English text with fields, ``{name} of {all}``. What no message knows is shown as it was written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from .message import Message

#: How deep a text may stand in the field of another.
_DEEPEST: Final = 3
#: Letters of its own with which a message says nothing without its fields.
_WEAK: Final = 4
#: Letters of its own with which a message may hold words that nobody knows, of half as many letters; with fewer, what
#: stands in its fields is names, numbers and what is known.
_ENOUGH: Final = 5
#: A number with its unit, a name with its version, or a command.
_QUANTITY: Final = re.compile(r"[-\d.,∞]+ \S+|\S+ v?\d[\w.+-]*|prodgate .+")
#: A word of a language, and no name of something: such has more than one hyphen.
_WORD: Final = re.compile(r"(?<!\S)[(\"']?([A-Za-z][a-z]+(?:['’-][a-z]+)?)[)\"'.,;:!?]*(?!\S)")
#: What words of a language don't have, and identifiers do.
_SIGN: Final = re.compile(r"[_:/\d]")
#: A name with what it is of in brackets.
_OF: Final = re.compile(r"(\S+(?: /\S*)?) \((.+)\)")
_BETWEEN: Final = re.compile("; |, | or | and ")
#: Parts of a text that are said one by one; more are a list that nobody reads.
_MANY: Final = 99
#: Parts of a text of which one reason may consist, since it says with a joint of its own what to do.
_LONGEST: Final = 3
#: Translated texts that are kept; a large estate says some thousand different ones.
_KEPT: Final = 1 << 14
#: What joins several messages to one text -> what joins them in Japanese.
_JOINTS: Final[Mapping[str, str]] = {"; ": "；", ", then ": "。次に、", ", ": "、", " or ": " または ", " and ": " と "}
#: What joins several sentences.
_STOPS: Final = ("; ", ", then ")


def _is_name(text: str) -> bool:
    """Whether a text is a name, or a number with its unit."""
    return " " not in text or bool(_QUANTITY.fullmatch(text))


def _is_meant(field: str, text: str) -> bool:
    """Whether a field by its name is for such a text: one for names for words alone, one of an error for any text."""
    return field.startswith(("error", "said")) or (
        field.startswith("name") and not any(" " in part for part in _BETWEEN.split(text))
    )


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
        self._looked_up: dict[tuple[str, int], str | None] = {}
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
        marked = own >= _ENOUGH or any(self._is_ours(value, deep) for value in values)
        held = [each for each in zip(message.names, values, strict=True) if not (marked and _is_meant(*each))]
        strange = sum(self._count_strange(value, deep) for _, value in held)
        return not strange or (own >= _ENOUGH and own > 2 * strange)

    def _is_ours(self, text: str, deep: int) -> bool:
        """Whether a text is an identifier or several words that are known, which shows that what holds it is ours."""
        return self._know(text, deep) is not None if " " in text else bool(_SIGN.search(text))

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
        """Return what messages say of a text; None of one that none knows. The same parts stand in many texts."""
        if text in self.whole:
            return self.whole[text]
        if deep > _DEEPEST or " " not in text:
            return None
        if (text, deep) not in self._looked_up:
            if len(self._looked_up) >= _KEPT:
                self._looked_up.clear()
            self._looked_up[text, deep] = self._look_up(text, deep)
        return self._looked_up[text, deep]

    def _look_up(self, text: str, deep: int) -> str | None:
        message, values = next(self.find(text, deep), (None, []))
        for joint in _STOPS:
            several = message is None or not any(joint in literal for literal in message.around)
            if several and (said := self._say_each(text, joint, deep + 1)):
                return said
        if message is None:
            return self._say_of(text, deep + 1) or self._say_after_path(text, deep + 1)
        if message.repeats(text) and (said := self._say_each(text, ", ", deep + 1)):
            return said
        fields = {name: self._say_part(value, deep + 1) for name, value in zip(message.names, values, strict=True)}
        return message.said.format(**fields)

    def _say_part(self, text: str, deep: int) -> str:
        """Say what stands in a field; a single word is a name, which is nobody's message."""
        return self.say(text, deep) if " " in text else text

    def _say_each(self, text: str, joint: str, deep: int) -> str:
        """Say several reasons, each of which is known by itself and none is the whole; nothing for another text."""
        parts = text.split(joint)
        if not 1 < len(parts) <= _MANY:
            return ""
        known: list[list[str] | None] = [[]]  # what is said of the last parts: of none, of one, …
        for first in reversed(range(len(parts))):
            ends = range(first + 1, min(first + _LONGEST, len(parts)) + 1)
            some = (end for end in ends if end - first < len(parts))
            said = ((self._know(joint.join(parts[first:end]), deep), known[len(parts) - end]) for end in some)
            known.append(next(([one, *rest] for one, rest in said if one is not None and rest is not None), None))
        return _JOINTS[joint].join(known[-1] or ())

    def _say_of(self, text: str, deep: int) -> str | None:
        """Say what a name is of, in brackets behind it, or what is known before or behind a colon; None for another."""
        if found := _OF.fullmatch(text):
            inside = self._know(found[2], deep)
            return inside and f"{found[1]}（{inside}）"
        parts = text.split(": ", 1)
        said = [self._know(part, deep) if " " in part else None for part in parts]
        if (
            len(parts) > 1
            and any(said)
            and all(known or " " not in part for known, part in zip(said, parts, strict=True))
        ):
            return "：".join(known or part for known, part in zip(said, parts, strict=True))
        return None

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


def knows(text: str, language: str) -> bool:
    """Whether a text as a whole, without fields, is one of ours."""
    return text in _open(language).whole


@cache
def _open(language: str) -> Messages:
    return Messages(read_messages(language))
