"""Layers that don't disturb each other go side by side, and all of them end with the run."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from prodgate.criteria import LAYERS
from prodgate.processes.child import end_group, ends_within
from prodgate.run.lanes import LayerProcesses, Stopped, plan_rounds, run_rounds

#: Seconds in which what is waited for must happen.
LIMIT = 120.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_what_measures_time_has_the_machine_for_itself_and_nothing_is_left_out() -> None:
    rounds = plan_rounds(list(LAYERS))
    assert rounds == [[("static", "live", "e2e", "attested"), ("dags",)], [("load",)], [("rollout",)]]
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
    assert plan_rounds(names) == rounds


def test_who_attacks_comes_after_what_measures() -> None:
    rounds = plan_rounds(["static", "e2e", "load"], last="e2e")
    assert rounds == [[("static",)], [("load",)], [("e2e",)]]
    assert plan_rounds(["static", "load"], last="e2e") == [[("static",)], [("load",)]]


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
    """Run two layers that end only when they are told to, beside one that raises once they run; return what began."""
    begun, ready = list[str](), threading.Semaphore(0)

    def run_layer(name: str) -> None:
        if name == "static":
            assert all(ready.acquire(timeout=LIMIT) for _ in range(2))
            raise fails
        with (tmp_path / name).open("wb") as log:
            child = processes.start(name, SLEEPER, tmp_path, log)
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
    with (tmp_path / "late").open("wb") as log, pytest.raises(Stopped):
        processes.start("late", SLEEPER, tmp_path, log)


def test_pipes_of_a_layer_are_closed_however_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = LayerProcesses()
    with (tmp_path / "log").open("wb") as log:
        child = processes.start("static", SLEEPER, tmp_path, log)
    with monkeypatch.context() as patch:
        patch.setattr("prodgate.run.lanes.end_group", Mock(side_effect=TimeoutError))
        with pytest.raises(TimeoutError):
            processes.end("static")
    end_group(child, 0)
    assert [each.closed for each in (child.stdin, child.stderr) if each] == [True, True]
    processes.stop()
    assert processes.stopped == []
