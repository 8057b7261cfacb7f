"""``prodgate seal``, ``bundle`` and ``verify``: what is done with a run that is over."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ..criteria import LAYERS, UsageError
from ..evidence import runs
from ..evidence.journal import NAME
from ..evidence.verification import ABOUT
from ..processes.ending import naming
from ..quantities import Quantity
from ..report.text import one_line, visible
from ..report.verdict_words import verdict_text
from ..run.publishing import seal_again
from ..sealing.bundles import SUFFIX, make_bundle, open_bundle
from ..sealing.chains import find_gaps
from ..sealing.files import SEAL
from ..sealing.seals import SealError
from ..sealing.signers import VARIABLE, take_identity, take_signer
from ..sealing.statement import COMMIT
from ..sealing.verifying import Checked, check, check_by_itself
from ..sealing.wanted import Wanted
from ..sections.asked_layers import find_undeclared
from ..sections.criteria_file import load_criteria
from ..sections.validation import quantity_mistakes
from ..signatures.keys import SigningError
from ..signatures.timestamps import TimestampError, read_certificates, request_timestamp
from ..verdict import Decision
from .trusting import names_somebody, read_trust

_CRITERIA: Final = Path("criteria.toml")
_NOT_AUTHENTIC: Final = 4


def seal(given: argparse.Namespace) -> int:
    """Seal a run anew; what an earlier seal stood for must be as it was."""
    run = runs.read(given.run)
    signer = take_signer(given.signing_key, run.criteria.evidence)
    if (given.run / SEAL).exists() and (flaws := check_by_itself(given.run).flaws):
        raise SealError(f"{given.run}: is not as it was sealed: {'; '.join(flaws)}; nobody should stand for it")
    if given.keyless and signer is not None:
        raise UsageError(f"--keyless: a key is given, too, by --signing-key or {VARIABLE}; sign by one of them")
    commit = str(run.about.get("commit") or "")
    whoever = take_identity(given.trust_config, run.criteria.evidence, commit) if given.keyless else signer
    stamp = partial(request_timestamp, given.timestamp) if given.timestamp else None
    try:
        state, made = seal_again(given.run, whoever, stamp)
    except SigningError as error:
        raise SealError(f"{given.run}: not signed: {error}") from None
    except TimestampError as error:
        raise SealError(f"{given.run}: not sealed, since its time was not stamped: {error}") from None
    _print(f"{state}: {one_line(str(given.run), 500)}\nseal:   {made.digest}")
    return 0


def bundle(given: argparse.Namespace) -> int:
    """Pack a sealed run into one file."""
    checked = check_by_itself(given.run)
    if checked.flaws or checked.run is None:
        raise SealError(f"{given.run}: is not as it was sealed: {'; '.join(checked.flaws)}")
    path = given.to or given.run.resolve().with_name(f"{checked.run.name}{SUFFIX}")
    data = make_bundle(given.run, checked.run.name)
    with naming(path):
        path.write_bytes(data)
    _print(f"{hashlib.sha256(data).hexdigest()}  {one_line(str(path), 500)}")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Verify a run, a bundle or a folder of runs; the exit code is the verdict's, or 4 for what is not authentic."""
    wanted = _read_wanted(given)
    with _unpacked(given.run) as path:
        folder = [] if (path / ABOUT).exists() or (path / SEAL).exists() else _list_runs(path)
        checked = [check(each, wanted) for each in folder or [path]]
        gaps = list(find_gaps(path, begins=given.begins)) if folder else []
    if given.run.is_file():  # a bundle, which lay in a folder of no interest
        checked = [replace(each, path=given.run) for each in checked]
    if given.json:
        _print(json.dumps({"runs": [*map(_to_json, checked)], "gaps": gaps}, ensure_ascii=False, indent=2))
    else:
        for each in checked:
            _print("\n".join(_render(each)))
        _print_gaps(gaps)
    if gaps or not all(each.authentic for each in checked):
        return _NOT_AUTHENTIC
    last = checked[-1].verdict
    assert last is not None, "what is authentic was read"
    return last.decision.exit_code


def _print_gaps(gaps: Sequence[str]) -> None:
    for gap in gaps:
        _print(visible(gap))


def _read_wanted(given: argparse.Namespace) -> Wanted:
    """Return what the run must be. Raises UsageError."""
    _refuse_mistakes(given)
    path = given.criteria or (_CRITERIA if _CRITERIA.exists() and not names_somebody(given) else None)
    stated = load_criteria(path) if path else None
    return replace(
        read_trust(given, stated.evidence if stated else None),
        authorities=[_read_authority(file) for file in given.tsa],
        commit=given.commit,
        system=stated.system if stated else "",
        target=given.target,
        whole=given.whole,
        asked=frozenset(LAYERS) - find_undeclared(stated) if stated else frozenset(),
        promotes=given.promotes,
        max_age=Quantity.parse(given.max_age) if given.max_age else None,
    )


