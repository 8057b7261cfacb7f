"""Seals a finished run: writes the envelopes, signed where there is a key, and links the run to the one before it."""

import fcntl
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from ..criteria import UsageError
from ..evidence.artifacts import NO_FILE, is_portable
from ..evidence.runs import Run
from ..processes.regular_files import OF_RUN, read_measured
from ..signatures.envelope import Envelope, EnvelopeError, parse_envelope, write_json
from ..signatures.keyless import KeylessSigner
from ..signatures.keys import Signer, SigningError
from ..verdict import Verdict
from .statement import (
    BUNDLE,
    OWN,
    SEAL,
    SEALING,
    SUMMARY,
    SUMMARY_BUNDLE,
    TIME_STAMP,
    VERIFIERS,
    Before,
    FileDigest,
    Sealing,
    digest_files,
    make_statement,
    make_summary,
)

#: Runs of the same system and target that are looked at for the one before; each names another, so that the newest few
#: are enough.
_NEWEST: Final = 20
#: Seconds to wait for another run of the same folder to be sealed.
PATIENCE: Final = 30.0


class SealError(UsageError):
    """A run can't be sealed, or its seal not be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of a run as it is on disk. Nothing says that it holds."""

    envelope: Envelope
    statement: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of its statement."""
        return hashlib.sha256(self.envelope.payload).hexdigest()

    @property
    def own(self) -> Mapping[str, Any]:
        """The gate's own part of it."""
        found: Mapping[str, Any] = self.statement["predicate"][OWN]
        return found

    @property
    def replaced(self) -> tuple[str, ...]:
        """SHA-256 of the statements of earlier seals of the same run."""
        found = self.own.get("replaces")
        return tuple(map(str, found)) if isinstance(found, list) else ()


def read_seal(run: Path) -> Seal | None:
    """Return the seal of a run; None when it has none. Raises EnvelopeError for a file that is no seal."""
    path = run / SEAL
    if not path.is_file():
        return None
    try:
        envelope = parse_envelope(read_measured(path, OF_RUN))
    except OSError as error:
        raise EnvelopeError(error.strerror) from None
    try:
        statement = json.loads(envelope.payload)
        found = Seal(envelope, statement)
        shaped = all(isinstance(found.own[key], str) for key in ("run", "system", "target", "sealed", "verdict"))
    except (ValueError, LookupError, TypeError, RecursionError):
        shaped = False
    if not shaped or write_json(statement) != envelope.payload:
        raise EnvelopeError("it holds no statement about a run")
    return found


def seal(
    run: Run,
    verdict: Verdict,
    signer: Signer | KeylessSigner | None,
    *,
    stamp: Callable[[bytes], bytes] | None = None,
    now: datetime | None = None,
) -> Seal:
    """Seal a run over the files that it has by now, in place of an earlier seal.

    ``stamp`` returns the time stamp of the bytes of the seal. Raises SealError, what ``stamp`` raises, and SigningError
    when the signer did not sign; then the run is as it was before.
    """
    if run.finished is None:
        raise SealError(f"{run.path}: was cut off, and is no whole to seal; run the gate again")
    with _held(run.path.parent), taken_back(run.path, VERIFIERS):
        for name in VERIFIERS:
            _write(run.path / name, resources.files(__package__).joinpath(f"bundled/{name}").read_bytes())
        earlier = read_whatever_seal(run.path)
        before = _read_before(earlier) if earlier else find_before(run)
        replaces = (*earlier.replaced, earlier.digest) if earlier else ()
        sealing = Sealing(at=now or datetime.now(UTC), before=before, replaces=replaces)
        made, files = _make(make_statement(run, verdict, _digest_files(run.path), sealing), signer)
        if stamp:
            files[TIME_STAMP] = stamp(files[SEAL])
        for name in SEALING - {SEAL}:
            (run.path / name).unlink(missing_ok=True)
        for name, data in files.items():
            _write(run.path / name, data)
    return made


def _make(statement: Mapping[str, Any], signer: Signer | KeylessSigner | None) -> tuple[Seal, dict[str, bytes]]:
    """Return the seal that says a statement, and the files that it is made of."""
    envelope, files = _enclose(statement, signer, SEAL, BUNDLE)
    made = Seal(envelope, statement)
    if signer and (summary := make_summary(statement, made.digest)):
        files |= _enclose(summary, signer, SUMMARY, SUMMARY_BUNDLE)[1]
    return made, files


def _digest_files(run: Path) -> Mapping[str, FileDigest]:
    files = digest_files(run)
    for name in (name for name, file in files.items() if file.sha256 == NO_FILE):
        raise SealError(f"{run}: {name}: is a link or the like, and no file that a seal could stand for; take it out")
    for name in (name for name in files if not is_portable(name)):
        raise SealError(f"{run}: {name!r}: is a name that Windows or an artifact store refuses; take the file out")
    return files


