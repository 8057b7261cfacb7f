"""The three checklists of a release: tests before it, DAGs in their environment, and what readers get after it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ...airflow.records import History, Run
from ...aws.answers import Unread, Unreadable
from ...dags.declared import DeclaredDag
from ...dags.flaws import find_service_flaws
from ...dags.ledger import explain_hurry, find_spoiled, window
from ...processes.regular_files import open_regular
from ...quantities import Quantity
from ...semantics.junit import MOST_BYTES, JUnitError, JUnitResults, read_junit
from .. import Fact
from ..dags.files import (
    DagFile,
    DagFolder,
    dag_file_facts,
    list_differences,
    put_at,
    schedule_facts,
    structure_facts,
    unread_files,
)
from ..dags.record import component_facts
from ..e2e.journeys import Journey
from ..e2e.pages import is_build
from ..load.measurements import read_measurements
from ..load.runs import SteadyLoad
from ..load.soundness import run_name

# ── Observations of another layer, and whether they apply to the judged release

#: Follows the commit of a run whose files differed from it.
CHANGED: Final = "+changes"
#: How many characters of a commit are shown.
_SHOWN: Final = 12


def why_unfit(seen: Mapping[str, Any], commit: str, *, before: datetime | None, now: datetime, most: timedelta) -> str:
    """Return why an observation says nothing about a release; empty if it does.

    ``before`` is when the deployment of the commit began, if it has; ``most`` is the observation's maximum age.
    """
    own = seen["commit"]
    if not commit or commit.endswith(CHANGED):
        return _describe_unknown(commit)
    if own != commit:
        return f"{seen['run']} is of {_describe_commit(own)}, and {shorten(commit)} is to be released"
    first, last = min(_list_times(seen)), max(_list_times(seen))
    if before is not None and last >= before:
        said = f"the {seen['layer']} layer of {seen['run']} observed it at {last:%H:%M:%S}"
        return f"{said}, after the deployment had begun at {before:%Y-%m-%d %H:%M:%S} UTC"
    if now - first > most:
        return f"{seen['run']} observed it {(now - first) / timedelta(days=1):,.1f} d ago; that is too old"
    return ""


def values_of(seen: Mapping[str, Any], kind: str) -> list[Any]:
    """Return the values of one kind in an observation."""
    return [fact["value"] for fact in seen["facts"] if fact["kind"] == kind]


def shorten(commit: str) -> str:
    """Return a commit in its usual short form."""
    return commit[:_SHOWN]


def _list_times(seen: Mapping[str, Any]) -> Iterator[datetime]:
    yield from (datetime.fromisoformat(fact["at"]) for fact in seen["facts"])


def _describe_unknown(commit: str) -> str:
    if not commit:
        return "no commit is known of what is judged; run the gate in its repository"
    return f"files differ from commit {shorten(commit)}, so that nothing was observed of what is in it; commit them"


def _describe_commit(commit: str) -> str:
    if not commit:
        return "no known commit"
    return f"commit {shorten(commit)}" + (" with uncommitted files" if commit.endswith(CHANGED) else "")


#: The file beside results that names their commit, if their properties don't.
NEIGHBOUR: Final = "commit"
#: Minimum length of a commit id.
_SHORTEST: Final = 7
#: The size limit of a file that can hold the name of a commit, in bytes.
_MOST_SAID: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SuiteResults(Fact):
    """The results of one test run; ``subject`` is the file."""

    passed: int
    """Tests that ran and did not fail."""
    failed: tuple[str, ...]
    """Names of tests that failed or broke."""


def observe_results(file: Path, name: str, *, now: datetime, commit: str = "") -> dict[str, Any]:
    """Read a file and its commit; ``commit`` is already known for tests that the gate has run."""
    told: dict[str, Any] = {"file": name, "asked": now.isoformat(), "marks": [commit] if commit else []}
    try:
        with open_regular(file) as opened:
            written = os.fstat(opened.fileno()).st_mtime
            found = read_junit(opened.read(MOST_BYTES + 1))
    except OSError as error:
        return {**told, "unread": f"{name}: {error.strerror}; keep the results of the tests there"}
    except JUnitError as error:
        return {**told, "unread": f"{name}: {error}; write the results again"}
    at = found.at or datetime.fromtimestamp(written, now.tzinfo)
    marks = [*told["marks"], *found.commits, *_read_neighbour(file)]
    return {**told, "marks": marks, "at": at.isoformat(), **_to_json(found)}


def _to_json(found: JUnitResults) -> Mapping[str, Any]:
    return {
        "tests": found.tests,
        "failures": found.failures,
        "failed": list(found.failed),
        "skipped": found.skipped,
        "flaws": list(found.flaws),
    }


def _read_neighbour(file: Path) -> Iterator[str]:
    said = b""
    with suppress(OSError), open_regular(file.with_name(NEIGHBOUR)) as opened:
        said = opened.read(_MOST_SAID + 1)
    if said and len(said) <= _MOST_SAID:
        yield said.decode("utf-8", "replace").strip()


def result_facts(value: Mapping[str, Any], commit: str, before: datetime | None) -> Iterator[SuiteResults]:
    """Yield the facts in stored results, for the release of a commit whose deployment began at ``before``.

    A failure of that commit counts, whatever else is missing.
    """
    for one in value["results"]:
        reason = one.get("unread", "") or _find_other_commit(one, commit)
        if not reason and not one["failures"]:
            reason = _find_gap(one, before)
        yield SuiteResults.unread(one["file"], reason) if reason else _make_results(one)


def _make_results(one: Mapping[str, Any]) -> SuiteResults:
    more = one["failures"] - len(one["failed"])
    return SuiteResults(
        subject=one["file"],
        passed=one["tests"] - one["failures"] - one["skipped"],
        failed=(*one["failed"], *([f"and {more:,} more"] if more > 0 else [])),
    )


def _find_other_commit(one: Mapping[str, Any], commit: str) -> str:
    file = one["file"]
    if not commit or commit.endswith(CHANGED):
        return f"{file}: what is to be released is no commit, or differs from it; commit it and test again"
    if not one["marks"]:
        return (
            f"{file}: says not of which commit it is; write <property name={NEIGHBOUR!r} value='…'/> into it, or a "
            f"file {NEIGHBOUR} beside it"
        )
    if strange := [mark for mark in one["marks"] if len(mark) < _SHORTEST or not commit.startswith(mark)]:
        return f"{file}: is of {strange[0]!r}, and {shorten(commit)} is to be released; test that"
    return ""


def _find_gap(one: Mapping[str, Any], before: datetime | None) -> str:
    """Return the gap that keeps results without a failure from proving that all tests passed before a time."""
    file, at = one["file"], datetime.fromisoformat(one["at"])
    if one["flaws"]:
        return f"{file}: is not complete: {one['flaws'][0]}"
    if before is not None and at >= before:
        return f"{file}: was written at {at:%H:%M:%S}, after the deployment had begun at {before:%Y-%m-%d %H:%M:%S} UTC"
    if not one["tests"]:
        return f"{file}: holds no test; name the file of the whole suite"
    if one["tests"] == one["skipped"]:
        return f"{file}: all {one['tests']:,} tests were skipped, so that nothing was tested"
    return ""


# ── Tests of the released DAG files: each imports in its Airflow, and matches its declaration


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagTest(Fact):
    """The result of testing one DAG; ``subject`` is its id."""

    flaws: tuple[str, ...]
    """Its faults: it fails to import, tasks or schedule differ from the declared ones, or it breaks a rule."""


def dag_test_facts(files: Mapping[str, Any], declared: Mapping[str, Any], why: str) -> Iterator[DagTest]:
    """Yield each declared DAG with the test results of its file; ``why`` says why they prove nothing."""
    reason = why or unread_files(files)
    facts = () if reason else dag_file_facts(files)
    for id_, stated in declared["files"].items():
        flaws: Any = Unread(reason) if reason else tuple(_list_flaws(facts, id_, stated))
        yield DagTest(subject=id_, flaws=flaws)


def _list_flaws(facts: Iterable[Fact], id_: str, stated: Mapping[str, Any]) -> Iterator[str]:
    known = list(facts)
    files = [fact for fact in known if isinstance(fact, DagFile)]
    for folder in (fact for fact in known if isinstance(fact, DagFolder)):
        yield from folder.import_errors
        yield from folder.duplicates
        yield from folder.rule_findings
        yield from (f"{each} differs when it is imported again" for each in folder.unstable if each == id_)
    for structure in structure_facts(files, {id_: stated["tasks"]}):
        yield from getattr(structure, "differences", ())
    for file in schedule_facts(files, {id_: (stated["cron"], stated["timezone"])}):
        found, wanted = (file.cron, file.timezone), (stated["cron"], stated["timezone"])
        if found != wanted:
            yield f"its schedule is {' in '.join(filter(None, found)) or 'none'}, declared is {' in '.join(wanted)}"


# ── A load test of the released build, before its deployment


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoadTestOfRelease(SteadyLoad):
    """A steady load before the deployment; ``subject`` also names the run of the gate that sent it."""


def load_test_facts(seen: Mapping[str, Any], records: list[Mapping[str, Any]], why: str) -> Iterator[LoadTestOfRelease]:
    """Yield the steady load of an observation; ``why`` says why it proves nothing."""
    for stored in records:
        if stored["record"]["profile"]["name"] == "steady":
            reason = why or _find_other_build(stored)
            measured: Any = Unread(reason) if reason else read_measurements(stored["record"])
            yield LoadTestOfRelease(subject=f"{run_name(stored)} in {seen['run']}", measured=measured)


def _find_other_build(stored: Mapping[str, Any]) -> str:
    build = stored.get("build")
    if not build:
        return "the load layer did not record which build it put under load; run it again"
    if build["unread"]:
        return f"which build was under load is not known: {build['unread']}"
    if build["served"] != build["expected"]:
        return f"build {build['served']!r} was under load, and {build['expected']!r} is to be released"
    return ""


# ── A reader's visit to the deployed site by its public name, and journeys at two moments of a release

#: The minimum number of words in an article.
_WORDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReaderVisit(Fact):
    """A reader who opened the site after the deployment and read an article; ``subject`` is the public name."""

    flaws: tuple[str, ...]
    """Why the reader did not get the front page or an article, or which other build answered."""
    read: str
    """The text that was read, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JourneyAfterDeploy(Journey):
    """A journey on the deployed build, after the deployment."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JourneyOnNewSchema(Journey):
    """A journey on the previous build, between the migrations and the shift of traffic."""


def visit_facts(value: Mapping[str, Any], why: str) -> Iterator[ReaderVisit]:
    """Yield the visit in stored evidence; ``why`` says why it proves nothing."""
    if reason := why or value.get("unread", ""):
        yield ReaderVisit.unread(value["place"], reason)
        return
    pages = value["pages"]
    flaws = [flaw for page in pages for flaw in _list_page_flaws(page, value)]
    last = pages[-1]
    read = f"{last['path']} of build {last.get('build') or '?'}, {last.get('words', 0)} words"
    yield ReaderVisit(subject=value["place"], flaws=tuple(flaws), read=read)


def _list_page_flaws(page: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    name = f"{page['name']} ({page['path']})"
    if page.get("failed"):
        yield f"{name}: {page['failed']}"
        return
    if page["status"] != 200:
        yield f"{name}: answered {page['status']}"
        return
    if page["name"] == "article" and page["words"] < _WORDS:
        yield f"{name}: has {page['words']} words, so that there is nothing to read"
    if not page["build"]:
        yield f"{name}: does not say which build answered"
    elif not is_build(page["build"], value["build"]):
        yield f"{name}: was answered by build {page['build']!r}, and {value['build']!r} is deployed"


def served_build(value: Mapping[str, Any]) -> str:
    """Return the build that answered all pages of a visit; empty if they differ or do not state it."""
    builds = {page.get("build", "") for page in value.get("pages", ())}
    return builds.pop() if len(builds) == 1 else ""


def why_not_after(at: datetime, ended: datetime | None) -> str:
    """Return why an observation at a time says nothing about the deployed build; empty if it does."""
    if ended is None:
        return "the deployment has not ended yet; ask again when it has"
    if at < ended:
        return f"it was seen at {at:%H:%M:%S}, before the deployment ended at {ended:%Y-%m-%d %H:%M:%S} UTC"
    return ""


# ── The DAGs deployed to an Airflow environment, and their runs since

#: States of a finished run.
_ENDED: Final = ("success", "failed")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowAfterDeploy(Fact):
    """The environment after DAGs were deployed; ``subject`` is its place."""

    flaws: tuple[str, ...]
    """Why it is not up: its status, its last update, a component that is not healthy."""
    seen: str
    """Its status in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedDag(Fact):
    """A DAG in the environment; ``subject`` is its id."""

    flaws: tuple[str, ...]
    """The differences between its files and the repository's, and why it may not run as declared."""
    parsed: datetime
    """When Airflow last parsed its file."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunsOfNewVersion(Fact):
    """The runs of the DAG's deployed version; ``subject`` is its id."""

    succeeded: Quantity
    """Runs that began after its files were deployed, and succeeded."""


