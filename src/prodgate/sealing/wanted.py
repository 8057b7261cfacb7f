"""What a sealed run must be to count, as whoever verifies it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..quantities import Quantity
from ..sections.evidence import TrustedIdentity, TrustedSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run must be to count."""

    signers: Sequence[TrustedSigner] = ()
    """Whose signature counts."""
    identities: Sequence[TrustedIdentity] = ()
    """Whose signature counts, of those who have no key."""
    trusted_root: Path | None = None
    """With which keys of Sigstore that is checked; None for those of its public instance."""
    believed: bool = False
    """Whether who signed without a key is who the certificate says, whoever made that."""
    unsigned: bool = False
    """Whether it counts without a signature, too."""
    authorities: Sequence[bytes] = ()
    """Certificates in PEM of those who must have stamped the time of the seal; none to ask for no time stamp."""
    commit: str = ""
    system: str = ""
    target: str = ""
    whole: bool = False
    """Whether all must have been judged that its own criteria ask, at every moment, and each layer of ``asked``."""
    asked: frozenset[str] = frozenset()
    """Layers of which something is asked, whatever the criteria of the run say."""
    promotes: bool = False
    """Whether its verdict must allow a promotion."""
    max_age: Quantity | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
