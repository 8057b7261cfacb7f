"""A team's own checks of an account find behind the boundary what they would find in the gate's process."""

from dataclasses import replace
from pathlib import Path

from tests.suites.judging import assert_found_apart

from .harness import Observed, Stage


def test_checks_find_behind_the_boundary_what_they_would_find_here(
    stage: Stage, healthy: Observed, tmp_path: Path
) -> None:
    """Of what was observed, of things of which only the name is known, and of nothing."""
    facts = stage.facts(healthy.recording)
    unread = [type(fact).unread(fact.peek("subject"), "denied") for fact in facts.known]
    nothing = replace(facts, known=(), unreadable={type(fact): "no answer" for fact in facts.known})
    every = (facts, replace(facts, known=unread), nothing)
    assert_found_apart(every, stage.checks, "live", tmp_path)
