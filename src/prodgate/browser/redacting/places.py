"""What stands where a secret stands: under its name, in an address, in a header, in a body."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ...semantics.secret_forms import credential_form, find_secret

#: (what stands there, whether it is a secret however short it is)
Found = tuple[str, bool]

#: Names of what only its owner knows, even if it is short.
_TYPED: Final = re.compile(
    r"(?i)passw|passphrase|passcode|passkey|(?:^|_)(?:pass|pwd|pw|pin|[th]?otp|mfa|2fa|cvv2?|cvc2?|csc|ssn|iban|pan)(?:_|$|\d)"
    r"|one[_-]?time|(?:security|verification|sms|recovery|backup|confirmation)_?(?:code|answer)|card_?(?:num|no)|secret_?answer"
    r"|mother.?s?_?maiden|kennwort|mots?_de_passe|contrase|(?:^|_)(?:senha|clave|haslo|hasło|heslo)(?:_|$|\d)|wachtwoord|salasana|l[oö]senord"
    r"|парол|密码|密碼|口令|验证码|驗證碼|비밀번호|암호|パスワード|暗証|認証コード|ワンタイム|セキュリティコード|カード番号"
)
#: Names of what a machine gives to recognise somebody.
_GIVEN: Final = re.compile(
    r"(?i)token|secret|session|credential|signature|csrf|xsrf|api_?key|(?:access|private|secret|shared|account|auth|license|encryption"
    r"|signing|client|master|public|user|subscription|security)_?key|assertion|saml|(?:^|_)(?:jwt|sid|sess|sig|hmac|ticket|bearer|authorization"
    r"|authentication|cookies?|auth|verifier|refresh|oauth|sso|relay_?state|nonce|remember(?:_?me)?|magic|invite|otc)(?:_|$|\d)|sess_?id|トークン|認証"
)
#: Names under which a secret may stand, or a plain word: what stands there must look like one.
_PERHAPS: Final = re.compile(
    r"(?i)(?:^|_)(?:key|keys|code|state|hash|challenge|proof|pass|auth|nonce|magic|invite|refresh)(?:_|$|\d)"
)
#: Ends of names of what is told about a secret.
_ABOUT: Final = re.compile(
    r"(?i)_(?:type|url|uri|endpoint|name|length|expires?|expiry|expiration|in|at|count|enabled|policy|label|hint|placeholder|message|error"
    r"|field|max|min|ttl|version|required|strength|title|text|description|algorithm|method)$"
)
#: Parameters of addresses that let somebody in, beside those with such a name.
_PARAMETERS: Final = re.compile(r"code|state|key|hash|policy|key_pair_id|signed|hdnts|hdnea|pass")
#: Headers that are no secret in spite of their names.
_PLAIN_HEADERS: Final = re.compile(
    r"(?i)access-control-.*|sec-websocket-(?:version|protocol|extensions)|www-authenticate|.*-policy(?:-.*)?|surrogate-key|keep-alive|author"
)
_HEADERS: Final = re.compile(
    r"(?i)cookie|auth(?!or$)|token|secret|key|session|csrf|xsrf|credential|signature|passw|jwt|bearer|ticket|otp|(?:^|-)(?:sid|sig|pin|code)(?:-|$)"
)
#: A word or some, as a form says what is to be written in it.
_LABEL: Final = re.compile(r"[^\W\d_]?[^\W\d_A-Z]*(?: [^\W\d_]?[^\W\d_A-Z]*){0,5}[.…?!:：]?")
_SCHEME: Final = re.compile(r"(?i)(?:bearer|basic|token|digest|negotiate|apikey) +(?=\S+$)")
_PLAIN: Final = ("true", "false", "null", "none", "undefined")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ONCE: Final = re.compile(
    r"(?i)/(?:reset|magic|invite|invitation|verify|verification|confirm|activate|activation|token|unsubscribe|sso|auth|s)[\w-]*/([\w~.%=-]{6,})"
)
#: What looks like nothing but a secret, whatever its name; names and forms of what only looks so.
_RANDOM: Final = re.compile(
    r"(?=.*\d)(?=.*[A-Za-z])(?:[\w+=~.-]{24,}|(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+][A-Za-z0-9+/]{31,}={0,2})"
)
_COUNTED: Final = re.compile(
    r"(?:^|_)(?:id|ids|hash|etag|digest|checksum|integrity|slug|src|href|image|file|build|commit|version|class)$"
)
_NO_SECRET: Final = re.compile(
    r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|sha\d{3}-.*|[\w-]*\d{4}-\d\d-\d\d.*|.*\.(?:js|css|svg|png|jpe?g|webp|avif|woff2?|html?|json|map)"
)


def split_name(name: str) -> str:
    """Return a name in lower case, its words joined by underscores."""
    return re.sub(r"[\W_]+", "_", _CAMEL.sub("_", name)).strip("_").lower()


def is_typed_name(name: str) -> bool:
    """Whether what stands under a name is known to its owner, such as a password."""
    words = split_name(name)
    return bool(_TYPED.search(words) and not _ABOUT.search(words))


def is_secret_header(name: str) -> bool:
    """Whether a header lets somebody in."""
    return bool(_HEADERS.search(name)) and not _PLAIN_HEADERS.fullmatch(name)


def is_secret_parameter(name: str, value: str) -> str:
    """Return what makes the value of a parameter of an address a secret, "" if nothing does."""
    words = split_name(unquote(name))
    named = is_typed_name(words) or _GIVEN.search(words) or _PARAMETERS.fullmatch(words)
    return find_secret(name, value) or ("its name" if named and not _ABOUT.search(words) else "")


def find_named(name: str, value: str, *, sent: bool = False) -> Iterator[Found]:
    """Yield a value if it is a secret by its name or its form. What a person ``sent`` is no label, even if a word."""
    words, text = split_name(name), value.strip()
    if not text or text.lower() in _PLAIN or _ABOUT.search(words):
        return
    label = not sent and _is_label(text)
    if credentials := _SCHEME.match(text):
        yield text[credentials.end() :].strip(), False
    if _TYPED.search(words) and not label:
        yield text, True
        return
    given = _GIVEN.search(words) and not label
    perhaps = _PERHAPS.search(words) and _looks_opaque(text)
    random = _RANDOM.fullmatch(text) and not _COUNTED.search(words) and not _NO_SECRET.fullmatch(text)
    if given or perhaps or random or credential_form(text):
        yield text, False


def _is_label(text: str) -> bool:
    """Whether a text is what a form says is to be written in it: some words, or the one for what is secret there."""
    words = (
        " " in text or not text.isascii() or bool(_TYPED.search(split_name(text)) or _GIVEN.search(split_name(text)))
    )
    return words and bool(_LABEL.fullmatch(text))


def _looks_opaque(text: str) -> bool:
    return " " not in text and (bool(re.search(r"\d", text)) or (len(text) >= 12 and not text.isalpha()))


def find_in_address(url: str) -> Iterator[Found]:
    """Yield the secrets of an address: parameters of its query and its fragment, a password, what opens a door once."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:  # no address
        return
    yield from [(unquote(password), True)] if password else []
    beside = parts.path.partition(";")[2].replace("/", ";").replace(";", "&")  # ;jsessionid=…
    for text in (beside, parts.query, parts.fragment.lstrip("!/").rpartition("?")[2]):
        yield from _find_in_pairs(parse_qsl(text))
    yield from ((unquote(once), False) for once in _ONCE.findall(parts.path) if _looks_opaque(once))


