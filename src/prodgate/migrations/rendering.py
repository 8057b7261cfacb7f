"""The SQL of migrations, as the tool that runs them renders it: Alembic offline, or the files that are SQL already."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from ..processes.child import running
from ..semantics.json_texts import read_json
from .reading import PLAIN_SQL
from .revisions import Revision

#: Seconds that rendering may take; a child that computes for longer is ended by its own limit before.
LIMIT: Final = 120.0
_DRIVER: Final = Path(__file__).with_name("driver.py")
#: All that a child which imports a team's migrations is given of the environment.
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A migration with its SQL, or why there is none."""

    revision: Revision
    sql: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a tool said: the heads that it sees, and the SQL of each migration."""

    engine: str
    heads: tuple[str, ...] | None
    """None where nothing but the files says it."""
    migrations: tuple[Rendered, ...]


def render(tool: str, project: Path, folder: Path, texts: Mapping[str, str], wanted: Sequence[Revision]) -> Rendering:
    """Return the SQL of migrations. Raises Unreadable when a tool can't render any."""
    if tool in PLAIN_SQL:
        found = (Rendered(revision=each, sql=texts[each.file]) for each in wanted)
        return Rendering(engine="files of the repository", heads=None, migrations=tuple(found))
    if tool != "alembic":
        raise Unreadable(f"{tool}: its migrations become SQL only in its own application; render and lint them there")
    return _render_alembic(project, folder, wanted)


def _render_alembic(project: Path, folder: Path, wanted: Iterable[Revision]) -> Rendering:
    if find_spec("alembic") is None:
        raise Unreadable("alembic is not installed; pip install 'prod-gate[rollout]'")
    by_id = {each.id: each for each in wanted}
    words = [word for id_ in by_id for word in ("--revision", id_)]
    command = (sys.executable, "-I", str(_DRIVER), str(folder.absolute()), "--base", str(project.absolute()), *words)
    said = _run(command, project)
    try:
        if [one["id"] for one in said["rendered"]] != [*by_id]:
            raise Unreadable(
                "Alembic answered for other migrations than it was asked for; one of them meddles with that"
            )
        migrations = tuple(
            Rendered(revision=by_id[one["id"]], sql=str(one.get("sql", "")), fault=str(one.get("fault", "")))
            for one in said["rendered"]
        )
        return Rendering(engine=f"Alembic {said['version']}", heads=tuple(said["heads"]), migrations=migrations)
    except (KeyError, TypeError) as error:
        raise Unreadable(f"Alembic's answer lacks {error}; one of the migrations meddles with it") from None


def _run(command: Sequence[str], cwd: Path) -> Mapping[str, Any]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with running(command, cwd=cwd, environment=environment) as (process, _):
        try:
            done = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Unreadable(
                f"Alembic did not render the migrations within {LIMIT:g} s; one of them never ends"
            ) from None
        if done.code:
            raise Unreadable(f"Alembic can't read the migrations: {process.describe_failure(done.code)}")
    try:
        answer: Mapping[str, Any] = read_json(done.stdout)
    except ValueError:
        raise Unreadable("Alembic was ended while it answered; look for os._exit in the migrations") from None
    return answer
