"""Attempts at the same load are counted for each commit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prodgate.layers.layer import LayerContext
from prodgate.layers.load.attempts import count_attempts
from prodgate.layers.load.kinds import RECORD
from tests.prodgate.sample_run import move

from .stage import CRITERIA, REAL, Made, observation
from .test_baseline import finished

PLACE = "https://www.shop.example"


def begun(context: LayerContext, night: int, profile: str = "steady") -> None:
    """The load was begun in that run, and ended before anything was stored."""
    (context.run / "logs" / "load" / profile).mkdir(parents=True)
    move(context.run, f"2026-01-0{night}T000000Z-0000000")


def stored(context: LayerContext, night: int, *, build: str = "") -> None:
    """The load was made in that run, and its record is all that is left of it."""
    kept = {"record": {}, "place": PLACE, "build": {"served": build, "expected": "", "unread": ""}}
    context.store_fact("load", RECORD, f"steady at {PLACE}", kept, "Locust")
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


def test_edits_that_are_in_no_commit_begin_no_new_series(shop: Path, made: Made) -> None:
    begun(observation(shop, REAL, commit="3f2a9c1"), 1)
    begun(observation(shop, REAL, commit="3f2a9c1+changes"), 2)
    for commit in ("3f2a9c1", "3f2a9c1+changes"):
        assert count_attempts(observation(shop, REAL, commit=commit), "steady") == 3


@pytest.mark.parametrize(("place", "attempt"), [(PLACE, 3), ("https://staging.shop.example", 1)])
def test_the_same_place_by_another_account_is_the_same_load(shop: Path, made: Made, place: str, attempt: int) -> None:
    """One run ended before anything was stored, of the other only what was stored is left."""
    ended = observation(shop, "aws://second@ap-northeast-1", commit="3f2a9c1")
    begun(ended, 1)
    settings = shop / "runs" / "2026-01-01T000000Z-0000000" / "logs" / "load" / "steady" / "settings.json"
    settings.write_text(json.dumps({"host": PLACE}), "utf-8")
    stored(observation(shop, "aws://third@ap-northeast-1", commit="3f2a9c1"), 2)
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady", place=place) == attempt


@pytest.mark.parametrize(("served", "attempt"), [("b17", 2), ("b18", 1), ("", 1)])
def test_another_commit_is_no_other_version_while_the_same_build_is_served(
    shop: Path, made: Made, served: str, attempt: int
) -> None:
    """A commit that was amended, rebased or is of another branch changes nothing that readers meet."""
    stored(observation(shop, REAL, commit="3f2a9c1"), 1, build="b17")
    now = observation(shop, REAL, commit="77777aa")
    assert count_attempts(now, "steady", place=PLACE, served=served) == attempt


def test_a_rehearsal_counts_none(shop: Path, made: Made) -> None:
    begun(observation(shop), 1)
    assert count_attempts(observation(shop), "steady") == 0


@pytest.mark.parametrize(
    ("outcome", "attempt"), [("satisfied", 1), ("not-satisfied", 2), ("undetermined", 2), ("not-applicable", 2)]
)
def test_a_pass_ends_the_series(shop: Path, made: Made, outcome: str, attempt: int) -> None:
    earlier = observation(shop, REAL, commit="3f2a9c1")
    (earlier.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(earlier, outcome)
    move(earlier.run, "2026-01-01T000000Z-0000000")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == attempt
    begun(observation(shop, REAL, commit="3f2a9c1"), 2)
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == attempt + 1


def test_a_pass_of_other_criteria_ends_nothing(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace("< 200 ms", "< 900 ms"), "utf-8")
    lenient = observation(shop, REAL, commit="3f2a9c1")
    (lenient.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(lenient, "satisfied")
    move(lenient.run, "2026-01-01T000000Z-0000000")
    (shop / "criteria.toml").write_text(CRITERIA, "utf-8")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 2


def test_a_pass_of_the_questions_of_one_moment_ends_nothing(shop: Path, made: Made) -> None:
    earlier = observation(shop, REAL, commit="3f2a9c1", moment="after")
    (earlier.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(earlier, "satisfied")
    move(earlier.run, "2026-01-01T000000Z-0000000")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 2
