"""Facts about DAG files, derived from their stored observation."""

import json
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.facts import Fact
from prodgate.facts.dags.files import (
    DagFile,
    DagFolder,
    DagStructure,
    DeclaredFile,
    dag_file_facts,
    find_masks,
    unread_files,
)
from prodgate.findings import Undetermined
from prodgate.layers.dags.facts import DECLARED, FILES, facts_of


def task(name: str, *upstream: str, rule: str = "all_success", mapped: bool = False, teardown: bool = False) -> Any:
    return {
        "task_id": name, "mapped": mapped, "teardown": teardown, "retries": 2, "retry_delay": 1.5, "backoff": True,
        "timeout": None, "failure_callback": True, "trigger_rule": rule, "upstream": list(upstream), "downstream": [],
    }  # fmt: skip


def stored(**changed: Any) -> Any:
    dag = {
        "dag_id": "news", "file": "a/news.py", "timetable": "CronTriggerTimetable", "cron": "0 2 * * *",
        "timezone": "Asia/Tokyo", "start": "2026-01-01T00:00:00+09:00", "catchup": False, "max_active_runs": 1,
        "timeout": 3600.0, "failure_callback": True, "tasks": [task("b", "a"), task("a")], "digest": "1",
    }  # fmt: skip
    bag = {"version": "3.0.6", "import_errors": {}, "reached": [], "unstable": [], "dags": [dag]}
    made = {"folder": "dags", "files": ["a/news.py"], "rules": [], "declared": [], "lint": {"found": []}, "bag": bag}
    return json.loads(json.dumps(made | changed))


def folder(**changed: Any) -> DagFolder:
    (found,) = [fact for fact in dag_file_facts(stored(**changed)) if isinstance(fact, DagFolder)]
    return found


def bag(**changed: Any) -> Any:
    return stored()["bag"] | changed


def test_a_dag_is_a_fact_with_units() -> None:
    (file,) = [fact for fact in dag_file_facts(stored()) if isinstance(fact, DagFile)]
    assert (file.subject, file.cron, file.timezone) == ("dags/a/news.py: news", "0 2 * * *", "Asia/Tokyo")
    assert (file.timeout, file.max_active_runs, file.masks) == (Quantity.parse("3600.0 s"), Quantity.of(1), ())
    assert [each.task_id for each in file.tasks] == ["b", "a"]
    b = file.tasks[0]
    assert (b.upstream, b.retry_delay, b.timeout) == (("a",), Quantity.parse("1.5 s"), None)


def test_a_folder_that_is_well_says_nothing() -> None:
    found = folder()
    assert (found.subject, found.files, found.dags, found.version) == ("dags/", Quantity.of(1), Quantity.of(1), "3.0.6")
    for name in ("import_errors", "reached_out", "duplicates", "rule_findings", "lint_findings", "unstable"):
        assert getattr(found, name) == ()


def test_what_is_wrong_stands_with_its_place() -> None:
    reached = {"file": "news.py", "line": 3, "what": "a database (x)"}
    assert folder(bag=bag(reached=[reached, reached])).reached_out == (
        "dags/news.py:3: asks for a database (x) while it is imported",
    )
    rule = {"rule": "DAG002", "file": "news.py", "line": 3, "text": "it is so"}
    assert folder(rules=[rule]).rule_findings == ("dags/news.py:3: DAG002 it is so",)
    assert folder(lint={"found": [rule]}).lint_findings == ("dags/news.py:3: DAG002 it is so",)
    errors = {"b.py": "", "a.py": "Traceback:\n  File x\nKeyError: 'BUCKET'\n"}
    assert folder(bag=bag(import_errors=errors)).import_errors == (
        "dags/a.py: KeyError: 'BUCKET'",
        "dags/b.py: it can't be imported",
    )


