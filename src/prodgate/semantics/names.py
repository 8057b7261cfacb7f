"""Texts by Unicode: whether one is blank, and whether two names belong to the same person.

>>> names_same_person("Ana <ana@example.com>", "ａｎａ@example.com\\u200b")
True
>>> says_nothing("\\u2060 – \\u3164")
True
"""

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import Final

#: Letters that are drawn as nothing.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
#: Words that people write where they have nothing to say.
_PLACEHOLDERS: Final = frozenset(
    {"na", "nil", "none", "null", "tbd", "tba", "todo", "fixme", "xxx", "unknown", "later"}
)
#: Scripts with letters that look like those of another.
_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_ADDRESS: Final = re.compile(r"(?<![^\s@<>])([^\s@<>]+)@([^\s@<>,;]+)")


def fold(text: str) -> str:
    """Return the letters and digits of a text, without case, width, accents and all that is not seen."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in plain if each.isalnum() and each not in _BLANK_LETTERS)


def says_nothing(text: str) -> bool:
    """Whether a text has no letter or digit that is seen, or only stands for one that is to come."""
    return fold(text) in _PLACEHOLDERS | {""}


def names_same_person(one: str, other: str) -> bool:
    """Whether two names, or addresses with or without a name, are the same person's, whatever part comes first."""
    return bool(_identities(one) & _identities(other))


def mixes_scripts(text: str) -> bool:
    """Whether a word of a text has letters of scripts that look alike, as a Cyrillic ``а`` among Latin letters."""
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text))
    return any(len(_ALIKE & {unicodedata.name(each, "").partition(" ")[0] for each in word}) > 1 for word in words)


def _identities(text: str) -> set[str]:
    """Return what a person may be known by: the name, its words in any order, and each address."""
    name = _ADDRESS.sub(" ", re.sub(r"<[^<>]*>", " ", unicodedata.normalize("NFKC", text)))
    words = "".join(sorted(map(fold, re.findall(r"[^\W_]+", name))))
    return {fold(text), *([fold(name), words] if words else []), *_addresses(text)}


def _addresses(text: str) -> set[str]:
    """Return the e-mail addresses in a text, without the ``+tag`` that one person may add."""
    visible = "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")
    return {f"{fold(name.partition('+')[0])}@{fold(host)}" for name, host in _ADDRESS.findall(visible)}


def matches_pattern(text: str, pattern: str) -> bool:
    """Whether a name matches a pattern with ``*`` and ``?``; brackets are those of addresses."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
