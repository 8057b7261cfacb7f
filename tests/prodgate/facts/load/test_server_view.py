"""The generator and the server tell of the same requests, and where they don't, by how much."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from prodgate.facts.load.server_view import MARK, ServerView, server_view, summarise_log
from prodgate.findings import Undetermined

from .load_records import STARTED, cell, failing, record, slow, stored

BEGIN = datetime.fromisoformat(STARTED).timestamp()


@pytest.mark.parametrize("field", ["unmatched", "apart"])
def test_a_log_that_could_not_be_read_is_no_agreement(field: str) -> None:
    (found,) = server_view(stored(record(), server={"unreadable": "the site wrote no more"}))
    with pytest.raises(Undetermined, match="the site wrote no more"):
        getattr(found, field)


def line(at: float, **changes: Any) -> dict[str, Any]:
    return {"at": BEGIN + at, "path": "/", "status": 200, "seconds": 0.0900001, **changes}


def view(server: dict[str, Any], **changes: Any) -> ServerView:
    (found,) = server_view(stored(record(**changes), server=server))
    return found


def test_a_log_is_summed_up_from_the_warm_up_on_and_its_times_are_those_of_the_window() -> None:
    lines = [
        line(-6),
        line(-4.9),
        line(0),
        line(39.9, status=404, seconds=0.3),
        line(40.1),
        line(1, status=503, seconds=0.001),
        line(2, status=0, seconds=0.001),
        line(3, path="/api/ready"),
        line(3, path="/api/health"),
        line(3, path=f"{MARK}1234"),
    ]
    assert summarise_log(lines, record()) == {
        "statuses": {"200": 3, "404": 1, "503": 1, "0": 1},
        "latency": {"901": 1, "3000": 1},
    }


SILENT = failing([1] * 40, "closed without an answer")


@pytest.mark.parametrize(
    ("arrived", "changes", "unmatched"),
    [
        (4500, {}, "0 %"),
        (4503, {}, "0.0667 %"),
        (4495, {}, "0.1112 %"),
        (4500, {"seconds": SILENT}, "0 %"),
        (4460, {"seconds": SILENT}, "0 %"),
        (4459, {"seconds": SILENT}, "0.0223 %"),
        (4499, {"seconds": failing([1] * 40)}, "0.0223 %"),
        (4499, {"warm_up": {"sent": 500, "failed": 1}}, "0 %"),
    ],
)
def test_a_request_that_only_one_side_knows_is_counted_unless_it_may_not_have_arrived(
    arrived: int, changes: dict[str, Any], unmatched: str
) -> None:
    found = view({"statuses": {"200": arrived}, "latency": {"900": 9}}, **changes)
    assert str(found.unmatched) == unmatched
    assert (found.sent, found.arrived) == (4500, arrived)


def test_percentiles_are_those_of_what_succeeded() -> None:
    found = view(
        {"statuses": {"200": 4500}, "latency": {"900": 94, "2800": 6}}, seconds=[*slow([8] * 40), *failing([100])]
    )
    assert [str(each) for each in (found.client_p95, found.server_p95, found.apart)] == ["300 ms", "280 ms", "20 ms"]


def test_without_a_log_there_is_no_view_and_of_a_run_that_proves_nothing_none_is_known() -> None:
    assert list(server_view(stored(record()))) == []
    stopped = view({"statuses": {}, "latency": {}}, complete=False, stopped_early=True, why="stopped early: too slow")
    with pytest.raises(Undetermined, match="stopped early: too slow"):
        _ = stopped.apart


def test_nothing_sent_and_nothing_that_succeeded_is_no_agreement() -> None:
    nothing = view({"statuses": {}, "latency": {}}, seconds=[], warm_up={"sent": 0, "failed": 0})
    with pytest.raises(Undetermined, match="no request was sent"):
        _ = nothing.unmatched
    failed = view({"statuses": {}, "latency": {}}, seconds=[cell(0, {}, failed={"refused": 9})])
    with pytest.raises(Undetermined, match="no request succeeded"):
        _ = failed.apart
