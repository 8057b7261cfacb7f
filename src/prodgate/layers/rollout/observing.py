"""Observing a rollout: what there is before it, the deployment itself, and what it left, each a part of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from ...aws.answers import Unreadable
from ...canaries.drill import FOLDER
from ...evidence import runs
from ...facts.rollout.checklists import observe_results
from ...facts.rollout.deployments import State
from ...facts.rollout.drills import BAD, FORMAT
from ...processes.child import Process, clean_environment
from ...sections.rollout import BeforeSection, SuiteCommand
from ..layer import LayerContext
from ..observing_layer import Evidence
from .deployment import (
    AFTER_MIGRATIONS,
    BEFORE_MIGRATIONS,
    observe_deployed,
    observe_deployment,
    observe_failed_migration,
    observe_readers,
    watch_build,
)
from .kinds import (
    ALERTS,
    CONFIGURATION,
    DAG_FILES,
    DAG_RELEASE,
    DEPLOYED,
    DEPLOYMENT,
    DRILL,
    FAILED_MIGRATION,
    IMAGES,
    JOURNEYS,
    LOAD,
    LOGS,
    OLD_JOURNEYS,
    READERS,
    TESTS,
    UNASKED,
    VISIT,
    WATCH,
    Part,
)
from .resting import (
    observe_configuration_scan,
    observe_dag_files,
    observe_dag_release,
    observe_images,
    observe_journeys,
    observe_load_tests,
    observe_old_journeys,
    observe_security_alerts,
    observe_service_logs,
    observe_site,
)
from .target import GOOD, Scene, open_scene, require_section
from .watching import DRILLED

# ── Results of the tests of a release: files that the criteria name; in a rehearsal, tests that are run here

#: Name under which the results of tests that the gate runs are known.
_OWN: Final = "the rehearsal's tests"


def observe_tests(context: LayerContext, _scene: object, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the results of all files. Raises Unreadable when none is named, or the tests could not be run."""
    section = require_section(context).before
    commit = str(runs.read(context.run).about.get("commit", ""))
    if context.target.rehearsal and section.rehearsal is not None:
        results = [_run_tests(section.rehearsal, context, commit)]
    else:
        results = [
            observe_results(file, file.relative_to(context.project).as_posix(), now=datetime.now(UTC))
            for file in _list_files(section, context)
        ]
    value = {"commit": commit, "results": results}
    yield Evidence(kind=TESTS, value=value, subject=f"tests of {commit or 'no known commit'}", source="JUnit XML")


def _list_files(section: BeforeSection, context: LayerContext) -> list[Path]:
    found = sorted({file for pattern in section.tests for file in context.project.glob(pattern)})
    if not section.tests:
        raise Unreadable(
            f'{context.stated.path}: names no results of tests; write [rollout.before] with tests = ["reports/*.xml"]'
        )
    if missing := [pattern for pattern in section.tests if not any(context.project.glob(pattern))]:
        raise Unreadable(f"{', '.join(missing)}: there is no such file; keep the results of the tests there")
    return found


def _run_tests(stated: SuiteCommand, context: LayerContext, commit: str) -> dict[str, Any]:
    """Run the tests of the rehearsed release, and read their results. Raises Unreadable when they did not end."""
    context.progress("rollout: running the tests of what is to be deployed")
    log = context.make_folder("rollout") / "tests.txt"
    with TemporaryDirectory(prefix="prodgate-tests-") as folder:
        file, limit = Path(folder, "results.xml"), float(stated.limit.base)
        places = {"{python}": sys.executable, "{results}": str(file)}
        code = _run(_fill(stated.command, places), context.project, limit, log)
        told = observe_results(file, _OWN, now=datetime.now(UTC), commit=commit)
    if code and not told.get("failures"):
        raise Unreadable(f"the tests ended with exit code {code} and no failure on record; see logs/rollout/{log.name}")
    return told


def _fill(command: tuple[str, ...], places: dict[str, str]) -> list[str]:
    words = list(command)
    for name, text in places.items():
        words = [word.replace(name, text) for word in words]
    return words


def _run(command: list[str], project: Path, limit: float, log: Path) -> int:
    try:
        with (
            log.open("wb") as written,
            Process(command, cwd=project, environment=clean_environment(), stdout=written.fileno()) as child,
        ):
            done = child.wait(limit)
            written.write(done.stderr.encode())
    except OSError as error:
        raise Unreadable(f"{command[0]}: {error.strerror}; correct [rollout.before.rehearsal] command") from error
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"the tests did not end within {limit:g} s; name fewer, or raise the limit") from error
    return done.code


# ── Releases that must be taken back by themselves: tried in a rehearsal, on record for a real account

#: Whether a build is the good one -> how it must end.
_EXPECTED: Final = (State.ROLLED_BACK, State.SUCCEEDED)


