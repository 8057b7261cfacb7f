"""How a page shows that one signs in there: by its address, and by a field for a password."""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(r"(?i)/(?:(?:log|sign)[-_]?(?:in|on)|auth|oauth2?|sso|saml2?|sessions?(?:/new)?)(?:[/.]|$)")
_NEW: Final = re.compile(r"(?i)/[\w-]*(?:sign[-_]?up|regist|join|password|reset|forgot|invit|activat)[\w-]*(?:[/.]|$)")
_FIELD: Final = re.compile(rb"""(?i)<input\b[^>]*\btype\s*=\s*["']?password\b""")


def is_sign_in(path: str) -> bool:
    """Whether the path of an address is that of a page for signing in."""
    return bool(_PLACE.search(path))


def is_for_strangers(path: str) -> bool:
    """Whether it is that of a page on which who has not signed in writes a password: to do so, or to join."""
    return is_sign_in(path) or bool(_NEW.search(path))


def has_password_field(html: bytes) -> bool:
    """Whether a page, or the beginning of it, has a field for a password."""
    return bool(_FIELD.search(html))
