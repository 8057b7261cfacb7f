"""Telling a secret from an ordinary value: by the form that its issuer gives it, by its name, by its entropy."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["HANDED_IN", "credential_form", "find_assignments", "find_secret"]

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

#: Stands where a secret was taken out before anything was kept; says what it was.
_REDACTED: Final = re.compile(r"\(redacted: ([^()]*)\)")

#: Words of a name that announce a secret, and words that announce where one is kept, how long or for whom.
_SECRET = re.compile(
    r"(?i)(?:password|passwd|passphrase|(?:^|[_./\-]|(?-i:(?<=[a-z])(?=[A-Z])))(?:pass(?![_./-])|pwd|secret|token|credentials?|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|fernet[_-]?key|signing[_-]?key|encryption[_-]?key|"
    r"conn(?:ection)?_?string|sql_alchemy_conn))(?:$|[_./\-\d])"
)
_ABOUT = re.compile(
    r"(?i)(?:arn|name|id|path|prefix|url|uri|endpoint|length|policy|file|enabled|type|ttl|expiry|expiration|rotation|"
    r"version|backend|kwargs|days|hours|minutes|seconds|count|max|min|parameter|header|issuer|audience|algorithm)s?$"
)
#: Where a value refers to a secret instead of holding it.
_REFERENCE = re.compile(
    r"(?:arn:aws[\w-]*:(?:secretsmanager|ssm|kms|iam):.*|\{\{resolve:.*\}\}|\$.*|/[\w./-]+|<[^>]*>|"
    r"(?i:true|false|none|null|disabled|enabled)|\d{1,6})"
)
#: What a script gives to chpasswd, and what a program in PHP defines.
_PASSED: Final = re.compile(r"[\"']?[\w.-]+:(?P<value>[^\s\"':|]+)[\"']?\s*\|\s*(?:sudo\s+)?chpasswd\b")
#: What programs are given on their command line, by an option or in its place.
_GIVEN: Final = {
    f"{program} password": re.compile(rf"{command}[\"']?(?P<value>[^\s\"'$]+)")
    for program, command in {
        "curl": r"\bcurl\b[^\n|;&]*\s(?:-u|--user)[ =]*[\"']?[\w.@-]+:",
        "mysql": r"\bmysql\w*[^\n|;&]*\s-p",
        "sshpass": r"\bsshpass\s+-p\s*",
        "redis-cli": r"\bredis-cli\b[^\n|;&]*\s-a\s+",
        "docker": r"\bdocker\s+login\b[^\n|;&]*\s-p[ =]*",
        "htpasswd": r"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+",
        "aws configure": r"\baws\s+configure\s+set\s+(?:\S+\.)?aws_secret_access_key\s+",
        "given": r"\s--[\w-]*(?:password|passwd)\s+(?!-)",
    }.items()
}
_DEFINED: Final = re.compile(r"\bdefine\(\s*([\"'])(?P<name>\w+)\1\s*,\s*([\"'])(?P<value>[^\"']*)\3")
_ASSIGNED = re.compile(r"([A-Za-z_][\w-]*)=(\"[^\"]*\"|'[^']*'|[^\s\"'&;]+)")
#: A private key with all that follows, in case its end was cut off.
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----.*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|\Z)", re.DOTALL)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{32,}")


def credential_form(value: str) -> str:
    """Return what kind of credential a text holds; nothing when it holds none.

    A text from which a credential was taken out says so still.
    """
    if taken := _REDACTED.search(value):
        return taken[1]
    return next((kind for kind, form in FORMS.items() if form.search(value)), "")


def find_secret(name: str, value: str) -> str:
    """Return what makes ``value``, which stands under ``name``, look like a secret; nothing when it does not.

    >>> find_secret("DB_PASSWORD", "hunter2"), find_secret("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:::x")
    ('its name', '')
    """
    if form := credential_form(value):
        return form
    if not value.strip() or _REFERENCE.fullmatch(value.strip()):
        return ""
    if _SECRET.search(name) and not _ABOUT.search(name):
        return "its name"
    return "a random text" if re.search(r"(?i)key|auth|salt", name) and _is_random(value) else ""


def find_assignments(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of what a command or a script has as ``NAME=value``, without quotes, or gives as a password.

    >>> [*find_assignments("echo 'ops:hunter2' | chpasswd"), *find_assignments("define('DB_PASSWORD', 'hunter2');")]
    [('password', 'hunter2'), ('DB_PASSWORD', 'hunter2')]
    """
    for match in _ASSIGNED.finditer(text):
        yield match[1], match[2].strip("\"'")
    for name, given in {"password": _PASSED, **_GIVEN}.items():
        yield from ((name, match["value"]) for match in given.finditer(text))
    yield from ((match["name"], match["value"]) for match in _DEFINED.finditer(text))


def redact_credentials(text: str) -> str:
    """Return a text with a mark in place of each credential; ``credential_form`` recognises the mark."""
    text = _KEY.sub(redaction("a private key"), text)
    for kind, form in FORMS.items():
        text = form.sub(redaction(kind), text)
    return text


def redaction(kind: str) -> str:
    """Return what stands in place of a secret."""
    return f"(redacted: {kind})"


def _is_random(value: str) -> bool:
    """Whether a text is long, of one piece, and has the entropy of a generated key (more than 4 bits a character)."""
    if not _RANDOM.fullmatch(value) or not re.search(r"\d", value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) > 4
