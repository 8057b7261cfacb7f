"""The URI of a key that AWS KMS keeps, in the form that cosign and others use: ``awskms:///alias/prodgate-evidence``."""

import re
from typing import Final

_URI: Final = re.compile(
    r"awskms:///(?P<key>(?:arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:)?"
    r"(?:alias/[A-Za-z0-9_/-]{1,250}|(?:key/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:key/)?mrk-[0-9a-f]{32}))"
)
#: An example of a key's URI.
EXAMPLE: Final = "awskms:///alias/prodgate-evidence"


def split_kms_uri(uri: str) -> tuple[str, str] | None:
    """Return how KMS names the key, and its region, empty where only the environment says it; None for no such URI.

    >>> split_kms_uri("awskms:///alias/prodgate-evidence")
    ('alias/prodgate-evidence', '')
    >>> split_kms_uri("awskms:///arn:aws:kms:eu-west-1:123456789012:alias/night")
    ('arn:aws:kms:eu-west-1:123456789012:alias/night', 'eu-west-1')
    """
    match = _URI.fullmatch(uri)
    return (match["key"], match["region"] or "") if match else None
