"""The words of a report in each language: its own sentences from one file, and the messages of what was judged."""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, Self

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding
from ..verdict import Ruling, Verdict

# ── Messages: English with fields, and its translation

#: The sign and blank before a text that is added to another, such as ``, first seen at``.
_ADDED: Final = re.compile("[;,:]? ")


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its fields: the texts around them in English, and the whole in the other language."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    said: str

    @classmethod
    def parse(cls, english: str, said: str) -> Self:
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
        """Whether a field may be empty: it follows another one at once, and holds what may be added to that."""
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
        """Whether a text is a list, each item of which is of this message: ``a at b, c at d``."""
        alone = not any(", " in literal for literal in self.around)
        return alone and all(self.read(part) is not None for part in text.split(", "))


def _find_end(text: str, begin: int, end: int) -> int:
    """Return where a field ends after which another begins at once: what is added to a name begins with a sign."""
    found = _ADDED.search(text, begin, end)
    return found.start() if found else end


# ── Finding the message behind an English text

#: How deep a text may stand in the field of another.
_DEEPEST: Final = 3
#: Own letters up to which a message says nothing without its fields.
_WEAK: Final = 4
#: Own letters from which on the fields of a message may hold unknown words, with half as many letters; with fewer, they
#: hold names, numbers and known texts.
_ENOUGH: Final = 5
#: A number with its unit, a name with its version, or a command.
_QUANTITY: Final = re.compile(r"[-\d.,∞]+ \S+|\S+ v?\d[\w.+-]*|prodgate .+")
#: A word of a language, and no name of something: such has more than one hyphen.
_WORD: Final = re.compile(r"(?<!\S)[(\"']?([A-Za-z][a-z]+(?:['’-][a-z]+)?)[)\"'.,;:!?]*(?!\S)")
#: Characters that identifiers have, and words of a language don't.
_SIGN: Final = re.compile(r"[_:/\d]")
#: A name, with what it belongs to in brackets.
_OF: Final = re.compile(r"(\S+(?: /\S*)?) \((.+)\)")
_BETWEEN: Final = re.compile("; |, | or | and ")
#: Parts of a text that are translated one by one; with more, it is a list that nobody reads.
_MANY: Final = 99
#: Parts that one reason may have: it may contain a joint itself, before what to do.
_LONGEST: Final = 3
#: Translated texts that are kept; a large estate says some thousand different ones.
_KEPT: Final = 1 << 14
#: Text between joined messages -> the same in Japanese.
_JOINTS: Final[Mapping[str, str]] = {"; ": "；", ", then ": "。次に、", ", ": "、", " or ": " または ", " and ": " と "}
#: Texts between joined sentences.
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
    """Return how many letters of a text belong to words; in a sentence of several words each letter counts twice."""
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
        """Yield the messages that may have made a text, with what their fields contain, the longest message first."""
        words = dict.fromkeys(("", *text.split(" ")))
        near = [message for word in words if word in self._by_word for message in self._by_word[word]]
        for message in sorted(near, key=lambda each: -each.weight):
            values = message.read(text)
            if values is not None and self._fits(message, values, deep + 1):
                yield message, values

    def _fits(self, message: Message, values: list[str], deep: int) -> bool:
        """Whether a message made a text: one with few words of its own may fit somebody else's text by chance.

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
        """Whether a text is an identifier or several known words, which shows that the message around it is ours."""
        return self._know(text, deep) is not None if " " in text else bool(_SIGN.search(text))

    def _count_strange(self, text: str, deep: int) -> int:
        """Return how much of a field's contents is words that no message knows."""
        if self._know(text, deep) is not None:
            return 0
        return sum(_count_words(part) for part in _BETWEEN.split(text) if self._know(part, deep) is None)

    def say(self, text: str, deep: int = 0) -> str:
        """Return a text in the other language where messages know it: as one, or as several that are joined."""
        known = self._know(text, deep)
        return known if known is not None else self._say_list(text, deep + 1)

    def _know(self, text: str, deep: int) -> str | None:
        """Return the translation of a text, None if no message knows it; kept, because parts recur in many texts."""
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
        parts = (self.say(value, deep + 1) if " " in value else value for value in values)  # a single word is a name
        return message.said.format(**dict(zip(message.names, parts, strict=True)))

    def _say_each(self, text: str, joint: str, deep: int) -> str:
        """Translate joined reasons, if each is known by itself and none is the whole; empty for another text."""
        parts = text.split(joint)
        if not 1 < len(parts) <= _MANY:
            return ""
        known: list[list[str] | None] = [[]]  # translations of the last parts: of none, of one, …
        for first in reversed(range(len(parts))):
            ends = range(first + 1, min(first + _LONGEST, len(parts)) + 1)
            some = (end for end in ends if end - first < len(parts))
            said = ((self._know(joint.join(parts[first:end]), deep), known[len(parts) - end]) for end in some)
            known.append(next(([one, *rest] for one, rest in said if one is not None and rest is not None), None))
        return _JOINTS[joint].join(known[-1] or ())

    def _say_of(self, text: str, deep: int) -> str | None:
        """Translate what stands in brackets behind a name, or is known on a side of a colon; None for another text."""
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
        """Translate why a value is not known, behind the path of its argument; None for another text."""
        path, _, reason = text.partition(" ")
        if "." not in path or path.endswith((".", ",", ";", ":")):
            return None
        said = self._know(reason, deep)
        return said and (f"{path} {said}" if said.startswith("は") else f"{path}：{said}")

    def _say_list(self, text: str, deep: int) -> str:
        """Translate a list of known texts and names, but no sentence: a part of one may be known by chance."""
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


