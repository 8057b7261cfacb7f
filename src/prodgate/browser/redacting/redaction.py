"""Takes known secrets out of texts, JSON and files, however they are written there."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final

from ...semantics.secret_forms import redact_credentials, redaction
from .escapes import Span
from .places import is_secret_parameter
from .writing import SHORT, SHORTEST, decompress, find_written, unfold, with_encodings, writings

_PAIR: Final = re.compile(r"([?&;#]|^)([\w.\[\]-]+)=([^&;#\s\"'<>]+)")
#: What stands where something was taken out.
_MARK: Final = re.compile(rb"\(redacted: [^()]*\)")
#: Share of zeros among every other byte, from which on a text is taken for UTF-16.
_ZEROS: Final = 0.7
SECRET, TYPED = redaction("a secret"), redaction("what was typed")


@dataclass(frozen=True)
class Redaction:
    """Recognises given secrets by value, and others by their form or their name."""

    secrets: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Short ones, which count as whole words only."""
    typed: frozenset[str] = frozenset()
    """What was typed into fields; it is called so in its place."""

    def with_secrets(self, values: Iterable[str], *, certain: bool = False) -> Redaction:
        """Return a redaction that knows more values. A short one is a secret only if that is ``certain``."""
        given = {*values}
        words = {each for each in given if certain and SHORTEST <= len(each) < SHORT}
        return Redaction(self.secrets | {each for each in given if len(each) >= SHORT}, self.words | words, self.typed)

    def with_typed(self, values: Iterable[str]) -> Redaction:
        """Return a redaction that knows what was typed."""
        return Redaction(self.secrets, self.words, self.typed | {each for each in values if len(each) >= SHORT})

    def among(self, data: bytes) -> Redaction:
        """Return a redaction of what data hold, which is fast for their parts. Raises UnreadableDataError."""
        said = unfold(data)
        held = {each for each, forms in self._forms.items() if any(form in said for form in with_encodings(forms))}
        return self.only(held.__contains__)

    def only(self, wanted: Callable[[str], bool]) -> Redaction:
        """Return a redaction that knows some of these values."""
        return Redaction(*(frozenset(filter(wanted, some)) for some in (self.secrets, self.words, self.typed)))

    def redact_bytes(self, data: bytes) -> bytes:
        """Return data without secrets, and of the form that they had. Raises UnreadableDataError."""
        for inner in decompress(data):
            clean = self.redact_bytes(inner)
            return data if clean == inner else gzip.compress(clean, mtime=0)
        for charset in filter(None, (_wide(data), "utf-8")):
            try:
                text = data.decode(charset)
            except UnicodeDecodeError:
                continue
            clean_text = self.redact_text(text)
            return data if clean_text == text else clean_text.encode(charset)
        return self._cut(data)

    def redact_text(self, text: str) -> str:
        """Return a text without secrets, however they are written in it."""
        clean = self._cut(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        return _PAIR.sub(_redact_pair, redact_credentials(clean))

    def redact_json(self, value: Any) -> Any:
        """Return JSON without secrets."""
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, Mapping):
            return {self.redact_text(key): self.redact_json(inner) for key, inner in value.items()}
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._forms:
            return 0
        return [self.redact_json(inner) for inner in value] if isinstance(value, list) else value

    def is_held_by(self, data: bytes) -> bool:
        """Whether data still hold a secret. Raises UnreadableDataError."""
        return any(next(self._spans(each), None) is not None for each in (data, *decompress(data)))

    @cached_property
    def _forms(self) -> Mapping[str, frozenset[bytes]]:
        return {each: frozenset(writings(each)) for each in (*self.secrets, *self.words, *self.typed)}

    @cached_property
    def _sought(self) -> Mapping[bytes, bool]:
        """Each form of each secret, and whether it counts as a whole word only."""
        return {form: each in self.words for each, forms in self._forms.items() for form in forms}

    @cached_property
    def _typed_forms(self) -> frozenset[bytes]:
        return frozenset(form for each in self.typed - self.secrets for form in self._forms[each])

    def _spans(self, data: bytes) -> Iterator[tuple[Span, str]]:
        """Yield where a secret is written outside of marks, and the mark to put there."""
        marks = [found.span() for found in _MARK.finditer(data)]
        for (first, last), form in find_written(data, self._sought) if self._forms else ():
            if not any(begin <= first and last <= end for begin, end in marks):
                yield (first, last), TYPED if form in self._typed_forms else SECRET

    def _cut(self, data: bytes) -> bytes:
        """Return data with a mark in place of each secret; with one mark where several overlap."""
        cuts: list[tuple[int, int, str]] = []
        for (first, last), mark in sorted(self._spans(data)):
            if cuts and first < cuts[-1][1]:
                begin, end, other = cuts.pop()
                cuts.append((begin, max(last, end), mark if mark == other else SECRET))
            else:
                cuts.append((first, last, mark))
        for first, last, mark in reversed(cuts):
            data = data[:first] + mark.encode() + data[last:]
        return data


def worst_last(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return answers by address, bad ones last: where addresses differ in secrets alone, the last is kept."""
    return dict(
        sorted(asked.items(), key=lambda each: not (HTTPStatus.OK <= each[1]["status"] < HTTPStatus.BAD_REQUEST))
    )


def _wide(data: bytes) -> str:
    """Return the character set of a text in UTF-16, "" if it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-le" if data[0] == 0xFF else "utf-16-be"
    even, odd = (data[by::2].count(0) * 2 / (len(data) or 1) for by in range(2))
    return "utf-16-be" if even > _ZEROS > 1 - _ZEROS > odd else "utf-16-le" if odd > _ZEROS > 1 - _ZEROS > even else ""


def _redact_pair(match: re.Match[str]) -> str:
    kind = is_secret_parameter(match[2], match[3])
    return f"{match[1]}{match[2]}={redaction(kind)}" if kind and not match[3].startswith("(redacted") else match[0]
