"""The migrations of a release: looked at before anything is deployed, and in the database and the account after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ...aws.answers import Unreadable
from ...collected.references import Secret, resolve, secret_reader
from ...facts.rollout.migration_runs import read_runs
from ...facts.rollout.restorable import read_restorable
from ...migrations.breaking import Readers
from ...migrations.commits import find_commit, find_words, list_files
from ...migrations.observing import observe_folder, observe_release
from ...migrations.reading import read_revisions, read_texts
from ...migrations.revisions import Revision, find_ancestors
from ...sections.migrations import MigrationsSection
from ..layer import LayerContext
from ..observing_layer import Evidence
from .kinds import MIGRATION_FOLDER, MIGRATION_RELEASE, MIGRATION_RUNS, RESTORABLE, SCHEMA
from .parts import Part
from .records import find_watches, ids_of
from .target import Scene, require_section

Look = Callable[[], Mapping[str, Any]]


def require_migrations(context: LayerContext) -> MigrationsSection:
    """Return the [rollout.migrations] section. Raises Unreadable when there is none."""
    section = require_section(context).migrations
    if section is None:
        raise Unreadable(
            f'{context.stated.path}: says nothing of migrations; write [rollout.migrations] with tool = "alembic", '
            'folder = "migrations" and database = "secret:ID"'
        )
    return section


def observe_files(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Look at the migrations of the repository, and at those of this release. Raises Unreadable."""
    section = require_migrations(context)
    folder, named = context.project / section.folder, {"folder": section.folder}
    context.progress(f"rollout: reading the migrations in {section.folder}/")
    yield from _attempt(MIGRATION_FOLDER, named, lambda: observe_folder(section.tool, folder), unreadable)

    def look() -> Mapping[str, Any]:
        deployed, readers = _find_build_before(context, scene, section)
        return observe_release(section.tool, context.project, folder, deployed, readers)

    yield from _attempt(MIGRATION_RELEASE, named, look, unreadable)


