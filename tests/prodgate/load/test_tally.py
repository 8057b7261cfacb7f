import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from hypothesis import given, strategies as st

from prodgate.load.early_stop import (
    LEAST,
    LOOKS,
    MIN_SECONDS,
    SILENT,
    OutageWatch,
    find_broken,
    find_clear_failure,
    find_silence,
    is_clearly_too_many,
)
from prodgate.load.profile import Profile, Settings, arrivals, count_arrivals, host_index
from prodgate.load.record import (
    Moment,
    Requests,
    Standstill,
    Tally,
    build_record,
    count_planned,
    tenths_of_ms,
    write_record,
)

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
        planned=50,
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
        build_record(SETTINGS, book, requests=REQUESTS, about={"stopped_early": stopped}, started=begun, planned=50)
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
    assert (book.per_second(), book.per_second(1, among=lambda _: True)) == ([(2, 1, 1)], [(1, 1, 1)] * 2)


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
    assert (count_planned(both, 0, 11), count_planned(both, 1, 11)) == (6, 5)


def test_a_record_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record({"a": 1}, path)
    with pytest.raises(TypeError):
        write_record({"a": object()}, path)
    assert json.loads(path.read_text("utf-8")) == {"a": 1}


def stood(*events: tuple[str, float], second: int = 4) -> dict[int, float]:
    """Return the longest standstills: readers come ("+"), are served ("-"), come no more ("!"), each at a time."""
    told = Standstill()
    for kind, at in events:
        if kind == "+":
            told.come(Moment(second), at)
        elif kind == "-":
            told.serve(at)
        else:
            told.close()
    return told.longest


CAME = (("+", 1.0), ("+", 2.0), ("+", 3.0))


def test_a_standstill_lasts_from_the_first_who_waits_until_somebody_is_served() -> None:
    assert stood(*CAME, ("-", 5.9)) == {4: 4.9}
    assert stood(*CAME, ("-", 5.9), ("+", 6.0), ("+", 6.1), ("+", 6.2), ("-", 9.0)) == {4: 4.9}


def test_one_slow_request_or_a_last_one_is_no_standstill_and_neither_is_the_warm_up() -> None:
    assert stood(("+", 1.0), ("-", 9.0), ("+", 9.0), ("+", 9.1), ("!", 0)) == {}
    assert stood(*CAME, ("-", 9.0), second=-1) == {}


def test_where_nobody_is_served_any_more_the_standstill_lasts_until_the_last_came() -> None:
    assert stood(*CAME, ("!", 0)) == {4: 2.0}


def test_the_longest_standstill_of_any_process_is_that_of_the_load() -> None:
    whole, books = Tally(), (Tally(), Tally())
    for book, until in zip(books, (3.5, 4.0), strict=True):
        for _, at in CAME:
            book.standstills[0].come(Moment(int(until)), at)
        book.standstills[0].serve(until)
        whole.add(json.loads(json.dumps(book.take())))
        assert book.standstills[0].longest == {}, "nothing is told twice"
    assert json.loads(kept(whole))["standstills"] == [{"second": 3, "seconds": 2.5}, {"second": 4, "seconds": 3.0}]


# ── Arrivals

PROFILE = Profile(name="steady", rate=50.0, duration=20.0, warm_up=2.0)


def test_the_planned_number_comes_in_its_time() -> None:
    came = list(arrivals(PROFILE))
    measured = [each for each in came if each.number >= 0]
    assert (len(came), len(measured), count_arrivals(PROFILE)) == (1075, 1000, 1000)
    assert [each.at for each in came] == sorted(each.at for each in came)
    assert all(0 <= each.at < 2 for each in came if each.number < 0)
    assert all(2 <= each.at < 22 for each in measured)


def test_gaps_are_those_of_independent_arrivals() -> None:
    times = [each.at for each in arrivals(PROFILE) if each.number >= 0]
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread / mean == pytest.approx(1.0, abs=0.15)  # as of exponential gaps; 0 of a constant pace


def by_second(profile: Profile) -> list[int]:
    counts = [0] * int(profile.seconds)
    for each in arrivals(profile):
        counts[int(each.at)] += 1
    return counts


def test_no_load_begins_at_its_rate() -> None:
    """The first seconds of a warm-up, or of a surge that is judged from its beginning, bring far fewer than the last."""
    warmed = Profile(name="steady", rate=200.0, duration=10.0, warm_up=10.0)
    surge = Profile(name="surge", rate=200.0, duration=15.0, warm_up=0.0, climb=5.0)
    assert by_second(warmed)[:5] == pytest.approx([20, 60, 100, 140, 180], abs=40)
    assert by_second(surge)[:5] == pytest.approx([20, 60, 100, 140, 180], abs=40)
    assert sum(by_second(surge)) == count_arrivals(surge) == 2500
    for profile in (warmed, surge):
        assert by_second(profile)[5:] == pytest.approx([200] * (len(by_second(profile)) - 5), abs=60)


