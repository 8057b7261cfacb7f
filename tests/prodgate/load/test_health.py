"""The health of the machine that sends a load, and the windows of a load that it lets count or has measured
again."""

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, strategies as st

from prodgate.load import health, monitor
from prodgate.load.cgroup import Quota, read_quota
from prodgate.load.health import (
    ADVICE,
    Limits,
    Vitals,
    Window,
    assess_windows,
    cut,
    describe_aside,
    find_counted,
    find_problems,
    plan_round,
    profile_of,
    seconds_of,
)
from prodgate.load.monitor import INTERVAL, Clocks, Monitor, count_others, processor_shares
from prodgate.load.profile import Profile

STEADY = Profile(name="steady", rate=100.0, duration=8.0, timeout=2.0, within=24.0)
WELL: dict[str, Any] = {"send_lag": {10: 195, 150: 5}, "loop_lag": {8: 100}, "cpu": 1.0, "machine_cpu": 1.0}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, ""),
        ({"steal": 0.1, "others": 8.0}, ""),
        ({"send_lag": {10: 198, 340: 2}}, ""),
        ({"send_lag": {10: 3, 340: 1}}, ""),
        ({"send_lag": {10: 197, 340: 3}}, "requests were sent 34 ms late, at most 20 ms lets latencies be believed"),
        ({"loop_lag": {10: 98, 210: 4}}, ""),
        (
            {"loop_lag": {10: 97, 210: 5}},
            "the process that measures stood still for 105 ms, at most 5% of the time is bearable",
        ),
        (
            {"loop_lag": {20_000: 1}},
            "the process that measures stood still for 2,000 ms, at most 5% of the time is bearable",
        ),
        (
            {"send_lag": {10: 100, 12_000: 1}},
            "a request was sent 1,200 ms late, at most 1,000 ms keeps timeouts the system's own",
        ),
        ({"steal": 0.14}, "14.0% of wanted processor time was given to other machines, at most 10% is bearable"),
        ({"others": 8.5}, "8.5 threads of other programs wanted each core, at most 8 leave room"),
    ],
)
def test_a_window_is_sick_by_what_others_take_and_by_lateness(given: dict[str, Any], text: str) -> None:
    """However busy the generator and the machine are: that load is the site's, or the measurement's own."""
    sick = find_problems(Vitals(**{**WELL, **given}), Limits.of(STEADY), 2.0)
    assert describe_aside([Window(place=0, second=0, seconds=2, sick=sick)], Limits.of(STEADY)) == text
    assert bool(sick) == bool(text)


def test_a_slower_limit_bears_more_lag() -> None:
    late = Vitals(send_lag={10: 98, 340: 2})
    assert find_problems(late, Limits.of(replace(STEADY, slow=0.2)), 2.0) == {}
    assert find_problems(late, Limits.of(replace(STEADY, slow=0.04)), 2.0) != {}


def windows_of(*places: str) -> list[Window]:
    """Windows of 2 s, sound (".") or not; one of a round after the first begins with its place."""
    told = enumerate(places)
    return [
        Window(place=at if each in ".x" else int(each[0]), second=2 * at, seconds=2, sick={"steal": 0.3} if "x" in each else {})
        for at, each in told
    ]  # fmt: skip


STOLEN = "30.0% of wanted processor time was given to other machines, at most 10% is bearable"


@pytest.mark.parametrize(
    ("measured", "aside", "short", "sick"),
    [
        (windows_of(*"...."), "", "", ""),
        (windows_of(*"..x.", "2."), f"2 of 10 s were set aside, and nothing is said of them: {STOLEN}", "", ""),
        (
            windows_of(*"..x.", "2x"),
            f"4 of 10 s were set aside, and nothing is said of them: {STOLEN}",
            f"only 6 of 8 s were measured soundly within 24 s: {STOLEN}",
            "",
        ),
        (
            windows_of(*"xxxx", "0x", "1.", "2.", "3.", "0."),
            "",
            "",
            f"10 of 18 s had to be set aside, more than half: {STOLEN}",
        ),
    ],
)
def test_the_record_says_how_much_was_set_aside_and_why(
    measured: list[Window], aside: str, short: str, sick: str
) -> None:
    counted = find_counted(measured)[0].second
    said = assess_windows(measured, {counted: [Vitals(**WELL), Vitals(send_lag={400: 200}, cpu=0.5)]}, STEADY)
    assert (said["sick"], said["advice"]) == (([sick], ADVICE) if sick else ([], ""))
    assert said["short"] == short
    assert aside in said["aside"]
    assert (said["send_lag"], said["cpu"]) == ({"p50": 0.015, "p99": 0.04, "max": 0.04}, 0.75)


