"""Real Locust runs on loopback: the record holds the servers' faults, each under its own name and exactly as often."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts.load.soundness import why_unsound
from prodgate.load.profile import Profile
from prodgate.load.record import Moment, Tally
from prodgate.load.runner import compare, run_load, self_test

from .records import a_locustfile, a_profile, count, failed, latencies, unshareable
from .servers import Answer, Server, answer, fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once

#: Each task is a way to fail, or the proof that an apparent failure is none.
TASKS = """
from locust import FastHttpUser, task


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
    """Responds as the tasks above request."""

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
    """One run on the misbehaving server, shared by many tests."""
    tmp_path = tmp_path_factory.mktemp("troubled")
    with serving(Misbehaving()) as server:
        record = run_load(
            a_profile(rate=180.0, duration=3.0, timeout=5.0),
            server.url,
            locustfile=a_locustfile(tmp_path, TASKS),
            directory=tmp_path / "run",
        )
    return record, server, tmp_path / "run"


def test_every_arrival_is_accounted_for(troubled: Troubled) -> None:
    record, _, _ = troubled
    assert (record["complete"], record["why"]) == (True, "")
    assert record["planned"] == record["sent"] + record["not_sent"] == 540
    (worker,) = record["workers"]
    assert (worker["name"], worker["sent"], worker["lost"], worker["behind"]) == ("local", 540, False, 0.0)
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
    assert "locustfile.py:61: AttributeError" in texts["Reader.raising"]


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
    """A locustfile that sets its process's clock stands for an operator, or a machine that slept."""
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
        record = run_load(
            a_profile(rate=40.0, duration=1.0),
            server.url,
            locustfile=a_locustfile(tmp_path, text),
            directory=tmp_path / "run",
        )
    assert (record["complete"], len(latencies(record)), max(latencies(record)) < 30) == (True, 40, True)
    assert record["clock_moved"] == pytest.approx(3600, abs=0.5)
    assert abs((datetime.fromisoformat(record["started"]) - datetime.now(UTC)).total_seconds()) < 120


def test_no_request_is_no_success(tmp_path: Path) -> None:
    with serving(fine) as server:
        record = run_load(
            a_profile(rate=0.1, duration=0.5), server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run"
        )
    assert (record["planned"], record["sent"], record["complete"]) == (0, 0, False)
    assert record["why"] == "no request was sent"


