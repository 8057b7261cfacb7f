"""Run directories: created once, then read back into the verdict they support.

runs/2026-11-24T130000Z-3f2a9c1/
  run.json        what the run set out to do: scope, target, who, versions, digests of criteria and waivers
  journal.jsonl   what happened; every report derives from it. Its lines are a chain, see `chain`
  evidence/       criteria, waivers and facts by digest
  logs/           what the layers said

A run that was changed after it was written is refused, with what is wrong in it, see `verification`.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..criteria import Scope, UsageError
from ..findings import Finding
from ..processes.regular_files import read_measured
from ..sections.criteria_file import CriteriaFile, find_undeclared, narrow, parse_criteria
from ..sections.includes import read_files
from ..sections.waivers_file import parse_waivers
from ..semantics.json_texts import read_json
from ..semantics.secret_places import REDACTOR
from ..verdict import Verdict, decide
from ..waivers import Waiver
from . import artifacts, chain, journal, standing, verification
from .artifacts import rename_portable
from .counting import count_findings
from .shapes import find_flaw_in_about, find_flaw_in_event

# ── The inputs of a run: criteria, included files and waivers, each kept by digest


def digest_given(criteria: Path, waivers: Path) -> Mapping[str, Any]:
    """Return what ``run.json`` would say of criteria, of what they include, and of waivers: the SHA-256 of each.

    Raises CriteriaError for criteria that can't be read.
    """
    text, included = read_files(criteria)
    return {
        "criteria": _digest(text.encode()),
        "included": {name: _digest(each.encode()) for name, each in included.items()},
        "waivers": _digest(read_accepted(waivers)),
    }


def read_accepted(waivers: Path) -> bytes:
    """Return the waivers that a run keeps; nothing where there is no such file."""
    return read_measured(waivers) if waivers.exists() else b""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class RunError(UsageError):
    """A run directory can't be created or read; the message says why and what to do."""

    def __init__(self, message: str, flaws: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.flaws = tuple(flaws)
        """The faults of the run, one by one: CHANGED, MISSING, UNLISTED, REORDERED, FOREIGN or NEWER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as its directory tells it."""

    path: Path
    name: str = ""
    """Its name when it was opened, wherever it is now."""
    about: Mapping[str, Any]
    """``run.json``: system, target, rehearsal, layers, started, actor, commit, versions, …"""
    criteria: CriteriaFile
    waivers: tuple[Waiver, ...]
    findings: tuple[Finding, ...]
    facts: tuple[Mapping[str, Any], ...]
    """``fact`` events: layer, kind, subject, digest, source, at."""
    unreadable: tuple[Mapping[str, Any], ...] = ()
    """``unreadable`` events: layer, kind of fact that could not be observed, reason."""
    notes: tuple[Mapping[str, Any], ...] = ()
    """``note`` events: layer, text."""
    observed_whole: frozenset[str] = frozenset()
    """Layers that were observed to the end."""
    finished: datetime | None
    """When the run closed; None for a run that was cut off."""
    head: str = ""
    """The digest that stands for the whole journal."""
    undeclared: frozenset[str] = frozenset()
    """Layers that no criterion of any moment names."""
    stated: CriteriaFile | None = None
    """The criteria of every moment; None where they are those of the run."""
    planned: frozenset[tuple[str, str, str]] = frozenset()
    """The judges that were to answer: layer, name, criterion."""
    about_digest: str = ""
    """SHA-256 of ``run.json``, which names every input by its digest."""

    @property
    def scope(self) -> Scope:
        """The scope of the run."""
        about, layers = self.about, frozenset(self.about["layers"])
        moment = about.get("moment") or ""
        return Scope(
            layers=layers,
            rehearsal=about["rehearsal"],
            staging=self._is_staging(),
            undeclared=self.undeclared,
            moment=moment,
            cell=about.get("cell") or "",
        )

    def _is_staging(self) -> bool:
        """Whether the target is a site other than the one that the criteria of the run state."""
        target = str(self.about.get("target", ""))
        stated = self.criteria.e2e.base_url if self.criteria.e2e else ""
        return target.startswith(("https:", "http:")) and target != stated

    @property
    def started(self) -> datetime:
        """When the run began."""
        return datetime.fromisoformat(self.about["started"])

    def observed(self) -> tuple[datetime, datetime] | None:
        """When the first and the last of its facts were observed; None when it has none with a time."""
        times = [at for fact in self.list_observed() if (at := standing.observed_at(fact))]
        return (min(times), max(times)) if times else None

    def list_observed(self) -> list[Mapping[str, Any]]:
        """Return the ``fact`` events of what was observed; not of what was concluded of that."""
        return [fact for fact in self.facts if not fact.get("concluded")]

    def facts_of(self, layer: str, *kinds: str) -> list[Mapping[str, Any]]:
        """Return the ``fact`` events of some kinds that a layer wrote."""
        return [fact for fact in self.facts if fact.get("layer") == layer and fact.get("kind") in kinds]

    def verdict(self) -> Verdict:
        """Derive the verdict from the journal; always the same for the same run."""
        stated, past = self.criteria.criteria, self.about.get("committed", "")
        not_before = datetime.fromisoformat(past) if past else None
        return decide(stated, self.findings, self.waivers, self.started, self.scope, not_before=not_before)


def create(parent: Path, about: Mapping[str, Any], criteria: Path, waivers: Path) -> Path:
    """Create a run directory that holds copies of the criteria and waivers; return its path.

    Raises RunError, and CriteriaError for criteria that can't be read.
    """
    text, included = read_files(criteria)
    started = datetime.now(UTC)
    path = parent / f"{started:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(4)[:7]}"
    try:
        path.mkdir(mode=0o700, parents=True)  # it may hold what other users of the machine must not read
        given = {
            "criteria": artifacts.store(path, text.encode(), ".toml"),
            "included": {name: artifacts.store(path, each.encode(), ".toml") for name, each in included.items()},
            "waivers": artifacts.store(path, read_accepted(waivers), ".toml"),
        }
        about = REDACTOR.redact(about, named=False)
        text = json.dumps({**about, **given, "started": started.isoformat()}, indent=2, ensure_ascii=False)
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        (path / verification.ABOUT).write_bytes(data)
        journal.Journal.of(path).write(
            "opened", format=journal.FORMAT, run=path.name, about=hashlib.sha256(data).hexdigest(), **given
        )
    except OSError as error:
        raise RunError(f"{parent}: cannot hold a run: {error.strerror}; name another folder with --runs") from None
    return path


def close(path: Path) -> None:
    """End a run: its last line lists every file that it holds by now.

    Links, such as the one that Airflow leaves beside its logs, are removed: what they lead to is in the run, and a copy
    or a bundle of the run would have a file in place of each. Names that some file system refuses are replaced.
    """
    for folder in verification.FOLDERS:
        for link in [each for each in (path / folder).rglob("*") if each.is_symlink()]:
            link.unlink()
        rename_portable(path / folder)
    artifacts.redact_logs(path / "logs")
    journal.Journal.of(path).write(chain.CLOSED, files=verification.list_files(path))


def read(path: Path) -> Run:
    """Read a run directory, also one whose run was cut off. Raises RunError, also for one that was edited."""
    try:
        return _read(path)
    except RunError:
        raise
    except journal.NewerFormatError as error:
        raise RunError(f"{path}: {error}", [f"NEWER: {error}"]) from None
    except (*artifacts.UNREADABLE, journal.JournalError, UsageError) as error:
        reason = error.strerror if isinstance(error, OSError) else artifacts.describe_flaw(error)
        raise RunError(f"{path}: is not a run directory that can be read: {reason}; name one under runs/") from None


def _read(path: Path) -> Run:
    written, recorded = _read_whole(path)
    about, events = read_json(written), recorded.events
    if flaw := find_flaw_in_about(about) or _find_flaw_in_events(events):
        raise journal.JournalError(f"{flaw}; no version of the gate wrote that")
    included = {name: _load_text(path, digest) for name, digest in about.get("included", {}).items()}
    stated = _parse(_load_text(path, about["criteria"]), tuple(included.items()), path)
    criteria = narrow(stated, about.get("moment") or "")
    closed = [event["at"] for event in events if event["event"] == chain.CLOSED]
    return Run(
        path=path,
        name=str(events[0].get("run", path.name)) if events else path.name,
        about=about,
        criteria=criteria,
        waivers=parse_waivers(_load_text(path, about["waivers"]), path / "waivers.toml"),
        findings=(*_find_standing(events, about, criteria), *count_findings(events)),
        facts=tuple(event for event in events if event["event"] == "fact"),
        unreadable=tuple(event for event in events if event["event"] == "unreadable"),
        notes=tuple(event for event in events if event["event"] == "note"),
        observed_whole=frozenset(event["layer"] for event in events if event["event"] == "observed"),
        finished=datetime.fromisoformat(closed[-1]) if closed else None,
        head=recorded.head,
        undeclared=find_undeclared(stated),
        stated=stated,
        planned=frozenset(
            (event["layer"], event["check"], event["criterion"])
            for event in events
            if event["event"] == "planned" and event.get("place")
        ),
        about_digest=hashlib.sha256(written).hexdigest(),
    )


def _parse(text: str, included: tuple[tuple[str, str], ...], path: Path) -> CriteriaFile:
    return replace(_parse_once(text, included), path=path / "criteria.toml")


@lru_cache(maxsize=4)
def _parse_once(text: str, included: tuple[tuple[str, str], ...]) -> CriteriaFile:
    """Parse criteria; those of a thousand runs that are merged are the same."""
    return parse_criteria(text, Path("criteria.toml"), dict(included), kept=True)


def _find_flaw_in_events(events: Sequence[Mapping[str, Any]]) -> str:
    for number, event in enumerate(events, start=1):
        if flaw := find_flaw_in_event(event):
            return f"{journal.NAME}:{number}: {flaw}"
    return ""


def _read_whole(path: Path) -> tuple[bytes, journal.Recorded]:
    """Return ``run.json`` and the journal of a run that is as it was written. Raises RunError."""
    for name in (verification.ABOUT, journal.NAME):
        if not (path / name).is_file():
            missing = f"MISSING: {name}"
            raise RunError(
                f"{path}: is not a run directory that can be read: {missing}; name one under runs/", [missing]
            )
    try:
        about, recorded = read_measured(path / verification.ABOUT), journal.load(path / journal.NAME)
    except OSError as error:
        unread = f"{path}: is not a run directory that can be read: {error.strerror}"
        raise RunError(f"{unread}; name one under runs/") from None
    if flaws := [*verification.find_flaws(path, about, recorded)]:
        raise RunError(f"{path}: was changed after it was written: {'; '.join(flaws)}; run the gate again", flaws)
    return about, recorded


def _find_standing(
    events: Sequence[Mapping[str, Any]], about: Mapping[str, Any], stated: CriteriaFile
) -> Iterator[Finding]:
    facts = [event for event in events if event["event"] == "fact" and not event.get("concluded")]
    started = datetime.fromisoformat(about["started"])
    yield from standing.find_unjudged_layers(events, about["layers"], stated.criteria)
    yield from standing.find_unasked(stated, about["layers"])
    yield from standing.find_stale(facts, started, stated, again="judged_again" in about or "merged" in about)


def _load_text(path: Path, digest: str) -> str:
    return artifacts.load(path, digest).decode("utf-8")


def latest(folder: Path) -> Path | None:
    """Return the newest run below a folder; None when there is none."""
    return next(iter(list_paths(folder)), None)


def list_paths(folder: Path, *, before: Path | None = None) -> list[Path]:
    """Return the runs below a folder, from before a given one if there is one, the newest first."""
    found = sorted((path for path in folder.glob("*Z-*/") if (path / "run.json").exists()), reverse=True)
    return [path for path in found if before is None or path.name < before.name]


def list_runs(folder: Path, *, before: Path | None = None) -> Iterator[Run]:
    """Yield the same runs, except those that were changed, which prove nothing."""
    for path in list_paths(folder, before=before):
        with suppress(RunError):
            yield read(path)


def list_records(folder: Path, target: str, kind: str) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a kind about a target, by its URL, from the runs below a folder; the newest first.

    A record that was cut short, or changed, does not count.
    """
    for run in list_runs(folder):
        with suppress(LookupError):
            for fact in run.facts if run.finished and run.about["target"] == target else ():
                if fact["kind"] == kind:
                    yield artifacts.load_json(run.path, fact["digest"])
