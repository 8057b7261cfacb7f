"""The facts about records, made from stored evidence; the same evidence always makes the same facts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ...facts import Fact, Facts
from ...facts.attested.records import Attestation, RecordFolder, SeenDocument, SeenRun
from ...sections.attested import AttestationError, parse_attestation
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence

#: The list of records, and where they count.
FOLDER: Final = "attestation-folder"
#: The text of one record, and the state of what it names.
RECORD: Final = "attestation"

#: Kind of evidence -> the kinds of fact in it.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {FOLDER: (RecordFolder,), RECORD: (Attestation,)}
#: Kinds of evidence that must be there; a folder without records has none of them.
REQUIRED: Final = (FOLDER,)
TEAM: Final[Mapping[str, str]] = {}


#: Records are not signed.
_UNSIGNED = "unsigned"


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind of evidence is missing."""
    kept = tuple(stored)
    reasons = {} if any(kind == FOLDER for kind, _ in kept) else {FOLDER: NOT_OBSERVED}
    reasons |= unreadable
    known = tuple(_make_fact(kind, value) for kind, value in kept)
    return Facts(known, {fact: reason for kind, reason in reasons.items() for fact in KINDS[kind]})


def _make_fact(kind: str, value: Mapping[str, Any]) -> Fact:
    if kind == RECORD:
        return make_attestation(value)
    return RecordFolder(
        subject=value["folder"],
        answers_for_production=not value["rehearsal"],
        asked=datetime.fromisoformat(value["asked"]),
    )


def make_attestation(value: Mapping[str, Any]) -> Attestation:
    """Return the fact of one record; one that can't be used has no field but the criterion of its file's name."""
    subject, criterion = value["file"], value["criterion"]
    if value.get("illegible"):
        return Attestation.unread(subject, value["illegible"], criterion=criterion)
    asked = datetime.fromisoformat(value["asked"])
    try:
        record = parse_attestation(value["text"], subject, asked)
    except AttestationError as error:
        return Attestation.unread(subject, "; ".join(str(error).splitlines()), criterion=criterion)
    return Attestation(
        subject=subject,
        criterion=criterion,
        record=record,
        when=record.when or asked,
        documents=tuple(SeenDocument(**{**each, "sections": tuple(each["sections"])}) for each in value["documents"]),
        runs=tuple(_run(each) for each in value["runs"]),
        counts_here=value["rehearsal"] or not record.rehearsal,
        cites_runs=record.when is not None,
        signature=_UNSIGNED,
    )


def _run(value: Mapping[str, Any]) -> SeenRun:
    started = datetime.fromisoformat(value["started"]) if value["started"] else None
    return SeenRun(**{**value, "started": started, "layers": tuple(value["layers"])})