def _refuse_mistakes(given: argparse.Namespace) -> None:
    """Raise UsageError for options that can't be followed."""
    if given.commit and not COMMIT.fullmatch(given.commit):
        raise UsageError(f"--commit: {given.commit!r} is no commit in full; write what git rev-parse HEAD prints")
    mistakes = [] if given.max_age is None else [*quantity_mistakes("--max-age", given.max_age, "time", "24h")]
    if mistakes:
        raise UsageError("\n".join(mistakes))


def _read_authority(file: Path) -> bytes:
    """Return the certificates of an authority. Raises UsageError."""
    try:
        pem = file.read_bytes()
        read_certificates(pem)
    except (OSError, TimestampError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"--tsa {file}: {why}; name the authority's certificates, in PEM") from None
    return pem


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Hand out the folder that a path names, or that a bundle holds. Raises UsageError."""
    if path.is_dir():
        yield path
    elif not path.is_file():
        raise UsageError(f"{path}: there is no such run; name a run directory, a bundle, or a folder of runs")
    else:
        with TemporaryDirectory(prefix="prodgate-") as folder:
            yield open_bundle(path, Path(folder))


def _list_runs(folder: Path) -> list[Path]:
    """Return the runs in a folder, also those that lack a file; none that was cut off before it could be sealed."""
    found = sorted({path.parent for name in (ABOUT, SEAL, NAME) for path in folder.glob(f"*/{name}")})
    return [path for path in found if (path / SEAL).exists() or _is_over(path)]


def _is_over(path: Path) -> bool:
    """Whether a run that has no seal came to its end, so that it should have one; also one that can't be read."""
    try:
        return runs.read(path).finished is not None
    except UsageError:
        return True


def _render(checked: Checked) -> Iterator[str]:
    if not checked.authentic or not checked.run or not checked.verdict:
        yield visible(f"NOT AUTHENTIC  {one_line(str(checked.path), 500)}")
        yield from (visible(f"  {flaw}") for flaw in checked.flaws)
        return
    said = _to_json(checked)
    scope = checked.run.scope
    verdict = verdict_text(checked.verdict, scope.moment)
    yield visible(f"authentic  {verdict}  {one_line(said['system'])} on {one_line(said['target'])}")
    signed = "sealed, unsigned"
    if said["keyid"]:
        signed = _name_signature(checked)
    yield visible(f"  {signed} at {datetime.fromisoformat(said['sealed']):%Y-%m-%dT%H:%M:%SZ}: run {said['run']}")
    if timed := checked.stamped.stamp:
        yield visible(f"  time stamped at {timed.at:%Y-%m-%dT%H:%M:%SZ} by {one_line(timed.by)}")
    elif checked.stamped.there:
        yield "  its time stamp was not checked; give --tsa"
    yield visible(f"  commit {one_line(said['commit'] or 'unknown')}; head {said['head']}")
    if scope.left_out():
        yield f"  left out: {', '.join(scope.left_out())}"
    if scope.not_asked():
        yield f"  layers without criteria: {', '.join(scope.not_asked())}"
    if said["verdict"] == Decision.GO and not said["promotes"]:
        yield "  not a promotion verdict"


def _name_signature(checked: Checked) -> str:
    assert checked.seal is not None, "what is authentic has a seal"
    keyid = checked.seal.envelope.keyid[:12]
    if bundle := checked.keyless.bundle:
        said = f"signed without a key by {one_line(str(bundle.identity), 500)}"
        return f"{said} ({checked.signer})" if checked.signer else f"{said}, which was not checked; give --identity"
    if checked.signer:
        return f"signed by {checked.signer} ({keyid})"
    return f"signed by key {keyid}, which was not checked; give --key"


def _to_json(checked: Checked) -> Mapping[str, Any]:
    own: Mapping[str, Any] = checked.seal.own if checked.seal and checked.authentic else {}
    stamp, bundle = checked.stamped.stamp, checked.keyless.bundle
    keys = ("run", "verdict", "promotes", "rehearsal", "system", "target", "commit", "started", "sealed", "head")
    return {
        "path": str(checked.path),
        "authentic": checked.authentic,
        "flaws": list(checked.flaws),
        "signer": checked.signer,
        "keyid": checked.seal.envelope.keyid if checked.seal and checked.authentic else "",
        "identity": bundle.identity.subject if bundle and checked.authentic else "",
        "issuer": bundle.identity.issuer if bundle and checked.authentic else "",
        "seal": checked.seal.digest if checked.seal and checked.authentic else "",
        "stamped": stamp.at.isoformat() if stamp and checked.authentic else None,
        **{key: own.get(key) for key in keys},
    }


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