def test_a_dag_that_is_written_and_that_airflow_does_not_find_is_an_error() -> None:
    lost = {"dag_id": "lost", "file": "lost.py", "line": 7}
    assert folder(declared=[lost, {"dag_id": "news", "file": "a/news.py", "line": 1}]).import_errors == (
        "dags/lost.py:7: declares 'lost', and Airflow found no such DAG",
    )
    assert folder(declared=[lost], bag=bag(import_errors={"lost.py": "x"})).import_errors == ("dags/lost.py: x",)


def test_two_files_with_one_id_are_told() -> None:
    places = [{"dag_id": "news", "file": name, "line": 7} for name in ("a.py", "b.py")]
    assert folder(declared=places).duplicates == (
        "dags/a.py:7, dags/b.py:7: all declare 'news', and Airflow runs only one of them",
    )


@pytest.mark.parametrize(
    ("changed", "unread", "known"),
    [
        (
            {"bag": {"unread": "no Airflow"}},
            ("version", "import_errors", "reached_out", "unstable"),
            ("rule_findings", "lint_findings"),
        ),
        ({"lint": {"unread": "no ruff"}}, ("lint_findings",), ("rule_findings", "import_errors")),
        ({"files": []}, ("rule_findings", "lint_findings", "duplicates", "import_errors"), ("files",)),
    ],
)
def test_what_could_not_be_looked_at_is_undetermined(
    changed: Any, unread: tuple[str, ...], known: tuple[str, ...]
) -> None:
    found = folder(**changed)
    for name in unread:
        with pytest.raises(Undetermined):
            getattr(found, name)
    for name in known:
        getattr(found, name)


def test_without_airflow_there_is_no_dag_and_a_reason() -> None:
    (only,) = dag_file_facts(stored(bag={"unread": "no Airflow"}))
    assert isinstance(only, DagFolder)
    assert (unread_files(stored(bag={"unread": "no Airflow"})), unread_files(stored())) == ("no Airflow", "")


@pytest.mark.parametrize(
    ("tasks", "masked"),
    [
        ([task("a"), task("b", "a")], []),
        ([task("a"), task("b", "a", rule="all_done")], ["a"]),
        ([task("a"), task("b", "a"), task("c", "b", rule="all_done")], ["a", "b"]),
        ([task("a"), task("b", "a", rule="all_done"), task("c", "a")], []),
        ([task("a"), task("b", "a", rule="none_failed_min_one_success")], []),
        ([task("a"), task("b", "a", rule="always")], ["a"]),
        ([task("a"), task("b", "a", rule="one_failed")], ["a"]),
        ([task("a"), task("b", "a", rule="a rule of a later version")], ["a"]),
        ([task("a"), task("b"), task("c", "a", "b", rule="one_success")], ["a", "b"]),
        ([task("a"), task("b", "a", rule="one_success")], []),
        ([task("a", mapped=True), task("b", "a", rule="one_success")], ["a"]),
        ([task("a"), task("b", "a", rule="all_done_setup_success", teardown=True)], []),
        ([task("a"), task("b", "a"), task("c", "b", rule="all_done_setup_success", teardown=True)], []),
        ([], []),
    ],
)
def test_a_failure_that_no_last_task_shows_is_masked(tasks: Any, masked: list[str]) -> None:
    assert [text.partition(" ")[0] for text in find_masks(tasks)] == masked


def test_what_masks_a_failure_is_named() -> None:
    assert find_masks([task("a"), task("b", "a"), task("c", "b", rule="all_done")]) == (
        "a may fail in a run that succeeds: c runs with all_done",
        "b may fail in a run that succeeds: c runs with all_done",
    )


TRACE = 'Traceback (most recent call last):\n  File "x", line 1\n'


def errors(**texts: str) -> Any:
    return {f"{file}.py": f"{TRACE}{text}" for file, text in texts.items()}


def lacking(module: str) -> str:
    return f"ModuleNotFoundError: No module named '{module}'"


