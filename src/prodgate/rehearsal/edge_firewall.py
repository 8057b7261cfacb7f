"""The firewall of the edge: refuses the attacks that the probes send, as AWS's managed rules would.

A few patterns, in the query only. It shows that a probe can tell a firewall that refuses from one that does not; it
does not show how well AWS's own rules recognise attacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus, urlsplit

_PATTERNS: Final = {
    "an SQL injection": re.compile(r"('|\")\s*(or|and)\s+.*=|\bunion\s+(all\s+)?select\b", re.IGNORECASE),
    "a directory traversal": re.compile(r"\.\./\.\./|/etc/passwd"),
    "any query": re.compile("."),
    "a script": re.compile(r"<\s*script\b|javascript:|\bon\w+\s*=", re.IGNORECASE),
}


def is_refused(target: str, kinds: Iterable[str]) -> bool:
    """Whether a request with this target is refused by rules against these kinds of attack."""
    query = unquote_plus(urlsplit(target).query)
    return any(bool(_PATTERNS[kind].search(query)) for kind in kinds)
