"""Verifies a sealed run: unchanged, signed by whom, and with which verdict when it is derived again.

The folder and the keys are enough. Each fault begins with one of these words: CHANGED,
MISSING, UNLISTED, REORDERED, FOREIGN, UNSIGNED, WRONG KEY, EXPIRED, NEWER.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..criteria import LAYERS, PROMOTING, Scope
from ..evidence import runs
from ..evidence.artifacts import FOLDER
from ..evidence.journal import NAME
from ..processes.regular_files import read_measured
from ..quantities import Quantity, figure
from ..sections.evidence import EvidenceSection, TrustedIdentity, TrustedSigner
from ..signatures.envelope import EnvelopeError, parse_envelope, write_json
from ..signatures.keys import parse_public
from ..signatures.timestamps import Timestamp, TimestampError, is_about, verify_timestamp
from ..verdict import Verdict
from .keyless import WITH_KEY, Keyless, find_flaws_of_identity, find_flaws_of_place, find_known, read_keyless
from .seals import Seal, read_seal
from .statement import (
    OWN,
    SEAL,
    SUMMARY,
    SUMMARY_BUNDLE,
    TIME_STAMP,
    Before,
    FileDigest,
    Sealing,
    digest_files,
    make_statement,
    make_summary,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The requirements on a run."""

    signers: Sequence[TrustedSigner] = ()
    """Whose signature counts."""
    identities: Sequence[TrustedIdentity] = ()
    """Whose signature counts, of those who have no key."""
    trusted_root: Path | None = None
    """With which keys of Sigstore that is checked; None for those of its public instance."""
    believed: bool = False
    """Whether to believe the identity in the certificate of a signature without a key, whoever issued it."""
    unsigned: bool = False
    """Whether it counts without a signature, too."""
    authorities: Sequence[bytes] = ()
    """Certificates in PEM of those who must have stamped the time of the seal; none to ask for no time stamp."""
    commit: str = ""
    system: str = ""
    target: str = ""
    plan: str = ""
    """SHA-256 of the plan, as JSON, that it must have judged; empty to ask for none."""
    whole: bool = False
    """Whether all must have been judged that its own criteria ask, at every moment, and each layer of ``asked``."""
    asked: frozenset[str] = frozenset()
    """Layers that must be judged, whatever the criteria of the run say."""
    promotes: bool = False
    """Whether its verdict must allow a promotion."""
    max_age: Quantity | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


#: How far clocks of two machines may be apart.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """The result for the time stamp of a seal."""

    flaws: tuple[str, ...] = ()
    there: bool = False
    stamp: Timestamp | None = None
    """Its content, once it was checked; None when nobody asked for that."""


#: The state without a time stamp.
UNSTAMPED: Final = Stamped()


def check_time_stamp(run: Path, seal: Seal, authorities: Sequence[bytes]) -> Stamped:
    """Check the time stamp of a seal; with authorities there must be one, and be theirs."""
    path, sealed = run / TIME_STAMP, seal.envelope.to_bytes()
    if path.is_symlink() or not path.is_file():
        missing = f"MISSING: {TIME_STAMP}: no authority stands for the time of the seal"
        there = path.is_symlink() or path.exists()
        return Stamped(flaws=(f"UNLISTED: {TIME_STAMP}: is no file",) if there else (missing,) if authorities else ())
    response = read_measured(path)
    if not is_about(response, sealed):
        return Stamped(flaws=(f"UNLISTED: {TIME_STAMP}: is no time stamp of this seal",), there=True)
    if not authorities:
        return Stamped(there=True)
    try:
        stamp = verify_timestamp(response, sealed, authorities)
    except TimestampError as error:
        return Stamped(flaws=(f"WRONG KEY: {TIME_STAMP}: {error}",), there=True)
    return Stamped(flaws=_compare_times(seal, stamp.at), there=True, stamp=stamp)


