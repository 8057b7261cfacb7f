"""Layers that don't disturb each other go side by side, and all of them end with the run."""

import os
import signal
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from prodgate.criteria import LAYERS
from prodgate.load.cgroup import Quota
from prodgate.processes.child import end_group, ends_within
from prodgate.run import machine
from prodgate.run.lanes import LayerProcesses, Stopped, describe_order, list_waited_for, plan_rounds, run_rounds

#: Seconds in which an awaited event must happen.
LIMIT = 120.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_what_measures_time_has_the_machine_for_itself_and_nothing_is_left_out() -> None:
    rounds = plan_rounds(list(LAYERS), processors=2)
    assert rounds == [[("static", "live", "attested", "e2e"), ("dags",)], [("load",)], [("rollout",)]]
    assert sorted(name for lanes in rounds for lane in lanes for name in lane) == sorted(LAYERS)


@pytest.mark.parametrize(
    ("names", "rounds"),
    [
        ([], []),
        (["static"], [[("static",)]]),
        (["dags"], [[("dags",)]]),
        (["load"], [[("load",)]]),
        (["live", "load"], [[("live",)], [("load",)]]),
    ],
)
def test_a_run_of_some_layers_has_no_empty_lanes(names: list[str], rounds: list[object]) -> None:
    assert plan_rounds(names, processors=2) == rounds


def test_who_attacks_comes_after_what_measures() -> None:
    rounds = plan_rounds(["static", "e2e", "load"], last="e2e", processors=2)
    assert rounds == [[("static",)], [("load",)], [("e2e",)]]
    assert plan_rounds(["static", "load"], last="e2e", processors=2) == [[("static",)], [("load",)]]


@pytest.mark.parametrize(
    ("processors", "first"),
    [
        (1.5, [[("static", "e2e")], [("dags",)]]),
        (2.0, [[("static", "e2e"), ("dags",)]]),
    ],
)
def test_what_computes_goes_beside_what_waits_only_where_there_are_processors_for_both(
    processors: float, first: list[object]
) -> None:
    rounds = plan_rounds(["static", "e2e", "dags", "load"], processors=processors)
    assert rounds == [*first, [("load",)]]
    assert list(list_waited_for(rounds, starting=True)) == (["dags"] if processors >= 2 else [])
    assert list_waited_for(rounds, starting=False) == {}  # on a real account, and where a run is judged again
    said = describe_order(rounds, processors)
    assert said.startswith("static then e2e, dags; after them load" if processors >= 2 else "static then e2e; after th")
    assert f"(processors: {processors:g}, {'enough' if processors >= 2 else 'fewer than the 2'} to compute" in said
    assert describe_order([[("static", "live")], [("load",)]], processors) == "static then live; after them load"


#: Waits at the gate that its last argument names, and ends with 7 once it may go on, or with 0.
WAITER = [sys.executable, "-c", "import os, sys; sys.exit(7 * len(os.read(int(sys.argv[-1].split('=')[1]), 1)))"]


def test_a_layer_is_started_once_and_waits_until_its_turn_comes(tmp_path: Path) -> None:
    processes = LayerProcesses()
    for _ in range(2):
        processes.start("load", WAITER, tmp_path, tmp_path / "load", gated=True)
    child = processes._running["load"]
    assert not ends_within(child, 0.5)
    assert processes.let_go("load") is child
    assert ends_within(child, LIMIT)
    processes.end("load")
    assert child.returncode == 7


def test_one_whose_turn_never_comes_is_ended_and_was_not_interrupted(tmp_path: Path) -> None:
    processes = LayerProcesses()
    with processes.ending_early():
        processes.start("load", WAITER, tmp_path, tmp_path / "load", gated=True)
        child = processes._running["load"]
        processes.stop()
    assert child.returncode is not None
    assert (processes.stopped, processes._running, processes._gates) == ([], {}, {})


def test_lanes_of_a_round_run_at_the_same_time_and_rounds_one_after_another() -> None:
    together, done = threading.Barrier(2, timeout=LIMIT), list[str]()

    def run_layer(name: str) -> None:
        if name in {"live", "dags"}:
            together.wait()  # breaks unless both run
        done.append(name)

    run_rounds([[("static", "live"), ("dags",)], [("load",)]], run_layer, LayerProcesses())
    assert done[0] == "static"
    assert sorted(done[1:3]) == ["dags", "live"]
    assert done[3] == "load"


def run_sleepers(processes: LayerProcesses, tmp_path: Path, fails: type[BaseException]) -> list[str]:
    """Run two layers that end only on command, beside one that raises once they run; return the ones that began."""
    begun, ready = list[str](), threading.Semaphore(0)

    def run_layer(name: str) -> None:
        if name == "static":
            assert all(ready.acquire(timeout=LIMIT) for _ in range(2))
            raise fails
        processes.start(name, SLEEPER, tmp_path, tmp_path / name)
        child = processes.let_go(name)
        begun.append(name)
        ready.release()
        try:
            assert ends_within(child, LIMIT)
        finally:
            processes.end(name)
        assert child.returncode == -signal.SIGINT

    with pytest.raises(fails):
        run_rounds([[("static",), ("dags", "attested"), ("live",)], [("load",)]], run_layer, processes)
    return begun


@pytest.mark.parametrize("fails", [ValueError, KeyboardInterrupt])
def test_one_that_fails_ends_those_beside_it_and_starts_no_others(tmp_path: Path, fails: type[BaseException]) -> None:
    processes = LayerProcesses()
    assert sorted(run_sleepers(processes, tmp_path, fails)) == ["dags", "live"]
    assert sorted(processes.stopped) == ["dags", "live"]
    with pytest.raises(Stopped):
        processes.start("late", SLEEPER, tmp_path, tmp_path / "late")


def test_pipes_of_a_layer_are_closed_however_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = LayerProcesses()
    processes.start("static", SLEEPER, tmp_path, tmp_path / "log")
    child = processes.let_go("static")
    with monkeypatch.context() as patch:
        patch.setattr("prodgate.run.lanes.end_group", Mock(side_effect=TimeoutError))
        with pytest.raises(TimeoutError):
            processes.end("static")
    end_group(child, 0)
    assert [each.closed for each in (child.stdin, child.stderr) if each] == [True, True]
    processes.stop()
    assert processes.stopped == []


@pytest.mark.parametrize(("quota", "usable"), [(None, 4.0), (1.5, 1.5), (16.0, 4.0)])
def test_processors_are_those_that_the_control_group_lets_it_use(
    quota: float | None, usable: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: range(4), raising=False)
    found = Quota(processors=quota, used=0.0) if quota else None
    monkeypatch.setattr(machine, "read_quota", lambda: found)
    assert machine.count_processors() == usable
    assert machine.read_versions()["processors"].startswith(f"{usable:g} x ")