@given(workers=st.integers(1, 7), seed=st.integers(0, 99))
def test_workers_share_one_schedule(workers: int, seed: int) -> None:
    profile = Profile(name="x", rate=20.0, duration=2.0, warm_up=1.0, seed=seed)
    shares = [list(arrivals(profile, worker=each, workers=workers)) for each in range(workers)]
    assert sorted(chain(*shares), key=lambda each: each.number) == list(arrivals(profile))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(workers=st.integers(1, 7), worker=st.integers(0, 6))
def test_every_worker_alternates_between_the_hosts(workers: int, worker: int) -> None:
    numbers = range(worker % workers, 200, workers)
    sides = [host_index(number, workers=workers, hosts=2) for number in numbers]
    assert all(first != second for first, second in pairwise(sides))
    assert {host_index(number, workers=workers, hosts=1) for number in numbers} == {0}


def test_a_seed_gives_the_same_arrivals_and_another_one_others() -> None:
    same, other = Profile(**PROFILE.to_json()), Profile(**{**PROFILE.to_json(), "seed": 2})
    assert list(arrivals(same)) == list(arrivals(PROFILE)) != list(arrivals(other))


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0.0), ("duration", -1.0), ("timeout", 0.0), ("open_at_once", 0), ("warm_up", -0.1), ("climb", 21.0)],
)
def test_a_load_that_cannot_be_made_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"load profile 'steady': {name} is {value}; it must"):
        Profile(**{**PROFILE.to_json(), name: value})


# ── Who is stopped early

Second = Callable[[np.random.Generator], tuple[int, int]]
Seconds = Callable[[np.random.Generator, int], Iterator[tuple[int, int]]]
SIZE = 100


def independent(share: float) -> Second:
    return lambda random: (SIZE, int(random.binomial(SIZE, share)))


def stalling(share: float, *, depth: float = 1.0) -> Second:
    """Return seconds of which some are bad: in those ``depth`` of the requests are, in the others none."""
    return lambda random: (SIZE, int(random.binomial(SIZE, depth)) if random.random() < share / depth else 0)


def each(second: Second) -> Seconds:
    return lambda random, length: (second(random) for _ in range(length))


def spells(share: float, *, lasting: int, depth: float) -> Seconds:
    """Return seconds with spells of several in which ``depth`` of the requests are bad."""
    begins = share / depth / lasting / (1 - share / depth)

    def come(random: np.random.Generator, length: int) -> Iterator[tuple[int, int]]:
        left = 0
        for _ in range(length):
            left = lasting if not left and random.random() < begins else left
            yield SIZE, int(random.binomial(SIZE, depth)) if left else 0
            left = max(0, left - 1)

    return come


def stops(come: Seconds, limit: float, *, runs: int, length: int) -> list[int]:
    """Return the second at which each run was stopped that was."""

    def when(seed: int) -> Iterator[int]:
        seconds: list[tuple[int, int]] = []
        for number, second in enumerate(come(np.random.default_rng(seed), length), start=1):
            seconds.append(second)
            if is_clearly_too_many(seconds, limit):
                yield number
                return

    return [number for seed in range(runs) for number in when(seed)]


WITHIN: dict[str, Seconds] = {
    "at the limit": each(independent(0.05)),
    "4 %": each(independent(0.04)),
    "4 % in whole seconds": each(stalling(0.04)),
    "4 % in half seconds": each(stalling(0.04, depth=0.5)),
    "at the limit in whole seconds": each(stalling(0.05)),
    "4 % in spells of three seconds": spells(0.04, lasting=3, depth=1.0),
    "4 % in spells of five seconds": spells(0.04, lasting=5, depth=1.0),
}


@pytest.mark.parametrize("come", WITHIN.values(), ids=WITHIN)
def test_a_run_within_its_limit_is_hardly_ever_stopped(come: Seconds) -> None:
    assert len(stops(come, 0.05, runs=150, length=60)) <= 3


def test_errors_within_their_limit_stop_nothing() -> None:
    assert len(stops(each(independent(0.001)), 0.001, runs=100, length=60)) <= 2


@pytest.mark.parametrize(
    ("second", "limit", "within"),
    [(independent(0.2), 0.05, 8), (independent(0.5), 0.001, 8), (stalling(0.2, depth=0.5), 0.05, 30)],
    ids=["20 % slow", "half fails", "20 % slow in half seconds"],
)
def test_a_clear_failure_is_stopped_within_seconds(second: Second, limit: float, within: int) -> None:
    stopped = stops(each(second), limit, runs=20, length=60)
    assert len(stopped) >= 18
    assert MIN_SECONDS <= median(stopped) <= within


