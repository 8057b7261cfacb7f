"""Files of judges that can't be loaded: each judge in them is undetermined, and nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ..criteria import UsageError
from ..evidence.journal import Journal
from ..findings import Finding, Outcome
from ..sections.judges import WrittenJudge, read_judges
from ..terraform.policy import POLICIES


def forget_policies(files: Collection[Path]) -> None:
    """Forget what a module registered before it broke: half of a module judges nothing."""
    for id_ in [each.id for each in POLICIES.values() if each.file in files]:
        del POLICIES[id_]


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
