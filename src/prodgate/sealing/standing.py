"""How a run is sealed, as it is said wherever its verdict is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..evidence.runs import Run
from ..signatures.keys import Signer
from .seals import read_whatever_seal


@dataclass(frozen=True, slots=True)
class SealState:
    """How a run is sealed. A signature that is named here was made, or is claimed: ``verify`` says whether it holds."""

    sealed: bool = False
    keyid: str = ""
    """Which key signed; empty where none did."""
    signer: str = ""
    """Whose key it is by the run's own criteria; empty where they do not say."""

    def __str__(self) -> str:
        if not self.sealed:
            return "not sealed"
        if not self.keyid:
            return "sealed, unsigned"
        return f"sealed, signed by {self.signer or 'key'} ({self.keyid[:12]})"


#: Of a run that nobody sealed, or not yet.
UNSEALED: Final = SealState()


def state_of(run: Run, keyid: str) -> SealState:
    """Return the state of a run that is sealed with a key, or without one."""
    signer = run.criteria.evidence.find_signer(keyid)
    return SealState(True, keyid, signer.name if signer else "")


def state_by(run: Run, signer: Signer | None) -> SealState:
    """Return the state of a run that is about to be sealed."""
    return state_of(run, signer.public.keyid if signer else "")


def read_state(run: Run) -> SealState:
    """Return how a run is sealed by what lies in its folder."""
    seal = read_whatever_seal(run.path)
    return state_of(run, seal.envelope.keyid) if seal else SealState()


def is_as_sealed(path: Path, name: str) -> bool:
    """Whether a file of a run is the one that its seal speaks of."""
    seal, file = read_whatever_seal(path), path / name
    if seal is None or not file.is_file():
        return False
    subjects = seal.statement.get("subject")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return any(_is_of(subject, name, digest) for subject in (subjects if isinstance(subjects, list) else ()))


def _is_of(subject: Mapping[str, object], name: str, digest: str) -> bool:
    return isinstance(subject, dict) and (subject.get("name"), subject.get("digest")) == (name, {"sha256": digest})