@pytest.mark.parametrize(
    "module", ["pandas", "snowflake", "airflow.providers.amazon", "airflow.providers.apache", "airflow.providers.apache.kafka"]
)  # fmt: skip
def test_a_module_that_is_not_installed_here_leaves_the_file_undetermined(module: str) -> None:
    found = folder(bag=bag(import_errors=errors(load=lacking(module))))
    with pytest.raises(
        Undetermined, match=f"dags/load.py imports '{module}', which is not installed here; write requirements"
    ):
        _ = found.import_errors


@pytest.mark.parametrize(
    "text",
    [
        lacking("airflow.operators.dummy_operator"),  # of Airflow itself, which is installed
        lacking("airflow.providers.standard.nothing"),
        lacking("requests.nothing"),
        lacking("distutils"),
        lacking("a"),  # a module of the folder: a/news.py is there
        "ImportError: cannot import name 'DAG' from 'airflow.models'",
        f"{lacking('pandas')}\nKeyError: 'during the handling of that'",
        "SyntaxError: invalid syntax",
    ],
)
def test_what_no_requirement_would_bring_is_broken(text: str) -> None:
    found = folder(bag=bag(import_errors=errors(load=text)))
    assert found.import_errors == (f"dags/load.py: {text.splitlines()[-1]}",)


def test_where_the_requirements_are_installed_the_file_is_broken() -> None:
    found = folder(bag=bag(import_errors=errors(load=lacking("pandas"))), requirements="requirements.txt")
    assert found.import_errors == (f"dags/load.py: {lacking('pandas')}",)


LIBRARY = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.mark.parametrize("requirements", ["", "requirements.txt"])
def test_a_library_of_the_machine_is_none_of_the_file(requirements: str) -> None:
    found = folder(bag=bag(import_errors=errors(load=LIBRARY)), requirements=requirements)
    with pytest.raises(
        Undetermined, match=r"dags/load.py imports 'libGL.so.1', a library that this machine lacks; install"
    ):
        _ = found.import_errors


def test_a_package_that_says_itself_what_is_missing_is_believed() -> None:
    """Such as pandas for its spreadsheet readers."""
    said = f"{lacking('openpyxl')}\n\nDuring handling …\nImportError: Missing optional dependency 'openpyxl'."
    with pytest.raises(Undetermined, match="dags/load.py imports 'openpyxl', which is not installed here"):
        _ = folder(bag=bag(import_errors=errors(load=said))).import_errors
    stated = folder(bag=bag(import_errors=errors(load=said)), requirements="requirements.txt")
    assert stated.import_errors == ("dags/load.py: ImportError: Missing optional dependency 'openpyxl'.",)


def test_what_is_broken_is_not_hidden_by_what_is_not_known() -> None:
    found = folder(bag=bag(import_errors=errors(load=lacking("pandas"), other="SyntaxError: x")))
    assert found.import_errors == ("dags/other.py: SyntaxError: x",)


@pytest.mark.parametrize(("text", "known"), [(lacking("pandas"), False), ("SyntaxError: x", True)])
def test_a_dag_without_a_file_may_be_in_one_that_was_not_imported(text: str, known: bool) -> None:
    files = {
        name: {"cron": "0 2 * * *", "timezone": "Asia/Tokyo", "tasks": {"a": [], "b": ["a"]}}
        for name in ("news", "load")
    }
    value = stored(bag=bag(import_errors=errors(load=text)))
    facts = facts_of([(DECLARED, {"files": files}), (FILES, value)], {})
    assert isinstance(next(iter(facts.of(DagFolder))), Fact)
    for kind, field in ((DagStructure, "differences"), (DeclaredFile, "cron")):
        of_news, of_load = facts.of(kind)
        assert getattr(of_news, field) in ((), "0 2 * * *")
        if known:
            getattr(of_load, field)
        else:
            with pytest.raises(Undetermined, match="'pandas'"):
                getattr(of_load, field)