def release_facts(
    place: str, deployed: Mapping[str, Any], history: History, dags: Sequence[DeclaredDag]
) -> Iterator[Fact]:
    """Yield whether the environment came up again, the state of each deployed DAG, and the runs of its version since.

    ``deployed`` is the result of ``facts.dags.files``. Raises Unreadable.
    """
    put, strange = put_at(deployed), tuple(list_differences(deployed))
    yield _read_environment(place, deployed, history, dags)
    yield from (_read_deployed(dag, history, put, strange) for dag in dags)
    yield from (_read_runs(dag, history, put, strange) for dag in dags)


def _read_environment(
    place: str, deployed: Mapping[str, Any], history: History, dags: Sequence[DeclaredDag]
) -> AirflowAfterDeploy:
    flaws, seen = list(_list_environment_flaws(deployed)), [deployed["status"]]
    hurried = next((reason for dag in dags if (reason := explain_hurry(dag.spells, history.now))), "")
    for component in component_facts(place, history):
        name = component.subject.rpartition(": ")[2]
        if hurried and not component.healthy:
            raise Unreadable(hurried)
        seen += [f"{name} healthy"] if component.healthy else []
        flaws += [] if component.healthy else [f"its {name} is not healthy"]
    if history.now < put_at(deployed):
        raise Unreadable("it was looked at before the DAG files were deployed; observe it again")
    # every list from Airflow proves that the metadata database responds
    seen.append(f"metadata database with {len(history.served)} DAGs")
    return AirflowAfterDeploy(subject=place, flaws=tuple(flaws), seen=", ".join(seen))


