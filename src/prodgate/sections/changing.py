"""Signs that an element changes something: names, addresses and attributes on pages, in many languages."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

#: Table -> language -> words.
_TABLES: Final = tomllib.loads(files(__package__).joinpath("changing.toml").read_text("utf-8"))
#: Words of a short name, letters of one without spaces, and words of a short part of an address, at most.
_MOST_WORDS, _MOST_LETTERS, _MOST_PARTS = 5, 12, 4
_DECODED: Final = 3
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBERED: Final = re.compile(r"\d")
#: Ends of addresses of files, which change nothing whatever they are called.
_FILE: Final = re.compile(r"(?i)\.(?:m?js|css|map|svg|png|jpe?g|gif|webp|avif|ico|woff2?|ttf|mp[34]|webm|pdf|txt)")
#: Parameters that hold what somebody looks for, or where to go afterwards, and what says how to sort.
_ELSEWHERE: Final = re.compile(
    r"(?i)q|s|query|search|keywords?|terms?|text|title|order|(?:.*[_-])?(?:next|return|redirect|continue|callback|back|from|ref|referr?er|dest(?:ination)?)(?:[_-]?(?:to|ur[il]|path))?"
)
#: Attributes by which libraries send another request than a GET, or ask before something that can't be undone.
_CHANGES: Final = re.compile(
    r"(?:data-)?hx-(?:post|put|patch|delete|confirm)|data-(?:\w+-){0,6}?(?:method|confirm|delete|destroy|remove)(?:-[\w-]+)?|formmethod"
)
#: Attributes with the script that runs when an element is used.
_HANDLER: Final = re.compile(r"on[a-z]+|@.+|(?:v-on|x-on|wire|phx|ng)[:-].+|data-action|jsaction")
_SAFE: Final = ("get", "dialog")


def _fold(text: str) -> str:
    """Return a text as it is compared: no case, no accents, no widths, nothing that is not seen."""
    parts = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    return "".join(each for each in parts if unicodedata.category(each) not in ("Mn", "Cf"))


def _split(text: str) -> tuple[str, ...]:
    """Return the words of a text, in the form in which they are compared."""
    seen = "".join(each for each in unicodedata.normalize("NFC", text) if unicodedata.category(each) != "Cf")
    return tuple(_fold(re.sub(r"[\W_]+", " ", _CAMEL.sub(" ", seen))).split())


def _read(table: str) -> list[str]:
    return [word for words in _TABLES[table].values() for word in words]


_ANYWHERE, _IN_SHORT, _ON_CONTROLS = (frozenset(map(_split, _read(table))) for table in ("always", "short", "pressed"))
_ANY_LETTERS, _FEW_LETTERS = (tuple(_fold(each) for each in _read(table)) for table in ("letters", "short_letters"))
_LONGEST: Final = max(map(len, _ANYWHERE | _IN_SHORT))


def _find(words: Sequence[str], known: frozenset[tuple[str, ...]]) -> str:
    """Return the first words of a table that stand one after the other in a text."""
    places = ((at, size) for at in range(len(words)) for size in range(1, _LONGEST + 1))
    return next((" ".join(words[at : at + size]) for at, size in places if tuple(words[at : at + size]) in known), "")


def find_in_name(name: str, *, control: bool = False) -> str:
    """Return the word in a name that announces a change; ``control`` for an element that is pressed, not a link.

    >>> find_in_name("Sign out"), find_in_name("この投稿を削除"), find_in_name("How voters follow the money in Ohio")
    ('sign out', '削除', '')
    """
    words, solid = _split(name), "".join(_fold(name).split())
    short = control or len(words) <= _MOST_WORDS
    known = _ANYWHERE | (_IN_SHORT if short else frozenset()) | (_ON_CONTROLS if control else frozenset())
    letters = _ANY_LETTERS + (_FEW_LETTERS if control or len(solid) <= _MOST_LETTERS else ())
    return _find(words, known) or unicodedata.normalize("NFC", next((each for each in letters if each in solid), ""))


def find_in_address(url: str) -> str:
    """Return the part of an address that announces a change.

    >>> find_in_address("https://a.example/api/deleteItem?id=7"), find_in_address("/news/vote-share-in-ohio-explained")
    ('deleteItem', '')
    """
    parts = urlsplit(url)
    path = _decode(parts.path)
    if not _FILE.search(path, max(0, len(path) - 6)):
        before = ""
        for segment in path.split("/"):
            if _is_change(segment) or (_split(segment) in _ON_CONTROLS and _NUMBERED.search(before)):
                return segment
            before += segment
    for name, value in parse_qsl(_decode(parts.query).replace("?", "&"), keep_blank_values=True):
        if not _ELSEWHERE.fullmatch(name) and (_is_change(name) or any(map(_is_change, value.split("/")))):
            return f"{name}={value}"
    return ""


def _decode(text: str) -> str:
    """Return a text without its percent signs, and those that were written by such signs, so often as anybody does."""
    for _ in range(_DECODED):
        text = unquote(text)
    return text


def _is_change(part: str) -> bool:
    words = _split(part)
    found = _find(words, _ANYWHERE) or (len(words) <= _MOST_PARTS and _find(words, _IN_SHORT))
    return bool(found) or any(each in _fold(part) for each in _ANY_LETTERS)


def find_in_attributes(attributes: Mapping[str, str]) -> str:
    """Return the attribute by which an element says that it changes something; names are in lower case."""
    for name, value in attributes.items():
        if name == "rel" and "nofollow" in value.lower().split():
            return "rel=nofollow"
        if name in ("download", "aria-pressed") or (name == "role" and value == "switch"):
            return name if name != "role" else "role=switch"
        if _CHANGES.fullmatch(name) and value.lower() not in _SAFE:
            return name
        if _HANDLER.fullmatch(name) and (_find(_split(value), _ANYWHERE | _IN_SHORT) or "confirm(" in value):
            return name
    return ""


def why_untouched(url: str, untouched: Iterable[str], reads: Iterable[str]) -> str:
    """Return why nobody but a journey may ask for an address: a team states it, or it says so itself; or nothing.

    ``untouched`` are patterns of paths, with a query where the pattern has one; ``reads`` such as ``GET /cart`` are
    requests that change nothing, whatever their addresses say.

    >>> why_untouched("https://a.example/groups/7/open", ["/groups/*/open"], [])
    '[e2e] untouched names /groups/*/open'
    """
    parts = urlsplit(url)
    path, query = _fold(_decode(parts.path or "/")), _fold(_decode(parts.query))
    for pattern in untouched:
        if _is_like(f"{path}?{query}" if "?" in pattern else path, _fold(_decode(pattern)).split("*")):
            return f"[e2e] untouched names {pattern}"
    said = "" if f"GET {parts.path}" in reads else find_in_address(url)
    return f"its address says {said}" if said else ""


def _is_like(text: str, pieces: Sequence[str]) -> bool:
    """Whether a text consists of pieces with anything between them."""
    first, *between, last = pieces if len(pieces) > 1 else (*pieces, "")
    if len(pieces) == 1 or not text.startswith(first):
        return text == first
    at = len(first)
    for piece in between:
        if (found := text.find(piece, at)) < 0:
            return False
        at = found + len(piece)
    return text.endswith(last) and at + len(last) <= len(text)


def is_at(url: str, hosts: Iterable[str]) -> bool:
    """Whether an address is at one of some hosts; one with a port stands for this port alone.

    >>> [is_at(url, ["a.example:8443"]) for url in ("https://a.example:8443/", "https://a.example/")]
    [True, False]
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "ws": 80}.get(parts.scheme, 443)
    return not {parts.hostname, f"{parts.hostname}:{port}"}.isdisjoint(hosts)