def _find_in_pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[Found]:
    for name, value in pairs:
        if is_secret_parameter(name, value):
            yield value, is_typed_name(name)
        if "://" in value:
            yield from find_in_address(value)


def find_in_header(name: str, value: str) -> Iterator[Found]:
    """Yield the secrets of a header: values of cookies, what follows a scheme, a password in Base64, addresses."""
    if name.lower() in ("cookie", "set-cookie"):
        for line in value.split("\n"):
            pairs = line.split(";") if name.lower() == "cookie" else line.split(";")[:1]
            yield from (each for pair in pairs for each in find_in_cookie(pair.partition("=")[2].strip()))
    elif is_secret_header(name):
        yield value.strip(), False
        scheme, _, rest = value.strip().partition(" ")
        yield from [(rest, False)] if rest else []
        yield from ((text.strip('"'), False) for text in re.findall(r'=\s*("[^"]+"|[^\s,"]+)', rest))
        if scheme.lower() == "basic":
            yield from _find_in_basic(rest)
    elif "://" in value or "?" in value:
        yield from (
            each for url in re.findall(r"[^\s,;<>\"]*[?#:][^\s,;<>\"]*", value) for each in find_in_address(url)
        )


def find_in_cookie(value: str) -> Iterator[Found]:
    """Yield the value of a cookie, and the parts of one that is JSON."""
    yield from ((text, False) for text in {value, value.strip('"'), unquote(value)})
    yield from ((text, False) for text in leaves(unquote(value)))


def _find_in_basic(text: str) -> Iterator[Found]:
    try:
        yield base64.b64decode(text).decode("utf-8", "replace").partition(":")[2], True
    except binascii.Error:
        return


def leaves(text: str) -> Iterator[str]:
    """Yield each text and number in a text that is JSON, however often it is JSON within JSON."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    for leaf in _leaves_of(value):
        yield leaf
        yield from leaves(leaf)


def _leaves_of(value: Any) -> Iterator[str]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield str(value)
    for each in inner:
        yield from _leaves_of(each)
