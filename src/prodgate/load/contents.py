"""The content that makes an answer a success: stated by the locustfile, or learned from the first good answer.

Empty pages, maintenance pages and ``{}`` also come with 200, and faster than real content. Ambiguous answers are
doubtful.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from ..semantics.challenges import has_password_field

# ── Whether a shared cache may store a response and serve it to other readers

#: Directives that forbid a shared cache to serve a response again without asking the origin.
_FORBIDDING: Final = ("no-store", "private", "no-cache")

#: Where caches say what they did: CloudFront, Fastly, Akamai and Squid, Cloudflare, nginx, Vercel.
_SAYING: Final = ("x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache", "x-vercel-cache")
#: The words for a response from the cache, fresh or stale, and for one that the cache revalidated with the origin.
_GIVEN: Final = re.compile(r"(?<![a-z])(?<!refresh_)(?:hit|stale|updating|prerender)(?![a-z])")
_ASKED: Final = re.compile(r"refresh_?hit|revalidated")
#: Returns the value of a header, None when there is none.
GetHeader = Callable[[str], str | None]


def explain_unshareable(header: GetHeader) -> str:
    """Return why a response can't be shared, "" when it can.

    >>> explain_unshareable({"cache-control": "public, max-age=60"}.get)
    ''
    >>> explain_unshareable({"cache-control": "private, max-age=60"}.get)
    'Cache-Control: private'
    """
    return next(_list_reasons(header), "")


def came_from_cache(header: GetHeader) -> bool:
    """Whether a response says that a cache gave it, without asking the origin; where there are several, any of them.

    >>> came_from_cache({"x-cache": "Hit from cloudfront", "age": "12"}.get)
    True
    >>> came_from_cache({"x-cache": "RefreshHit from cloudfront"}.get), came_from_cache({"age": "0"}.get)
    (False, False)
    """
    age = (header("age") or "").strip()
    said = " ".join(header(name) or "" for name in _SAYING).lower()
    stated = re.split("[;,]", (header("cache-status") or "").lower())  # RFC 9211: of each cache on the way
    aged = age.isdecimal() and int(age) > 0 and not _ASKED.search(said)
    return aged or bool(_GIVEN.search(said)) or "hit" in (each.strip() for each in stated)


def _list_reasons(header: GetHeader) -> Iterator[str]:
    directives = dict(_parse_directives(header("cache-control") or ""))
    yield from (f"Cache-Control: {name}" for name in _FORBIDDING if name in directives)
    lifetime = directives.get("s-maxage", directives.get("max-age"))
    if lifetime is None:
        yield "no lifetime in Cache-Control"
    elif not lifetime.isdecimal() or int(lifetime) == 0:
        yield f"Cache-Control: lifetime {lifetime}"
    if header("set-cookie"):
        yield "Set-Cookie"
    varying = {name.strip().lower() for name in (header("vary") or "").split(",")}
    yield from (f"Vary: {name}" for name in ("*", "cookie", "authorization", "user-agent") if name in varying)


def _parse_directives(text: str) -> Iterator[tuple[str, str]]:
    for part in text.lower().split(","):
        name, _, value = part.strip().partition("=")
        yield name, value.strip('"')


# ── Doubtful answers: they may be right, or a broken site may have sent them with 200
# An empty list may be all that there is, or what a lost database leaves; a short page may be a short story, or a whole
# one without its stories. Nothing in the answer tells, so it counts neither as a success nor as a failure.

#: Bytes of JSON that are parsed; of a longer answer only the first and last character are looked at.
MOST_PARSED: Final = 65_536
#: Part of the first good answer's length below which an answer is doubtful.
MUCH_LESS: Final = 4
#: The same of a page that has lost as great a part of its links, too: what remains may be no more than its frame.
EMPTIED: Final = 2
_CLOSING: Final = {b"{": b"}", b"[": b"]"}
#: Members in which JSON says that it is an error, whatever its status.
_ERRORS: Final = ("error", "errors")
#: How many objects deep lists are looked for.
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer that is a JSON object or array; of one that was too long to be parsed, only which of both."""

    kind: str
    members: frozenset[str] = frozenset()
    error: bool = False
    """Whether it says of itself that it is an error."""
    filled: bool = True
    """Whether a list in it holds something, or where it has none an object."""
    texts: bool = True
    """Whether a member is a text that is not empty."""
    complaint: str = ""
    """The first sign that it may be an error; empty if there is none."""
    scalars: Mapping[str, str] | None = None
    """Members that say how it went, by name; None of an answer that was not parsed."""


