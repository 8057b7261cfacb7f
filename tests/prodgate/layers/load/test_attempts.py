"""Attempts at the same load are counted for each commit."""

from __future__ import annotations

from pathlib import Path

from prodgate.layers.layer import LayerContext
from prodgate.layers.load.attempts import count_attempts
from tests.prodgate.sample_run import move

from .stage import REAL, Made, observation


def begun(context: LayerContext, night: int, profile: str = "steady") -> None:
    """The load was begun in that run, and ended before anything was stored."""
    (context.run / "logs" / "load" / profile).mkdir(parents=True)
    move(context.run, f"2026-01-0{night}T000000Z-0000000")


def test_every_run_of_the_commit_that_began_the_load_counts(shop: Path, made: Made) -> None:
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 1
    begun(observation(shop, REAL, commit="3f2a9c1"), 1)
    begun(observation(shop, REAL, commit="3f2a9c1"), 2)
    begun(observation(shop, REAL, commit="77777aa"), 3)
    begun(observation(shop, REAL, commit="3f2a9c1"), 4, "surge")
    begun(observation(shop, commit="3f2a9c1"), 5)
    now = observation(shop, REAL, commit="3f2a9c1")
    assert [count_attempts(now, profile) for profile in ("steady", "surge", "deploy")] == [3, 2, 1]


def test_a_rehearsal_counts_none(shop: Path, made: Made) -> None:
    begun(observation(shop), 1)
    assert count_attempts(observation(shop), "steady") == 0
