"""The signs that a response is not the requested page: a puzzle, a refusal of a possible robot, or a sign-in.

Sources: Cloudflare, "Detect a Challenge Page response"; AWS WAF, "CAPTCHA and Challenge in AWS WAF"; DataDome,
"Validate request"; Vercel, "Firewall". DataDome names itself in each answer, and marks those that it gives itself by
their status, or by X-DD-B where they are JSON.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

#: Headers that mark such an answer whatever its status.
_MARKS: Final = ("cf-mitigated", "x-amzn-waf-action", "x-dd-b", "x-vercel-mitigated")
#: One that marks it where the request is refused.
_NAMED: Final = "x-datadome"
_REFUSALS: Final = (401, 403)
_TOO_MANY: Final = 429
#: All headers by which it can be told.
HEADERS: Final = (*_MARKS, _NAMED)


def find_challenge(status: int, headers: Mapping[str, str]) -> str:
    """Return how an answer is marked as none of the site's, such as ``403, cf-mitigated: challenge``, or nothing.

    Names of headers are in lower case. 429 is such an answer without a mark.
    """
    return find_mark(status, headers.get) or (str(status) if status == _TOO_MANY else "")


def find_mark(status: int, header: Callable[[str], str | None]) -> str:
    """Return the same of the headers alone; ``header`` returns the value of one, and None where it was not sent.

    >>> find_mark(202, {"x-amzn-waf-action": "challenge"}.get), find_mark(200, {"x-datadome": "protected"}.get)
    ('202, x-amzn-waf-action: challenge', '')
    """
    names = (*_MARKS, _NAMED) if status in _REFUSALS else _MARKS
    said = [f"{name}: {value}" for name in names if (value := header(name)) is not None]
    return ", ".join([str(status), *said]) if said else ""


# ── A page where one signs in: its address, and a field for a password

_PLACE: Final = re.compile(r"(?i)/(?:(?:log|sign)[-_]?(?:in|on)|auth|oauth2?|sso|saml2?|sessions?(?:/new)?)(?:[/.]|$)")
_NEW: Final = re.compile(r"(?i)/[\w-]*(?:sign[-_]?up|regist|join|password|reset|forgot|invit|activat)[\w-]*(?:[/.]|$)")
_FIELD: Final = re.compile(rb"""(?i)<input\b[^<>]*\btype\s*=\s*["']?password\b""")


def is_sign_in(path: str) -> bool:
    """Whether the path of an address is that of a page for signing in."""
    return bool(_PLACE.search(path))


def is_for_strangers(path: str) -> bool:
    """Whether it is that of a page on which who has not signed in writes a password: to do so, or to join."""
    return is_sign_in(path) or bool(_NEW.search(path))


def has_password_field(html: bytes) -> bool:
    """Whether a page, or the beginning of it, has a field for a password."""
    return bool(_FIELD.search(html))
