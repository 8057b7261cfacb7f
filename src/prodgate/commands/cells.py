"""``prodgate cells`` and ``merge``: the list of what is observed one by one, and one verdict over all of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ..criteria import UsageError
from ..evidence.verification import ABOUT
from ..processes.ending import naming
from ..run.cells import list_cells, read_list
from ..run.merging import Merging
from ..run.merging import merge as merge_runs
from ..run.publishing import Sealer, publish
from ..sealing.bundles import SUFFIX, BundleError, open_bundle
from ..sealing.signers import take_signer
from .opening import open_stated, print_progress
from .trusting import read_trust


def cells(args: argparse.Namespace) -> int:
    """Print the cells that the criteria name, or write them to a file and print its digest."""
    project = open_stated(args.criteria, args.waivers)
    found = list_cells(project, args.waivers or project.waivers, rehearsal=args.rehearsal)
    if args.to is None:
        sys.stdout.write(found.to_bytes().decode())
        return 0
    with naming(args.to):
        args.to.write_bytes(found.to_bytes())
    sys.stdout.write(f"{found.digest}  {args.to}\n")
    return 0


def merge(args: argparse.Namespace) -> int:
    """Give one verdict over runs of cells, and seal it; the exit code is the verdict's."""
    project = open_stated(args.criteria, args.waivers)
    waivers = args.waivers or project.waivers
    sealer = Sealer(take_signer(args.signing_key, project.stated.evidence))
    merging = Merging(
        project=project,
        cells=read_list(args.cells, project, waivers),
        waivers=waivers,
        runs=args.runs,
        wanted=read_trust(args, project.stated.evidence),
        progress=print_progress,
    )
    given = [each for named in args.run for each in _find_runs(named)]  # before there is one more of them
    return publish(merge_runs(merging, _open_each(given)), as_json=args.json, sealer=sealer)


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


def _find_runs(path: Path) -> list[Path]:
    """Return a run, or the runs and bundles anywhere in a folder, in order. Raises UsageError where nothing is."""
    if path.is_file() or (path / ABOUT).exists():
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such run; name run directories, bundles, or folders of them")
    return sorted({*(about.parent for about in path.rglob(ABOUT)), *path.rglob(f"*{SUFFIX}")})
