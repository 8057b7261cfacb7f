"""Who stands for a seal: with a key whose name is known, or without one, as Sigstore says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence import runs
from ..signatures.keys import parse_public
from .files import SEAL
from .keyless import Keyless, find_flaws_of_identity, find_known
from .seals import Seal
from .wanted import Wanted


def find_flaws_of_signature(wanted: Wanted, seal: Seal, name: str) -> Iterator[str]:
    """Say what is wrong with the signature of an envelope."""
    envelope = seal.envelope
    if not envelope.signature:
        if not wanted.unsigned:
            yield f"UNSIGNED: {name}: nobody stands for it"
        return
    signer = next((each for each in wanted.signers if each.keyid == envelope.keyid), None)
    if signer is None:
        if wanted.signers or wanted.identities or not wanted.unsigned:
            known = ", ".join(f"{each.name} ({each.keyid[:12]}…)" for each in wanted.signers) or "none"
            yield f"WRONG KEY: {name}: is signed by key {envelope.keyid[:64]}; those that count are {known}"
    elif not parse_public(signer.key).verifies(envelope.signature, envelope.signed_bytes):
        yield f"CHANGED: {name}: is not what {signer.name} signed"


def find_flaws_of_keyless(keyless: Keyless, wanted: Wanted) -> Sequence[str]:
    """Say what is wrong with the signature of somebody who has no key."""
    asked = wanted.signers or wanted.identities or not wanted.unsigned
    if keyless.bundle is None or not asked:
        return keyless.flaws
    return find_flaws_of_identity(keyless.bundle, wanted.identities, wanted.trusted_root, believed=wanted.believed)


def name_signer(seal: Seal, keyless: Keyless, wanted: Wanted) -> str:
    """Return who signed; empty where it is nobody whose signature counts."""
    if keyless.bundle:
        known = find_known(keyless.bundle, wanted.identities)
        return known.name if known else ""
    return next((each.name for each in wanted.signers if each.keyid == seal.envelope.keyid), "")


def find_foreign_signer(seal: Seal, keyless: Keyless, run: runs.Run) -> Iterator[str]:
    """Say when a run is signed by somebody whom its own criteria do not name."""
    stated, keyid = run.criteria.evidence, seal.envelope.keyid
    if keyless.bundle:
        if stated.names and find_known(keyless.bundle, stated.identities) is None:
            yield f"WRONG KEY: {SEAL}: is signed by {keyless.bundle.identity}, whom the run's own criteria do not name"
    elif keyid and stated.names and stated.find_signer(keyid) is None:
        yield f"WRONG KEY: {SEAL}: is signed by key {keyid[:64]}, which the run's own criteria do not name"