def test_of_nothing_that_counts_nothing_is_known() -> None:
    said = assess_windows([], {}, STEADY)
    assert (said["send_lag"], said["steal"], said["as_sent"]) == ({"p50": 0.0, "p99": 0.0, "max": 0.0}, 0.0, {})


@pytest.mark.parametrize(
    ("measured", "lag", "known"),
    [
        (windows_of(*"xxxx", "0.", "1x"), 2500, True),
        (windows_of(*"x...", "0x", "0x"), 2500, True),
        (windows_of(*"xxxx", "0.", "1x"), 2501, False),
        (windows_of(*"xxx"), 2500, False),
        (windows_of(*"...."), 2500, False),
    ],
)
def test_a_disturbed_load_is_known_as_it_was_sent_where_it_was_as_strong_as_planned(
    measured: list[Window], lag: int, known: bool
) -> None:
    """Of each place its first window, whatever was measured again and however sound that was."""
    vitals = {window.second: [Vitals(send_lag={lag if window.second < 8 else 9: 100})] for window in measured}
    said = assess_windows(measured, vitals, STEADY)["as_sent"]
    assert said.get("send_lag", {}).get("max", 0) == (lag / 10_000 if known else 0)


# ── Other load on the machine

NOTHING = {"user": 0.0, "system": 0.0, "idle": 0.0, "iowait": 0.0, "steal": 0.0}


@pytest.mark.parametrize("wanted", [0.3, 1.0])
def test_of_neighbours_who_take_a_tenth_a_hungry_site_loses_no_greater_part(wanted: float) -> None:
    spent = {"user": 2 * wanted * 0.9, "idle": 2 * (1 - wanted), "steal": 2 * wanted * 0.1}
    before, after = (
        Clocks(at=at, used=0.0, spent={**NOTHING, **told}, quota=None) for at, told in ((0, {}), (1, spent))
    )
    found = processor_shares(before, after)
    assert (found["steal"], found["machine_cpu"]) == (pytest.approx(0.1), pytest.approx(wanted))


def test_of_no_time_nothing_was_taken() -> None:
    same = Clocks(at=1.0, used=1.0, spent=NOTHING, quota=None)
    assert processor_shares(same, same) == {"cpu": 0.0, "machine_cpu": 0.0, "steal": 0.0}


@pytest.mark.parametrize("told", ["", "procs_running many\n"])
def test_a_system_that_does_not_tell_is_not_known(told: str, tmp_path: Path) -> None:
    (tmp_path / "7/task/7").mkdir(parents=True)
    (tmp_path / "stat").write_text(told)
    assert count_others(7, tmp_path) is None
    (tmp_path / "7/task/7/children").touch()
    assert count_others(7, tmp_path) is None


def test_threads_of_ours_and_of_what_they_began_are_none_of_others(tmp_path: Path) -> None:
    """Of two processes that 7 began one began another, which has ended."""
    for pid, task, state, children in ((7, 7, "R", "8 9"), (7, 71, "S", ""), (8, 8, "R", ""), (9, 9, "R", "10")):
        folder = tmp_path / f"{pid}/task/{task}"
        folder.mkdir(parents=True)
        (folder / "stat").write_text(f"{task} (a) b) {state} 1 2")
        (folder / "children").write_text(children)
    (tmp_path / "stat").write_text("cpu  1 2\nprocs_running 9\nprocs_blocked 0\n")
    assert count_others(7, tmp_path) == (9 - 3) / (os.cpu_count() or 1)


# ── Limits of containers

STAT = "usage_usec 30000000\nuser_usec 1\nnr_periods 9\nthrottled_usec 2000000\n"
TIGHT = {"cpu.max": "50000 100000\n", "cpu.stat": STAT.replace("3", "6")}
LIMITED = {"cpu.max": "200000 100000\n", "cpu.stat": STAT}
FREE = {"cpu.max": "max 100000\n", "cpu.stat": STAT}
OLD = {
    "cpu.cfs_quota_us": "150000\n",
    "cpu.cfs_period_us": "100000\n",
    "cpuacct.usage": "30000000000\n",
    "cpu.stat": "nr_periods 9\nnr_throttled 1\nthrottled_time 2000000000\n",
}
APART = {name: text for name, text in OLD.items() if name != "cpuacct.usage"}
TWO = Quota(processors=2.0, used=30.0)