def _compare_times(seal: Seal, stamped: datetime) -> tuple[str, ...]:
    try:
        early = datetime.fromisoformat(str(seal.own["sealed"])) > stamped + _SKEW
    except (ValueError, TypeError):
        return ()  # reading the seal reports that
    said = f"says that it was made at {seal.own['sealed']}, after its time stamp of {stamped.isoformat()}"
    return (f"CHANGED: {SEAL}: {said}",) if early else ()


def find_flaws_of_signature(wanted: Wanted, seal: Seal, name: str) -> Iterator[str]:
    """Say what is wrong with the signature of an envelope."""
    envelope = seal.envelope
    if not envelope.signature:
        if not wanted.unsigned:
            yield f"UNSIGNED: {name}: nobody stands for it"
        return
    signer = next((each for each in wanted.signers if each.keyid == envelope.keyid), None)
    if signer is None:
        if wanted.signers or wanted.identities or not wanted.unsigned:
            known = ", ".join(f"{each.name} ({each.keyid[:12]}…)" for each in wanted.signers) or "none"
            yield f"WRONG KEY: {name}: is signed by key {envelope.keyid[:64]}; those that count are {known}"
    elif not parse_public(signer.key).verifies(envelope.signature, envelope.signed_bytes):
        yield f"CHANGED: {name}: is not what {signer.name} signed"


def find_flaws_of_keyless(keyless: Keyless, wanted: Wanted) -> Sequence[str]:
    """Say what is wrong with the signature of somebody who has no key."""
    asked = wanted.signers or wanted.identities or not wanted.unsigned
    if keyless.bundle is None or not asked:
        return keyless.flaws
    return find_flaws_of_identity(keyless.bundle, wanted.identities, wanted.trusted_root, believed=wanted.believed)


def find_flaws_of_keyless_summary(
    run: runs.Run, keyless: Keyless, wanted: Wanted, summary: Seal, name: str
) -> Iterator[str]:
    """Say what is wrong with the signature of a summary whose seal somebody signed without a key."""
    found, own = read_keyless(run.path, summary, name, SUMMARY_BUNDLE), keyless.bundle
    if not found.there:
        yield f"MISSING: {SUMMARY_BUNDLE}: nobody stands for {name}"
    elif not found.bundle:
        yield from found.flaws
    elif own and (found.bundle.identity, found.bundle.origin) != (own.identity, own.origin):
        yield f"FOREIGN: {SUMMARY_BUNDLE}: is not signed by whoever signed {SEAL}"
    elif wanted.signers or wanted.identities or not wanted.unsigned:
        known, root = wanted.identities, wanted.trusted_root
        yield from find_flaws_of_identity(found.bundle, known, root, believed=wanted.believed, name=SUMMARY_BUNDLE)


def find_flaws_of_signed_place(keyless: Keyless, wanted: Wanted, run: runs.Run) -> Iterator[str]:
    """Say when somebody without a key signed at another commit, or in another repository, than the run is of."""
    if keyless.bundle:
        yield from find_flaws_of_place(keyless.bundle, wanted.identities, str(run.about.get("commit") or ""))


def name_signer(seal: Seal, keyless: Keyless, wanted: Wanted) -> str:
    """Return who signed; empty where it is nobody whose signature counts."""
    if keyless.bundle:
        known = find_known(keyless.bundle, wanted.identities)
        return known.name if known else ""
    return next((each.name for each in wanted.signers if each.keyid == seal.envelope.keyid), "")


def find_foreign_signer(seal: Seal, keyless: Keyless, run: runs.Run) -> Iterator[str]:
    """Say when a run is signed by somebody whom its own criteria do not name."""
    stated, keyid = run.criteria.evidence, seal.envelope.keyid
    if keyless.bundle:
        if stated.names and find_known(keyless.bundle, stated.identities) is None:
            yield f"WRONG KEY: {SEAL}: is signed by {keyless.bundle.identity}, whom the run's own criteria do not name"
    elif keyid and stated.names and stated.find_signer(keyid) is None:
        yield f"WRONG KEY: {SEAL}: is signed by key {keyid[:64]}, which the run's own criteria do not name"


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
        envelope = parse_envelope(read_measured(path))
    except (EnvelopeError, OSError) as error:
        yield f"CHANGED: {SUMMARY}: {error}"
        return
    if envelope.payload != write_json(wanted):
        yield f"CHANGED: {SUMMARY}: does not say what follows from the seal"
    yield from find_flaws(Seal(envelope, json.loads(write_json(wanted))), SUMMARY)


