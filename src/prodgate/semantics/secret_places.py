"""Takes secrets out of whatever is kept: texts, documents in them, what is packed in them, values by their names."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from .secret_forms import (
    ELSEWHERE,
    FORMS,
    credential_form,
    find_packed,
    find_secret,
    is_redacted,
    leaf,
    list_assignments,
    redact_credentials,
    redaction,
)  # fmt: skip

#: Members of an entry that its ``name`` names, and members that name it.
_VALUES: Final = frozenset({"value", "Value", "insecure_value"})
_NAMES: Final = ("name", "Name", "Key", "key")
#: Files in which a colon and a blank end a key.
_YAML: Final = (".yml", ".yaml")
#: What a value must have to be looked for without its name, so that no word is taken out of texts: a digit or a sign,
#: or the length of a key.
_TELLING: Final = re.compile(r"[^A-Za-z .,_-]|\A\S{16,}\Z")
_LENGTHS: Final = range(6, 4096)


@dataclass(slots=True)
class Redactor:
    """Redacts one value after another, and each secret that it took out of one also where the next ones quote it."""

    known: set[str] = field(default_factory=set)
    _quoted: re.Pattern[str] | None = None

    def learn(self, secrets: Iterable[str]) -> None:
        """Remember values that are secrets whatever they stand under; a short one or a word is no trace of a secret."""
        new = {each for each in secrets if len(each) in _LENGTHS and _TELLING.search(each)} - self.known
        if new:
            self.known |= new
            forms = {form for each in self.known for form in _spell(each)}
            self._quoted = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))

    def redact(self, value: Any, name: str = "", *, named: bool = True) -> Any:
        """Return a JSON value with a mark in place of each secret.

        A key is the name of what it holds, unless values are not ``named`` or it is a path.
        """
        if value.__class__ is str:
            clean, secrets = _take_secrets(name if named else "", value)
            if secrets:
                self.learn(secrets)
            clean = self._forget(clean)
            return clean.replace("(redacted: ", "(redacted:") if name.endswith(_YAML) else clean
        if isinstance(value, Mapping):
            own = _own_name(value)
            return {self.redact(key): self.redact(item, _name_of(key, own), named=named) for key, item in value.items()}
        if isinstance(value, list | tuple):  # a list in a list is an entry of several parts
            return [self.redact(item, "" if isinstance(item, list | tuple) else name, named=named) for item in value]
        return value

    def redact_page(self, text: str) -> str:
        """Return a page without credentials and known secrets; what else its scripts assign stays as it is."""
        return self._forget(redact_credentials(text))

    def _forget(self, text: str) -> str:
        return self._quoted.sub(redaction(ELSEWHERE), text) if self._quoted else text


def _own_name(value: Mapping[str, Any]) -> str:
    if _VALUES.isdisjoint(value):
        return ""
    return next((name for key in _NAMES if isinstance(name := value.get(key), str) and name), "")


def _name_of(key: str, own: str) -> str:
    if own and (key in _VALUES or key in _NAMES):
        return own if key in _VALUES else ""
    return "" if "/" in key and not key.endswith(_YAML) else key


@lru_cache(1 << 16)
def _take_secrets(name: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text that stands under a name with marks in place of secrets, and the secrets that were named."""
    if is_redacted(text):
        return text, ()
    if (document := read_document(text)) is not None:
        inner = Redactor()
        clean = inner.redact(document, name)
        return (text if clean == document else json.dumps(clean, ensure_ascii=False)), tuple(inner.known)
    why = find_secret(leaf(name), text)
    if why and (why not in FORMS or find_secret(leaf(name), "x")):
        return redaction(why), (text,)
    secrets = [
        match[0].rpartition("@")[0].rpartition(":")[2] or match[0]
        for form in (FORMS.values() if credential_form(text) else ())
        for match in form.finditer(text)
    ]
    kept, at = list[str](), 0
    for start, end, mark, found in sorted(_find_parts(text)):
        secrets += found
        if start >= at:
            kept += [text[at:start], mark]
            at = end
    return redact_credentials("".join([*kept, text[at:]])), tuple(secrets)


def _find_parts(text: str) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Yield (start, end, mark, secrets) of what is packed or assigned in a text and holds secrets."""
    for packed in find_packed(text):
        clean, found = _take_secrets("", packed.text)
        if clean != packed.text:
            yield packed.start, packed.end, packed.pack(clean), found
    for name, start, end in list_assignments(text):
        value = text[start:end]
        if (why := find_secret(name, value)) and why not in FORMS and not is_redacted(value):
            yield start, end, redaction(why), (value,)


def read_document(text: str) -> Any:
    """Return the object or list of a document in JSON; None for any other text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _spell(secret: str) -> Iterable[str]:
    """Yield how a value may be written in other texts: in JSON, in HTML, in an address."""
    escaped = json.dumps(secret)[1:-1]
    yield from (secret, escaped, json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret))
    yield "".join(each if each.isalnum() or each in "-._~" else _percent(each) for each in secret)
    yield escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


#: The one of this process, at each of the doors to what is kept.
REDACTOR: Final = Redactor()