def observe_drills(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the record of a drill of rollbacks. Raises Unreadable when there is none."""
    if scene.rollout is not None:
        record = drill_rehearsal(context, scene)
    elif found := next(runs.list_records(context.run.parent / FOLDER, context.target.url, DRILLED), None):
        record = found
    else:
        raise Unreadable(f"no drill is on record; prodgate drill rollback {context.target.url} makes one")
    asked = {**record, "asked": datetime.now(UTC).isoformat()}
    yield Evidence(kind=DRILL, value=asked, subject="rollback", source=scene.place)


def drill_rehearsal(context: LayerContext, scene: Scene) -> Mapping[str, Any]:
    """Deploy the builds of a drill in a rehearsal, and return the record."""

    def watch(build: str) -> Mapping[str, Any]:
        return watch_build(context, scene, build, brief=True)

    began = datetime.now(UTC)
    tried = [try_build(watch, build) for build in BAD]
    if scene.watched is not None:
        tried.append({"build": GOOD, "expects": State.SUCCEEDED, "watch": scene.watched})
    else:  # a run about the moment before has deployed nothing yet
        tried.append(try_build(watch, GOOD))
    return make_record(began, tried)


def make_record(began: datetime, tried: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the record of a drill."""
    return {"format": FORMAT, "began": began.isoformat(), "tried": [*tried]}


def try_build(watch: Callable[[str], Mapping[str, Any]], build: str) -> Mapping[str, Any]:
    """Let ``watch`` deploy a build and watch it; return what became of it, or why nobody knows."""
    try:
        return {"build": build, "expects": _EXPECTED[build == GOOD], "watch": watch(build)}
    except Unreadable as error:
        return leave_unread(build, error.reason)


def leave_unread(build: str, reason: str) -> Mapping[str, Any]:
    """Return what a record says of a build of which nobody knows what became of it."""
    return {"build": build, "expects": _EXPECTED[build == GOOD], "unreadable": reason}


#: Parts that are observed before the first stage of the deployment.
BEFORE: Final[tuple[Part, ...]] = (
    Part(observe=observe_tests, kinds=(TESTS,), moments=("before",), needs_scene=False),
    *BEFORE_MIGRATIONS,
)
#: The deployment, and parts that are observed while it goes on.
DURING: Final[tuple[Part, ...]] = (
    Part(observe=observe_deployment, kinds=(DEPLOYMENT, WATCH), moments=("during", "after")),
    Part(observe=observe_deployed, kinds=(DEPLOYED,), moments=("after",)),
)
#: Parts that are observed when the clean-up is over.
AFTER: Final[tuple[Part, ...]] = (
    *AFTER_MIGRATIONS,
    Part(observe=observe_old_journeys, kinds=(OLD_JOURNEYS,), moments=("during",)),
    Part(observe=observe_site, kinds=(VISIT,), moments=("after",)),
    Part(observe=observe_readers, kinds=(READERS,), moments=("during",)),
    Part(observe=observe_service_logs, kinds=(LOGS,), moments=("during",)),
    Part(observe=observe_security_alerts, kinds=(ALERTS,), moments=("after",)),
    Part(observe=observe_images, kinds=(IMAGES,), moments=("before",)),
    # nothing is measured any more, and the rest of this group is read from the account
    Part(observe=observe_journeys, kinds=(JOURNEYS,), moments=("after",), beside=True),
)
#: Releases that must be taken back; last, since they leave the earlier build where it was.
DRILLS: Final[tuple[Part, ...]] = (
    Part(observe=observe_failed_migration, kinds=(FAILED_MIGRATION,), moments=("before",)),
    Part(observe=observe_drills, kinds=(DRILL,), moments=("before",)),
    # what was observed before the deployment is looked for when its time and its build are known: in files, which
    # drills leave as they are, and which a browser would have to wait for
    Part(observe=observe_dag_release, kinds=(DAG_RELEASE,), moments=("during", "after"), beside=True),
    Part(observe=observe_configuration_scan, kinds=(CONFIGURATION,), moments=("before",), beside=True),
    Part(observe=observe_load_tests, kinds=(LOAD,), moments=("before",), beside=True),
    Part(observe=observe_dag_files, kinds=(DAG_FILES,), moments=("before",), beside=True),
)
#: Evidence, and why the rest of it is missing, by kind.
_Seen: TypeAlias = tuple[list[Evidence], dict[str, str]]
#: One group after another.
GROUPS: Final = (BEFORE, DURING, AFTER, DRILLS)


def observe(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the evidence of every part, in order. Raises Unreadable when there is nothing to look at."""
    moment = context.moment
    groups = [[part for part in group if not moment or moment in part.moments] for group in GROUPS]
    kinds = {kind for group in groups for part in group for kind in part.kinds}
    unreadable |= {kind: UNASKED for group in GROUPS for part in group for kind in part.kinds if kind not in kinds}
    with ThreadPoolExecutor(1, thread_name_prefix="without-scene") as early:
        begun = {part: early.submit(_look, part, context) for group in groups for part in group if not part.needs_scene}
        with open_scene(context) as scene, ThreadPoolExecutor(1, thread_name_prefix="beside") as thread:
            for group in groups:
                begun |= {part: thread.submit(_look, part, context, scene) for part in group if part.beside}
                for part in group:
                    if part in begun:
                        yield from _await(begun[part], unreadable)
                    else:
                        yield from observe_part(part, context, scene, unreadable)


def _look(part: Part, context: LayerContext, scene: Scene | None = None) -> _Seen:
    unreadable: dict[str, str] = {}
    return list(observe_part(part, context, scene, unreadable)), unreadable


def _await(looking: Future[_Seen], unreadable: dict[str, str]) -> Iterator[Evidence]:
    seen, missing = looking.result()
    unreadable |= missing
    yield from seen


def observe_part(
    part: Part, context: LayerContext, scene: Scene | None, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Yield the evidence of one part; why the rest of it is missing is noted in ``unreadable``."""
    missing = dict.fromkeys(part.kinds)
    try:
        for seen in part.observe(context, scene, unreadable):
            missing.pop(seen.kind, None)
            yield seen
    except Unreadable as error:
        unreadable |= {kind: error.reason for kind in missing if kind not in unreadable}
