"""How what is in front of a site marks answers that are not the site's: puzzles, and refusals of what may be no person.

Sources: Cloudflare, "Detect a Challenge Page response"; AWS WAF, "CAPTCHA and Challenge in AWS WAF"; DataDome,
"Validate request"; Vercel, "Firewall". DataDome names itself in each answer, and marks those that it gives itself by
their status, or by X-DD-B where they are JSON.
"""

from __future__ import annotations

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