def _enclose(
    statement: Mapping[str, Any], signer: Signer | KeylessSigner | None, name: str, bundle: str
) -> tuple[Envelope, dict[str, bytes]]:
    """Return the envelope of a statement, and the file of that name; without a key also the bundle beside it."""
    bare = Envelope(payload=write_json(statement))
    if signer is None:
        return bare, {name: bare.to_bytes()}
    if not isinstance(signer, KeylessSigner):
        signature = signer.sign(bare.signed_bytes)
        envelope = Envelope(payload=bare.payload, keyid=signer.public.keyid, signature=signature)
        return envelope, {name: envelope.to_bytes()}
    signed = signer.sign_statement(bare.payload)
    envelope = Envelope(payload=bare.payload, keyid=signed.public.keyid, signature=signed.signature)
    if not signed.is_of(envelope):
        raise SigningError("Sigstore: signed something else than was asked for")
    return envelope, {name: envelope.to_bytes(), bundle: signed.data}


def _read_before(earlier: Seal) -> Before | None:
    match earlier.own.get("before"):
        case {"run": str(run), "seal": str(digest)}:
            return Before(run, digest)
    return None


def read_whatever_seal(run: Path) -> Seal | None:
    """Return the seal of a run; None also for one that can't be read, which verifying reports."""
    try:
        return read_seal(run)
    except (EnvelopeError, OSError):
        return None


def find_before(run: Run) -> Before | None:
    """Return the run of the same system and target, and in the same folder, that was sealed last."""
    others = sorted(path for path in run.path.parent.glob("*Z-*/") if path != run.path and (path / SEAL).is_file())
    akin = (
        found
        for path in reversed(others)
        if (found := read_whatever_seal(path))
        and (found.own["system"], found.own["target"]) == (run.about["system"], run.about["target"])
    )
    last = max(islice(akin, _NEWEST), key=lambda found: str(found.own["sealed"]), default=None)
    return Before(str(last.own["run"]), last.digest) if last else None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep others from sealing in the same folder: each run must follow on one, and each be followed by one."""
    descriptor, until = os.open(folder, os.O_RDONLY), monotonic() + PATIENCE
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > until:
                    raise SealError(f"{folder}: another run is being sealed for more than {PATIENCE:g} s") from None
                sleep(0.01)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def taken_back(run: Path, names: Iterable[str]) -> Iterator[None]:
    """Put files of a run back as they were where the block does not end well: another seal may stand for them."""
    before = {path: path.read_bytes() if path.is_file() else None for path in map(run.joinpath, names)}
    try:
        yield
    except BaseException:
        for path, data in before.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, data)
        raise


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)


def find_gaps(folder: Path, *, begins: Collection[str] = ()) -> Iterator[str]:
    """Name the runs that a folder lacks, or that changed since the next one was sealed.

    ``begins`` has the runs that the folder begins with, for example after older ones were moved. The remaining
    runs can't show that the newest are missing.
    """
    groups: dict[tuple[str, str], dict[str, Seal]] = defaultdict(dict)
    for path in sorted(folder.glob(f"*/{SEAL}")):
        if (seal := read_whatever_seal(path.parent)) is None:
            continue  # checking that run reports what is wrong with it
        name, group = str(seal.own["run"]), groups[str(seal.own["system"]), str(seal.own["target"])]
        if name in group:
            yield f"UNLISTED: {path.parent}: is run {name}, which is there already"
        group.setdefault(name, seal)
    for (system, target), seals in sorted(groups.items()):
        yield from (f"{system} on {target}: {flaw}" for flaw in _find_gaps_among(seals, begins))


def _find_gaps_among(seals: Mapping[str, Seal], begins: Collection[str]) -> Iterator[str]:
    followers: dict[str, list[str]] = defaultdict(list)
    for name, seal in seals.items():
        match seal.own.get("before"):
            case {"run": str(before), "seal": str(digest)}:
                followers[before].append(name)
                yield from _compare(name, before, digest, seals, begins)
            case _:
                followers[""].append(name)
    for before, names in followers.items():
        if len(names) > 1:
            after = f"follow on {before}" if before else "say that they are the first"
            yield f"UNLISTED: {', '.join(sorted(names))} all {after}; one of them does"


def _compare(name: str, before: str, digest: str, seals: Mapping[str, Seal], begins: Collection[str]) -> Iterator[str]:
    seal = seals.get(before)
    if seal is None:
        if name not in begins:
            yield f"MISSING: run {before}, on which {name} follows"
    elif digest not in (seal.digest, *seal.replaced):
        yield f"CHANGED: run {before} was sealed anew, or is another one, since {name} followed on it"
