"""HAProxy's log lines are counted as a load balancer reports them."""

import socket
from collections import Counter
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from prodgate.rehearsal.rollout import keeper as traffic_module
from prodgate.rehearsal.rollout.keeper import Traffic, counting

GROUPS = {"api-b": "arn:b"}


def line(status: int, ended: str = "--", response: int = 12, listener: str = "live") -> dict[str, Any]:
    return {"listener": listener, "group": "api-b", "status": status, "response": response, "ended": ended}


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic_module, "monotonic", lambda: 1_000.0)


def counts(*lines: dict[str, Any]) -> dict[tuple[str, str], Counter[float]]:
    traffic = Traffic(speed=60, began=899.5)
    for one in lines:
        traffic.count(one, GROUPS)
    (minute,) = traffic.minutes
    assert minute == 100
    return dict(traffic.values(minute))


def test_an_answer_counts_for_its_group_and_for_the_whole() -> None:
    found = counts(line(200), line(200))
    for where in ("", "arn:b"):
        assert found["RequestCount", where] == Counter({1.0: 2})
        assert found["TargetResponseTime", where] == Counter({0.012: 2})
    assert len(found) == 4


def test_errors_are_of_the_target_or_of_the_load_balancer() -> None:
    found = counts(line(500), line(503, ended="SC", response=-1))
    assert found["HTTPCode_Target_5XX_Count", "arn:b"] == Counter({1.0: 1})
    assert found["HTTPCode_ELB_5XX_Count", ""] == Counter({1.0: 1})
    assert found["RequestCount", ""] == Counter({1.0: 1})


def test_tests_and_clients_that_went_away_do_not_count() -> None:
    traffic = Traffic(speed=60)
    traffic.count(line(500, listener="test"), GROUPS)
    traffic.count(line(-1, ended="CD"), GROUPS)
    assert traffic.minutes == {}


def test_what_is_no_request_is_passed_over(tmp_path: Path) -> None:
    traffic = Traffic(speed=1, began=1_000.0)
    with counting(traffic, tmp_path / "log", ()):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(b"Server api-b/t0 is DOWN", str(tmp_path / "log"))
            told.sendto(
                b'{"listener":"live","group":"x","status":200,"response":1,"ended":"--"}', str(tmp_path / "log")
            )
        until = monotonic() + 60
        while not traffic.minutes and monotonic() < until:
            sleep(0.01)
    assert traffic.values(0)["RequestCount", ""] == Counter({1.0: 1})
