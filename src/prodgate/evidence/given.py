"""What a run is given: criteria, what they include, and waivers; each is kept by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..sections.includes import read_files


def digest_given(criteria: Path, waivers: Path) -> Mapping[str, Any]:
    """Return what ``run.json`` would say of criteria, of what they include, and of waivers: the SHA-256 of each.

    Raises CriteriaError for criteria that can't be read.
    """
    text, included = read_files(criteria)
    return {
        "criteria": _digest(text.encode()),
        "included": {name: _digest(each.encode()) for name, each in included.items()},
        "waivers": _digest(read_accepted(waivers)),
    }


def read_accepted(waivers: Path) -> bytes:
    """Return the waivers that a run keeps; nothing where there is no such file."""
    return waivers.read_bytes() if waivers.exists() else b""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
