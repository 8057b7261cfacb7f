"""A DAG file that imports what is not installed here is neither broken nor well, unless its requirements are stated."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts import Fact
from prodgate.facts.dags.files import DagFolder
from prodgate.facts.dags.structure import DagStructure, DeclaredFile
from prodgate.findings import Undetermined
from prodgate.layers.dags.facts import facts_of
from prodgate.layers.dags.kinds import DECLARED, FILES

from .test_files import bag, folder, stored

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
    """As pandas does of what reads a spreadsheet."""
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