def test_nothing_is_stopped_before_seconds_can_differ() -> None:
    assert not is_clearly_too_many([(100, 100)] * (MIN_SECONDS - 1), 0.05)
    assert is_clearly_too_many([(100, 100)] * MIN_SECONDS, 0.05)


def test_one_standstill_proves_nothing() -> None:
    assert not is_clearly_too_many([(100, 0)] * 3 + [(100, 100)] * 2 + [(100, 0)] * 3, 0.05)


def looked(*looks: tuple[int, int]) -> list[str]:
    """Return the result of each look; a look is (requests that ended since the one before, how many of them failed)."""
    watch, ended, failed, said = OutageWatch(), 0, 0, []
    for more, bad in looks:
        ended, failed = ended + more, failed + bad
        said.append(watch.look(ended, failed))
    return said


@pytest.mark.parametrize(
    "looks",
    [
        [(100, 100)] * (LOOKS - 1) + [(100, 40)] + [(100, 100)] * (LOOKS - 1),
        [(100, 50)] * 20,
        [(LEAST // LOOKS - 1, LEAST // LOOKS - 1)] * LOOKS,
        [(0, 0)] * 20,
    ],
    ids=["two short outages", "half of two hosts", "a handful", "nothing ended"],
)
def test_a_site_that_may_recover_is_not_called_broken(looks: list[tuple[int, int]]) -> None:
    assert not any(looked(*looks))


@pytest.mark.parametrize("pause", [0, 1], ids=["without a pause", "with a look at which nothing had ended"])
def test_a_site_is_broken_when_most_requests_of_a_few_seconds_fail(pause: int) -> None:
    said = looked((100, 1), (100, 60), *[(0, 0)] * pause, (100, 90), (100, 100))
    assert said[:-1] == [""] * (len(said) - 1)
    assert said[-1] == "the site is broken: of the last 300 requests 250 failed"


def test_a_site_of_which_clearly_a_twentieth_fails_is_broken_whatever_was_stated() -> None:
    assert find_broken([(100, 30, 30)] * 8) == "the site is broken: of all 800 requests 240 failed"
    assert find_broken([(100, 100, 3)] * 60) == ""


@pytest.mark.parametrize(("share", "within"), [(0.4, 20), (0.25, 25), (0.1, 30)])
def test_a_site_that_breaks_after_ten_good_minutes_is_broken_within_half_a_minute(share: float, within: int) -> None:
    """Of all requests until then it is a small part, and one that came at once: neither excuses it."""
    chance, seconds = np.random.default_rng(20261128), [(90, 0, 0)] * 540
    for _ in range(within):
        bad = int(chance.binomial(90, share))
        seconds.append((90, bad, bad))
        if said := find_broken(seconds):
            break
    assert said.startswith("the site is broken: of the last 30 s 2,700 requests ")


@pytest.mark.parametrize(
    ("share", "lasting"), [(1.0, 2), (0.4, 5), (0.2, 8)], ids=["all for 2 s", "some for 5 s", "a fifth for 8 s"]
)
def test_a_site_that_recovers_is_not_called_broken(share: float, lasting: int) -> None:
    chance, seconds = np.random.default_rng(20261128), list[tuple[int, int, int]]()
    for second in range(120):
        bad = int(chance.binomial(90, share if 60 <= second < 60 + lasting else 0.0005))
        seconds.append((90, bad, bad))
        assert find_broken(seconds) == ""


def test_a_site_that_hangs_is_broken_before_anything_times_out() -> None:
    profile = Profile(name="x", rate=50, duration=60, timeout=60, slow=0.2)
    assert (
        find_silence([(250, SILENT)], profile) == "the site is broken: for 5 s nothing came back to any of 250 requests"
    )
    assert find_silence([(250, SILENT - 0.1)], profile) == ""
    assert find_silence([(LEAST - 1, 30.0)], profile) == "", "a handful may wait for one thing"
    assert find_silence([(250, 9.0), (0, 0.0)], profile) == "", "another worker is answered"
    assert find_silence([(250, 9.0)], Profile(name="x", rate=50, duration=60, slow=3.0)) == "", "so slow may it be"
    assert find_silence([], profile) == ""


def test_what_failed_is_said() -> None:
    profile = Profile(name="x", rate=100, duration=60, slow=0.2, slow_share=0.05, failed_share=0.001)
    assert find_clear_failure([(100, 30, 0)] * 8, profile) == "240 of 800 requests were slower than 200 ms or failed"
    assert find_clear_failure([(100, 30, 20)] * 8, profile) == "160 of 800 requests failed"
    assert find_clear_failure([(100, 1, 0)] * 8, profile) == ""
    assert find_clear_failure([(100, 99, 99)] * 8, Profile(name="watch", rate=100, duration=60)) == ""
