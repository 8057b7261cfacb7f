"""Records of what people say, beside the documents and runs that they looked at as those are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...sections.attestations_file import Record
from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDocument:
    """A document that a record names, as it was found."""

    path: str
    digest: str = ""
    """SHA-256 in hex; empty when there was nothing to digest."""
    sections: tuple[str, ...] = ()
    """Its headings under which something is said."""
    wrong: str = ""
    """Why it is no document that somebody can have looked at, such as ``is a link``."""
    unread: str = ""
    """Why nobody can say what it holds now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """A gate run that a record names, as it was found."""

    id: str
    started: datetime | None = None
    layers: tuple[str, ...] = ()
    """What it judged."""
    wrong: str = ""
    """Why it shows nothing, such as ``its verdict was NO-GO``."""
    unread: str = ""
    """Why nobody can say what its verdict was."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Attestation(Fact):
    """A record of what a person says of a criterion; ``subject`` is its file."""

    criterion: str
    """The criterion that the file is named after."""
    record: Record
    when: datetime
    """When it was made; for a record that is as old as the rehearsal, when that one looked at it."""
    documents: tuple[SeenDocument, ...] = ()
    runs: tuple[SeenRun, ...] = ()
    counts_here: bool
    """Whether what it says is of the system that was observed; a record made for rehearsals counts in those alone."""
    cites_runs: bool
    """Whether it can be asked for a gate run: a record that is as old as the rehearsal that reads it can't."""
    signature: str
    """Whether it is signed, and by what key, in words."""

    def seen_document(self, path: str) -> SeenDocument | None:
        """Return what was found of a document that the record names; None for one that it does not name."""
        return next((each for each in self.documents if each.path == path), None)

    @property
    def oldest(self) -> datetime:
        """When the oldest of what it rests on was so: the record itself, or a run that it names."""
        return min([self.when, *(run.started for run in self.runs if run.started)])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RecordFolder(Fact):
    """The folder of the records; ``subject`` is its path."""

    answers_for_production: bool
    """Whether what only production can show can have been looked at: in a rehearsal nobody can."""
    asked: datetime
    """When it was looked at."""
