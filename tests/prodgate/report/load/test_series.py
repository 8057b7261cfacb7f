"""Percentiles and columns against the plain list of latencies that the counts stand for."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate.report.load.series import columns, distribution

LATENCIES = st.lists(st.integers(1, 100_000), max_size=20)
ENTRIES = st.lists(
    st.builds(
        lambda second, took, failed, missed: {
            "second": second, "request": 0, "failed": {"timeout": failed} if failed else {}, "not_sent": missed,
            "latency": {str(each): number for each, number in Counter(took).items()},
        },
        st.integers(0, 699), LATENCIES, st.integers(0, 5), st.integers(0, 3),
    ),
    max_size=8,
)  # fmt: skip


def entry(second: int, took: list[int], failed: int = 0, **fields: Any) -> dict[str, Any]:
    latency = {str(each): number for each, number in Counter(took).items()}
    return {"second": second, "request": 0, "latency": latency, "failed": {"HTTP 503": failed}, **fields}


@settings(deadline=None)
@given(took=LATENCIES, lost=st.integers(0, 10), mille=st.integers(1, 1000))
def test_a_percentile_is_the_request_of_its_rank_and_losses_are_the_slowest(
    took: list[int], lost: int, mille: int
) -> None:
    every: list[int | None] = [*sorted(took), *[None] * lost]
    wanted = every[-(-mille * len(every) // 1000) - 1] if every else None
    found = distribution([entry(0, took)], not_sent=lost)
    assert found.percentile(mille) == wanted
    assert (found.total, found.answered, found.lost) == (len(every), len(took), lost)


@settings(deadline=None)
@given(entries=ENTRIES, duration=st.floats(0.5, 900))
def test_columns_hold_every_second_and_every_request_once(entries: list[dict[str, Any]], duration: float) -> None:
    found = columns(entries, duration)
    assert 1 <= len(found) <= 120
    assert found[0].first == 0
    assert all(later.first == earlier.last + 1 for earlier, later in pairwise(found))
    assert found[-1].last + 1 >= duration
    whole = distribution(entries)
    assert sum(column.requests for column in found) == whole.total
    assert sum(column.failed for column in found) == whole.lost
    assert sum(column.not_sent for column in found) == sum(each["not_sent"] for each in entries)


@settings(deadline=None)
@given(entries=ENTRIES)
def test_fewer_columns_are_the_finer_ones_together(entries: list[dict[str, Any]]) -> None:
    fine, coarse = columns(entries, 700, most=700), columns(entries, 700, most=100)
    for column in coarse:
        within = [each for each in fine if column.first <= each.first <= column.last]
        assert sum(each.requests for each in within) == column.requests
        p95s = [each.p95 for each in within if each.p95 is not None]
        if column.p95 is not None:
            assert min(p95s) <= column.p95 <= max(p95s) or len(p95s) < len(within)


def test_a_twentieth_of_failures_leaves_a_p95_and_one_more_does_not() -> None:
    assert distribution([entry(0, [10] * 95, failed=5)]).percentile(950) == 10
    assert distribution([entry(0, [10] * 94, failed=6)]).percentile(950) is None


def test_a_second_without_requests_is_there_and_says_so() -> None:
    found = columns([entry(0, [10]), entry(2, [20], not_sent=4)], 4)
    assert [(each.requests, each.not_sent, each.p95) for each in found] == [
        (1, 0, 10), (0, 0, None), (1, 4, None), (0, 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("duration", [0.0, 0.2, 1.0])
def test_a_run_of_no_length_has_one_column(duration: float) -> None:
    assert len(columns([], duration)) == 1