def machine(root: Path, own: str, groups: Mapping[str, Mapping[str, str]]) -> Path:
    """Return a root with these files of groups, and of the one that holds this process."""
    files = {"proc/self/cgroup": own}
    files |= {f"sys/fs/cgroup/{name}/{file}": text for name, held in groups.items() for file, text in held.items()}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    ("own", "groups", "quota"),
    [
        ("0::/\n", {".": LIMITED}, TWO),
        ("0::/pod/app\n", {"pod/app": FREE, "pod": LIMITED}, TWO),
        ("0::/pod/app\n", {"pod/app": LIMITED, "pod": TIGHT}, Quota(processors=0.5, used=60.0)),
        ("0::/not/seen/from/here\n", {".": LIMITED}, TWO),
        ("0::/pod\n", {"pod": FREE, ".": {"cpu.stat": STAT}}, None),
        ("0::/pod\n", {"other": LIMITED}, None),
        ("4:cpu,cpuacct:/app\n0::/\n", {"cpu,cpuacct/app": OLD}, Quota(processors=1.5, used=30.0)),
        ("4:cpuacct,cpu:/elsewhere\n", {"cpu": OLD}, Quota(processors=1.5, used=30.0)),
        ("4:cpu:/app\n5:memory:/app\n", {"cpu/app": {**OLD, "cpu.cfs_quota_us": "-1\n"}}, None),
        ("4:cpu:/app\n5:cpuacct:/app\n", {"cpu/app": APART}, Quota(processors=1.5, used=0.0)),
        ("nonsense", {}, None),
    ],
    ids=[
        "own root",
        "above",
        "tightest",
        "path of the host",
        "free",
        "another's",
        "v1",
        "v1 host",
        "v1 free",
        "v1 apart",
        "odd",
    ],
)
def test_the_tightest_quota_counts(
    tmp_path: Path, own: str, groups: Mapping[str, Mapping[str, str]], quota: Quota | None
) -> None:
    found = read_quota(machine(tmp_path, own, groups))
    assert (found is None) == (quota is None)
    if found and quota:
        assert (found.processors, found.used) == pytest.approx((quota.processors, quota.used))


def test_where_there_are_no_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert read_quota(tmp_path) is None


# ── Measurements of a process on itself

WINDOWS = [Window(place=0, second=0, seconds=2.0), Window(place=1, second=2, seconds=11 / 3)]


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(monitor, "perf_counter", made)
    return made


def wake(watched: Monitor, clock: Clock, *times: float) -> None:
    """Let a loop wake at these seconds."""
    for at in times:
        slept, clock.now = clock.now, 100.0 + at
        watched.note(slept)


def told(watched: Monitor) -> list[tuple[int, float, dict[str, int], dict[str, int]]]:
    given: list[dict[str, Any]] = watched.take()
    return [(each["second"], each["seconds"], each["vitals"]["send_lag"], each["vitals"]["loop_lag"]) for each in given]


def test_a_pause_is_counted_in_every_window_that_it_reached_into(clock: Clock) -> None:
    watched = Monitor(0)
    watched.expect(WINDOWS, 100.0)
    wake(watched, clock, INTERVAL, 2.52, 2.54, 6.0)
    watched.reached = WINDOWS[-1].end
    (_, lasted, _, first), (_, longer, _, second) = told(watched)
    assert (lasted, longer) == (2.0, 11 / 3), "as long as was planned, to the last digit"
    assert [max(map(int, lags)) // 100 for lags in (first, second)] == [248, 344], (
        "2.5 s and 3.46 s, less what was meant"
    )
    assert first.keys() & second.keys(), "the first pause ended in the second window"
    assert watched.idle


def test_a_window_is_told_once_its_requests_were_sent_however_late(clock: Clock) -> None:
    watched = Monitor(0)
    watched.expect(WINDOWS, 100.0)
    watched.count_send_lag(1, 0.005)
    wake(watched, clock, INTERVAL, 2.1)
    watched.reached = 1.9
    assert told(watched) == []
    watched.count_send_lag(1, 0.7)
    watched.reached = 2.0
    [(second, _, lags, _)] = told(watched)
    assert (second, lags) == (0, {"50": 1, "7000": 1})


def test_one_that_is_ended_before_its_time_lasted_until_then(clock: Clock) -> None:
    watched = Monitor(0)
    watched.expect(WINDOWS, 100.0)
    wake(watched, clock, INTERVAL, 0.75)
    watched.stop()
    watched.reached = 9.0
    assert [lasted for _, lasted, _, _ in told(watched)] == [0.75]
    assert watched.idle


# ── Health alone chooses windows, on made series: those that count, and those measured again

PACED = Profile(name="steady", rate=50.0, duration=12.0, within=36.0)
SURGE = replace(PACED, name="surge", duration=10.0, climb=2.0, warm_up=0.0, within=60.0)


