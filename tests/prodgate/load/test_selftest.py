from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from prodgate.load.selftest import compare, self_test

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once


@pytest.mark.slow
def test_the_generator_tells_the_truth(tmp_path: Path) -> None:
    """What has to be exact is; p95 is compared too, but a machine that is busy enough may rightly fail it."""
    result = self_test(directory=tmp_path / "self-test")
    for name in ("drops", "hidden", "requests"):
        assert result[name]["told"] == result[name]["truth"] > 0, name
    assert result["stall"]["told"] >= result["stall"]["truth"] > 0
    assert result["p95"]["told"] >= result["p95"]["truth"] > 0.05
    assert result["ok"] == (not result["reason"])
    assert {each.name for each in (tmp_path / "self-test").iterdir()} >= {"record.json", "locust.html", "locust.txt"}


def cell(request: int, latency: dict[str, int], **failed: int) -> dict[str, Any]:
    return {"second": 0, "request": request, "latency": latency, "failed": failed, "unshareable": {}}


NAMES = ("GET /steady", "GET /dropped", "GET /stall", "GET /errors")
RECORD: dict[str, Any] = {
    "complete": True,
    "why": "",
    "requests": [{"name": name, "cacheable": False} for name in NAMES],
    "seconds": [
        cell(0, {"300": 95, "830": 5}),
        cell(1, {"20": 38}, closed=2),
        cell(2, {"20": 30, "9000": 10}),
        cell(3, {"20": 29}, **{"HTTP 500": 1}),
    ],
}
TRUTH = {
    "steady": [0.029] * 94 + [0.03] + [0.082] * 5,
    "stalled": [0.001] * 30 + [0.9] * 10,
    "dropped": 2,
    "errors": 1,
    "requests": 210,
}


def test_a_true_record_passes() -> None:
    result = compare(RECORD, TRUTH)
    assert (result["ok"], result["reason"]) == (True, "")
    assert result["p95"] == {"told": 0.03, "truth": 0.03}
    assert result["stall"] == {"told": 10, "truth": 10}


def test_a_request_may_have_waited_longer_for_its_sender_than_for_the_server() -> None:
    on_the_edge = {**TRUTH, "stalled": [0.001] * 29 + [0.45] + [0.9] * 10}
    assert compare(changed(2, latency={"20": 29, "5100": 1, "9000": 10}), on_the_edge)["ok"]


def changed(place: int, **parts: dict[str, int]) -> dict[str, Any]:
    record = deepcopy(RECORD)
    record["seconds"][place].update(parts)
    return record


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (changed(0, latency={"300": 94, "830": 6}), "told a p95 of 83.0 ms where the server's own was 30.0 ms"),
        (changed(1, latency={"20": 40}, failed={}), "told of 0 requests dropped, for the server it was 2"),
        (changed(2, latency={"20": 39, "9000": 1}), "told of 1 requests held up by a stall, the server held 10"),
        (changed(2, latency={"20": 29, "9000": 11}), "told of 11 requests held up by a stall, the server held 10"),
        (changed(3, latency={"20": 30}, failed={}), "told of 0 requests failed, for the server it was 1"),
        (changed(1, latency={"20": 36}), "told of 208 requests seen, for the server it was 210"),
        ({**RECORD, "complete": False, "why": "interrupted"}, "interrupted"),
    ],
    ids=["p95", "hidden drops", "stall not seen", "stall made up", "hidden 500s", "hidden retries", "incomplete"],
)
def test_each_untruth_is_found_and_says_what_to_do(record: dict[str, Any], said: str) -> None:
    result = compare(record, TRUTH)
    assert not result["ok"]
    assert said in result["reason"]
    assert result["reason"].endswith("see locust.txt for what Locust said")


def test_a_server_that_did_nothing_wrong_proves_nothing() -> None:
    idle = {"steady": [], "stalled": [], "dropped": 0, "errors": 0, "requests": 0}
    silent = {**RECORD, "seconds": []}
    assert not compare(silent, idle)["ok"]
