from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.load.profile import Profile
from prodgate.load.record import Requests, build_record, count_planned, write_record
from prodgate.load.settings import Settings
from prodgate.load.tally import Moment, Standstill, Tally, tenths_of_ms

SETTINGS = Settings(profile=Profile(name="x", rate=10.0, duration=5.0), host="http://a", record="r.json")
REQUESTS = Requests(cacheable={"GET /"}, holds={"GET /": "'x'"})
Event = tuple[int, int, str, float, str]

#: (second, side, request, latency, "" or class of failure).
EVENTS = st.lists(
    st.tuples(
        st.integers(-1, 4),
        st.integers(0, 1),
        st.sampled_from(["GET /", "GET /a"]),
        st.floats(0, 3),
        st.sampled_from(["", "", "timeout", "HTTP 503"]),
    )
)


def enter(book: Tally, event: Event) -> None:
    second, which, request, latency, kind = event
    book.count_sent(Moment(second, which), free=kind != "timeout")
    if kind:
        book.count_failure(Moment(second, which), request, kind, "said")
    else:
        book.count_success(Moment(second, which), request, latency, "no-store" if latency > 1 else "")


def kept(book: Tally) -> str:
    made = build_record(
        SETTINGS,
        book,
        requests=REQUESTS,
        about={},
        started=datetime(2026, 11, 26, tzinfo=UTC),
    )
    return json.dumps({**made, "failures": sorted(map(str, made["failures"]))}, sort_keys=True)


@given(events=EVENTS, workers=st.integers(1, 4), pauses=st.integers(1, 5))
def test_books_of_workers_add_up_to_what_one_would_have_counted(events: list[Event], workers: int, pauses: int) -> None:
    """Through JSON, in parts, in turns: nothing is lost and nothing counted twice."""
    alone, together = Tally(hosts=2, slow=0.2), Tally(hosts=2, slow=0.2)
    books = [Tally(hosts=2) for _ in range(workers)]
    arrived = 0
    for number, event in enumerate(events):
        enter(alone, event)
        enter(books[number % workers], event)
        if number % pauses == 0:
            arrived += together.add(json.loads(json.dumps(books[number % workers].take())))
    arrived += sum(together.add(json.loads(json.dumps(book.take()))) for book in books)
    assert arrived == alone.settled == together.settled == sum(book.settled for book in books)
    whole = Tally(hosts=2, slow=0.2)
    whole.add(alone.take())
    assert json.loads(kept(together))["seconds"] == json.loads(kept(whole))["seconds"]
    for name in ("sent", "not_sent", "unsent", "warm_up", "requests"):
        assert json.loads(kept(together))[name] == json.loads(kept(whole))[name]
    assert together.per_second() == whole.per_second()


@given(st.floats(0, 100))
def test_latencies_are_rounded_up_by_less_than_a_tenth_of_a_millisecond(seconds: float) -> None:
    assert 0 <= tenths_of_ms(seconds) / 10_000 - seconds < 0.000_1 + 1e-9


def test_a_record_says_what_was_counted() -> None:
    book = Tally()
    for latency in (0.0123, 0.01221, 0.5):
        book.count_success(Moment(1), "GET /", latency, "private")
        book.count_sent(Moment(1))
    book.count_failure(Moment(1), "GET /", "HTTP 503", "x" * 300)
    book.count_failure(Moment(1), "GET /", "HTTP 503", "another")
    book.count_failure(Moment(-1), "GET /", "timeout", "in the warm-up")
    made = json.loads(kept(book))
    assert made["seconds"] == [
        {
            "second": 1,
            "request": 0,
            "latency": {"123": 2, "5000": 1},
            "failed": {"HTTP 503": 2},
            "unshareable": {"private": 3},
        }
    ]
    assert made["requests"] == [{"name": "GET /", "cacheable": True, "holds": "'x'"}]
    assert (made["planned"], made["sent"], made["not_sent"]) == (50, 3, 0)
    assert made["warm_up"] == {"sent": 1, "failed": 1}
    example, _ = made["failures"]
    assert "x" * 200 in example
    assert "x" * 201 not in example


