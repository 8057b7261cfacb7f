"""Files that can't be loaded: each judge in them is undetermined, and what their observers see; nothing else is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..criteria import UsageError
from ..evidence.journal import Journal
from ..facts import Fact
from ..facts.observers import OBSERVERS
from ..findings import Finding, Outcome
from ..sections.judges import WrittenJudge, read_judges
from ..sections.written_observers import Untold, read_observed
from ..terraform.policy import POLICIES


def forget_policies(files: Collection[Path]) -> None:
    """Forget what a module registered before it broke: half of a module judges nothing."""
    for id_ in [each.id for each in POLICIES.values() if each.file in files]:
        del POLICIES[id_]


def find_unobserved(broken: Mapping[Path, str], root: Path) -> tuple[Mapping[type, str], frozenset[Path]]:
    """Return why kinds of fact are not observed, whose observers are in files that can't be loaded.

    What such a file registered before it broke is forgotten. The second value are the files of which nobody can tell
    what they would have observed. A kind that is written in them is not named: whoever asks for it can't be loaded.
    """
    unread: dict[type, str] = {}
    untold = set()
    for path, why in broken.items():
        unread |= dict.fromkeys(_forget_observers(path), why)
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        try:
            unread |= {kind: why for name in read_observed(path, module) for kind in _find_kind(name)}
        except Untold:
            untold.add(path)
    return unread, frozenset(untold)


def _forget_observers(path: Path) -> Iterator[type]:
    """Forget the observers of a file; yield the kinds that they see, and those that these are one of."""
    for observer in [each for each in OBSERVERS if Path(each.__code__.co_filename) == path]:
        for kind in OBSERVERS.pop(observer):
            yield from (each for each in kind.__mro__ if issubclass(each, Fact) and each is not Fact)


def _find_kind(name: str) -> Iterator[type]:
    """Yield the kind of that name; of a name that its module lacks, every kind of that module may be meant."""
    module, _, last = name.rpartition(".")
    # of a module that is not there, whoever asks for the kind can't be loaded either
    there = vars(sys.modules[module]) if module in sys.modules else {}
    meant = [there[last]] if last in there else there.values()
    kinds = [each for each in meant if isinstance(each, type) and issubclass(each, Fact) and each is not Fact]
    if there and not kinds:
        raise Untold
    yield from kinds


def find_cause(text: str, lost: Mapping[Path, str], root: Path) -> str:
    """Return what a traceback ends with, and which of the modules that can't be loaded it goes through."""
    through = [why for path, why in lost.items() if path.relative_to(root).as_posix() in text]
    return "; ".join(["".join(text.strip().splitlines()[-1:]), *through])


def leave_unjudged(
    journal: Journal,
    layer: str,
    broken: Mapping[Path, str],
    asked: Collection[str],
    root: Path,
    *,
    stated: Collection[str] = (),
) -> frozenset[Path]:
    """Leave undetermined what is written in files that can't be loaded; ``broken`` says why, by file.

    ``asked`` are the criteria of the layer, ``stated`` those of others. Returns the files of which nobody can tell what
    they would have judged: nothing that is written in them is of any of these criteria, as far as anybody can read.
    """
    untold = set()
    for path, why in broken.items():
        judges = _read(path)
        for judge in (judge for judge in judges if judge.criterion in asked):
            _leave_undetermined(journal, layer, judge, why, root)
        if not {judge.criterion for judge in judges} & {*asked, *stated}:
            untold.add(path)
    return frozenset(untold)


def _read(path: Path) -> tuple[WrittenJudge, ...]:
    try:
        return read_judges(path, flaws=False).judges
    except (UsageError, OSError):  # then nobody planned anything in it
        return ()


def _leave_undetermined(journal: Journal, layer: str, judge: WrittenJudge, why: str, root: Path) -> None:
    journal.record_started(layer, judge.name, judge.place_in(root))
    journal.record_finding(
        Finding(
            criterion=judge.criterion,
            check=judge.name,
            layer=layer,
            subject="(module)",
            outcome=Outcome.UNDETERMINED,
            reason=why,
            remedy="Mend the module; nothing else that is judged depends on it.",
            where=(judge.place_in(root),),
        )
    )
    journal.record_finished(layer, judge.name, 1)
