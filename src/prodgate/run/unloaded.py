"""Files that can't be loaded: each judge in them is undetermined, and what their observers see; nothing else is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path

from ..criteria import UsageError
from ..evidence.journal import Journal
from ..facts import Fact
from ..facts.observers import OBSERVERS, Observer
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
    modules = {path: name_module(path, root) for path in broken}
    for path, why in broken.items():
        unread |= dict.fromkeys(_forget_observers(path), why)
        try:
            observed = read_observed(path, modules[path])
            if not all(_is_told(name, {*modules.values()}) for name in observed.imports):
                raise Untold
            unread |= {kind: why for name in observed.kinds for kind in _find_kind(name)}
        except Untold:
            untold.add(path)
    return unread, frozenset(untold)


def find_late(broken: Mapping[Path, str], root: Path) -> frozenset[Path]:
    """Return the files that could not be loaded at first and are now: nobody has asked their observers."""
    return frozenset(path for path in broken if name_module(path, root) in sys.modules)


def name_module(path: Path, root: Path) -> str:
    """Return the name under which a module of a project is imported."""
    return ".".join(path.relative_to(root).with_suffix("").parts)


def _is_told(name: str, broken: Collection[str]) -> bool:
    """Whether what an import registers is known: by Python or the gate, by a module that is loaded or is broken itself,
    or by one that is nowhere.
    """
    first, package = name.partition(".")[0], name.rpartition(".")[0]
    if first in {"prodgate", *sys.stdlib_module_names} or name in sys.modules or {name, package} & {*broken}:
        return True
    if package not in sys.modules:
        return first not in sys.modules and PathFinder.find_spec(first) is None
    among = getattr(sys.modules[package], "__path__", None)
    return among is None or PathFinder.find_spec(name, among) is None


def _forget_observers(path: Path) -> Iterator[type]:
    """Forget the observers of a file; yield the kinds that they see, and those that these are one of."""
    for observer in [each for each in OBSERVERS if _find_file(each) == path]:
        for kind in OBSERVERS.pop(observer):
            yield from (each for each in kind.__mro__ if issubclass(each, Fact) and each is not Fact)


def _find_file(observer: Observer) -> Path | None:
    """Return where an observer is written; None for something that is called without being a function."""
    code = getattr(observer, "__code__", None)
    return Path(code.co_filename) if code else None


def _find_kind(name: str) -> Iterator[type]:
    """Yield the kind of that name; of a name that its module lacks, every kind of that module may be meant."""
    module, _, last = name.rpartition(".")
    if module.startswith("prodgate."):  # a kind of another layer, which a suite of this one may ask for later
        with suppress(ImportError):
            import_module(module)
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