@pytest.mark.slow
def test_a_generator_that_is_asked_for_too_much_says_so(tmp_path: Path) -> None:
    with serving(fine) as server:
        record = run_load(
            a_profile(rate=5_000.0, duration=1.0),
            server.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    [said] = record["health"]["sick"]
    assert said.startswith("1 of 1 s had to be set aside, more than half: requests were sent ")
    assert "more workers" in record["health"]["advice"]
    assert record["sent"] + record["not_sent"] == 5_000


def test_an_arrival_for_which_nothing_is_free_is_not_sent_and_not_forgotten(tmp_path: Path) -> None:
    async def slow(_path: str, _count: int) -> bytes | None:
        await asyncio.sleep(0.7)
        return answer()

    with serving(slow) as server:
        record = run_load(
            a_profile(rate=100.0, duration=1.0, open_at_once=20),
            server.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert record["complete"]
    assert record["sent"] == count(record) == server.asked.total()
    assert record["not_sent"] == 100 - record["sent"] > 20
    assert sum(each["not_sent"] for each in record["unsent"]) == record["not_sent"]


# ── Whose connection and cookies a visit has

#: Locust's processes run in one Python as in another, and take their time.

TWO_PAGES = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def two_pages(self):
        self.client.get("/one")
        self.client.get("/two")
"""


@pytest.mark.slow
@pytest.mark.parametrize("returning", [0.0, 0.9])
def test_a_reader_has_connection_and_cookies_of_its_own_unless_some_return(tmp_path: Path, returning: float) -> None:
    async def remembering(path: str, count: int) -> bytes | None:
        return answer(Set_Cookie=f"reader={count}; Path=/") if path == "/one" else answer()

    with serving(remembering) as server:
        locustfile, profile = a_locustfile(tmp_path, TWO_PAGES), a_profile(rate=20.0, duration=3.0, returning=returning)
        record = run_load(profile, server.url, locustfile=locustfile, directory=tmp_path / "run")
    assert (failed(record), record["sent"], server.known["/two"]) == ({}, 60, 60)
    if returning:
        assert 0 < server.known["/one"] == 60 - server.connections
    else:
        assert (server.known["/one"], server.connections) == (0, 60)


@pytest.mark.slow
def test_a_share_of_visits_passes_the_caches_and_what_a_cache_answers_all_the_same_is_not_called_so(
    tmp_path: Path,
) -> None:
    async def cached(path: str, _count: int) -> bytes | None:
        return answer(X_Cache="Hit from cloudfront") if path.startswith("/one") else answer(Age="0")

    with serving(cached) as server:
        locustfile, profile = a_locustfile(tmp_path, TWO_PAGES), a_profile(rate=20.0, uncached=1.0)
        record = run_load(profile, server.url, locustfile=locustfile, directory=tmp_path / "run")
    counted = {each["name"]: count(record, each["name"]) for each in record["requests"]}
    assert (failed(record), counted) == ({}, {"GET /one": 30, "GET /two (uncached)": 30})
    assert len(server.asked) == 60, "no address was asked for twice"


# ── Faults of the locustfile and of this machine

ANYTHING = "anything but nothing and HTML"
READER = """
from locust import FastHttpUser, task
from locust.exception import RescheduleTask, StopUser


class Reader(FastHttpUser):
"""


def ran(
    tmp_path: Path, text: str, answering: Answer = fine, *, holds: Mapping[str, Any] | None = None, **given: Any
) -> Mapping[str, Any]:
    """Return the record of a short run of readers with these methods."""
    (tmp_path / "locustfile.py").write_text(READER + text, "utf-8")
    profile = Profile(**{"name": "trial", "rate": 40.0, "duration": 1.0, "warm_up": 0.0, "timeout": 30.0, **given})
    with serving(answering) as server:
        return run_load(
            profile, server.url, locustfile=tmp_path / "locustfile.py", directory=tmp_path / "run", holds=holds
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        (
            "    def on_start(self):\n        raise KeyError('token')\n\n    @task\n    def page(self):\n        pass\n",
            "nothing was asked",
            "locustfile.py:8: KeyError: 'token'; mend the locustfile",
        ),
        (
            "    @task\n    def idle(self):\n        pass\n",
            "nothing was asked",
            "Reader.idle: the task ended without a",
        ),
        (
            "    @task\n    def page(self):\n        self.client.get('https://cdn.example/x.css')\n",
            "asked of another host",
            "leads to https://cdn.example",
        ),
        (
            "    @task\n    def page(self):\n        import urllib.request\n        self.client.get('/')\n"
            "        urllib.request.urlopen(self.host).read()\n",
            "asked by another client",
            "Reader.page: it opened a connection to",
        ),
        (
            "    @task\n    def page(self):\n        self.client.get('/')\n"
            "        self.client.client.urlopen(f'{self.host}/more')\n",
            "asked by another client",
            "Reader: it asked for /more by a client within self.client",
        ),
        (
            "    @task\n    def page(self):\n        self.client.get('/')\n        import grpc\n",
            "asked by another client",
            "Reader.page: it uses gRPC (grpc), and the gate measures HTTP/1.1 alone",
        ),
    ],
    ids=["raises", "idle", "absolute address", "another client", "the client within", "another protocol"],
)
def test_a_locustfile_that_does_not_ask_the_system_convicts_nobody(
    tmp_path: Path, text: str, kind: str, why: str
) -> None:
    record = ran(tmp_path, text, duration=60.0, failed_share=0.001)
    assert set(failed(record)) == {kind}
    assert (record["complete"], record["stopped_early"]) == (False, False)
    assert why in record["why"]
    assert "did not run to its end" in why_unsound(record)


def test_a_task_may_say_that_it_is_done(tmp_path: Path) -> None:
    text = "    cacheable = ('/', '/never')\n    holds = {'/held': 'x'}\n\n    @task\n    def rare(self): ...\n\n"
    text += "    @task(500)\n    def page(self):\n        self.client.get('/')\n        raise RescheduleTask\n"
    text += "\n    @task(500)\n    def last(self):\n        self.client.get('/')\n        raise StopUser\n"
    record = ran(tmp_path, text)
    assert (record["complete"], failed(record), len(latencies(record))) == (True, {}, 40)
    all_ = [
        {"name": "GET /", "cacheable": True, "holds": ANYTHING, "learned": True},
        {"name": "GET /held", "cacheable": False, "holds": "'x'"},
        {"name": "GET /never", "cacheable": True, "holds": ""},
        {"name": "Reader.rare", "cacheable": False, "holds": ""},
    ]
    assert record["requests"] == all_, "what is stated or written, and never asked for, is not forgotten"


def test_what_the_criteria_state_decides_what_is_right(tmp_path: Path) -> None:
    async def lost(path: str, _count: int) -> bytes | None:
        return answer(b'{"ok": %s}' % (b"false" if path == "/bad" else b"true"), status="404 Not Found")

    text = "    holds = {'/bad': 0}\n\n    @task\n    def page(self):\n"
    text += "        for name in ('/good', '/bad', '/unstated'):\n            self.client.get(name)\n"
    stated = {"status": 404, "json": {"ok": True}}
    record = ran(tmp_path, text, lost, holds={"/good": stated, "GET /bad": stated})
    assert failed(record, "GET /good") == {}
    assert failed(record, "GET /bad") == {"wrong content": 40}
    assert failed(record, "GET /unstated") == {"HTTP 404": 40}
    assert [each["holds"] for each in record["requests"]] == ["status 404, ok = True"] * 2 + [""]
    assert not [each for each in record["requests"] if "learned" in each]


def test_what_a_locustfile_makes_of_no_answer_is_still_none(tmp_path: Path) -> None:
    """To Locust a request without any answer has the status 0, which is below 400 and so `ok`."""

    async def dropping(_path: str, _count: int) -> bytes | None:
        return None

    text = "    @task\n    def page(self):\n        with self.client.get('/', catch_response=True) as page:\n"
    text += "            page.success() if page.ok else page.failure('bad')\n\n    @task\n    def other(self):\n"
    text += (
        "        with self.client.get('/', catch_response=True) as page:\n            page.failure('no whole page')\n"
    )
    record = ran(tmp_path, text, dropping)
    assert (failed(record), len(latencies(record))) == ({"closed without an answer": 40}, 0)


def test_a_machine_without_a_file_left_convicts_nobody(tmp_path: Path) -> None:
    """As with `ulimit -Hn`: each reader who waits for a response has a connection open."""

    async def slow(_path: str, _count: int) -> bytes | None:
        await asyncio.sleep(1.5)
        return answer()

    limited = "\n    import resource\n    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
    text = f"{limited}\n    @task\n    def page(self):\n        self.client.get('/')\n"
    record = ran(tmp_path, text, slow, rate=80.0)
    assert failed(record)["no socket left here"] > 10
    assert not record["complete"]
    assert "let a process open more files" in record["why"]


def test_what_an_error_page_gives_away_is_not_kept() -> None:
    book = Tally()
    said = "no answer from postgresql://nba:hunter2@db.internal/news " + 300 * "x"
    book.count_failure(Moment(0), "GET /", "HTTP 500", said)
    [example] = book.failures.values()
    assert "hunter2" not in example["text"]
    assert example["text"].startswith("no answer from (redacted: a password in a URL)")
    assert len(example["text"]) == 200


@pytest.mark.slow
def test_what_else_lies_in_the_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust reads options from files of the folder it is started in, and Python modules."""
    (tmp_path / "locust.conf").write_text("tags = fast\nrun-time = 1s\n", "utf-8")
    (tmp_path / "gevent.py").write_text("raise RuntimeError('not the library')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    record = ran(tmp_path, "    @task\n    def page(self):\n        self.client.get('/')\n", duration=2.0)
    assert (record["complete"], record["sent"]) == (True, 80)


# ── The guard against hidden retries

PROVE = """
from gevent import monkey
monkey.patch_all()
from geventhttpclient import client
from prodgate.load.engine.connections import disable_retries
from prodgate.load.engine.connections import check_drops_are_reported
{first}
disable_retries()
{then}
check_drops_are_reported()
print("proven")
"""

#: The library's default, and that of a variant that decides elsewhere.
ALWAYS = "client._may_retry_after_send_error = lambda method: True"


def said(first: str = "", then: str = "") -> str:
    command = [sys.executable, "-c", PROVE.format(first=first, then=then)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ended.stdout + ended.stderr).strip().splitlines()[-1]


def test_the_library_as_we_use_it_sends_once() -> None:
    assert said() == "proven"


@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        ("", ALWAYS, "its hidden retries can't be turned off"),
        ("del client._may_retry_after_send_error", "", "geventhttpclient has no _may_retry_after_send_error"),
    ],
    ids=["it retries all the same", "it decides elsewhere"],
)
def test_a_library_that_hides_failures_is_refused(first: str, then: str, why: str) -> None:
    text = said(first, then)
    assert "UntrustedLibrary: " in text
    assert why in text
    assert "use the version that prod-gate's lock file names" in text


# ── The self-test


@pytest.mark.slow
def test_the_generator_tells_the_truth(tmp_path: Path) -> None:
    """Exact figures must be exact. p95 is compared as well, but a machine that is busy enough may rightly fail it."""
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


def test_a_true_record_passes_and_a_request_may_have_waited_longer_for_its_sender_than_for_the_server() -> None:
    result = compare(RECORD, TRUTH)
    assert (result["ok"], result["reason"]) == (True, "")
    assert (result["p95"], result["stall"]) == ({"told": 0.03, "truth": 0.03}, {"told": 10, "truth": 10})
    on_the_edge = {**TRUTH, "stalled": [0.001] * 29 + [0.45] + [0.9] * 10}
    assert compare(changed(2, latency={"20": 29, "5100": 1, "9000": 10}), on_the_edge)["ok"]


def changed(place: int, **parts: dict[str, int]) -> dict[str, Any]:
    record = deepcopy(RECORD)
    record["seconds"][place].update(parts)
    return record


SLOWER = changed(0, latency={"300": 94, "830": 6})


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
    assert (result["ok"], said in result["reason"]) == (False, True)
    assert result["reason"].endswith("see locust.txt for what Locust said")


@pytest.mark.parametrize(
    ("records", "tries", "ok"),
    [
        ([SLOWER, SLOWER, RECORD], 3, True),
        ([SLOWER] * 9, 5, False),
        ([changed(3, latency={"20": 30}, failed={}), RECORD], 1, False),
        ([{**RECORD, "complete": False, "why": "interrupted"}, RECORD], 1, False),
    ],
    ids=["busy for a while", "busy for good", "a hidden 500", "interrupted"],
)
def test_times_are_measured_again_on_a_busy_machine_and_wrong_numbers_are_not(
    records: list[dict[str, Any]], tries: int, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter(records)
    monkeypatch.setattr("prodgate.load.runner.run_load", lambda *_given, **_named: next(made))
    monkeypatch.setattr("prodgate.load.runner._fault_server", lambda: nullcontext((1, lambda: TRUTH)))
    found = self_test(directory=tmp_path)
    assert (found["tries"], found["ok"], bool(found["reason"])) == (tries, ok, not ok)


def test_a_server_that_did_nothing_wrong_proves_nothing() -> None:
    idle = {"steady": [], "stalled": [], "dropped": 0, "errors": 0, "requests": 0}
    assert not compare({**RECORD, "seconds": []}, idle)["ok"]
