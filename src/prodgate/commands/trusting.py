"""Whose signature counts: what the options of ``verify`` and ``merge`` say, beside the criteria."""

from __future__ import annotations

import argparse

from ..sealing.keyless import check_trusted_root, fetch_root
from ..sealing.signers import read_identities, read_trusted
from ..sealing.wanted import Wanted
from ..sections.evidence import EvidenceSection


def names_somebody(given: argparse.Namespace) -> bool:
    """Whether the options name anybody."""
    return bool(given.key or given.identity or given.issuer or given.repository)


def read_trust(given: argparse.Namespace, stated: EvidenceSection | None) -> Wanted:
    """Return by whom a run must be signed: whom the options name, and whom criteria do. Raises UsageError.

    The keys of Sigstore that are to be fetched are there afterwards.
    """
    identities = [*read_identities(given.identity, given.issuer, given.repository)]
    signers = [*read_trusted(given.key)]
    if given.trusted_root:
        check_trusted_root(given.trusted_root)
    elif given.fetch_root:
        fetch_root()
    return Wanted(
        signers=(*signers, *(stated.signers if stated else ())),
        identities=(*identities, *(stated.identities if stated else ())),
        trusted_root=given.trusted_root,
        unsigned=given.unsigned,
    )
