"""Looks at the migrations of a release: which there are, their SQL, and what is wrong with it, as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from .backfills import find_backfills
from .breaking import Readers, find_breakage, find_misread
from .linting import Lint, lint
from .reading import read_revisions, read_texts
from .rendering import Rendered, Rendering, render
from .revisions import Revision, find_ancestors, find_heads
from .steps import Step, list_steps


def observe_folder(tool: str, folder: Path) -> dict[str, Any]:
    """Return the migrations of a folder, ``{"heads", "revisions"}``, oldest first. Raises Unreadable."""
    revisions = read_revisions(tool, read_texts(folder))
    return {"heads": find_heads(revisions), "revisions": [asdict(each) for each in revisions]}


def observe_release(
    tool: str, project: Path, folder: Path, deployed: Callable[[Sequence[Revision]], Iterable[str]], readers: Readers
) -> dict[str, Any]:
    """Return the migrations that a release adds to those that are ``deployed``, by id, with what is wrong with each.

    ``{"engines", "migrations"}``: each migration has ``id``, ``file``, ``sql``, ``fault``, ``violations`` and
    ``breakage``. Raises Unreadable when they are not known.
    """
    texts = read_texts(folder)
    revisions = read_revisions(tool, texts)
    before = find_ancestors(revisions, deployed(revisions))
    wanted = [each for each in revisions if each.id not in before]
    if not wanted:
        return {"engines": [], "migrations": []}
    rendering = render(tool, project, folder, texts, wanted)
    _compare_heads(rendering, find_heads(revisions))
    linted = lint({one.revision.id: one.sql for one in rendering.migrations if not one.fault})
    return {
        "engines": [rendering.engine, f"squawk {linted.version}"],
        "migrations": list(_describe(rendering.migrations, linted, readers)),
    }


def _compare_heads(rendering: Rendering, heads: tuple[str, ...]) -> None:
    """Raise Unreadable when the tool sees others than the text of the files states."""
    if rendering.heads not in (None, heads):
        said = f"{rendering.engine} sees {', '.join(rendering.heads or ())}, and the files state {', '.join(heads)}"
        raise Unreadable(f"the newest migration is not certain: {said}; name the folder that holds all of them")


def _describe(migrations: Iterable[Rendered], linted: Lint, readers: Readers) -> Iterable[Mapping[str, Any]]:
    earlier: list[Step] = []
    for one in migrations:
        steps = () if one.fault else list_steps(one.sql)
        violations = () if one.fault else (*linted.violations[one.revision.id], *find_backfills(one.sql))
        yield {
            "id": one.revision.id,
            "file": one.revision.file,
            "sql": one.sql,
            "fault": one.fault,
            "violations": [asdict(each) for each in violations],
            "breakage": [
                asdict(each) for each in (*find_breakage(steps, earlier, readers), *find_misread(steps, violations))
            ],
        }
        earlier += steps