@dataclass(frozen=True, slots=True)
class Look:
    """The features of an answer."""

    length: int
    links: int
    html: bool
    parsed: Parsed | None
    password: bool
    """Whether it is a page with a field for a password."""
    landed: str
    """Where a redirect led; empty where there was none."""
    complaint: str = ""
    """The first sign that it may be an error, a maintenance page or an empty shell; empty if there is none."""
    scalars: Mapping[str, str] | None = None
    """Values that usually stay the same, by name; None where nobody looked."""


def look_at(body: bytes, *, html: bool, landed: str = "") -> Look:
    """Return what is seen of an answer; ``landed`` is the address that it came from after a redirect."""
    lower, parsed = body.lower() if html else b"", None if html else read_json(body)
    page = body[:MOST_PARSED].decode("utf-8", "replace")
    title = _TITLE.search(page) if html else None
    if html:
        complaint = _find_page_complaint(page, title[1] if title else "")
    elif parsed:
        complaint = parsed.complaint
    else:
        complaint = _find_little(page)
    return Look(
        length=len(body),
        links=lower.count(b"<a "),
        html=html,
        parsed=parsed,
        password=b"password" in lower and has_password_field(lower),
        landed=landed,
        complaint=complaint,
        scalars={"title": repr(title[1].strip()[:_SHOWN])} if title else parsed.scalars if parsed else {},
    )


# ── Signs of an error, a maintenance page or an empty shell, in an answer about which nobody states anything

#: Members that say how it went, and those that only errors have; in small letters alone.
_TELLING: Final = frozenset(
    {
        "status", "state", "ok", "success", "succeeded", "code", "statuscode", "httpstatus", "result", "outcome",
        "healthy", "health",
    }
)  # fmt: skip
_COMPLAINING: Final = frozenset(
    {
        "error", "errors", "exception", "stacktrace", "traceback", "errorcode", "errormessage", "errormsg",
        "errordescription", "errortype", "fault", "faultcode", "faultstring",
    }
)  # fmt: skip
_MESSAGES: Final = frozenset({"message", "msg", "detail", "details", "reason"})
_AROUND: Final = _MESSAGES | {
    "title", "type", "instance", "code", "status", "statuscode", "requestid", "traceid", "path", "timestamp",
}  # fmt: skip
_BAD: Final = re.compile(
    r"(?i)error|fail|fatal|unavailable|maintenance|time[d_ -]*out|denied|forbidden|unauthori|not[_ -]?found|invalid"
    r"|exception|(?<![a-z])(?:down|offline|degraded)(?![a-z])"
)
_WORDS: Final = re.compile(
    r"(?i)(?<![a-z])(?:errors?|oops|something went wrong|maintenance|unavailable|not available|be right back|back soon"
    r"|coming soon|under construction|bad gateway|gateway time-?out|not found|forbidden|access denied|unauthori[sz]ed"
    r"|temporarily|try again later|outage|timed out|too many requests|overloaded|wartung|fehler|nicht verfügbar"
    r"|nicht gefunden|erreur|indisponible|introuvable|mantenimiento|no disponible|manutenção)(?![a-z])"
    r"|エラー|メンテナンス|見つかりません|ご利用いただけません|アクセスできません"
)
_STATUS: Final = re.compile(r"^\s*([45]\d\d)\b")
_TITLE: Final = re.compile(r"(?is)<title\b[^<>]*>((?:[^<]|<(?!title\b))*?)</title>")
_HEADING: Final = re.compile(r"(?is)<h1\b[^<>]*>((?:[^<]|<(?!h1\b))*?)</h1>")
_UNSEEN: Final = re.compile(
    r"(?is)<(script|style|noscript|template|head|svg)\b(?:[^<]|<(?!\1\b))*?</\1\s*>|<!--(?:[^<]|<(?!!--))*?-->|<[^<>]*>"
)
_PICTURED: Final = re.compile(r"(?i)<(?:input|img|picture|video|canvas|button|select|iframe|object|embed)\b")
_HOLLOW: Final = re.compile(
    r"""(?i)(<(?:main\b|div\b(?>[^<>]*?\bid=["']?(?:root|app|__next|__nuxt|main|content)["']?)))[^<>]*+>\s*</(?:main|div)>"""
)
#: Characters of a text that is shown; of a page that shows hardly anything; and of one that says little besides.
_SHOWN, _HARDLY, _SHORT = 40, 20, 400


