"""Whether a sealed run is what was sealed, by whom, and what it says when its verdict is derived again.

Nothing is asked of anybody: the folder and the keys are enough. What is wrong begins with one of these words: CHANGED,
MISSING, UNLISTED, REORDERED, FOREIGN, UNSIGNED, WRONG KEY, EXPIRED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..criteria import LAYERS, Scope
from ..evidence import runs
from ..evidence.artifacts import FOLDER
from ..evidence.journal import NAME
from ..sections.evidence import EvidenceSection
from ..signatures.envelope import EnvelopeError
from ..verdict import Verdict
from .files import SEAL, FileDigest, digest_files
from .keyless import WITH_KEY, Keyless, read_keyless
from .seals import Seal, read_seal
from .signed import (
    find_flaws_of_keyless,
    find_flaws_of_keyless_summary,
    find_flaws_of_signature,
    find_flaws_of_signed_place,
    find_foreign_signer,
    name_signer,
)
from .statement import OWN, Before, Sealing, make_statement
from .summaries import find_flaws_of_summary
from .time_stamps import UNSTAMPED, Stamped, check_time_stamp
from .wanted import Wanted

_MOST_NAMED: Final = 5
#: How far clocks of two machines may be apart.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found out about a run."""

    path: Path
    flaws: tuple[str, ...]
    seal: Seal | None = None
    run: runs.Run | None = None
    verdict: Verdict | None = None
    """Derived anew; None when the run can't be read."""
    signer: str = ""
    """Who signed; empty unless that is certain."""
    stamped: Stamped = UNSTAMPED
    """What is known of the time stamp of the seal."""
    keyless: Keyless = WITH_KEY
    """Who signed it without a key."""

    @property
    def authentic(self) -> bool:
        """Whether it is what was sealed, by somebody whose signature counts, and what was wanted."""
        return not self.flaws


def check(path: Path, wanted: Wanted) -> Checked:
    """Check a sealed run. What is wrong is in the answer.

    An OSError is raised only for what can't be read at all, and SealError where nothing is there to check it with.
    """
    try:
        seal = read_seal(path)
    except EnvelopeError as error:
        return Checked(path=path, flaws=(f"CHANGED: {SEAL}: {error}",))
    if seal is None:
        return Checked(path=path, flaws=(f"MISSING: {SEAL}: the run is not sealed",))
    keyless, stamped = read_keyless(path, seal), check_time_stamp(path, seal, wanted.authorities)
    signed = find_flaws_of_keyless(keyless, wanted) if keyless.there else find_flaws_of_signature(wanted, seal, SEAL)
    flaws = [*signed, *stamped.flaws, *_compare_files(seal.statement, digest_files(path))]
    try:
        run = runs.read(path)
    except runs.RunError as error:
        flaws += map(_begin_with_word, error.flaws or (f"CHANGED: {error}",))
        return Checked(path=path, flaws=tuple(dict.fromkeys(flaws)), seal=seal)
    verdict = run.verdict()
    flaws += [*find_foreign_signer(seal, keyless, run), *_compare_run(wanted, seal, keyless, run, verdict)]
    found = tuple(dict.fromkeys((*flaws, *_find_unwanted(run, verdict, wanted))))
    return Checked(
        path=path, flaws=found, seal=seal, run=run, verdict=verdict, stamped=stamped, keyless=keyless,
        signer="" if found else name_signer(seal, keyless, wanted),
    )  # fmt: skip


def _compare_run(wanted: Wanted, seal: Seal, keyless: Keyless, run: runs.Run, verdict: Verdict) -> Iterator[str]:
    """Say where a run is not what its seal says, or what its summary does."""
    derived = _derive(seal, run, verdict)
    yield from _find_uncited(run, seal.statement)
    yield from _compare_statement(seal, run.name, derived)
    yield from find_flaws_of_signed_place(keyless, wanted, run)
    by_key = partial(find_flaws_of_signature, wanted)
    without = partial(find_flaws_of_keyless_summary, run, keyless, wanted)
    find_flaws = without if keyless.there else by_key
    yield from find_flaws_of_summary(run.path, seal, derived, find_flaws, without_key=keyless.there)


def check_by_itself(path: Path) -> Checked:
    """Check a sealed run that nobody's key is known for: signatures of those whom its own criteria name must hold."""
    try:
        stated = runs.read(path).criteria.evidence
    except runs.RunError:
        stated = EvidenceSection()  # what is wrong with it is said below
    return check(path, Wanted(signers=stated.signers, identities=stated.identities, believed=True, unsigned=True))


def _begin_with_word(flaw: str) -> str:
    """Return a flaw of a journal, which names the file first, in the form of the others."""
    place, word, rest = (*flaw.split(": ", 2), "", "")[:3]
    return f"{word}: {place}: {rest}" if place == NAME and rest else flaw


def _compare_files(statement: Mapping[str, Any], found: Mapping[str, FileDigest]) -> Iterator[str]:
    listed = dict(_list_subjects(statement))
    yield from _name("CHANGED", [name for name, file in found.items() if name in listed and listed[name] != file])
    yield from _name("MISSING", [name for name in listed if name not in found])
    yield from _name("UNLISTED", [name for name in found if name not in listed])


