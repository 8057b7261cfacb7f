"""KMS: moto leaves out what a key is for when nobody says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import UNREPORTED, Ledger, corrects


@corrects("kms", "CreateKey", upstream=UNREPORTED)
def create_key(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a key, for encryption unless something else is stated."""
    return ledger.moto(**{"KeyUsage": "ENCRYPT_DECRYPT", **params})