_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result for a run."""

    path: Path
    flaws: tuple[str, ...]
    seal: Seal | None = None
    run: runs.Run | None = None
    verdict: Verdict | None = None
    """Derived anew; None when the run can't be read."""
    signer: str = ""
    """The name of the signer; empty unless it is certain."""
    stamped: Stamped = UNSTAMPED
    """The state of the seal's time stamp."""
    keyless: Keyless = WITH_KEY
    """The signature without a key, if it has one."""

    @property
    def authentic(self) -> bool:
        """Whether it is what was sealed, by somebody whose signature counts, and what was wanted."""
        return not self.flaws


def check(path: Path, wanted: Wanted) -> Checked:
    """Check a sealed run. The answer holds its faults.

    Raises OSError only for an unreadable run, and SealError without anything to check it with.
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
    cited = [
        *(str(fact["digest"]) for fact in run.facts),
        *(digest for finding in run.findings for digest in finding.evidence),
    ]
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
    if wanted.plan and (judged := _find_plan(run)) != wanted.plan:
        yield f"FOREIGN: judged {f'plan {judged}' if judged else 'no plan'}, not {wanted.plan}"
    if wanted.whole:
        yield from _find_left_out(run.scope, wanted.asked)
    if wanted.promotes and not verdict.promotes:
        place = "a rehearsal" if run.scope.rehearsal else "staging" if run.scope.staging else "this system"
        yield f"FOREIGN: allows no promotion: it says {verdict.decision} of {place}"
    elif wanted.promotes and (left := (wanted.asked & PROMOTING) - (run.scope.layers - run.scope.undeclared)):
        yield f"FOREIGN: allows no promotion: it left out {', '.join(sorted(left))}"
    if wanted.commit and about.get("commit") != wanted.commit:
        yield f"FOREIGN: is about commit {about.get('commit') or 'unknown'}, not {wanted.commit}"
    if wanted.system and wanted.system not in (about["system"], run.criteria.system):
        yield f"FOREIGN: is about system {about['system']!r}, not {wanted.system!r}"
    times = [run.started, *(run.observed() or ())]
    first, last = min(times), max(times)
    if last > wanted.now + _SKEW:
        yield f"EXPIRED: says that it began or saw something at {last:%Y-%m-%dT%H:%M:%SZ}, which is still to come"
    elif wanted.max_age is not None and wanted.now - first > timedelta(seconds=float(wanted.max_age.base)):
        hours = figure((wanted.now - first) / timedelta(hours=1), float(wanted.max_age.base) / 3600)
        yield f"EXPIRED: was observed {hours} h ago, at {first:%Y-%m-%dT%H:%M:%SZ}; {wanted.max_age} is allowed"


def _find_plan(run: runs.Run) -> str:
    """Return the digest of the plan.json that a run judged; empty where it judged none."""
    root = os.path.normpath(run.criteria.terraform_root) if "static" in run.scope.layers else ""
    return str(run.about.get("inputs", {}).get(root, "")) if root.endswith(".json") else ""


def _find_left_out(scope: Scope, asked: frozenset[str]) -> Iterator[str]:
    left = [each for each in LAYERS if each in {*scope.left_out(), *(asked - (scope.layers - scope.undeclared))}]
    said = [f"asked only what must hold {scope.when} a deployment"] * bool(scope.moment)
    said += [f"looked at cell {scope.cell}"] * bool(scope.cell) + [f"left out: {', '.join(left)}"] * bool(left)
    yield from ([f"FOREIGN: is about a part alone; {'; '.join(said)}"] if said else [])


def _name(flaw: str, names: Iterable[str]) -> Iterator[str]:
    """Say it of each file; of many, of the first ones."""
    found = list(names)
    yield from (f"{flaw}: {name}" for name in found[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        yield f"{flaw}: {len(found) - _MOST_NAMED:,} files more"