def _list_environment_flaws(deployed: Mapping[str, Any]) -> Iterator[str]:
    if deployed["status"] != "AVAILABLE":
        yield f"its status is {deployed['status']}"
    update = deployed["last_update"] or {}
    if update.get("Status", "SUCCESS") != "SUCCESS":
        error = (update.get("Error") or {}).get("ErrorMessage", "")
        yield f"its last update is {update['Status']} {error}".strip()


def _read_deployed(dag: DeclaredDag, history: History, put: datetime, strange: tuple[str, ...]) -> DeployedDag:
    served = next((each for each in history.served if each.dag_id == dag.dag_id), None)
    parsed: Any = served.parsed if served else Unread(f"Airflow knows no DAG {dag.dag_id!r}")
    if parsed is None:
        parsed = Unread("Airflow states not when it last parsed the file")
    flaws = [*strange, *(flaw.words for flaw in find_service_flaws(dag, history))]
    if isinstance(parsed, datetime) and parsed < put:
        flaws.append(f"was last parsed at {parsed:%H:%M:%S}, before its files were deployed at {put:%H:%M:%S}")
    return DeployedDag(subject=dag.dag_id, flaws=tuple(flaws), parsed=parsed)


def _read_runs(dag: DeclaredDag, history: History, put: datetime, strange: tuple[str, ...]) -> RunsOfNewVersion:
    if strange:
        return RunsOfNewVersion.unread(dag.dag_id, f"what runs is not what is in the repository: {strange[0]}")
    spoiled = find_spoiled(dag.schedule, *window(dag, history), dag.spells)
    own = [run for run in history.runs if run.dag_id == dag.dag_id and run.slot not in spoiled]
    ended = [run for run in own if _is_of(run, put)]
    if not ended:
        reason = f"no run has ended that began after its files were deployed at {put:%Y-%m-%d %H:%M:%S} UTC"
        return RunsOfNewVersion.unread(dag.dag_id, f"{reason}; trigger one, or ask again after its next slot")
    return RunsOfNewVersion(subject=dag.dag_id, succeeded=Quantity.of(sum(run.state == "success" for run in ended)))


def _is_of(run: Run, put: datetime) -> bool:
    return run.state in _ENDED and run.started is not None and run.started >= put
