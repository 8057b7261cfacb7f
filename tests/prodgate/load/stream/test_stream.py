"""A stream sends evenly, nothing twice, over new and over kept connections, and loses no failure."""

import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prodgate.load.stream.process import Plan, plan_request, streaming
from tests.prodgate.load.stream.server import OK, ScriptedServer, scripted_server

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\nok"


def plan(url: str, **changes: Any) -> Plan:
    given = {
        "rate": 200.0,
        "timeout": 60.0,
        "limit": 1.0,
        "reads": ("/a", "/b"),
        "build_header": "x-build",
        "keys": "k",
    }
    return Plan(url=url, **{**given, **changes})


def recorded(server: ScriptedServer, folder: Path, **changes: Any) -> Any:
    """The record of a stream that ran to its limit."""
    with streaming(plan(server.url, **changes), folder) as stream:
        assert stream.wait(120)
    return stream.record


def failed(record: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for second in record["seconds"]:
        for kind, count in second["failed"].items():
            counts[kind] = counts.get(kind, 0) + count
    return counts


def test_every_request_arrives_once_over_new_and_kept_connections(tmp_path: Path) -> None:
    with scripted_server(lambda _: OK) as server:
        record = recorded(server, tmp_path, write="/w")
    assert (record["due"], record["unknown"], failed(record), record["outages"]) == (200, 0, {}, [])
    assert sum(sum(second["latency"].values()) for second in record["seconds"]) == len(server.asked) == 200
    assert sum(second["builds"]["blue"] for second in record["seconds"]) == 200
    keys = [each.headers["idempotency-key"] for each in server.asked if each.method == "POST"]
    assert len(set(keys)) == len(keys) == record["kinds"]["POST"] > 5
    assert {each.path for each in server.asked} == {"/a", "/b", "/w"}
    assert record["kinds"]["new connection"] == 40
    assert max(Counter(each.connection for each in server.asked).values()) > 1
    assert server.connections > 40


def test_reads_and_writes_meet_new_and_kept_connections() -> None:
    requests = [plan_request(plan("http://x", write="/w"), number) for number in range(600)]
    seen = {(each.method, each.slot < 0) for each in requests}
    assert seen == {("GET", True), ("GET", False), ("POST", True), ("POST", False)}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "HTTP 502"),
        (CUT, "answer cut short"),
        (b"no HTTP at all\r\n\r\n", "answer cut short"),
    ],
)
def test_one_bad_answer_of_many_is_found(answer: bytes, kind: str, tmp_path: Path) -> None:
    with scripted_server(lambda number: answer if number == 77 else OK) as server:
        record = recorded(server, tmp_path)
    assert failed(record) == {kind: 1}
    (failure,), (outage,) = record["failures"], record["outages"]
    assert failure["class"] == kind
    assert outage == {"began": failure["at"], "ended": failure["at"], "failed": 1}


def test_a_connection_that_closes_instead_of_answering_is_a_failure_and_nothing_is_sent_again(tmp_path: Path) -> None:
    with scripted_server(lambda number: None if number % 50 == 10 else OK) as server:
        record = recorded(server, tmp_path)
    assert sum(failed(record).values()) == 4
    assert set(failed(record)) <= {"closed without an answer", "closed on a reused connection"}
    assert len(server.asked) == 200


@pytest.mark.parametrize("answer", [CHUNKED, UNTIL_CLOSED, EARLY_HINTS, b"HTTP/1.1 204 No Content\r\n\r\n"])
def test_an_answer_of_any_form_is_a_success(answer: bytes, tmp_path: Path) -> None:
    with scripted_server(lambda _: answer) as server:
        record = recorded(server, tmp_path, limit=0.5)
    assert (failed(record), record["unknown"]) == ({}, 0)


def test_a_server_that_never_answers_times_out_and_delays_no_other_request(tmp_path: Path) -> None:
    with scripted_server(lambda number: b"" if number < 20 else OK) as server:
        record = recorded(server, tmp_path, timeout=2.0, limit=0.5)
    assert failed(record)["timeout"] >= 15  # the others asked for their connection to be closed, and it was
    assert record["due"] == 100
    assert sum(sum(second["latency"].values()) for second in record["seconds"]) > 0


