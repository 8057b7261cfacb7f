"""Harmless attack strings, which a firewall's managed rules recognise, sent as a reader's query.

Each is refused by AWS's managed groups (SQLiRuleSet, CommonRuleSet), and does nothing where it is not refused: it reads
no file that matters, names no table, and runs in no browser.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

#: Attack -> the value of the query parameter.
ATTACKS: Final = {
    "an SQL injection": "1' OR '1'='1' UNION SELECT NULL,NULL-- ",
    "a directory traversal": "../../../../../../etc/passwd",
    "a script": "<script>alert(document.cookie)</script>",
}
#: An ordinary value of the same parameter.
ORDINARY: Final = "game seven"
#: The query parameter; firewalls inspect all of them.
_PARAMETER: Final = "q"


def add_query(url: str, value: str) -> str:
    """Return an address with one more query parameter, which holds the value."""
    parts = urlsplit(url)
    more = f"{_PARAMETER}={quote(value, safe='')}"
    return parts._replace(query=f"{parts.query}&{more}" if parts.query else more).geturl()
