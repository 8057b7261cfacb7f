from __future__ import annotations

from typing import Any

import pytest

from prodgate.load.health import Vitals, assess_health, combine_vitals, percentiles
from prodgate.load.profile import Profile

STEADY = Profile(name="steady", rate=100.0, duration=60.0, timeout=2.0)
WELL: dict[str, Any] = {"send_lag": {10: 990, 150: 10}, "loop_lag": {8: 1000}, "cpu": 0.4, "machine_cpu": 0.9}


def sick(profile: Profile = STEADY, **given: Any) -> list[str]:
    found: list[str] = assess_health(Vitals(**{**WELL, **given}), profile)["sick"]
    return found


def test_a_process_that_keeps_up_is_well() -> None:
    said = assess_health(Vitals(**WELL), STEADY)
    assert (said["sick"], said["advice"]) == ([], "")
    assert said["send_lag"] == {"p50": 0.001, "p99": 0.001, "max": 0.015}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"send_lag": {10: 980, 340: 20}}, "send lag p99 was 34 ms, at most 20 ms lets latencies be believed"),
        ({"loop_lag": {10: 980, 210: 20}}, "loop lag p99 was 21 ms, at most 20 ms lets latencies be believed"),
        (
            {"send_lag": {10: 1000, 12_000: 1}},
            "a request was sent 1,200 ms late, at most 1,000 ms keeps timeouts the system's own",
        ),
        ({"cpu": 0.97}, "the process used 97% of a processor, at most 90% leaves room to measure"),
        (
            {"machine_cpu": 0.97},
            "the machine's processors were 97% busy, at most 95% leaves room to send in time",
        ),
        (
            {"refused": 0.08},
            "in 8.0% of the time the container was at its limit and not let run, at most 5% is bearable",
        ),
        ({"steal": 0.08}, "8.0% of processor time was given to other machines, at most 5% is bearable"),
    ],
)
def test_a_generator_that_was_the_bottleneck_says_so(given: dict[str, Any], text: str) -> None:
    assert sick(**given) == [text]
    assert "more workers" in assess_health(Vitals(**{**WELL, **given}), STEADY)["advice"]


def test_a_slower_limit_bears_more_lag() -> None:
    late = {"send_lag": {10: 980, 340: 20}}
    assert sick(Profile(**{**STEADY.to_json(), "slow": 0.2}), **late) == []
    assert sick(Profile(**{**STEADY.to_json(), "slow": 0.04}), **late) != []


def test_workers_are_as_ill_as_the_worst_of_them() -> None:
    one = {"send_lag": {"10": 5}, "loop_lag": {}, "cpu": 0.2, "machine_cpu": 0.9, "steal": 0.0, "refused": 0.2}
    two = {
        "send_lag": {"10": 1, "30": 2},
        "loop_lag": {"7": 1},
        "cpu": 0.7,
        "machine_cpu": 0.3,
        "steal": 0.1,
        "refused": 0.0,
    }
    assert combine_vitals([one, two]) == Vitals(
        send_lag={10: 6, 30: 2}, loop_lag={7: 1}, cpu=0.7, machine_cpu=0.9, steal=0.1, refused=0.2
    )
    assert percentiles(combine_vitals([]).send_lag) == {"p50": 0.0, "p99": 0.0, "max": 0.0}