def test_where_nothing_listens_every_request_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        made = plan(f"http://127.0.0.1:{taken.getsockname()[1]}", limit=0.2)
        with streaming(made, tmp_path) as stream:
            assert stream.wait(120)
    assert failed(stream.record) == {"refused": 40}
    (outage,) = stream.record["outages"]
    assert (outage["began"], outage["failed"]) == (0.0, 40)


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with scripted_server(lambda _: OK) as server:
        made = plan(server.url, limit=600.0)
        with streaming(made, tmp_path) as stream:
            assert server.reached(60)
        assert 60 <= stream.record["due"] < made.rate * made.limit
        assert stream.record["why"] == ""
        assert stream.record["unknown"] == 0


def test_a_limit_that_is_reached_is_said(tmp_path: Path) -> None:
    with scripted_server(lambda _: OK) as server:
        made = plan(server.url, limit=0.2)
        with streaming(made, tmp_path) as stream:
            assert stream.wait(120)
    assert stream.record["why"] == "the limit was reached"


class Shop:
    """Answers writes and reads of orders by its own book: how often each key took effect."""

    def __init__(self, *, keeps: bool = True, knows_keys: bool = True, broken: bool = False) -> None:
        self.keeps, self.knows_keys, self.broken = keeps, knows_keys, broken
        self.book: dict[str, int] = {}

    def answer(self, server: ScriptedServer, number: int) -> bytes:
        asked = server.asked[number]
        key = asked.headers.get("idempotency-key", "")
        if key:
            if key not in self.book:
                self.book[key] = int(self.keeps or not key.endswith("-000000071"))
            elif not self.knows_keys:
                self.book[key] += 1
        if not asked.path.startswith("/orders/"):
            return OK
        if self.broken:
            return b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        times = self.book.get(asked.path.removeprefix("/orders/"), 0)
        body = b'{"times": %d}' % times
        status = b"200 OK" if times else b"404 Not Found"
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def read_back(shop: Shop, folder: Path, **changes: Any) -> tuple[Any, ScriptedServer]:
    found: list[ScriptedServer] = []
    with scripted_server(lambda number: shop.answer(found[0], number)) as server:
        found.append(server)
        record = recorded(server, folder, write="/w", written="/orders/{key}", rate=500.0, **changes)
    return record["writes"], server


def test_every_write_that_was_acknowledged_is_read_back_and_some_are_sent_again(tmp_path: Path) -> None:
    writes, server = read_back(Shop(), tmp_path)
    posted = [each.headers["idempotency-key"] for each in server.asked if each.method == "POST"]
    read = [each.path.removeprefix("/orders/") for each in server.asked if each.path.startswith("/orders/")]
    assert writes["acknowledged"] == len(read) == len(set(read)) == len(set(posted)) == 500 // 9
    assert len(posted) - len(set(posted)) == writes["again"] == 40
    assert {name: writes[name] for name in ("lost", "doubled", "unread", "first")} == {
        "lost": 0, "doubled": 0, "unread": 0, "first": [],
    }  # fmt: skip


def test_a_write_that_is_gone_is_found(tmp_path: Path) -> None:
    writes, _ = read_back(Shop(keeps=False), tmp_path)
    assert (writes["lost"], writes["doubled"], writes["unread"]) == (1, 0, 0)
    assert writes["first"] == [{"number": 71, "at": 0.142, "build": "blue", "times": 0}]


def test_writes_that_are_done_again_when_they_are_sent_again_are_found(tmp_path: Path) -> None:
    writes, _ = read_back(Shop(knows_keys=False), tmp_path)
    assert (writes["lost"], writes["doubled"], len(writes["first"])) == (0, 40, 20)
    assert {each["times"] for each in writes["first"]} == {2}


def test_of_a_write_that_can_not_be_read_nothing_is_said(tmp_path: Path) -> None:
    writes, server = read_back(Shop(broken=True), tmp_path)
    assert (writes["unread"], writes["lost"], writes["why"]) == (writes["acknowledged"], 0, "answered 503")
    assert sum(each.path.startswith("/orders/") for each in server.asked) == 3 * writes["acknowledged"]


def test_an_answer_that_counts_nothing_is_none(tmp_path: Path) -> None:
    with scripted_server(lambda _: OK) as server:
        record = recorded(server, tmp_path, write="/w", written="/orders/{key}", rate=500.0)
    assert record["writes"]["unread"] == record["writes"]["acknowledged"] > 0
    assert "no JSON object with a whole number under 'times'" in record["writes"]["why"]
