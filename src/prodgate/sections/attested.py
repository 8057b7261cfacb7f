"""What criteria ask of people's records, and the section [attested]: where those records are, and when one is due."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from ..criteria import LAYERS, suggest
from ..quantities import Quantity, UnitError
from ..semantics.names import says_nothing
from .validation import is_text_list, key_mistakes, quantity_mistakes

#: Keys of a criterion that speak of records.
_TERMS: Final = ("attested_by", "document", "shown_by")
_KEYS: Final = ("folder", "due")
#: A path below the project, as every system writes it.
_PATH: Final = re.compile(r"[\w.-][\w. -]*(/[\w.-][\w. -]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedSection:
    """Where the records of what people say are, and how long before its end one is called due."""

    folder: str = "attestations"
    due: Quantity = Quantity.days(30)  # noqa: RUF009  immutable


def is_inside(path: Any) -> bool:
    """Whether a value is the path of something below a folder, written the one way in which it can be."""
    return (
        isinstance(path, str)
        and _PATH.fullmatch(path) is not None
        and str(PurePosixPath(path)) == path
        and not {".", ".."} & set(PurePosixPath(path).parts)
    )


def attested_mistakes(section: Any) -> Iterator[str]:
    """Say what is wrong with the section."""
    if not isinstance(section, dict):
        yield 'attested: is not a table; write [attested] with folder = "attestations"'
        return
    yield from key_mistakes("attested", section, _KEYS)
    if not is_inside(section.get("folder", "attestations")):
        yield f'attested.folder: is {section["folder"]!r}; write a folder of the project, e.g. folder = "attestations"'
    if "due" in section:
        yield from quantity_mistakes("attested.due", section["due"], "time", "30 d")


def parse_attested_section(section: Mapping[str, Any]) -> AttestedSection:
    """Read a section that has no mistakes."""
    known = AttestedSection()
    due = Quantity.parse(section["due"]) if "due" in section else known.due
    return AttestedSection(folder=section.get("folder", known.folder), due=due)


def parse_terms(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a criterion without mistakes asks of records, as fields of a Criterion."""
    document = table.get("document", {})
    return {
        "attested_by": table.get("attested_by", 1),
        "document": document.get("path", ""),
        "sections": tuple(document.get("sections", ())),
        "shown_by": table.get("shown_by", ""),
    }


def terms_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with what a criterion asks of records; the types of its keys are known to be right."""
    layers = table["layers"] if is_text_list(table["layers"]) else []
    if "attested" not in layers:
        for key in _TERMS:
            if key in table:
                yield f"{where}.{key}: speaks of a record, and 'attested' is not among the layers; add it, or drop this"
        return
    yield from _bound_mistakes(where, table.get("require", "<= 1 d"))
    if (layer := table.get("shown_by", "load")) not in LAYERS or layer == "attested":
        hint = suggest(layer, LAYERS) or f"; write one of {', '.join(each for each in LAYERS if each != 'attested')}"
        yield f"{where}.shown_by: {layer!r} is no layer that a run judges{hint}"
    if "document" in table:
        yield from _document_mistakes(f"{where}.document", table["document"])


def _bound_mistakes(where: str, require: str) -> Iterator[str]:
    """Say that the bound of a record is none on its age; what is no bound at all is said elsewhere."""
    match = re.fullmatch(r"\s*(<=|>=|==|<|>)\s*(.+)", require, re.DOTALL)
    try:
        timely = match is not None and "{" not in require and Quantity.parse(match[2]).dimension == "time"
    except UnitError:
        timely = False
    if match is None or match[1] not in ("<", "<=") or not timely:
        wrong = "bounds no age, and a record has nothing else to compare"
        yield f"{where}.require: is {require!r}, which {wrong}; write e.g. '<= 90 d', or a criterion for each layer"


def _document_mistakes(where: str, document: Mapping[str, Any]) -> Iterator[str]:
    example = '{ path = "docs/operations/runbook.md", sections = ["Who is called"] }'
    yield from key_mistakes(where, document, ("path", "sections"))
    if not is_inside(document.get("path")):
        yield f"{where}.path: is {document.get('path')!r}; write the path of a file of the project, e.g. {example}"
    sections = document.get("sections", [])
    if not is_text_list(sections) or any(map(says_nothing, sections)) or len(set(sections)) < len(sections):
        yield f"{where}.sections: is {sections!r}; write the headings that it must have, each once, e.g. {example}"
