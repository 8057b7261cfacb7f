"""Real Locust runs on loopback: what servers do wrong is in the record, each under its own name and exactly as often."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.load.runner import run_load

from .locustfiles import a_locustfile, a_profile
from .records import count, failed, latencies, unshareable
from .servers import Server, answer, fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once

#: Each task is a way to fail, or the proof that what only looks like a failure is none.
TASKS = """
from locust import FastHttpUser, LoadTestShape, task


class OwnShape(LoadTestShape):
    def tick(self):
        return (3, 3)


class Reader(FastHttpUser):
    cacheable = ("/fine", "/private")

    @task(20)
    def fine(self):
        self.client.get("/fine")

    @task(20)
    def dropped(self):
        self.client.get("/dropped")

    @task(20)
    def once(self):
        self.client.get("/once")

    @task(10)
    def stalled(self):
        self.client.get("/stalled")

    @task(5)
    def moved_away(self):
        self.client.get("/away")

    @task(5)
    def moved_here(self):
        self.client.get("/here")

    @task(2)
    def moved_for_ever(self):
        self.client.get("/for-ever")

    @task(5)
    def cut_short(self):
        self.client.get("/short")

    @task(5)
    def broken(self):
        self.client.get("/broken")

    @task(2)
    def late(self):
        self.client.get("/late")

    @task(5)
    def checked(self):
        with self.client.get("/checked", catch_response=True) as page:
            self.client.get("/then")
            if page.text != "what it should be":
                page.failure("not what it should be")

    @task(5)
    def private(self):
        self.client.get("/private")

    @task(5)
    def raising(self):
        self.client.get("/fine").nonsense
"""


class Misbehaving:
    """Answers as the tasks above ask for."""

    def __init__(self) -> None:
        self.stall: float | None = None

    async def __call__(self, path: str, count: int) -> bytes | None:
        name = path.strip("/")
        if name == "dropped" and count % 10 == 0:
            return None
        if name == "once" and count == 12:
            return answer(b"it was me", status="500 Internal Server Error")
        if name == "stalled":
            await self._stand_still()
        if name == "late":
            await asyncio.sleep(60)
        return self._said(name)

    async def _stand_still(self) -> None:
        now = asyncio.get_running_loop().time()
        self.stall = self.stall or now
        if self.stall + 1 <= now < self.stall + 2:
            await asyncio.sleep(self.stall + 2 - now)

    @staticmethod
    def _said(name: str) -> bytes:
        known = {
            "fine": answer(Cache_Control="public, max-age=60"),
            "private": answer(Cache_Control="private, max-age=60"),
            "away": answer(status="301 Moved Permanently", Location="http://elsewhere.example/"),
            "here": answer(status="302 Found", Location="/arrived"),
            "for-ever": answer(status="302 Found", Location="/for-ever"),
            "short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
            "broken": answer(b"\x83\x54\x83 is no UTF-8", status="503 Service Unavailable"),
        }
        return known.get(name, answer())


Troubled = tuple[Mapping[str, Any], Server, Path]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """One run on the misbehaving server, of which many tests ask something."""
    tmp_path = tmp_path_factory.mktemp("troubled")
    with serving(Misbehaving()) as server:
        profile = a_profile(rate=180.0, duration=3.0, timeout=5.0)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path, TASKS), directory=tmp_path / "run")
    return record, server, tmp_path / "run"


def test_every_arrival_is_accounted_for(troubled: Troubled) -> None:
    record, _, _ = troubled
    assert (record["complete"], record["why"]) == (True, "")
    assert record["planned"] == record["sent"] + record["not_sent"] == 540
    assert record["workers"] == [{"name": "local", "sent": 540, "lost": False}]
    assert record["sent"] + record["followed"] == count(record)
    assert record["followed"] == len(latencies(record, "GET /then")) + count(record, "Reader.raising")
    assert not record["stopped_early"]
    assert record["addresses"]
    assert datetime.fromisoformat(record["started"]) < datetime.fromisoformat(record["ended"])


@pytest.mark.slow
def test_what_is_asked_is_asked_once(troubled: Troubled) -> None:
    record, server, _ = troubled
    for path in ("dropped", "once", "stalled", "private", "checked", "then", "short", "broken", "late"):
        assert count(record, f"GET /{path}") == server.asked[f"/{path}"], path


@pytest.mark.slow
def test_dropped_requests_are_counted_exactly(troubled: Troubled) -> None:
    record, server, _ = troubled
    told = failed(record, "GET /dropped")
    assert set(told) <= {"closed on a reused connection", "closed without an answer"}
    assert sum(told.values()) == server.asked["/dropped"] // 10 > 0


def test_one_failure_among_many_is_found_with_what_was_said(troubled: Troubled) -> None:
    record, _, _ = troubled
    assert failed(record, "GET /once") == {"HTTP 500": 1}
    [example] = [each for each in record["failures"] if each["request"] == "GET /once"]
    assert (example["class"], example["text"]) == ("HTTP 500", "it was me")


def test_a_stall_is_seen_by_all_who_came_in_it(troubled: Troubled) -> None:
    record, _, directory = troubled
    took = latencies(record, "GET /stalled")
    p95, p99 = (took[int(len(took) * share)] for share in (0.95, 0.99))
    assert 0.5 < p95 <= p99 <= took[-1]
    page = (directory / "locust.html").read_text("utf-8")
    [shown] = re.findall(r'"max_response_time": ([\d.]+), [^{}]*"name": "/stalled"', page)
    assert float(shown) == pytest.approx(took[-1] * 1000, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("away", "redirected to another host"),
        ("for-ever", "redirected without end"),
        ("short", "answer cut short"),
        ("broken", "HTTP 503"),
        ("late", "timeout"),
        ("checked", "wrong content"),
    ],
)
def test_each_failure_has_its_name(troubled: Troubled, path: str, kind: str) -> None:
    record, _, _ = troubled
    assert set(failed(record, f"GET /{path}")) == {kind}
    assert not latencies(record, f"GET /{path}")


def test_a_redirect_within_the_host_is_followed(troubled: Troubled) -> None:
    record, server, _ = troubled
    assert not failed(record, "GET /here")
    assert len(latencies(record, "GET /here")) == server.asked["/here"] == server.asked["/arrived"]


def test_a_task_that_raises_is_no_success(troubled: Troubled) -> None:
    record, _, _ = troubled
    assert set(failed(record, "Reader.raising")) == {"error in the task"}
    texts = {each["request"]: each["text"] for each in record["failures"]}
    assert "locustfile.py:66: AttributeError" in texts["Reader.raising"]


def test_answers_that_a_cache_may_not_keep_are_counted_where_it_should(troubled: Troubled) -> None:
    record, _, _ = troubled
    assert unshareable(record, "GET /fine") == unshareable(record, "GET /stalled") == {}
    assert unshareable(record, "GET /private") == {"Cache-Control: private": count(record, "GET /private")}
    assert {each["name"] for each in record["requests"] if each["cacheable"]} == {"GET /fine", "GET /private"}


@pytest.mark.slow
def test_a_server_that_dies_half_way_beside_one_that_lives(tmp_path: Path) -> None:
    """Blue and green in one run: arrivals alternate, and one's death is not the other's."""

    async def dying(_path: str, count: int) -> bytes | None:
        if count == 60:
            blue.end_from_within()
        return answer() if count <= 60 else None  # those that had come before it died

    with serving(dying) as blue, serving(fine) as green:
        record = run_load(
            a_profile(rate=120.0, duration=2.0),
            blue.url,
            other_host=green.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert record["planned"] == record["other"]["planned"] == 120
    assert failed(record, other=True) == {}
    assert len(latencies(record, other=True)) == green.asked.total() == 120
    told = failed(record)
    assert told["refused"] > 0
    assert sum(told.values()) + len(latencies(record)) == 120
    assert 0 < len(latencies(record)) <= 60


def test_a_clock_that_is_set_meanwhile_changes_no_time_and_is_said(tmp_path: Path) -> None:
    """What a locustfile does to the clock of its process stands for what an operator, or a machine that slept, does."""
    text = """