def _find_page_complaint(page: str, title: str) -> str:
    for each in (title, *_HEADING.findall(page)):
        text = _UNSEEN.sub(" ", each)
        if found := _WORDS.search(text) or _STATUS.search(text):
            return f"its title or heading says {found[0].strip()!r}"
    text = _read_beginning(page)
    if len(text) < _HARDLY and not _PICTURED.search(page):
        return "it is a page with hardly any text"
    if hollow := _HOLLOW.search(page):
        return f"its {hollow[1]}> is empty"
    return _find_little(text)


def _read_beginning(page: str) -> str:
    """Return the text that a page shows, or more than what is little: nearly every answer under load is longer."""
    parts, end, length = list[str](), 0, 0
    for unseen in _UNSEEN.finditer(page):
        parts.append(page[end : unseen.start()].strip())
        end, length = unseen.end(), length + len(parts[-1])
        if length > _SHORT:
            break
    else:
        parts.append(page[end:])
    return " ".join(" ".join(parts).split())


def _find_little(text: str) -> str:
    """Return the word of an error in a text that says little besides."""
    found = _WORDS.search(text) if len(text) <= _SHORT else None
    return f"it says {found[0]!r}" if found else ""


def _find_complaint(objects: Sequence[Mapping[str, Any]]) -> str:
    """Return the first sign of an error in JSON objects, of which the first is the outermost."""
    for name, value in (member for one in objects for member in one.items()):
        key = _plain(name)
        if (key in _COMPLAINING and value) or (key in _TELLING and _is_bad(value)):
            return f"its {name!r} is {repr(value)[:_SHOWN]}"
    names = {_plain(name) for name in objects[0]} if objects else set()
    return "it holds nothing but a message" if names & _MESSAGES and names <= _AROUND else ""


def _plain(name: str) -> str:
    return re.sub("[^a-z]", "", name.lower())


def _is_bad(value: Any) -> bool:
    number = int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
    return value is False or 400 <= number < 600 or (isinstance(value, str) and bool(_BAD.search(value[:_SHOWN])))


def doubt_first(look: Look, *, reads: bool) -> str:
    """Return why an answer can't be the baseline for the others, "" if it can; ``reads`` says that it is of a GET."""
    if look.landed and look.password:
        return f"it came from {look.landed} after a redirect, and asks for a password"
    if look.parsed is not None and look.parsed.error:
        return "it has an 'error' of its own"
    if look.complaint or look.parsed is None:
        return look.complaint
    return f"it is {look.parsed.kind} that holds nothing" if reads and _holds_nothing(look.parsed) else ""


def _holds_nothing(parsed: Parsed) -> bool:
    return not parsed.filled and not parsed.texts


def doubt(look: Look, first: Look) -> str:
    """Return why an answer may not be what readers came for, "" if it is like the first good one."""
    if look.landed and not first.landed:
        return f"it came from {look.landed} after a redirect, as the first good answer did not"
    if look.password and not first.password:
        return "it asks for a password, as the first good answer did not"
    if why := _doubt_json(look, first):
        return why
    compared = f"it has {look.length:,} bytes, where the first good answer had {first.length:,}"
    if look.length * MUCH_LESS < first.length:
        return compared
    less = look.length * EMPTIED < first.length and look.links * EMPTIED < first.links
    return f"{compared}, and {look.links} links of {first.links}" if less else look.complaint


def _doubt_json(look: Look, first: Look) -> str:
    if look.parsed is None or first.parsed is None:
        return ""
    known, found = first.parsed.members, look.parsed.members
    if known and found and not known & found:
        return f"it has none of the first good answer's members, which were {name_some(known)}"
    if first.parsed.filled and not look.parsed.filled and look.length * EMPTIED < first.length:
        return "its lists hold nothing, as those of the first good answer did"
    return ""


def name_some(members: frozenset[str]) -> str:
    """Return the names of the first members."""
    return ", ".join(sorted(members)[:5])


