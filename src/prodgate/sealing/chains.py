"""Runs of one system and target in a folder: each names the one before, so that one that vanished is missed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from .files import SEAL
from .seals import Seal, read_whatever_seal


def find_gaps(folder: Path, *, begins: Collection[str] = ()) -> Iterator[str]:
    """Say which runs a folder lacks, or holds other than they were when the next one was sealed.

    ``begins`` has the runs that the folder is known to begin with, such as after older ones were taken out of it. That
    the newest runs are gone can't be seen from those that are left.
    """
    groups: dict[tuple[str, str], dict[str, Seal]] = defaultdict(dict)
    for path in _list_seals(folder):
        if (seal := read_whatever_seal(path.parent)) is None:
            continue  # whoever checks that run says what is wrong with it
        name, group = str(seal.own["run"]), groups[str(seal.own["system"]), str(seal.own["target"])]
        if name in group:
            yield f"UNLISTED: {path.parent}: is run {name}, which is there already"
        group.setdefault(name, seal)
    for (system, target), seals in sorted(groups.items()):
        yield from (f"{system} on {target}: {flaw}" for flaw in _find_gaps_among(seals, begins))


def _list_seals(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob(f"*/{SEAL}"))


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
