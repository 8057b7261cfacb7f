"""How a run is sealed, in the words shown beside its verdict."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..evidence.runs import Run
from ..processes.regular_files import digest_file
from ..signatures.keyless import Identity, KeylessSigner
from ..signatures.keys import Signer
from .keyless import read_keyless
from .seals import read_whatever_seal


@dataclass(frozen=True, slots=True)
class SealState:
    """How a run is sealed. A signature that is named here was made, or is claimed: ``verify`` says whether it holds."""

    sealed: bool = False
    keyid: str = ""
    """Which key signed; empty where none did."""
    signer: str = ""
    """Who that is by the run's own criteria; without a key, who the certificate names where they do not say."""
    keyless: bool = False
    """Whether they have no key, and Sigstore says who they are."""

    def __str__(self) -> str:
        if not self.sealed:
            return "not sealed"
        if not self.keyid:
            return "sealed, unsigned"
        return f"sealed, signed by {self.signer or 'key'} ({'without a key' if self.keyless else self.keyid[:12]})"


#: Of a run that nobody sealed, or not yet.
UNSEALED: Final = SealState()


def state_of(run: Run, keyid: str) -> SealState:
    """Return the state of a run that is sealed with a key, or without one."""
    signer = run.criteria.evidence.find_signer(keyid)
    return SealState(True, keyid, signer.name if signer else "")


def _state_without_key(run: Run, keyid: str, identity: Identity) -> SealState:
    known = run.criteria.evidence.find_identity(identity.subject, identity.issuer)
    return SealState(True, keyid, known.name if known else identity.subject, keyless=True)


def state_by(run: Run, signer: Signer | KeylessSigner | None) -> SealState:
    """Return the state of a run that is about to be sealed."""
    if isinstance(signer, KeylessSigner):
        return _state_without_key(run, signer.public.keyid, signer.identity)
    return state_of(run, signer.public.keyid if signer else "")


def read_state(run: Run) -> SealState:
    """Return how a run is sealed by what lies in its folder."""
    seal = read_whatever_seal(run.path)
    if seal is None:
        return SealState()
    keyid = seal.envelope.keyid
    bundle = read_keyless(run.path, seal).bundle
    return _state_without_key(run, keyid, bundle.identity) if bundle else state_of(run, keyid)


def is_as_sealed(path: Path, name: str) -> bool:
    """Whether a file of a run is the one that its seal speaks of."""
    seal, file = read_whatever_seal(path), path / name
    if seal is None or not file.is_file():
        return False
    subjects = seal.statement.get("subject")
    digest = digest_file(file)
    return any(
        isinstance(subject, dict) and (subject.get("name"), subject.get("digest")) == (name, {"sha256": digest})
        for subject in (subjects if isinstance(subjects, list) else ())
    )
