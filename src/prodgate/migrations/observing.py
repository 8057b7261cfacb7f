"""Looks at the migrations of a release: which there are, their SQL, and what is wrong with it, as JSON values."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from ..processes.child import running
from ..processes.interpreter import own_python
from ..semantics.json_texts import read_json
from .breaking import Lint, Readers, Step, find_backfills, find_breakage, find_misread, lint, list_steps
from .reading import PLAIN_SQL, Revision, find_ancestors, find_heads, read_revisions, read_texts

#: Seconds that rendering may take; a child that computes for longer is ended by its own limit before.
LIMIT: Final = 120.0
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
    """A tool's output: its heads, and the SQL of each migration."""

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
    command = own_python(
        "-I",
        str(Path(__file__).with_name("driver.py")),
        str(folder.absolute()),
        "--base",
        str(project.absolute()),
        *words,
    )
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


def observe_folder(tool: str, folder: Path) -> dict[str, Any]:
    """Return the migrations of a folder, ``{"heads", "by_app", "revisions"}``, oldest first. Raises Unreadable.

    ``by_app`` says that each application has migrations of its own, as Django's have: their ids are ``APP.NAME``.
    """
    revisions = read_revisions(tool, read_texts(folder))
    by_app = tool == "django"
    return {"heads": find_heads(revisions), "by_app": by_app, "revisions": [asdict(each) for each in revisions]}


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


# ── An older build's commit in git: its files, and the places where they name something

#: Seconds in which git must answer.
GIT_LIMIT: Final = 30.0
#: Exit code of ``git grep`` when nothing matches.
_NOTHING: Final = 1


def find_commit(root: Path, name: str) -> str:
    """Return the full id of the commit that a name stands for. Raises Unreadable when the history does not hold it."""
    code, told = _ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if code == 0:
        return told.strip()
    shallow = _ask(root, "rev-parse", "--is-shallow-repository")[1].strip() == "true"
    why = "the history here is shallow; check out all of it (fetch-depth: 0)" if shallow else "fetch its history"
    raise Unreadable(f"commit {name!r} of the build that served before is not in this repository: {why}")


def list_files(root: Path, commit: str, folder: str) -> frozenset[str]:
    """Return the files below a folder in a commit, by their paths from the folder. Raises Unreadable."""
    code, told = _ask(root, "ls-tree", "-r", "-z", "--name-only", f"{commit}:./{folder.rstrip('/')}")
    if code:
        raise Unreadable(f"git can't list {folder} in commit {commit[:12]}; was the folder somewhere else then?")
    return frozenset(filter(None, told.split("\0")))


def find_words(root: Path, commit: str, word: str, places: Sequence[str], without: str) -> tuple[str, ...]:
    """Return ``file:line`` of each line below some places that holds a word, and nothing below ``without``.

    An empty commit means the files as they lie here. Raises Unreadable when git can't look.
    """
    where = [*(f":(glob){each}" for each in places), f":(exclude){without}"]
    looked = [commit] if commit else ["--untracked"]
    code, told = _ask(root, "grep", "-I", "-i", "-n", "-w", "-F", "-z", "-e", word, *looked, "--", *where)
    if code not in (0, _NOTHING):
        raise Unreadable(f"git can't look for {word!r} in {'commit ' + commit[:12] if commit else 'this folder'}")
    found = (line.split("\0") for line in told.splitlines() if line.count("\0") >= 2)
    return tuple(f"{name.removeprefix(f'{commit}:')}:{number}" for name, number, *_ in found)


def _ask(root: Path, *words: str) -> tuple[int, str]:
    """Return the exit code and the output of git, asked about a directory. Raises Unreadable without git.

    Variables that would lead it elsewhere are not handed on.
    """
    git = shutil.which("git")
    if git is None:
        raise Unreadable("git is not installed; what the build before this one reads can't be looked up")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = (git, "-C", str(root), "--literal-pathspecs" if words[0] != "grep" else "--no-pager", *words)
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", check=False, timeout=GIT_LIMIT, env=environment
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"git did not answer within {GIT_LIMIT:g} s") from None
    return done.returncode, done.stdout
