"""What the report shows of a run, arranged in the order of its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ..evidence.artifacts import FOLDER
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..verdict import WEIGHT, Verdict
from ..waivers import Waiver

#: Outcomes as the report orders them, the worst first.
WORST_FIRST = WEIGHT[::-1]

#: Inputs of a run whose digests are in run.json.
GIVEN = ("criteria", "waivers")

#: Keys of run.json that have rows of their own, so that the rest can be listed as it is.
_NAMED = (
    "system", "target", "rehearsal", "layers", "started", "actor", "commit", "versions", "utc_offset", "included",
    "judged_again", "inputs", "judges", "uncommitted", "folder", *GIVEN,
)  # fmt: skip


#: Name of a file of evidence.
_STORED: Final = re.compile(r"([0-9a-f]{64})(?:\.[0-9a-z]+)*")

#: Places in a finding's chain from an argument to the line that set it; more are the lines of a document.
LONGEST_CHAIN: Final = 5


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of some outcomes. Raises ValueError for none."""
    return min(outcomes, key=WORST_FIRST.index)


def all_findings(verdict: Verdict) -> list[Finding]:
    """Return every finding that the verdict rests on, waivers applied, those about waivers last."""
    return [*verdict.findings, *verdict.waivers]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """A waiver, the finding about its state, and the findings that it covers."""

    waiver: Waiver
    state: Finding
    covered: tuple[Finding, ...]
    days_left: int


def waiver_rows(run: Run, verdict: Verdict) -> list[WaiverRow]:
    """Return every waiver with its state at the time of the run."""
    covered: dict[str, list[Finding]] = {}
    for finding in all_findings(verdict):
        covered.setdefault(finding.waiver, []).append(finding)
    states = {finding.subject: finding for finding in verdict.waivers}
    return [
        WaiverRow(
            waiver=waiver,
            state=states[waiver.id],
            covered=tuple(covered.get(waiver.id, ())),
            days_left=(waiver.expires - run.started.date()).days,
        )
        for waiver in run.waivers
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A file of the evidence folder and what it holds."""

    digest: str
    kind: str
    subject: str
    source: str
    at: str
    file: str = ""
    """Its name in the folder; empty when it is not there."""
    anchor: str = ""
    """Id to link to."""


def evidence_rows(run: Run, verdict: Verdict) -> list[EvidenceRow]:
    """Return every digest of the run: criteria and waivers, facts, and what a finding cites without a fact."""
    rows = [
        EvidenceRow(digest=str(run.about[kind]), kind=kind, subject="", source=f"{kind}.toml", at="")
        for kind in GIVEN
        if kind in run.about
    ]
    rows[1:1] = [
        EvidenceRow(digest=str(digest), kind=GIVEN[0], subject="", source=str(name), at="")
        for name, digest in run.about.get("included", {}).items()
    ]
    for fact in run.facts:
        fields = {key: str(fact.get(key, "")) for key in ("digest", "kind", "subject", "source", "at")}
        rows.append(EvidenceRow(**fields))
    known = {row.digest for row in rows}
    cited = dict.fromkeys(digest for finding in all_findings(verdict) for digest in finding.evidence)
    rows += [EvidenceRow(digest=d, kind="", subject="", source="", at="") for d in cited if d not in known]
    files = list_files(run)
    return [
        replace(row, anchor=f"e{number}", file=files.get(row.digest, "")) for number, row in enumerate(rows, start=1)
    ]


def list_files(run: Run) -> dict[str, str]:
    """Return the names of the files in the evidence folder of a run by digest."""
    names = (path.name for path in sorted((run.path / FOLDER).glob("*")))
    return {found[1]: name for name in names if (found := _STORED.fullmatch(name))}


def observed_account(run: Run) -> str:
    """Return which account the live layer looked at, and in which region; empty when it looked at none."""
    accounts = (str(fact.get("subject", "")) for fact in run.facts if fact.get("kind") == "account")
    return next(accounts, "")


def judged_again(run: Run) -> tuple[str, str]:
    """Return which run's facts were judged again, and when they were observed; empty texts for a run of its own."""
    if "judged_again" not in run.about:
        return "", ""
    seen = run.observed()
    times = dict.fromkeys(moment(at, str(run.about.get("utc_offset", ""))) for at in seen or ())
    return str(run.about["judged_again"]), " – ".join(times) or "-"


def notes(run: Run) -> dict[str, list[str]]:
    """Return what each layer noted about how it observed, each note once."""
    found: dict[str, dict[str, None]] = {}
    for note in run.notes:
        found.setdefault(str(note.get("layer", "")), {})[str(note.get("text", ""))] = None
    return {layer: list(texts) for layer, texts in found.items()}


def moment(at: datetime | None, offset: str) -> str:
    """Return a time in UTC, and in the offset ``+09:00`` of the place where the gate ran when it is known."""
    if at is None:
        return ""
    text = f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"  # noqa: UP017  the alias prints the same
    zone = find_zone(offset)
    return f"{text} ({at.astimezone(zone):%Y-%m-%d %H:%M:%S} {offset})" if zone else text


def find_zone(offset: str) -> timezone | None:
    """Return the zone of an offset such as ``+09:00``; None for that of UTC, and for what is none."""
    try:
        shift = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").utcoffset()
    except ValueError:
        return None
    return timezone(shift) if shift is not None and shift != timedelta(0) else None


def other_facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what run.json says beyond the named rows, versions first."""
    versions = about.get("versions", {})
    found = list(versions.items()) if isinstance(versions, Mapping) else [("versions", versions)]
    found += [(key, value) for key, value in about.items() if key not in _NAMED]
    return [(str(key), _plain(value)) for key, value in found]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def value_origin(finding: Finding) -> str:
    """Return where the deciding value was written, when that is not where the finding is placed.

    A chain leads from an argument through module calls to a variable's value; a longer list is the lines of a document.
    """
    return finding.where[-1] if 1 < len(finding.where) <= LONGEST_CHAIN else ""
