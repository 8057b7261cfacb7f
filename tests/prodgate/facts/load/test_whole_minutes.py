"""The minutes that lie whole within a run, and what of it lies within them whatever the clocks say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.load.whole_minutes import count_sent, find_whole_minutes

from .load_records import cell, failing, record


def run(started: str, duration: float, timeout: float = 2.0, **changes: Any) -> dict[str, Any]:
    profile = {"name": "steady", "rate": 100.0, "duration": duration, "warm_up": 5.0, "timeout": timeout}
    cells = [cell(second, {1000: 100}) for second in range(int(duration))]
    return record(**{"seconds": cells, "started": started, "profile": profile, **changes})


@pytest.mark.parametrize(
    ("started", "duration", "begun", "minutes"),
    [
        ("2026-01-05T10:00:00+00:00", 60, "10:00", 1),
        ("2026-01-05T10:00:00.001+00:00", 179, "10:01", 1),
        ("2026-01-05T10:00:40+00:00", 160, "10:01", 2),
        ("2026-01-05T19:00:40+09:00", 160, "10:01", 2),
        ("2026-01-05T23:59:30+00:00", 600, "00:00", 9),
    ],
)
def test_minutes_are_whole_and_within(started: str, duration: float, begun: str, minutes: int) -> None:
    first, last = find_whole_minutes(run(started, duration))
    assert (f"{first:%H:%M}", (last - first) // timedelta(minutes=1)) == (begun, minutes)
    assert first.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("started", "duration", "timeout"),
    [
        ("2026-01-05T10:00:01+00:00", 118, 2),
        ("2026-01-05T10:00:00+00:00", 59, 2),
        ("2026-01-05T10:00:00+00:00", 60, 29),
    ],
)
def test_a_run_without_a_whole_minute_is_said_to_be_too_short(started: str, duration: float, timeout: float) -> None:
    with pytest.raises(Unreadable, match=f"{duration} s hold no whole minute .* let it last 3 min or more"):
        find_whole_minutes(run(started, duration, timeout))


def test_minutes_by_a_clock_that_was_set_are_nobodys() -> None:
    with pytest.raises(Unreadable, match=r"the clock of the generator's machine was set by 61\.0 s while the load ran"):
        find_whole_minutes(run("2026-01-05T10:00:00+00:00", 180) | {"clock_moved": 61.0})


def test_what_may_lie_outside_of_them_is_left_out() -> None:
    started = datetime.fromisoformat("2026-01-05T10:00:40+00:00")
    seconds = [cell(second, {1000 + second: 1}) for second in range(160)]
    within = count_sent(
        run(started.isoformat(), 160, seconds=seconds), *find_whole_minutes(run(started.isoformat(), 160))
    )
    # the minutes begin 20 s after the run; 2 s are for clocks, and at the end twice the timeout for a visit's requests
    assert (min(within.took), max(within.took), within.answered) == (1022, 1133, 112)


def test_only_what_was_answered_must_have_arrived_and_only_5xx_are_errors() -> None:
    kinds = ("HTTP 503", "HTTP 404", "wrong content", "timeout", "refused", "closed without an answer")
    cells = [cell for kind in kinds for cell in failing([1] * 60, kind, 10)]
    given = run("2026-01-05T10:00:00+00:00", 60, seconds=cells)
    within = count_sent(given, *find_whole_minutes(given))
    assert (within.answered, within.errors, within.took.total()) == (52 * (54 + 3), 52, 52 * 54)


def test_what_a_cache_may_answer_is_known_by_its_name() -> None:
    requests = [{"name": "GET /", "cacheable": True}, {"name": "GET /search", "cacheable": False}]
    cells = [cell(second, {900: 3}, second % 2) for second in range(60)]
    given = run("2026-01-05T10:00:00+00:00", 60, seconds=cells, requests=requests)
    within = count_sent(given, *find_whole_minutes(given))
    assert (within.took, within.took_uncached) == ({900: 156}, {900: 78})
