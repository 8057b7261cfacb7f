"""Records of statements by people, beside the present state of the documents and runs that they looked at."""

from dataclasses import dataclass
from datetime import datetime

from ...sections.attested import Record
from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDocument:
    """A document that a record names, as it was found."""

    path: str
    digest: str = ""
    """SHA-256 in hex; empty if there was nothing to digest."""
    sections: tuple[str, ...] = ()
    """Its headings with text under them."""
    wrong: str = ""
    """Why nobody can have looked at it as a document, such as ``is a link``."""
    unread: str = ""
    """Why its present content is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """A gate run that a record names, as it was found."""

    id: str
    started: datetime | None = None
    layers: tuple[str, ...] = ()
    """The system that it judged."""
    wrong: str = ""
    """Why it proves nothing, such as ``its verdict was NO-GO``."""
    unread: str = ""
    """Why its verdict is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Attestation(Fact):
    """A record of a person's statement on a criterion; ``subject`` is its file."""

    criterion: str
    """The criterion that the file is named after."""
    record: Record
    when: datetime
    """When it was made; a record as old as the rehearsal counts as made when the rehearsal read it."""
    documents: tuple[SeenDocument, ...] = ()
    runs: tuple[SeenRun, ...] = ()
    counts_here: bool
    """Whether it is about the system that was observed; a record made for rehearsals counts only there."""
    cites_runs: bool
    """Whether it can be required to name a gate run: one that is as old as the rehearsal that reads it can't."""
    signature: str
    """Whether it is signed, and with which key, in words."""

    def seen_document(self, path: str) -> SeenDocument | None:
        """Return the finding on a document that the record names; None for one that it does not name."""
        return next((each for each in self.documents if each.path == path), None)

    @property
    def oldest(self) -> datetime:
        """The time of the oldest thing it rests on: the record itself, or a run that it names."""
        return min([self.when, *(run.started for run in self.runs if run.started)])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RecordFolder(Fact):
    """The folder of the records; ``subject`` is its path."""

    answers_for_production: bool
    """Whether facts that only production can show can have been looked at: in a rehearsal nobody can."""
    asked: datetime
    """When it was looked at."""
