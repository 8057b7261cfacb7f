"""Who stands for a seal: with a key whose name is known, or without one, as Sigstore says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence import runs
from ..signatures.keys import parse_public
from .files import SEAL, SUMMARY_BUNDLE
from .keyless import Keyless, find_flaws_of_identity, find_flaws_of_place, find_known, read_keyless
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


def find_flaws_of_keyless_summary(
    run: runs.Run, keyless: Keyless, wanted: Wanted, summary: Seal, name: str
) -> Iterator[str]:
    """Say what is wrong with the signature of a summary whose seal somebody signed without a key."""
    found, own = read_keyless(run.path, summary, name, SUMMARY_BUNDLE), keyless.bundle
    if not found.there:
        yield f"MISSING: {SUMMARY_BUNDLE}: nobody stands for {name}"
    elif not found.bundle:
        yield from found.flaws
    elif own and (found.bundle.identity, found.bundle.origin) != (own.identity, own.origin):
        yield f"FOREIGN: {SUMMARY_BUNDLE}: is not signed by whoever signed {SEAL}"
    elif wanted.signers or wanted.identities or not wanted.unsigned:
        known, root = wanted.identities, wanted.trusted_root
        yield from find_flaws_of_identity(found.bundle, known, root, believed=wanted.believed, name=SUMMARY_BUNDLE)


def find_flaws_of_signed_place(keyless: Keyless, wanted: Wanted, run: runs.Run) -> Iterator[str]:
    """Say when somebody without a key signed at another commit, or in another repository, than the run is of."""
    if keyless.bundle:
        yield from find_flaws_of_place(keyless.bundle, wanted.identities, str(run.about.get("commit") or ""))


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