@lru_cache(1)
def read_json(body: bytes) -> Parsed | None:
    """Return what an answer is as JSON, None for none that is an object or an array."""
    text = body.strip()
    if _CLOSING.get(text[:1]) != text[-1:]:
        return None
    kind = "an object" if text[:1] == b"{" else "an array"
    if len(body) > MOST_PARSED:
        return Parsed(kind)
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    members = found if isinstance(found, dict) else {}
    error = any(members.get(name) for name in _ERRORS)
    inside = list(_list_within(found, _DEPTH))
    lists = [each for each in inside if isinstance(each, list)]
    objects = [each for each in (*inside, *(found[:1] if isinstance(found, list) else ())) if isinstance(each, dict)]
    scalars = {
        repr(name): repr(value)
        for one in reversed(objects)
        for name, value in one.items()
        if _plain(name) in _TELLING and not isinstance(value, (dict, list))
    }
    return Parsed(
        kind,
        frozenset(members),
        error,
        filled=any(lists or inside[1:] or inside),
        texts=any(_list_texts(inside)),
        complaint=_find_complaint(objects),
        scalars=scalars,
    )


def _list_within(found: Any, depth: int) -> Iterator[Any]:
    """Yield an object and what lists and objects it holds, in order; nothing of what a list holds."""
    if isinstance(found, (list, dict)):
        yield found
    if depth and isinstance(found, dict):
        for each in found.values():
            yield from _list_within(each, depth - 1)


def _list_texts(inside: Iterable[Any]) -> Iterator[Any]:
    return (each for one in inside if isinstance(one, dict) for each in one.values() if isinstance(each, str))


#: Part of the first good page's length that no page of the same name is shorter than, however short it may be.
LEAST_PART: Final = 10
_END: Final = b"</html>"
_WITHOUT_BODY: Final = (204, 205)


class Expectation(Protocol):
    """The content that answers of one name must hold."""

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return what is wrong with a body, "" when nothing is."""

    def __str__(self) -> str: ...


#: The types of JSON by name, with an article.
_TYPES: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "boolean": ("a boolean", (bool,)),
    "number": ("a number", (int, float)),
    "string": ("a string", (str,)),
    "array": ("an array", (list,)),
    "object": ("an object", (dict,)),
    "null": ("null", (type(None),)),
}
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement on the answers of one name; on JSON by path, such as ``stories[].slug`` or ``stories[0].slug``."""

    status: tuple[int, ...] = ()
    text: tuple[str, ...] = ()
    least: int = 0
    """How many bytes."""
    json: Mapping[str, Any] = field(default_factory=dict)
    """Values by path."""
    schema: Mapping[str, str] = field(default_factory=dict)
    """Types by path, in the words of JSON Schema."""

    def find_fault(self, body: bytes, *, html: bool) -> str:  # noqa: ARG002  as stated, whatever it is
        """Return what is missing first, if anything is."""
        for text in self.text:
            if text.encode() not in body:
                return f"it lacks {text!r}, and has {len(body):,} bytes"
        if len(body) < self.least:
            return f"it has {len(body):,} bytes, at least {self.least:,} are stated"
        return self._find_json_fault(body) if self.json or self.schema else ""

    def _find_json_fault(self, body: bytes) -> str:
        try:
            found = json.loads(body)
        except ValueError:
            return "it is no JSON, as is stated"
        for path in (*self.json, *self.schema):
            values = _list_at(found, path)
            if not values:
                return f"it has no {path}"
            for value, type_ in ((value, _name_type(value)) for value in values):
                if path in self.json and (value != self.json[path] or type_ != _name_type(self.json[path])):
                    return f"its {path} is {repr(value)[:_SHOWN]}, and {self.json[path]!r} is stated"
                if type_ != (stated := self.schema.get(path, type_)):
                    return f"its {path} is {_TYPES[type_][0]}, and {stated} is stated"
        return ""

    def __str__(self) -> str:
        status = [f"status {' or '.join(map(str, self.status))}"] if self.status else []
        said = [*status, *map(repr, self.text), *(f"{path} = {value!r}" for path, value in self.json.items())]
        said += [f"{path} of type {type_}" for path, type_ in self.schema.items()]
        return ", ".join(said + [f"at least {self.least:,} bytes"] * (bool(self.least) or not said))


