"""Commands on runs that are over: other forms of what they say, their seals and bundles, and one verdict over many."""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ..criteria import LAYERS, UsageError
from ..evidence import journal, runs
from ..evidence.journal import NAME
from ..evidence.verification import ABOUT
from ..processes.ending import naming
from ..processes.output import visible
from ..processes.regular_files import digest_file, read_measured
from ..quantities import Quantity
from ..report.catalogue import FILES
from ..report.diff.comparison import (
    Comparison,
    compare,
    comparison_to_json,
    render_comparison,
    render_comparison_markdown,
    render_comparison_page,
)
from ..report.formats.exporting import FORMATS
from ..report.formats.source import Source, read_source
from ..report.grouping import verdict_text
from ..report.history import PAGE, Entry, name_page, render_history
from ..report.text import one_line
from ..run.merging import Merging, list_cells, merge as merge_runs, read_list
from ..run.nights import read_entry
from ..run.publishing import publish, seal_again
from ..sealing.bundles import SUFFIX, BundleError, make_bundle, open_bundle, take_apart
from ..sealing.keyless import check_trusted_root, fetch_root
from ..sealing.seals import SealError, find_gaps
from ..sealing.signers import VARIABLE, read_identities, read_trusted, take_identity, take_signer
from ..sealing.statement import COMMIT, SEAL, TIME_STAMP
from ..sealing.verifying import Checked, Wanted, check, check_by_itself
from ..sections.criteria_file import find_undeclared, load_criteria
from ..sections.evidence import EvidenceSection
from ..sections.fields import quantity_mistakes
from ..signatures.keys import SigningError
from ..signatures.timestamps import TimestampError, read_certificates, request_timestamp
from ..verdict import Decision, Verdict
from ..waivers import Waiver
from .opening import open_stated, print_progress
from .output import write

_FORMATS: Final[Mapping[str, Callable[[Comparison], str]]] = {
    "text": render_comparison,
    "markdown": render_comparison_markdown,
    "html": render_comparison_page,
    "json": lambda comparison: json.dumps(comparison_to_json(comparison), ensure_ascii=False, indent=2),
}


def diff(args: argparse.Namespace) -> int:
    """Say what changed from one run to another; both are checked first. Raises RunError for one that was edited.

    Raises UsageError for a language that the format does not have.
    """
    if args.language != "en" and args.format != "html":
        raise UsageError(f"--language {args.language} is of the page: add --format html")
    comparison = compare(runs.read(args.before), runs.read(args.after))
    if args.language != "en":
        write(render_comparison_page(comparison, args.language), args.output)
    else:
        write(_FORMATS[args.format](comparison), args.output)
    return 0


def export(args: argparse.Namespace) -> int:
    """Write a run in one format; it is checked first. Raises RunError for one that was edited."""
    write(FORMATS[args.format](read_source(runs.read(args.run))), args.output, commands=args.format == "github")
    return 0


def render_check(verdict: Verdict, waivers: Sequence[Waiver], path: Path, form: str) -> str:
    """Return a verdict that belongs to no run, on the Terraform at a path, in one format."""
    now = datetime.now(UTC)
    source = Source(
        name="check",
        system=path.resolve().name,
        target=str(path),
        verdict=verdict,
        started=now,
        finished=now,
        waivers={waiver.id: waiver for waiver in waivers},
    )
    return FORMATS[form](source)


INDEX: Final = "history.jsonl"
_ANOTHER: Final = "its journal is not the one that was read before"


def history(args: argparse.Namespace) -> int:
    """Write the page and the index of a folder of runs. Raises UsageError for a folder that is none."""
    folder: Path = args.folder
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name one that holds runs, such as runs")
    known = _read_index(folder / INDEX)
    there = {entry.run: entry for entry in _read_runs(folder, known)}
    entries = {**{name: replace(entry, gone=True) for name, entry in known.items()}, **there}
    ordered = [entries[name] for name in sorted(entries)]
    write("".join(json.dumps(asdict(e), ensure_ascii=False) + "\n" for e in ordered), folder / INDEX)
    page = args.output or folder / PAGE
    for language in FILES:
        write(render_history(ordered, args.until, language=language, page=page), name_page(page, language))
    sys.stdout.write(f"history: {page}, of {len(ordered):,} run{'s' * (len(ordered) != 1)}\n")
    return 0


