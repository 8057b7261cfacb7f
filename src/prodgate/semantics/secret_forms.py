"""Telling a secret from an ordinary value: by the form that its issuer gives it, by its name, by its entropy."""

import base64
import binascii
import gzip
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["HANDED_IN", "credential_form", "find_packed", "find_secret", "find_secrets"]

#: What is said of a key in a provider block that stands in the source, in a default or in a variable file.
WRITTEN: Final = "is written out"
#: What is said of a key in a provider block that a variable without a value, data or something that ends hands in.
HANDED_IN: Final = "is handed in when it runs"

#: Things that are secrets wherever they stand.
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key id": re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b"),
    "a Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/T\w+/B\w+/\w+"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}\b"),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@$<{]*:[^\s/@$<{]+@[\w.\[-]"),
}

#: What every one of them, and every mark of one, has in it.
_FORM: Final = re.compile(
    r"-----BEGIN|AKIA|ASIA|gh[pousr]_|github_pat_|xox|hooks\.slack|AIza|eyJ|k_live_|://|\(redacted:"
)
#: Stands where a secret was taken out before anything was kept; says what it was.
_REDACTED: Final = re.compile(r"\(redacted: ?([^()]*)\)")

#: Kind of a text that is a secret in another place: in this one it may be none.
ELSEWHERE: Final = "a secret of another place"

#: Words of a name that announce a secret, and words that announce where one is kept, how long or for whom.
_SECRET = re.compile(
    r"(?i)(?:password|passwd|passphrase|(?:^|[_./\-]|(?-i:(?<=[a-z])(?=[A-Z])))(?:pass(?![_./-])|pwd|secret|token|credentials?|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|fernet[_-]?key|signing[_-]?key|encryption[_-]?key|"
    r"conn(?:ection)?_?string|sql_alchemy_conn))(?:$|[_./\-\d])"
)
_ABOUT = re.compile(
    r"(?i)(?:arn|name|id|path|prefix|url|uri|endpoint|length|policy|file|enabled|type|ttl|expiry|expiration|rotation|"
    r"version|backend|kwargs|days|hours|minutes|seconds|count|max|min|parameter|header|issuer|audience|algorithm|^(?:next|continuation)[-_]?token)s?$"
)
#: Where a value refers to a secret instead of holding it.
_REFERENCE = re.compile(
    r"(?:arn:aws[\w-]*:(?:secretsmanager|ssm|kms|iam):.*|\{\{resolve:.*\}\}|\$.*|/[\w./-]+|<[^>]*>|"
    r"(?i:true|false|none|null|disabled|enabled|read|write|required|optional)|\d{1,6})"
)
#: What a script gives to chpasswd, and what a program in PHP defines.
_PASSED: Final = re.compile(r"(?<![\w.-])[\w.-]++:(?P<value>[^\s\"':|]++)[\"']?\s*+\|\s*(?:sudo\s+)?chpasswd\b")
#: What programs are given on their command line, by an option or in its place.
_GIVEN: Final = {
    f"{program} password": re.compile(rf"{command}[\"']?(?P<value>[^\s\"'$]+)")
    for program, command in {
        "curl": r"\bcurl\b[^\n|;&]{0,1000}\s(?:-u|--user)[ =]*[\"']?[\w.@-]+:",
        "mysql": r"\bmysql\w*+(?:(?!\bmysql)[^\n|;&]){0,1000}\s-p",
        "sshpass": r"\bsshpass\s+-p\s*",
        "redis-cli": r"\bredis-cli\b[^\n|;&]{0,1000}\s-a\s+",
        "docker": r"\bdocker\s+login\b[^\n|;&]{0,1000}\s-p[ =]*",
        "htpasswd": r"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+",
        "aws configure": r"\baws\s+configure\s+set\s+(?:\S+\.)?aws_secret_access_key\s+",
        "given": r"\s--[\w-]*(?:password|passwd)\s+(?!-)",
    }.items()
}
_DEFINED: Final = re.compile(r"\bdefine\(\s*([\"'])(?P<name>\w+)\1\s*,\s*([\"'])(?P<value>[^\"']*)\3")
#: What a script, a document or a program assigns; a value without quotes ends its line, or stands close to its name.
_ASSIGNED: Final = tuple(map(re.compile, (
    r"(?<![\w-])[-\d]*+([A-Za-z_][\w-]*+)=(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'&;]+)",
    r"(?<![\w.-])[-.\d]*+([A-Za-z_][\w.-]*+)[\"']?(?: {0,40}=|:) {1,40}(?P<value>\"[^\"\n]*\"|'[^'\n]*')",
    r"(?m)^[ \t-]*([A-Za-z_][\w.-]*):[ \t]+(?P<value>[^\s\"'&*|>{\[#]\S*)[ \t]*$",
)))  # fmt: skip
#: What every text has in which something is assigned or given.
_ASSIGNS: Final = re.compile(r"[=:]|pass|curl|mysql|redis-cli|docker|define\(|aws\s")
#: Text in base64, with the line breaks that a mail has.
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}(?:\r?\n[A-Za-z0-9+/]+)*={0,2}")
#: Most bytes that are unpacked.
_UNPACKED: Final = 1 << 22
#: A private key with all that follows, in case its end was cut off.
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----.*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|\Z)", re.DOTALL)
_RANDOM_TEXT: Final = "a random text"
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{32,}")


