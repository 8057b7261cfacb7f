"""What is drawn stands where its value belongs: over the limit above the line, what failed apart from what is slow."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate.report.catalogue import Catalogue
from prodgate.report.load.charts import histogram_chart, percentile_chart
from prodgate.report.load.drawing import Chart
from prodgate.report.load.scales import SIDE, Counts, Latencies, Percentiles, count_text, latency_text
from prodgate.report.load.series import Column, Distribution
from prodgate.report.load.timeline import timeline_chart

WORDS = Catalogue("en").text
DISTRIBUTIONS = st.builds(
    lambda counts, lost: Distribution(counts=tuple(sorted(counts.items())), lost=lost),
    st.dictionaries(st.integers(1, 300_000), st.integers(1, 400), max_size=30),
    st.integers(0, 50),
).filter(lambda of: of.total)
LIMITS = st.none() | st.integers(1, 100_000)


def shape(chart: Chart, style: str, panel: int = 0) -> str:
    return dict(chart.panels[panel].shapes)[style]


def points(path: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", path)]


def boxes(path: str) -> list[tuple[int, int, int]]:
    """Left, top and right of each."""
    return [(int(x), int(y), int(r)) for x, y, r in re.findall(r"M(\d+) (\d+)H(\d+)", path)]


def within(chart: Chart) -> bool:
    numbers = [int(n) for panel in chart.panels for _, path in panel.shapes for n in re.findall(r"-?\d+", path)]
    texts = [(0 <= label.x <= 100, 0 < label.y <= chart.height) for label in chart.labels]
    return all(0 <= number <= SIDE for number in numbers) and all(all(each) for each in texts)


@settings(deadline=None)
@given(of=DISTRIBUTIONS, limit=LIMITS)
def test_nothing_is_drawn_outside_and_the_curve_only_rises(of: Distribution, limit: int | None) -> None:
    percentiles, histogram = percentile_chart(of, limit, WORDS), histogram_chart(of, limit, WORDS)
    assert within(percentiles)
    assert within(histogram)
    curve = points(shape(percentiles, "line"))
    assert all(left <= right and low >= high for (left, low), (right, high) in pairwise(curve))
    assert len(curve) <= 165
    assert bool(shape(percentiles, "lost")) == bool(of.lost)


@settings(deadline=None)
@given(of=DISTRIBUTIONS, limit=LIMITS)
def test_every_bar_has_a_width(of: Distribution, limit: int | None) -> None:
    chart = histogram_chart(of, limit, WORDS)
    drawn = boxes(shape(chart, "bar")) + boxes(shape(chart, "over"))
    assert len(drawn) <= 50
    assert bool(drawn) == bool(of.counts)


def test_bars_over_the_limit_are_told_apart_at_the_limit_itself() -> None:
    chart = histogram_chart(Distribution(counts=((1999, 5), (2000, 5), (2001, 5))), 2000, WORDS)
    (place,) = {int(x) for x in re.findall(r"M(\d+) 0V", shape(chart, "limit"))}
    assert [right for *_, right in boxes(shape(chart, "bar"))] == [place]
    assert [left for left, *_ in boxes(shape(chart, "over"))] == [place]
    assert shape(histogram_chart(Distribution(counts=((1999, 5),)), 2000, WORDS), "over") == ""


def test_the_curve_crosses_the_limit_where_the_requests_do() -> None:
    of = Distribution(counts=((500, 900), (3000, 100)))
    chart = percentile_chart(of, 2000, WORDS)
    (line,) = {int(y) for y in re.findall(r"M0 (\d+)H", shape(chart, "limit"))}
    below = [x for x, y in points(shape(chart, "line")) if y > line]
    above = [x for x, y in points(shape(chart, "line")) if y < line]
    ninety = dict(Percentiles(total=1000).ticks)["90"]
    assert max(below) <= ninety + 10
    assert min(above) >= ninety


def test_marks_name_the_percentiles_that_have_an_answer() -> None:
    chart = percentile_chart(Distribution(counts=((500, 96),), lost=4), 2000, WORDS)
    assert [label.text for label in chart.labels if label.kind == "mark"] == ["p50", "p95"]
    assert chart.says == {"p50": "50 ms", "p95": "50 ms", "p99": "–"}
    assert any(label.text == "limit 200 ms" for label in chart.labels)
    assert any(label.text == "Failed or not sent" for label in chart.labels)


def test_the_timeline_leaves_a_gap_where_nothing_was_asked_and_marks_where_too_much_failed() -> None:
    chart = timeline_chart(
        [
            Column(first=0, last=0, requests=10, failed=0, not_sent=0, p95=500),
            Column(first=1, last=1, requests=0, failed=0, not_sent=0, p95=None),
            Column(first=2, last=2, requests=6, failed=2, not_sent=4, p95=None),
            Column(first=3, last=3, requests=10, failed=0, not_sent=0, p95=9000),
        ],
        2000,
        [(-2.0, 1.0), (3.99, 4.0), (9.0, 10.0)],
        WORDS,
    )
    assert within(chart)
    assert [(left, right) for left, _, right in boxes(shape(chart, "deploy"))] == [(0, 250), (996, 1000), (996, 1000)]
    assert re.findall(r"M(\d+) ", shape(chart, "line")) == ["0", "750"]
    assert boxes(shape(chart, "lost")) == [(500, 0, 750)]
    assert boxes(shape(chart, "lost", 1)) == [(500, 0, 750)]
    assert boxes(shape(chart, "over", 2)) == [(500, 0, 750)]
    assert chart.says == {"seconds": "4", "worst": "900 ms", "failed": "2"}


COLUMNS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 9), st.none() | st.integers(1, 300_000)), min_size=1, max_size=120
)


@settings(deadline=None)
@given(seconds=COLUMNS, limit=LIMITS)
def test_no_timeline_is_drawn_outside(seconds: list[tuple[int, int, int | None]], limit: int | None) -> None:
    found = [
        Column(first=n, last=n, requests=asked, failed=min(asked, missed), not_sent=missed, p95=p95)
        for n, (asked, missed, p95) in enumerate(seconds)
    ]
    assert within(timeline_chart(found, limit, [], WORDS))


@settings(deadline=None)
@given(values=st.lists(st.integers(1, 10**7), min_size=1), of=st.integers(1, 10**7))
def test_an_axis_holds_its_values_in_order(values: list[int], of: int) -> None:
    axis = Latencies.around([*values, of])
    places = [axis.along(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place < SIDE for place in places)
    assert 2 <= len(axis.ticks) <= 9
    ticks = [axis.along(tick) for tick in axis.ticks]
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(("most", "ticks"), [(1, [1]), (3, [1, 2, 3]), (450, [200, 400]), (99, [20, 40, 60, 80])])
def test_counts_have_round_ticks(most: int, ticks: list[int]) -> None:
    assert Counts(most=most).ticks == ticks


def test_more_requests_support_more_nines() -> None:
    assert [name for name, _ in Percentiles(total=100).ticks] == ["0", "50", "90", "95", "99"]
    assert [name for name, _ in Percentiles(total=10_000).ticks][-1] == "99.99"


@pytest.mark.parametrize(
    ("tenths", "text"), [(None, "–"), (1, "0.1 ms"), (1234, "123.4 ms"), (2000, "200 ms"), (12_345, "1.2345 s")]
)
def test_a_latency_is_said_as_precisely_as_it_was_recorded(tenths: int | None, text: str) -> None:
    assert latency_text(tenths) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (950, "950"), (12_300, "12.3k"), (2_500_000, "2.5M")])
def test_a_count_fits_beside_an_axis(number: int, text: str) -> None:
    assert count_text(number) == text
