"""The words of the report in each language, from one file, so that no language can lack a sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from .translation import knows, translate
from .verbatim import Verbatim

#: Language of a report -> its file name; the reports link to each other.
FILES: dict[str, str] = {"en": "report.html", "ja": "report.ja.html"}


@cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """Return every entry: key -> language -> text; ``en_one`` is the English text for exactly one."""
    text = resources.files(__package__).joinpath("catalogue.toml").read_text("utf-8")
    return tomllib.loads(text)


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