def observe_outcome(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Look at what the database and the account keep of the migrations of a release. Raises Unreadable."""
    section, account = require_migrations(context), scene.look()
    yield from _attempt(SCHEMA, {}, lambda: _observe_schema(context, scene, section), unreadable)
    within = {"within": float(require_section(context).watching.limit.base)}
    look = lambda: _with_watched(context, scene, read_runs(account, require_task(section)))  # noqa: E731  as the others
    yield from _attempt(MIGRATION_RUNS, within, look, unreadable)


def _with_watched(context: LayerContext, scene: Scene, runs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return runs of the migrations with those that only a watch of the deployments has seen."""
    watches = [scene.watched] if scene.watched else []
    if not watches:
        watches, _ = find_watches(context.run.parent, context.target.url, ids_of(scene.deployments))
    seen = {one["taskArn"]: one for record in watches for one in record.get("migrations", ())}
    return {**runs, "tasks": [*{**seen, **{one["taskArn"]: one for one in runs["tasks"]}}.values()]}


def observe_restorable(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Look at what the database can go back to. Raises Unreadable."""
    section, account = require_migrations(context), scene.look()
    yield from _attempt(RESTORABLE, {}, lambda: read_restorable(account, section.cluster), unreadable)


def _attempt(kind: str, more: Mapping[str, Any], look: Look, unreadable: dict[str, str]) -> Iterator[Evidence]:
    try:
        value = {**more, **look()}
    except Unreadable as error:
        unreadable[kind] = error.reason
        return
    subject = str(value.get("folder") or value.get("where") or value.get("family") or "the database")
    yield Evidence(
        kind=kind, value=value, subject=subject, source=", ".join(value.get("engines", ())) or "the rollout layer"
    )


def require_task(section: MigrationsSection) -> str:
    """Return the family of the task that runs the migrations. Raises Unreadable when nothing names it."""
    if not section.task:
        raise Unreadable(
            "nothing says which ECS task runs the migrations; write [rollout.migrations] task = the family of its task "
            "definition"
        )
    return section.task


def _find_build_before(
    context: LayerContext, scene: Scene, section: MigrationsSection
) -> tuple[Callable[[Sequence[Revision]], Iterable[str]], Readers]:
    """Return what tells the migrations of the build before this one, and where that build names something.

    In a rehearsal both builds are made of the files as they lie here, and the database is still at the first one's.
    """
    root, without = context.project, section.folder
    if scene.rollout is not None:
        rows = _read_rows(scene.rollout.database, section, "the rehearsal")
        return (lambda _: [id_ for id_, _state in rows]), lambda word: find_words(root, "", word, section.code, without)
    commit = find_commit(root, _name_commit(section))
    files = list_files(root, commit, section.folder)

    def deployed(revisions: Sequence[Revision]) -> Iterable[str]:
        return [each.id for each in revisions if each.file in files]

    return deployed, lambda word: find_words(root, commit, word, section.code, without)


def _name_commit(section: MigrationsSection) -> str:
    if not section.previous:
        raise Unreadable(
            "nothing names the commit of the build that served before; write [rollout.migrations] previous = "
            "'env:DEPLOYED_COMMIT', and set that variable"
        )
    return resolve(section.previous, os.environ)


def _observe_schema(context: LayerContext, scene: Scene, section: MigrationsSection) -> Mapping[str, Any]:
    """Return what has run of the migrations, and what has not."""
    revisions = read_revisions(section.tool, read_texts(context.project / section.folder))
    if scene.rollout is not None:
        url, place = scene.rollout.database, f"the rehearsal, in {scene.rollout.kept_in}"
    else:
        url, place = resolve(section.database, os.environ, _secrets(context)), section.database
    rows = _read_rows(url, section, place)
    applied = [id_ for id_, state in rows if state == "applied"]
    had = find_ancestors(revisions, applied) if section.tool == "alembic" else frozenset(applied)
    known = [each.id for each in revisions]
    return {
        "where": f"{section.table or section.tool} of {place}",
        "read": datetime.now(UTC).isoformat(),
        "rows": rows,
        "pending": [id_ for id_ in known if id_ not in had],
        "foreign": _find_foreign(section.tool, known, applied),
        "failed": [id_ for id_, state in rows if state == "failed"],
    }


def _find_foreign(tool: str, known: Sequence[str], applied: Iterable[str]) -> list[str]:
    """Return what has run and no file is; Django's table holds the migrations of other packages' apps, too."""
    apps = {id_.partition(".")[0] for id_ in known}
    own = [id_ for id_ in applied if tool != "django" or id_.partition(".")[0] in apps]
    return [id_ for id_ in own if id_ not in known]


def _read_rows(url: str, section: MigrationsSection, place: str) -> list[list[str]]:
    try:
        from ...collected.versions import read_versions  # noqa: PLC0415  SQLAlchemy is an extra
    except ImportError as error:
        raise Unreadable(f"{error.name} is not installed; pip install 'prod-gate[rollout]'") from None
    return read_versions(url, section.tool, section.table, place)


def _secrets(context: LayerContext) -> Secret:
    from ...aws.clients import Clients  # noqa: PLC0415  boto3 takes long to import
    from ...aws.sessions import open_session  # noqa: PLC0415

    region = context.target.region
    return secret_reader(Clients(open_session(context.target.profile, region, os.environ), region))


#: What is looked at while the database is still as the build before needs it.
BEFORE_MIGRATIONS: Final[tuple[Part, ...]] = (
    Part(observe=observe_files, kinds=(MIGRATION_FOLDER, MIGRATION_RELEASE), moments=("before",)),
)
#: What is looked at when the deployment is over.
AFTER_MIGRATIONS: Final[tuple[Part, ...]] = (
    Part(observe=observe_outcome, kinds=(SCHEMA, MIGRATION_RUNS)),
    Part(observe=observe_restorable, kinds=(RESTORABLE,), moments=("before", "during", "after")),
)
