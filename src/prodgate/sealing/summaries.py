"""The verification summary of a run: there when a signed run allows a promotion, and only then, and about that run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..signatures.envelope import EnvelopeError, parse_envelope, write_json
from .files import SUMMARY, SUMMARY_BUNDLE
from .seals import Seal
from .statement import make_summary

#: Says what is wrong with the signature of an envelope, which is called by that name.
FindFlaws = Callable[[Seal, str], Iterator[str]]


def find_flaws_of_summary(
    run: Path, seal: Seal, derived: Mapping[str, Any] | None, find_flaws: FindFlaws, *, without_key: bool
) -> Iterator[str]:
    """Say what is wrong with the summary of a sealed run, from which the statement ``derived`` follows.

    ``without_key`` says that whoever signed it has none, so that a bundle lies beside the summary.
    """
    wanted = make_summary(derived, seal.digest) if derived and seal.envelope.signature else None
    if os.path.lexists(run / SUMMARY_BUNDLE) and not (wanted and without_key):
        yield f"UNLISTED: {SUMMARY_BUNDLE}: nobody signed a summary of this run without a key"
    path = run / SUMMARY
    if not path.is_file():
        if wanted:
            yield f"MISSING: {SUMMARY}"
        return
    if wanted is None:
        yield f"UNLISTED: {SUMMARY}: this run allows no promotion"
        return
    try:
        envelope = parse_envelope(path.read_bytes())
    except EnvelopeError as error:
        yield f"CHANGED: {SUMMARY}: {error}"
        return
    if envelope.payload != write_json(wanted):
        yield f"CHANGED: {SUMMARY}: does not say what follows from the seal"
    yield from find_flaws(Seal(envelope, json.loads(write_json(wanted))), SUMMARY)