def _list_at(found: Any, path: str) -> list[Any]:
    """Return the values at a path, none if one of them is missing."""
    here = [found]
    try:
        for name, index in _STEP.findall(path):
            if not all(isinstance(each, dict if name else list) for each in here):
                return []
            if name or index:
                here = [each[name or int(index)] for each in here]
            else:
                here = [one for each in here for one in each]
    except LookupError:
        return []
    return here


def _name_type(value: Any) -> str:
    return next(name for name, (_, types) in _TYPES.items() if isinstance(value, types))


#: Key of a statement -> whether a value, in a list unless it is a table, says something.
_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "status": lambda value: isinstance(value, list) and all(type(one) is int and 100 <= one < 600 for one in value),
    "text": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "bytes": lambda value: isinstance(value, list) and len(value) == 1 and type(value[0]) is int and value[0] >= 0,
    "json": lambda value: isinstance(value, dict) and not any(isinstance(one, (dict, list)) for one in value.values()),
    "schema": lambda value: isinstance(value, dict) and all(str(one) in _TYPES for one in value.values()),
}


def read_statement(held: Any) -> Stated:
    """Return what is stated of the answers of one name. Raises ValueError, which says what to write."""
    given: Any = {"text": held} if isinstance(held, str) else {"bytes": held} if type(held) is int else held
    tables = given.items() if isinstance(given, dict) else ()
    lists: dict[str, Any] = {key: [value] if isinstance(value, (str, int)) else value for key, value in tables}
    if not lists or not all(key in _SOUND and value and _SOUND[key](value) for key, value in lists.items()):
        raise ValueError(
            f"is {held!r}; write a text, a number of bytes, or a table of status, text, bytes, json and schema"
        )
    return Stated(
        status=tuple(lists.get("status", ())),
        text=tuple(lists.get("text", ())),
        least=lists.get("bytes", [0])[0],
        json=lists.get("json", {}),
        schema=lists.get("schema", {}),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page like the first good one."""

    length: int
    ended: bool

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return why it can't be such a page, if it can't."""
        if not html:
            return "it is no HTML, as the first good answer was"
        if self.ended and _END not in body.lower():
            return "it lacks '</html>', which the first good answer had"
        short = len(body) * LEAST_PART < self.length
        return f"it has {len(body):,} bytes, where the first good answer had {self.length:,}" if short else ""

    def __str__(self) -> str:
        return f"HTML of {-(-self.length // LEAST_PART):,} bytes or more{', to its end' if self.ended else ''}"


@dataclass(frozen=True, slots=True)
class Json:
    """JSON like the first good answer: an array, or an object, which names no error and is not empty."""

    kind: str
    members: frozenset[str]

    def find_fault(self, body: bytes, *, html: bool) -> str:  # noqa: ARG002
        """Return why it can't be such JSON, if it can't."""
        found = read_json(body)
        if found is None:
            return "it is no JSON, as the first good answer was"
        if found.kind != self.kind:
            return f"it is {found.kind}, where the first good answer was {self.kind}"
        if found.error:
            return "it has an 'error' of its own, as the first good answer did not"
        if self.members and len(body) <= MOST_PARSED and not found.members:
            return f"it has none of the first good answer's members, which were {name_some(self.members)}"
        return ""

    def __str__(self) -> str:
        some = f" with any of {name_some(self.members)}" if self.members else ""
        return f"JSON, {self.kind}{some}"


@dataclass(frozen=True, slots=True)
class Anything:
    """Any content that is not empty (unless the first good answer was) and no page of HTML."""

    empty: bool

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return that it is empty or a page, if it is."""
        if not body:
            return "" if self.empty else "it is empty, as the first good answer was not"
        return "it is a page of HTML, as the first good answer was not" if html else ""

    def __str__(self) -> str:
        return "anything" if self.empty else "anything but nothing and HTML"


def read_stated(stated: Any) -> dict[str, Any]:
    """Return what is stated of answers, by request: a name without a method is that of a GET.

    Raises ValueError for what says nothing.
    """
    try:
        if not isinstance(stated, dict) or not all(isinstance(name, str) for name in stated):
            raise ValueError
        for held in stated.values():
            read_statement(held)
    except ValueError as error:
        raise ValueError(
            f"has holds = {stated!r}; write a text or a number of bytes by name, as in "
            '{"/": "</html>", "POST /login": 0}, or a table of status, text, bytes, json and schema'
        ) from error
    return {name if " " in name else f"GET {name}": held for name, held in stated.items()}


#: So many answers with the same value make it constant.
CONSTANT: Final = 20


class Contents:
    """The contents of the answers of one process; ``stated`` is by request, such as ``GET /``."""

    def __init__(self, stated: Mapping[str, Any]) -> None:
        self._stated = {request: read_statement(held) for request, held in stated.items()}
        self._expected: dict[str, Expectation] = {**self._stated}
        self._first: dict[str, Look] = {}
        """Request -> a description of its first good answer, if nothing is stated about it."""
        self.bare: set[str] = set()
        """Requests of which an answer was taken by its status alone: it has no content, or nobody read it here."""
        self._scalars: dict[str, dict[str, tuple[str, int]]] = {}
        """Request -> name -> the value that all its answers had, and how many they are."""

    @property
    def learned(self) -> list[str]:
        """The requests about which nothing is stated."""
        return sorted(self._first.keys() | self.bare)

    def expects(self, request: str, status: int) -> bool:
        """Whether it is stated that an answer may have this status, whatever it is."""
        return request in self._stated and status in self._stated[request].status

    def find_fault(self, request: str, status: int, header: GetHeader, body: bytes, landed: str = "") -> str:
        """Return why an answer without an error is no success, "" when it is one; the first is the baseline.

        ``landed`` is the address after redirects, if it differs from the requested one.
        """
        stated = self._stated.get(request)
        if stated and stated.status and status not in stated.status:
            return f"its status is {status}, and {' or '.join(map(str, stated.status))} is stated"
        if stated is None and not _must_hold_something(request, status):
            self.bare.add(request)
            return ""
        html = _is_html(header("content-type") or "", body)
        expected = self._expected.get(request)
        if expected is None:
            if not body and request.startswith("GET "):
                return "it is empty; where that is right, let the locustfile's 'holds' say 0 for it"
            if self.find_doubt(request, status, header, body, landed):
                return ""
            expected = self._expected[request] = _learn(body, html=html)
            self._first[request] = look_at(body, html=html, landed=landed)
        fault = expected.find_fault(body, html=html)
        return f"{fault}; what answers hold can be stated as 'holds' in the locustfile" if fault else ""

    def find_doubt(self, request: str, status: int, header: GetHeader, body: bytes, landed: str = "") -> str:
        """Return why an answer without a fault may not be what readers came for, "" if it is, or if that is stated."""
        if status // 100 in (4, 5) and not self.expects(request, status):
            return f"only the locustfile calls its status {status} a success"
        first = self._first.get(request)
        if request in self._stated or not _must_hold_something(request, status):
            return f"its status is {status}, without the content that the first good answer had" if first else ""
        look = look_at(body, html=_is_html(header("content-type") or "", body), landed=landed)
        if first is None:
            return doubt_first(look, reads=request.startswith("GET "))
        return doubt(look, first) or self._compare_scalars(request, look, first)

    def _compare_scalars(self, request: str, look: Look, first: Look) -> str:
        """Return which value changed that had been the same in many answers; one that varies early counts no more."""
        if look.scalars is None:
            return ""
        seen = self._scalars.setdefault(request, {name: (value, 0) for name, value in (first.scalars or {}).items()})
        for name, (value, times) in [*seen.items()]:
            found = look.scalars.get(name, "missing")
            if found == value:
                seen[name] = value, times + 1
            elif times >= CONSTANT:
                return f"its {name} is {found}, which was {value} in the first {CONSTANT} answers"
            else:
                del seen[name]
        return ""

    def describe(self) -> dict[str, str]:
        """Return by request what its answers must hold."""
        held = {request: str(expected) for request, expected in self._expected.items()}
        return held | dict.fromkeys(self.bare, "its status alone")


def _must_hold_something(request: str, status: int) -> bool:
    return status // 100 == 2 and status not in _WITHOUT_BODY and not request.startswith("HEAD ")


def _is_html(type_: str, body: bytes) -> bool:
    return "html" in type_.lower() or body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _learn(body: bytes, *, html: bool) -> Expectation:
    if html:
        return Page(len(body), ended=_END in body.lower())
    parsed = read_json(body)
    return Json(parsed.kind, parsed.members) if parsed else Anything(empty=not body)