def _list_subjects(statement: Mapping[str, Any]) -> Iterator[tuple[str, FileDigest]]:
    subjects = statement.get("subject")
    for subject in subjects if isinstance(subjects, list) else ():
        match subject:
            case {"name": str(name), "digest": {"sha256": str(digest)}, "annotations": {"bytes": int(size)}}:
                yield name, FileDigest(digest, size)


def _find_uncited(run: runs.Run, statement: Mapping[str, Any]) -> Iterator[str]:
    """Name evidence that a fact or a finding rests on and that the run does not hold."""
    held = {name.removeprefix(f"{FOLDER}/").partition(".")[0] for name, _ in _list_subjects(statement)}
    cited = [str(fact["digest"]) for fact in run.facts]
    cited += [digest for finding in run.findings for digest in finding.evidence]
    yield from _name("MISSING", [f"{FOLDER}/{digest}" for digest in dict.fromkeys(cited) if digest not in held])


def _derive(seal: Seal, run: runs.Run, verdict: Verdict) -> dict[str, Any] | None:
    """Return the statement that follows from a run; None where the seal does not say when it was made."""
    try:
        sealing = _read_sealing(seal.own)
    except (ValueError, LookupError, TypeError):
        return None
    return make_statement(run, verdict, dict(_list_subjects(seal.statement)), sealing)


def _compare_statement(seal: Seal, name: str, derived: Mapping[str, Any] | None) -> Iterator[str]:
    """Say where a seal differs from the one that follows from the run of that name."""
    said, own = seal.statement, seal.own
    if own["run"] != name:
        yield f"FOREIGN: {SEAL}: is of run {own['run']}, and the journal of {name}"
    if derived is None:
        yield f"CHANGED: {SEAL}: does not say when it was made, or after which run"
        return
    for key, value in derived["predicate"][OWN].items():
        if own.get(key) != value:
            yield f"CHANGED: {SEAL}: says {key} {own.get(key)!r}; derived from the run it is {value!r}"
    if own == derived["predicate"][OWN] and said != derived:
        yield f"CHANGED: {SEAL}: does not say what follows from the run"
    elif own.keys() != derived["predicate"][OWN].keys():
        yield f"CHANGED: {SEAL}: says more or less than the gate does"


def _read_sealing(own: Mapping[str, Any]) -> Sealing:
    before = own["before"]
    return Sealing(
        at=datetime.fromisoformat(own["sealed"]),
        before=Before(str(before["run"]), str(before["seal"])) if before is not None else None,
        replaces=tuple(map(str, own["replaces"])),
    )


def _find_unwanted(run: runs.Run, verdict: Verdict, wanted: Wanted) -> Iterator[str]:
    about = run.about
    if wanted.target and about["target"] != wanted.target:
        yield f"FOREIGN: is about target {about['target']!r}, not {wanted.target!r}"
    if wanted.whole:
        yield from _find_left_out(run.scope, wanted.asked)
    if wanted.promotes and not verdict.promotes:
        place = "a rehearsal" if run.scope.rehearsal else "staging" if run.scope.staging else "this system"
        yield f"FOREIGN: allows no promotion: it says {verdict.decision} of {place}"
    if wanted.commit and about.get("commit") != wanted.commit:
        yield f"FOREIGN: is about commit {about.get('commit') or 'unknown'}, not {wanted.commit}"
    if wanted.system and wanted.system not in (about["system"], run.criteria.system):
        yield f"FOREIGN: is about system {about['system']!r}, not {wanted.system!r}"
    times = [run.started, *(run.observed() or ())]
    first, last = min(times), max(times)
    if last > wanted.now + _SKEW:
        yield f"EXPIRED: says that it began or saw something at {last:%Y-%m-%dT%H:%M:%SZ}, which is still to come"
    elif wanted.max_age is not None and wanted.now - first > timedelta(seconds=float(wanted.max_age.base)):
        hours = (wanted.now - first) / timedelta(hours=1)
        yield f"EXPIRED: was observed {hours:,.1f} h ago, at {first:%Y-%m-%dT%H:%M:%SZ}; {wanted.max_age} is allowed"


def _find_left_out(scope: Scope, asked: frozenset[str]) -> Iterator[str]:
    left = [each for each in LAYERS if each in {*scope.left_out(), *(asked - (scope.layers - scope.undeclared))}]
    said = [f"asked only what must hold {scope.moment} a deployment"] * bool(scope.moment)
    said += [f"looked at cell {scope.cell}"] * bool(scope.cell) + [f"left out: {', '.join(left)}"] * bool(left)
    yield from ([f"FOREIGN: is about a part alone; {'; '.join(said)}"] if said else [])


def _name(flaw: str, names: Iterable[str]) -> Iterator[str]:
    """Say it of each file; of many, of the first ones."""
    found = list(names)
    yield from (f"{flaw}: {name}" for name in found[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        yield f"{flaw}: {len(found) - _MOST_NAMED:,} files more"