def credential_form(value: str) -> str:
    """Return what kind of credential a text holds; nothing when it holds none.

    A text from which a credential was taken out says so still.
    """
    if not _FORM.search(value):
        return ""
    for mark in _REDACTED.finditer(value):
        if mark[1] in FORMS:
            return mark[1]
    return next((kind for kind, form in FORMS.items() if form.search(value)), "")


def find_secret(name: str, value: str) -> str:
    """Return what makes ``value``, which stands under ``name``, look like a secret; nothing when it does not.

    >>> find_secret("DB_PASSWORD", "hunter2"), find_secret("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:::x")
    ('its name', '')
    """
    if form := credential_form(value):
        return form
    bare = value.strip().strip("'\"")
    if not bare or _REFERENCE.fullmatch(bare):
        return ""
    if _SECRET.search(name) and not _ABOUT.search(name):
        return "its name"
    if not re.search(r"(?i)key|auth|salt", name):
        return ""
    return _RANDOM_TEXT if value == redaction(_RANDOM_TEXT) or _is_random(value) else ""


def leaf(name: str) -> str:
    """Return the last part of a dotted name, which says what the value is."""
    return name.rpartition(".")[2]


def find_secrets(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, why) of each secret in a text that stands under a name, also assigned or packed in it.

    >>> [*find_secrets("user_data", "echo 'ops:hunter2' | chpasswd; export DB_TOKEN=hunter2")]
    [('DB_TOKEN', 'its name'), ('password', 'its name')]
    """
    if why := find_secret(leaf(name), text):
        yield leaf(name), why
    yield from (
        (inner, why) for inner, start, end in list_assignments(text) if (why := find_secret(inner, text[start:end]))
    )
    for packed in find_packed(text):
        yield from find_secrets(name, packed.text)


def list_assignments(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (name, start, end) of what a text has as ``NAME=value``, where the value stands without its quotes, or
    gives to a program as a password."""
    if not _ASSIGNS.search(text):
        return
    text = _REDACTED.sub(lambda mark: "x" * len(mark[0]), text)  # one word, as what stood there
    for form in _ASSIGNED:
        for match in form.finditer(text):
            quoted = match["value"][0] in "\"'"
            yield leaf(match[1]), match.start("value") + quoted, match.end("value") - quoted
    for name, given in {"password": _PASSED, **_GIVEN}.items():
        yield from ((name, *match.span("value")) for match in given.finditer(text))
    yield from ((match["name"], *match.span("value")) for match in _DEFINED.finditer(text))


@dataclass(frozen=True, slots=True)
class Packed:
    """A part of a text that holds another one, in base64, compressed or not."""

    start: int
    end: int
    text: str
    compressed: bool

    def pack(self, text: str) -> str:
        """Return another text packed the same way."""
        data = text.encode()
        return base64.b64encode(gzip.compress(data, mtime=0) if self.compressed else data).decode("ascii")


def find_packed(text: str) -> Iterator[Packed]:
    """Yield the parts of a text that hold another text in base64, which may be compressed by gzip."""
    for match in _BASE64.finditer(text):
        try:
            data = base64.b64decode("".join(match[0].split()), validate=True)
            if compressed := data.startswith(b"\x1f\x8b"):
                data = zlib.decompressobj(wbits=31).decompress(data, _UNPACKED)
            inner = data.decode()
        except (binascii.Error, UnicodeDecodeError, zlib.error):
            continue
        if "\0" not in inner:
            yield Packed(match.start(), match.end(), inner, compressed)


def redact_credentials(text: str) -> str:
    """Return a text with a mark in place of each credential; ``credential_form`` recognises the mark."""
    if not _FORM.search(text):
        return text
    text = _KEY.sub(redaction("a private key"), text)
    for kind, form in FORMS.items():
        text = form.sub(redaction(kind), text)
    return text


def is_redacted(text: str) -> bool:
    """Whether a text is nothing but a mark."""
    return _REDACTED.fullmatch(text) is not None


def redaction(kind: str) -> str:
    """Return what stands in place of a secret."""
    return f"(redacted: {kind})"


def _is_random(value: str) -> bool:
    """Whether a text is long, of one piece, and has the entropy of a generated key (more than 4 bits a character)."""
    if not _RANDOM.fullmatch(value) or not re.search(r"\d", value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) > 4
