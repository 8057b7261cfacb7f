"""Results of the tests of a release: files that the criteria name; in a rehearsal, tests that are run here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ...aws.answers import Unreadable
from ...evidence import runs
from ...facts.rollout.suite_results import observe_results
from ...processes.child import Process, clean_environment
from ...sections.rollout_before import BeforeSection, SuiteCommand
from ..layer import LayerContext
from ..observing_layer import Evidence
from .kinds import TESTS
from .target import require_section

#: Name under which the results of tests that the gate runs are known.
_OWN: Final = "the rehearsal's tests"


def observe_tests(context: LayerContext, _scene: object, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the results of all files. Raises Unreadable when none is named, or the tests could not be run."""
    section = require_section(context).before
    commit = str(runs.read(context.run).about.get("commit", ""))
    if context.target.rehearsal and section.rehearsal is not None:
        results = [_run_tests(section.rehearsal, context, commit)]
    else:
        results = [_observe_file(file, context) for file in _list_files(section, context)]
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


def _observe_file(file: Path, context: LayerContext) -> dict[str, Any]:
    return observe_results(file, file.relative_to(context.project).as_posix(), now=datetime.now(UTC))


def _run_tests(stated: SuiteCommand, context: LayerContext, commit: str) -> dict[str, Any]:
    """Run the tests of the rehearsed release, and read their results. Raises Unreadable when they did not end."""
    context.progress("rollout: running the tests of what is to be deployed")
    log = context.run / "logs" / "rollout" / "tests.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
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