def _read_runs(folder: Path, known: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yield an entry for each run that is there, judged again: who can edit an index can write any verdict in it."""
    for path in sorted(folder.glob("*Z-*/")):
        file = path / journal.NAME
        digest = digest_file(file) if file.is_file() else ""
        entry = known.get(path.name)
        if entry and entry.closed and entry.journal != digest:
            yield Entry(run=path.name, journal=entry.journal, day=entry.day, problem=_ANOTHER)
            continue
        if found := read_entry(path, digest):
            yield found


def _read_index(path: Path) -> dict[str, Entry]:
    """Return what was remembered, also of runs that are no longer there. Raises UsageError for another file."""
    if not path.exists():
        return {}
    try:
        entries = [Entry.from_json(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: is no index of runs: {error}; remove it, and it is made anew") from None
    return {entry.run: entry for entry in entries}


# ── Seals and bundles: made, taken apart and verified; and one verdict over the runs of many cells

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
    """Pack each run into one file. Raises UsageError, also for one that is not as it was sealed."""
    found = [each for named in given.runs for each in _find_runs(named)]
    if given.to and len(found) > 1 and not given.to.is_dir():
        raise UsageError(f"--to {given.to}: is one file, and there are {len(found)} runs; name a folder that exists")
    for run in found:
        flaws = check_by_itself(run).flaws
        if flaws and ((run / SEAL).exists() or _is_over(run)):
            raise SealError(f"{run}: is not as it was sealed: {'; '.join(flaws)}")
        data, place = make_bundle(run, name := runs.read(run).name), given.to or run.resolve().parent
        path = place / f"{name}{SUFFIX}" if place.is_dir() else place
        with naming(path):
            path.touch(0o600)  # as the run, for its owner alone
            path.write_bytes(data)
        _print(f"{hashlib.sha256(data).hexdigest()}  {one_line(str(path), 500)}")
    return 0


def unbundle(given: argparse.Namespace) -> int:
    """Take bundles apart, each beside itself. Raises UsageError."""
    for named in given.bundles:
        if not named.exists():
            raise UsageError(f"{named}: there is no such bundle; name one, or a folder of them")
        for path in [named] if named.is_file() else sorted(named.rglob(f"*{SUFFIX}")):
            _print(one_line(str(take_apart(path)), 500))
    return 0


def _find_runs(named: Path) -> list[Path]:
    """Return a run, or the runs anywhere in a folder, in order. Raises UsageError where none is."""
    found = [named] if (named / ABOUT).exists() else sorted(path.parent for path in named.rglob(f"*Z-*/{ABOUT}"))
    if not found:
        raise UsageError(f"{named}: there is no run; name a run directory, or a folder of runs")
    return found


def verify(given: argparse.Namespace) -> int:
    """Verify a run, a bundle or a folder of runs; the exit code is the verdict's, or 4 for what is not authentic."""
    path: Path = given.run
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such run; name a run directory, a bundle, or a folder of runs")
    wanted = _read_wanted(given)
    folder = [] if (path / ABOUT).exists() or (path / SEAL).exists() else _list_runs(path)
    checked = [check(each, wanted) for each in folder or [path]]
    gaps = list(find_gaps(path, begins=given.begins)) if folder else []
    if given.bundle:  # which lies in a folder of no interest
        checked = [replace(each, path=given.bundle) for each in checked]
    if given.json:
        _print(json.dumps({"runs": [*map(_to_json, checked)], "gaps": gaps}, ensure_ascii=False, indent=2))
    else:
        for each in checked:
            _print("\n".join(_render(each)))
        for gap in gaps:
            _print(visible(gap))
    if gaps or not all(each.authentic for each in checked):
        return _NOT_AUTHENTIC
    last = checked[-1].verdict
    assert last is not None, "what is authentic was read"
    return last.decision.exit_code


def _read_wanted(given: argparse.Namespace) -> Wanted:
    """Return what the run must be. Raises UsageError."""
    _refuse_mistakes(given)
    path = given.criteria or (_CRITERIA if _CRITERIA.exists() and not names_somebody(given) else None)
    stated = load_criteria(path) if path else None
    authorities = [_read_authority(file) for file in given.tsa]
    return replace(
        read_trust(given, stated.evidence if stated else None),
        authorities=authorities,
        commit=given.commit,
        system=stated.system if stated else "",
        target=given.target,
        plan=_digest_plan(given.plan) if given.plan else "",
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


def _digest_plan(file: Path) -> str:
    """Return the SHA-256 of a plan. Raises UsageError."""
    try:
        return digest_file(file)
    except OSError as error:
        raise UsageError(f"--plan {file}: {error.strerror}; write it by `terraform show -json PLAN > FILE`") from None


def _read_authority(file: Path) -> bytes:
    """Return the certificates of an authority. Raises UsageError."""
    try:
        pem = read_measured(file, piped=True)
        read_certificates(pem)
    except (OSError, TimestampError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"--tsa {file}: {why}; name the authority's certificates, in PEM") from None
    return pem


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
        yield f"  UNVERIFIED: {TIME_STAMP}: nobody knows who stamped which time; name the authority by --tsa"
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
        "stamp": "none" if not checked.stamped.there else "verified" if stamp and checked.authentic else "unverified",
        "stamped": stamp.at.isoformat() if stamp and checked.authentic else None,
        **{key: own.get(key) for key in keys},
    }


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def names_somebody(given: argparse.Namespace) -> bool:
    """Whether the options name anybody."""
    return bool(given.key or given.identity or given.issuer or given.repository)


def read_trust(given: argparse.Namespace, stated: EvidenceSection | None) -> Wanted:
    """Return by whom a run must be signed: whom the options name, and whom criteria do. Raises UsageError.

    The keys of Sigstore that are to be fetched are there afterwards.
    """
    identities = [*read_identities(given.identity, given.issuer, given.repository)]
    signers = [*read_trusted(given.key)]
    if given.trusted_root:
        check_trusted_root(given.trusted_root)
    elif given.fetch_root:
        fetch_root()
    return Wanted(
        signers=(*signers, *(stated.signers if stated else ())),
        identities=(*identities, *(stated.identities if stated else ())),
        trusted_root=given.trusted_root,
        unsigned=given.unsigned,
    )


# ── Cells: the list of what is observed one by one, and one verdict over all of it


def cells(args: argparse.Namespace) -> int:
    """Print the cells that the criteria name, or write them to a file and print its digest."""
    found = list_cells(open_stated(args), rehearsal=args.rehearsal)
    if args.to is None:
        sys.stdout.write(found.to_bytes().decode())
        return 0
    with naming(args.to):
        args.to.write_bytes(found.to_bytes())
    sys.stdout.write(f"{found.digest}  {args.to}\n")
    return 0


def merge(args: argparse.Namespace) -> int:
    """Give one verdict over runs of cells, and seal it; the exit code is the verdict's."""
    project = open_stated(args)
    listed = read_list(args.cells, project)
    given = [each for named in args.run for each in _list_given(named)]  # before there is one more of them
    signer = take_signer(args.signing_key, project.stated.evidence)
    wanted = read_trust(args, project.stated.evidence)
    merging = Merging(project=project, cells=listed, runs=args.runs, wanted=wanted, progress=print_progress)
    return publish(merge_runs(merging, _open_each(given)), as_json=args.json, seals=True, signer=signer)


def _open_each(given: Iterable[Path]) -> Iterator[Path]:
    """Yield runs, each bundle unpacked while it is looked at; what is no bundle leaves its cell without a run."""
    for path in given:
        if path.is_dir():
            yield path
            continue
        with TemporaryDirectory(prefix="prodgate-") as folder:
            try:
                opened = open_bundle(path, Path(folder))
            except BundleError as error:
                print_progress(f"{error}")
                continue
            yield opened


def _list_given(path: Path) -> list[Path]:
    """Return a run, or the runs and bundles anywhere in a folder, in order. Raises UsageError where nothing is."""
    if path.is_file() or (path / ABOUT).exists():
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such run; name run directories, bundles, or folders of them")
    return sorted({*(about.parent for about in path.rglob(ABOUT)), *path.rglob(f"*{SUFFIX}")})
