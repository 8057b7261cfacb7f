"""Attack strings that harm nobody: what managed rules of a firewall know at once, sent as a reader's query.

Each is one that AWS's managed groups refuse (SQLiRuleSet, CommonRuleSet), and that does nothing where nobody refuses
it: it reads no file that matters, names no table, and runs in no browser.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

#: Attack -> what is sent as the value of a query.
ATTACKS: Final = {
    "an SQL injection": "1' OR '1'='1' UNION SELECT NULL,NULL-- ",
    "a directory traversal": "../../../../../../etc/passwd",
    "a script": "<script>alert(document.cookie)</script>",
}
#: What a reader sends in the same place.
ORDINARY: Final = "game seven"
#: The parameter that holds it; firewalls look at all.
_PARAMETER: Final = "q"


def add_query(url: str, value: str) -> str:
    """Return an address with one more parameter, which holds the value."""
    parts = urlsplit(url)
    more = f"{_PARAMETER}={quote(value, safe='')}"
    return parts._replace(query=f"{parts.query}&{more}" if parts.query else more).geturl()
