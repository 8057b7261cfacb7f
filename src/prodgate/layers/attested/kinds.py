"""The kinds of evidence that the attested layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.attested.records import Attestation, RecordFolder

#: Which records there are, and where they count.
FOLDER: Final = "attestation-folder"
#: The text of one record, beside what it names as that was found.
RECORD: Final = "attestation"

#: Kind of evidence -> the kinds of fact in it.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {FOLDER: (RecordFolder,), RECORD: (Attestation,)}
#: Kinds of evidence that must be there; a folder without records has none of them.
REQUIRED: Final = (FOLDER,)
