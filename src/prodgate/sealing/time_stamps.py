"""The time stamp of a sealed run: an authority's word on when its seal was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ..signatures.timestamps import Timestamp, TimestampError, is_about, verify_timestamp
from .files import SEAL, TIME_STAMP
from .seals import Seal

#: How far the clock of whoever sealed may be ahead of the authority's.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What was found out about the time stamp of a seal."""

    flaws: tuple[str, ...] = ()
    there: bool = False
    stamp: Timestamp | None = None
    """What it says, once it was checked; None when nobody asked for that."""


#: Where there is none.
UNSTAMPED: Final = Stamped()


def check_time_stamp(run: Path, seal: Seal, authorities: Sequence[bytes]) -> Stamped:
    """Check the time stamp of a seal; with authorities there must be one, and be theirs."""
    path, sealed = run / TIME_STAMP, seal.envelope.to_bytes()
    if path.is_symlink() or not path.is_file():
        missing = f"MISSING: {TIME_STAMP}: no authority stands for the time of the seal"
        there = path.is_symlink() or path.exists()
        return Stamped(flaws=(f"UNLISTED: {TIME_STAMP}: is no file",) if there else (missing,) if authorities else ())
    response = path.read_bytes()
    if not is_about(response, sealed):
        return Stamped(flaws=(f"UNLISTED: {TIME_STAMP}: is no time stamp of this seal",), there=True)
    if not authorities:
        return Stamped(there=True)
    try:
        stamp = verify_timestamp(response, sealed, authorities)
    except TimestampError as error:
        return Stamped(flaws=(f"WRONG KEY: {TIME_STAMP}: {error}",), there=True)
    return Stamped(flaws=_compare_times(seal, stamp.at), there=True, stamp=stamp)


def _compare_times(seal: Seal, stamped: datetime) -> tuple[str, ...]:
    try:
        early = datetime.fromisoformat(str(seal.own["sealed"])) > stamped + _SKEW
    except (ValueError, TypeError):
        return ()  # whoever reads the seal says so
    said = f"says that it was made at {seal.own['sealed']}, after its time stamp of {stamped.isoformat()}"
    return (f"CHANGED: {SEAL}: {said}",) if early else ()