# ── Texts shown as they are written


class Verbatim(str):
    """In the words of a team."""

    __slots__ = ()


#: Language of a report -> its file name; the reports link to each other.
FILES: dict[str, str] = {"en": "report.html", "ja": "report.ja.html"}


@cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """Return every entry: key -> language -> text; ``en_one`` is the English text for exactly one."""
    return tomllib.loads(resources.files(__package__).joinpath("catalogue.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Looks texts up in one language. Raises KeyError for a key or language that does not exist."""

    language: str

    def text(self, key: str, **values: object) -> str:
        """Return the text of a key with its values filled in."""
        return entries()[key][self.language].format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the text of a key for ``n`` things: the singular for one, thousands separated."""
        entry = entries()[key]
        one = entry.get(f"{self.language}_one") if n == 1 else None
        return (one or entry[self.language]).format(n=f"{n:,}", **values)

    def say(self, text: str) -> str:
        """Return a text that was written in English with a run; one that is not ours comes back as it is."""
        return text if isinstance(text, Verbatim) else translate(text, self.language)

    def knows(self, text: str) -> bool:
        """Whether a text as a whole is one of ours in this language."""
        return not text or knows(text, self.language)


ENGLISH: Final = Catalogue("en")


# ── Texts that a team wrote

#: Fields of a finding that can be in words.
_TEXTS: Final = ("expected", "observed", "reason", "remedy")


def keep_words(run: Run, verdict: Verdict, words: Catalogue) -> tuple[Run, Verdict]:
    """Return a run and its verdict in which what a team wrote is marked to be shown as it is."""
    stated = run.criteria
    criteria = type(stated.criteria)({id_: _keep_stated(each, words) for id_, each in stated.criteria.items()})
    requirements = tuple(replace(each, asks=_keep(each.asks, words)) for each in stated.requirements)
    rulings = tuple(_keep_ruling(each, words) for each in verdict.rulings)
    marked = replace(run, criteria=replace(stated, criteria=criteria, requirements=requirements))
    return marked, replace(verdict, rulings=rulings)


def keep_finding(finding: Finding) -> Finding:
    """Return a finding in which the words of a team's judge are marked."""
    kept: dict[str, Any] = {name: Verbatim(getattr(finding, name)) for name in _TEXTS if name in finding.words}
    return replace(finding, **kept) if kept else finding


def _keep_ruling(ruling: Ruling, words: Catalogue) -> Ruling:
    criterion = _keep_stated(ruling.criterion, words)
    findings = [keep_finding(each) for each in ruling.findings]
    if isinstance(criterion.remedy, Verbatim):
        own = criterion.remedy
        findings = [replace(each, remedy=own) if each.remedy == own else each for each in findings]
    return replace(ruling, criterion=criterion, findings=tuple(findings))


def _keep_stated(criterion: Criterion, words: Catalogue) -> Criterion:
    return replace(criterion, why=_keep(criterion.why, words), remedy=_keep(criterion.remedy, words))


def _keep(text: str, words: Catalogue) -> str:
    """Return a text of criteria, marked unless the whole of it is one that comes with the gate."""
    return text if words.knows(text) else Verbatim(text)
