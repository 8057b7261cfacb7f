"""Spells on made series of samples: others' load is one, Airflow's own processes are none."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.dags.declared import Spell
from prodgate.rehearsal.airflow import spells
from prodgate.rehearsal.airflow.spells import EVERY, Look, find_spells, watching

BEGUN = datetime(2026, 11, 24, 12, tzinfo=UTC)
CORES = 2


def looks(seconds: float = 40.0, change: Callable[[float, Look], Look] = lambda _, look: look) -> list[Look]:
    """Return a series of healthy samples, except for the changes of each."""
    made = []
    for number in range(int(seconds / EVERY)):
        after = number * EVERY
        at, beat = (BEGUN + timedelta(seconds=each) for each in (after, after - after % 2))
        look = Look(at=at, elapsed=after, own=1, others=1, spent=200 * after, stolen=4 * after, beat=beat)
        made.append(change(after, look))
    return made


def during(begin: float, end: float, **changes: Any) -> Callable[[float, Look], Look]:
    return lambda after, look: replace(look, **changes) if begin <= after < end else look


def stolen(after: float, look: Look) -> Look:
    return replace(look, stolen=look.stolen + 80 * min(max(after - 12, 0), 8))


def frozen(after: float, look: Look) -> Look:
    return look if after < 20 else replace(look, at=look.at + timedelta(seconds=5), elapsed=look.elapsed + 5)


def moved(after: float, look: Look) -> Look:
    return look if after < 20 else replace(look, at=look.at - timedelta(seconds=30), beat=look.at)


def silent(own: float = 0, *, lives: bool = True) -> Callable[[float, Look], Look]:
    return during(10, 30, beat=BEGUN + timedelta(seconds=8), own=own, lives=lives)


@pytest.mark.parametrize(
    ("change", "reason", "begin", "end"),
    [
        (during(11, 13, stopped=("scheduler",)), "somebody stopped Airflow's scheduler", 10.5, 13),
        (during(12, 22, others=12), "6.0 threads besides Airflow's wanted each core", 12, 16),
        (stolen, "42% of processor time was given to other machines", 12, 16),
        (frozen, "this process stood still for 5.5 s", 19.5, 25),
        (moved, "the clock moved by -29.5 s in 0.5 s", -10, 19.5),
        (silent(), "Airflow's scheduler said nothing for 2", 8, 29.5),
    ],
)
def test_what_others_do_is_a_spell(
    change: Callable[[float, Look], Look], reason: str, begin: float, end: float
) -> None:
    found = find_spells(looks(change=change), CORES)[0]
    assert reason in found.reason
    for stated, seen in ((begin, found.begin), (end, found.end)):
        assert abs((seen - BEGUN).total_seconds() - stated) <= 0.5


@pytest.mark.parametrize(
    "change",
    [
        lambda _, look: look,
        during(0, 40, own=40),
        during(0, 40, others=4),
        silent(own=1),
        silent(lives=False),
        lambda after, look: replace(frozen(after, look), own=CORES, beat=frozen(after, look).at),
    ],
    ids=[
        "calm",
        "hungry DAGs",
        "a busy machine",
        "a busy scheduler",
        "a scheduler that ended",
        "hungry DAGs in the way",
    ],
)
def test_what_airflow_does_itself_is_none(change: Callable[[float, Look], Look]) -> None:
    assert find_spells(looks(change=change), CORES) == ()


def test_a_spell_that_lasts_is_one() -> None:
    (found,) = find_spells(looks(change=during(10, 30, stopped=("api-server", "scheduler"))), CORES)
    assert found.reason == "somebody stopped Airflow's api-server, scheduler"
    assert found.end - found.begin == timedelta(seconds=20 + EVERY)
    assert find_spells((), CORES) == ()


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)"))
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(find: Callable[[], Any]) -> Any:
    for _ in range(200):
        if found := find():
            return found
        threading.Event().wait(0.1)
    return ()


def test_what_the_gate_runs_beside_it_is_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[set[int]] = []
    monkeypatch.setenv(spells.GATE, "7")
    monkeypatch.setattr(spells, "_look", lambda _pids, roots, _beat: looked.append(roots))
    airflow: Any = SimpleNamespace(pids=dict, supervisor_pid=5, url="http://127.0.0.1:1", health="/health")
    with watching(airflow):
        pass
    assert looked[0] == {os.getpid(), 5, 7}


def test_a_stopped_scheduler_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any) -> Any:
        return {"scheduler": {"latest_scheduler_heartbeat": datetime.now(UTC).isoformat()}}

    monkeypatch.setattr(spells, "request_json", answer)
    with sleeping() as child:
        airflow: Any = SimpleNamespace(
            pids=lambda: {"scheduler": child.pid}, supervisor_pid=child.pid, url="http://127.0.0.1:1", health="/health"
        )
        with watching(airflow) as find:

            def stops() -> list[Spell]:
                return [spell for spell in find() if "scheduler" in spell.reason]

            assert not stops()
            os.kill(child.pid, signal.SIGSTOP)
            found = wait_for(stops)
            os.kill(child.pid, signal.SIGCONT)
    assert "somebody stopped Airflow's scheduler" in found[0].reason


def test_processes_are_counted_where_there_is_no_list_of_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(spells, "_STAT", tmp_path / "stat")
    monkeypatch.setattr(spells, "_PS", ("/bin/sh", "-c", f"echo {os.getpid()} R; echo 1 R+; echo 2 Ss; echo 3 Rs"))
    look = spells._look({"scheduler": 2}, {os.getpid()}, BEGUN)
    assert (look.own, look.others, look.stolen, look.lives) == (1, 2, 0, True)