def measure(profile: Profile, sick: Sequence[bool]) -> tuple[list[Window], list[tuple[int, ...]]]:
    """Measure a profile where the n-th window is sick or not; return the windows, and the places of each round."""
    measured, rounds, given_ = list[Window](), list[tuple[int, ...]](), iter(sick)
    while planned := plan_round(profile, measured):
        rounds.append(tuple(window.place for window in planned))
        measured += [replace(window, sick={"steal": 0.2} if next(given_, False) else {}) for window in planned]
    return measured, rounds


@pytest.mark.parametrize(
    ("profile", "sick", "rounds"),
    [
        (PACED, "......", [(0, 1, 2, 3, 4, 5)]),
        (PACED, ".xx...", [(0, 1, 2, 3, 4, 5), (1, 2)]),
        (PACED, ".xx...x", [(0, 1, 2, 3, 4, 5), (1, 2), (1,)]),
        (replace(PACED, within=12.0), "x", [(0, 1, 2, 3, 4, 5)]),
        (replace(PACED, within=15.0), "xx", [(0, 1, 2, 3, 4, 5), (0,)]),
        (SURGE, ".....", [(0, 1, 2, 3, 4)]),
        (SURGE, "x....", [(0, 1, 2, 3, 4), (0,)]),
        (SURGE, "..x..", [(0, 1, 2, 3, 4), (0, 1, 2)]),
        (SURGE, "..x..xx", [(0, 1, 2, 3, 4), (0, 1, 2)]),
        (replace(SURGE, within=17.0), "..x..", [(0, 1, 2, 3, 4)]),
    ],
)
def test_what_was_spoilt_is_measured_again(profile: Profile, sick: str, rounds: list[tuple[int, ...]]) -> None:
    measured, sent = measure(profile, [mark == "x" for mark in sick])
    assert sent == rounds
    assert [window.second for window in measured] == sorted({window.second for window in measured})
    assert all(later.second >= earlier.end for earlier, later in pairwise(measured))
    counted = find_counted(measured)
    assert [window.place for window in sorted(counted, key=lambda window: window.place)] == sorted(
        {window.place for window in measured if not window.sick}
    )


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([PACED, SURGE, replace(PACED, duration=11.5)]))
def test_each_place_is_taken_once_by_its_first_sound_window_and_never_for_longer_than_stated(
    sick: list[bool], profile: Profile
) -> None:
    measured, _ = measure(profile, sick)
    counted = find_counted(measured)
    assert seconds_of(counted) <= profile.duration
    assert max(window.end for window in measured) <= profile.within
    for window in counted:
        same = [each for each in measured if each.place == window.place and not each.sick]
        assert window is same[0]
    if len(counted) < len(cut(profile)):
        assert any(window.sick for window in measured)
    else:
        assert seconds_of(counted) == profile.duration


def test_a_surge_is_sent_again_from_its_beginning_and_a_steady_load_is_not() -> None:
    again = [Window(place=place, second=20 + 2 * place, seconds=2.0) for place in (0, 1)]
    assert profile_of(SURGE, again, 0) is SURGE
    part = profile_of(SURGE, again, 1)
    assert (part.climb, part.duration, part.warm_up) == (2.0, 4.0, 0.0)
    assert part.seed != SURGE.seed
    assert profile_of(PACED, again, 1).climb == 0


def test_what_decides_is_given_nothing_that_was_measured_of_the_site() -> None:
    """Only these types can reach the decision, and none of them holds an answer, a latency or a failure."""
    decisions = (find_counted, plan_round, profile_of, health.find_problems, health.assess_windows)
    told = {str(hint) for each in decisions for name, hint in get_type_hints(each).items() if name != "return"}
    words = {word for hint in told for word in hint.replace("[", " ").replace("]", " ").replace(",", " ").split()}
    assert words - {"...", "typing.Iterable"} <= {
        "collections.abc.Mapping",
        "collections.abc.Sequence",
        "collections.abc.Iterable",
        "int",
        "prodgate.load.health.Window",
        "prodgate.load.health.Vitals",
        "<class",
        "'prodgate.load.health.Limits'>",
        "'prodgate.load.health.Vitals'>",
        "'prodgate.load.profile.Profile'>",
        "'float'>",
        "'int'>",
    }
    assert {field.name for field in fields(Window)} == {"place", "second", "seconds", "sick"}
    assert {field.name for field in fields(Vitals)} == {
        *("send_lag", "loop_lag", "cpu", "machine_cpu", "steal", "others")
    }
    assert not {"tally", "record"} & set(_imported(health))


def _imported(module: object) -> Iterator[str]:
    for line in inspect.getsource(module).splitlines():  # type: ignore[arg-type]
        if line.startswith("from ."):
            yield line.split()[1].lstrip(".")
