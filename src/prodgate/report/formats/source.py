"""The source of every format: a verdict with its findings in order, and its subject."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from ...criteria import Criterion
from ...evidence.artifacts import UNREADABLE, load
from ...evidence.runs import Run
from ...findings import Finding, Outcome
from ...processes.output import visible
from ...sealing.standing import read_state
from ...verdict import Verdict
from ...waivers import Waiver
from ..grouping import verdict_sentence
from ..placing import place_in_repository
from ..view import observed_account

#: Outcomes that somebody has to look at, the worst first.
_ALERTS: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.WAIVED)
#: Where a criterion begins in a file.
_CRITERION: Final = re.compile(r'^\s*\[criteria\.(?:"([^"]+)"|([\w-]+))\]', re.MULTILINE)
#: Where a waiver is named.
_WAIVER: Final = re.compile(r'^\s*id\s*=\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A verdict to be exported, and what is known of it."""

    name: str
    """Name of the run, or what else tells this verdict from others."""
    system: str
    target: str
    verdict: Verdict
    started: datetime
    finished: datetime | None
    """None where the run was cut off."""
    head: str = ""
    commit: str = ""
    account: str = ""
    region: str = ""
    """Of the account that the live layer looked at."""
    moment: str = ""
    """The only moment of a release that was asked about."""
    seal: str = ""
    """How it is sealed and signed; empty where nothing could be, as there is no run."""
    version: str = field(default_factory=lambda: version("prod-gate"))
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """Criterion or waiver -> ``file:line`` where it is stated."""
    criteria: Mapping[str, str] = field(default_factory=dict)
    """File of criteria -> its SHA-256."""
    observed: Mapping[str, str] = field(default_factory=dict)
    """Digest of a fact -> when it was observed."""

    def describe(self) -> str:
        """Return the verdict in one line, and who stands for it."""
        said = verdict_sentence(self.verdict, f"{self.system} on {self.target}", self.moment)
        return plain("; ".join(filter(None, (said, self.seal))))

    def uuid(self, *of: str) -> str:
        """Return an id for a part of this run: the same for the same run, another one for another."""
        run = uuid5(NAMESPACE_URL, plain(f"prod-gate {self.name} {self.head}"))
        return str(uuid5(run, " ".join(map(plain, of))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One finding with the criterion that it answers; None for the state of a waiver."""

    finding: Finding
    criterion: Criterion | None
    deferred: bool = False
    """Undetermined, and only production can tell, so that it does not block this rehearsal."""

    @property
    def fingerprint(self) -> UUID:
        """The name of this finding in every run of a system."""
        f = self.finding
        words = ("prod-gate", f.criterion, f.layer, f.check, f.subject, *((f.aspect,) if f.aspect else ()))
        return uuid5(NAMESPACE_URL, " ".join(map(plain, words)))

    @property
    def severity(self) -> str:
        """How bad it is, as its policy or else its criterion states, where it fails; empty where neither does."""
        failed = self.finding.outcome is Outcome.NOT_SATISFIED
        return self.criterion.rate(self.finding) if failed and self.criterion else ""

    @property
    def remedy(self) -> str:
        """The remedy of the finding, or else of the criterion."""
        return self.finding.remedy or (self.criterion.remedy if self.criterion else "")

    def describe(self) -> str:
        """Return what was found, in one line without anything invisible."""
        f = self.finding
        parts = (f.expected and f"expected {f.expected}", f.observed and f"observed {f.observed}", f.reason)
        said = ", ".join(filter(None, parts))
        outcome = "only production can answer" if self.deferred else f.outcome.replace("-", " ")
        waiver = f" by {f.waiver}" if f.waiver else ""
        return plain(f"{outcome}{waiver}: {f.criterion} on {f.subject}{f': {said}' if said else ''}")


def plain(text: str) -> str:
    """Return a text as one line without anything invisible; ``-`` for an empty one, which schemas refuse."""
    return visible(" ".join(text.split())) or "-"


def read_source(run: Run) -> Source:
    """Return what is exported of a run; its criteria and waivers are read to say where each stands.

    Whoever reads a format of others sees the repository: files are named as they lie in it.
    """
    account, _, region = observed_account(run).partition(" in ")
    files = {**run.about.get("included", {}), "criteria.toml": run.about["criteria"]}
    return Source(
        name=run.path.name,
        system=run.criteria.system,
        target=str(run.about.get("target", "")),
        verdict=place_in_repository(run).verdict(),
        started=run.started,
        finished=run.finished,
        head=run.head,
        commit=str(run.about.get("commit") or ""),
        account=account,
        region=region,
        moment=str(run.about.get("moment") or ""),
        seal=str(read_state(run)),
        version=str(run.about.get("versions", {}).get("prod-gate", "unknown")),
        waivers={waiver.id: waiver for waiver in run.waivers},
        places={
            **_find_places(run, {"waivers.toml": run.about["waivers"]}, _WAIVER),
            **_find_places(run, files, _CRITERION),
        },
        criteria=files,
        observed={str(fact.get("digest")): str(fact.get("at", "")) for fact in run.facts},
    )


def _find_places(run: Run, files: Mapping[str, str], what: re.Pattern[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    folder = PurePosixPath(str(run.about.get("folder") or ""))
    for name, digest in files.items():
        with suppress(*UNREADABLE):
            text = load(run.path, digest).decode("utf-8")
            for match in what.finditer(text):
                line = text.count("\n", 0, match.start(match.lastindex or 0)) + 1
                found.setdefault(match[match.lastindex or 0], f"{folder / name}:{line}")
    return found


def list_results(verdict: Verdict) -> Iterator[Result]:
    """Yield every finding in the order of the criteria, those about waivers last; nothing is left out."""
    for ruling in verdict.rulings:
        for finding in ruling.findings:
            deferred = ruling.deferred and finding.outcome is Outcome.UNDETERMINED
            yield Result(finding=finding, criterion=ruling.criterion, deferred=deferred)
    yield from (Result(finding=finding, criterion=None) for finding in verdict.waivers)


def list_alerts(verdict: Verdict) -> list[Result]:
    """Return the results that are not satisfied, undetermined or waived; what blocks first, deferred ones last."""
    alerts = [result for result in list_results(verdict) if result.finding.outcome in _ALERTS]
    return sorted(alerts, key=lambda result: (result.deferred, _ALERTS.index(result.finding.outcome)))