import time

from locust import FastHttpUser, task

shown = time.time


class Reader(FastHttpUser):
    @task
    def page(self):
        self.client.get("/")
        time.time = lambda: shown() + 3600
"""
    with serving(fine) as server:
        profile = a_profile(rate=40.0, duration=1.0)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path, text), directory=tmp_path / "run")
    assert (record["complete"], len(latencies(record)), max(latencies(record)) < 30) == (True, 40, True)
    assert record["clock_moved"] == pytest.approx(3600, abs=0.5)
    assert abs((datetime.fromisoformat(record["started"]) - datetime.now(UTC)).total_seconds()) < 120


def test_no_request_is_no_success(tmp_path: Path) -> None:
    with serving(fine) as server:
        profile = a_profile(rate=0.1, duration=0.5)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run")
    assert (record["planned"], record["sent"], record["complete"]) == (0, 0, False)
    assert record["why"] == "no request was sent"


@pytest.mark.slow
def test_a_generator_that_is_asked_for_too_much_says_so(tmp_path: Path) -> None:
    with serving(fine) as server:
        profile = a_profile(rate=5_000.0, duration=1.0)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run")
    assert any(text.startswith("send lag p99 was") for text in record["health"]["sick"])
    assert "more workers" in record["health"]["advice"]
    assert record["sent"] + record["not_sent"] == 5_000


def test_an_arrival_for_which_nothing_is_free_is_not_sent_and_not_forgotten(tmp_path: Path) -> None:
    async def slow(_path: str, _count: int) -> bytes | None:
        await asyncio.sleep(0.7)
        return answer()

    with serving(slow) as server:
        profile = a_profile(rate=100.0, duration=1.0, open_at_once=20)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run")
    assert record["complete"]
    assert record["sent"] == count(record) == server.asked.total()
    assert record["not_sent"] == 100 - record["sent"] > 20
    assert sum(each["not_sent"] for each in record["unsent"]) == record["not_sent"]
