"""A command line is logged as it was typed: which words of it change results."""

from __future__ import annotations

import pytest

from prodgate.airflow.audit_log import extract_request
from prodgate.aws.plain_json import canonical_json

#: How the executor of Airflow 2 runs every task.
RUN = ["/usr/bin/airflow", "tasks", "run", "news", "collect", "scheduled__2026-11-24T18:00:00+00:00"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["--local", "--subdir", "DAGS_FOLDER/news-marks.py"], ""),
        (["-l", "-f"], ""),
        (["--mark-success"], "--mark-success"),
        (["--mark"], "--mark-success"),
        (["-m"], "--mark-success"),
        (["-lfm"], "--mark-success"),
        (["-mlf"], "--mark-success"),
        (["--reset-dag"], "--reset-dagruns"),
        (["--rerun"], "--rerun-failed-tasks"),
    ],
)
def test_an_option_is_known_however_it_is_typed(typed: list[str], kept: str) -> None:
    expected = canonical_json({"options": [kept]} if kept else {})
    once = extract_request(canonical_json({"full_command": str([*RUN, *typed])}))
    assert once == expected
    assert extract_request(once) == expected