def test_a_load_that_was_stopped_in_its_warm_up_is_judged_by_that() -> None:
    book = Tally()
    book.count_success(Moment(-5), "GET /", 0.1)
    book.count_failure(Moment(-4), "GET /", "HTTP 503", "down")
    book.count_sent(Moment(-3), free=False)
    begun = datetime(2026, 11, 26, 10, 0, 5, tzinfo=UTC)
    early, late = (
        build_record(SETTINGS, book, requests=REQUESTS, about={"stopped_early": stopped}, started=begun)
        for stopped in (True, False)
    )
    assert [(each["second"], each["failed"]) for each in early["seconds"]] == [(0, {}), (1, {"HTTP 503": 1})]
    assert (early["started"], early["unsent"]) == ("2026-11-26T10:00:00+00:00", [{"second": 2, "not_sent": 1}])
    assert (early["warm_up"], late["warm_up"]) == ({"sent": 0, "failed": 0}, {"sent": 2, "failed": 1})
    assert (late["seconds"], late["unsent"], late["not_sent"]) == ([], [], 0)


def test_what_ended_includes_what_was_not_sent_and_by_host_and_the_warm_up() -> None:
    book, other = Tally(hosts=2), Tally(hosts=2)
    for second in (-1, 0, 1):
        other.count_success(Moment(second), "GET /", 0.1)
        other.count_sent(Moment(second), free=False)
        other.count_failure(Moment(second, 1), "GET /", "refused", "")
    book.add(json.loads(json.dumps(other.take())))
    assert (book.ended(0), book.ended(1)) == ((6, 3), (3, 3))
    assert (book.per_second(), book.per_second(1, warming=True)) == ([(2, 1, 1)], [(1, 1, 1)] * 2)


def test_what_is_slow_includes_what_failed_and_ends_before_the_second_under_way() -> None:
    book, other = Tally(slow=0.2), Tally()
    for second in (0, 1):
        for latency in (0.2, 0.2001, 0.1):
            other.count_success(Moment(second), "GET /", latency)
        other.count_failure(Moment(second), "GET /", "refused", "")
    book.add(other.take())
    assert book.per_second() == [(4, 2, 1)]
    assert Tally(slow=math.inf).per_second() == []


def test_two_hosts_share_what_is_planned() -> None:
    both = Settings(profile=Profile(name="x", rate=11.0, duration=1.0), host="a", other_host="b", record="")
    assert (count_planned(both, 0), count_planned(both, 1)) == (6, 5)


def test_a_record_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record({"a": 1}, path)
    with pytest.raises(TypeError):
        write_record({"a": object()}, path)
    assert json.loads(path.read_text("utf-8")) == {"a": 1}


def stood(*events: tuple[str, float], second: int = 4) -> tuple[float, int]:
    """Return the longest standstill: readers come ("+"), are served ("-"), and come no more ("!"), each at a time."""
    told = Standstill()
    for kind, at in events:
        if kind == "+":
            told.come(Moment(second), at)
        elif kind == "-":
            told.serve(at)
        else:
            told.close()
    return told.longest, told.second


CAME = (("+", 1.0), ("+", 2.0), ("+", 3.0))


def test_a_standstill_lasts_from_the_first_who_waits_until_somebody_is_served() -> None:
    assert stood(*CAME, ("-", 5.9)) == (4.9, 4)
    assert stood(*CAME, ("-", 5.9), ("+", 6.0), ("+", 6.1), ("+", 6.2), ("-", 9.0)) == (4.9, 4)


def test_one_slow_request_or_a_last_one_is_no_standstill_and_neither_is_the_warm_up() -> None:
    assert stood(("+", 1.0), ("-", 9.0), ("+", 9.0), ("+", 9.1), ("!", 0)) == (0.0, 0)
    assert stood(*CAME, ("-", 9.0), second=-1) == (0.0, 0)


def test_where_nobody_is_served_any_more_the_standstill_lasts_until_the_last_came() -> None:
    assert stood(*CAME, ("!", 0)) == (2.0, 4)


def test_the_longest_standstill_of_any_process_is_that_of_the_load() -> None:
    whole, books = Tally(), (Tally(), Tally())
    for book, until in zip(books, (3.5, 4.0), strict=True):
        for _, at in CAME:
            book.standstills[0].come(Moment(int(until)), at)
        book.standstills[0].serve(until)
        whole.add(json.loads(json.dumps(book.take())))
    assert json.loads(kept(whole))["standstill"] == {"seconds": 3.0, "second": 4}
