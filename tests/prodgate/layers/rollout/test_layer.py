"""The rollout layer at its seams: what is kept, what is undetermined and why, and that a recalled run gives the same."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.checks import Check, check_of
from prodgate.facts import Facts
from prodgate.facts.rollout.deployments import Deployment
from prodgate.facts.rollout.drills import DrilledRelease
from prodgate.facts.rollout.surroundings import Surroundings
from prodgate.layers.layer import LayerContext
from prodgate.layers.observing_layer import Evidence
from prodgate.layers.rollout import observing, target
from prodgate.layers.rollout.facts import MAKERS
from prodgate.layers.rollout.kinds import DEPLOYMENT, KINDS
from prodgate.layers.rollout.layer import RolloutLayer
from prodgate.layers.rollout.observing import GROUPS
from prodgate.layers.rollout.parts import Part
from prodgate.layers.rollout.stored import Stored
from prodgate.sections.project import open_project
from tests.prodgate.layers.context import layer_context, observe_and_recall

ROOT = Path(__file__).parents[4]
PARTS = [part for group in GROUPS for part in group]
#: Seconds in which what is waited for must happen.
LIMIT = 60.0
CRITERIA = """
system = "shop"

[rollout]
rate = "50 /s"

[criteria.service-deployments-completed]
statement = { en = "Completed.", ja = "完了。" }
why = "Half is deployed."
source = "X-1"
layers = ["rollout"]
"""
ANSWERS = {"service": {"serviceArn": "arn:aws:ecs:eu-west-1:1:service/shop/api"}, "unreadable": "denied"}


def observation(tmp_path: Path, criteria: str = CRITERIA) -> LayerContext:
    (tmp_path / "criteria.toml").write_text(criteria, "utf-8")
    return layer_context(tmp_path, "rollout")


def with_parts(monkeypatch: pytest.MonkeyPatch, *parts: Part) -> None:
    @contextmanager
    def scene(_: Any) -> Iterator[Mock]:
        yield Mock(place="a test")

    monkeypatch.setattr(observing, "open_scene", scene)
    monkeypatch.setattr(observing, "GROUPS", (parts,))


def test_a_project_without_criteria_about_a_deployment_is_not_looked_at(tmp_path: Path) -> None:
    at = observation(tmp_path, CRITERIA.replace('["rollout"]', '["static"]'))
    assert RolloutLayer().observe(at) == Facts()


def test_without_a_word_about_it_nothing_is_known(tmp_path: Path) -> None:
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path, CRITERIA.replace('[rollout]\nrate = "50 /s"', "")))
    assert facts.known == ()
    assert "write [rollout] with rate" in facts.why_unreadable(Deployment)
    assert set(facts.unreadable) == {kind for kinds in KINDS.values() for kind in kinds}


def test_a_project_without_terraform_is_not_rehearsed(tmp_path: Path) -> None:
    stated = CRITERIA.replace("[rollout]", '[rehearsal]\nsite = "sample"\n\n[rollout]')
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path, stated))
    assert "names no Terraform root to rehearse" in facts.why_unreadable(Deployment)


def test_a_part_that_fails_does_not_take_the_others_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Iterator[Evidence]:
        raise Unreadable("nobody answers")
        yield

    def answers(*_: Any) -> Iterator[Evidence]:
        yield Evidence(kind=DEPLOYMENT, value=ANSWERS, subject="api", source="a test")

    with_parts(monkeypatch, Part(observe=fails, kinds=("other",)), Part(observe=answers, kinds=(DEPLOYMENT,)))
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path))
    (deployment,) = facts.of(Deployment)
    assert deployment.subject == ANSWERS["service"]["serviceArn"]  # type: ignore[index]


def test_a_part_that_fails_is_undetermined_for_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Iterator[Evidence]:
        raise Unreadable("nobody answers")
        yield

    with_parts(monkeypatch, Part(observe=fails, kinds=(DEPLOYMENT,)))
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path))
    assert facts.why_unreadable(Deployment) == "nobody answers"


def test_a_part_that_needs_no_scene_is_looked_at_while_that_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=LIMIT)

    @contextmanager
    def scene(_: Any) -> Iterator[Mock]:
        together.wait()  # breaks unless the part has begun
        yield Mock(place="a test")

    def answers(_: Any, given: Any, __: Any) -> Iterator[Evidence]:
        together.wait()
        assert given is None
        yield Evidence(kind=DEPLOYMENT, value=ANSWERS, subject="api", source="a test")

    with_parts(monkeypatch, Part(observe=answers, kinds=(DEPLOYMENT,), needs_scene=False))
    monkeypatch.setattr(observing, "open_scene", scene)
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path))
    assert [each.subject for each in facts.of(Deployment)] == [ANSWERS["service"]["serviceArn"]]  # type: ignore[index]


def test_a_part_beside_the_others_of_its_group_ends_with_that_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, ended = threading.Barrier(2, timeout=LIMIT), list[str]()

    def make(name: str, waits: bool) -> Part:
        def answers(*_: Any) -> Iterator[Evidence]:
            if waits:
                together.wait()  # breaks unless both are looked at
            yield Evidence(kind=name, value=ANSWERS, subject=name, source="a test")
            ended.append(name)

        return Part(observe=answers, kinds=(name,), beside=name == "long")

    with_parts(monkeypatch)
    groups = ((make("short", True), make("long", True)), (make("later", False),))
    monkeypatch.setattr(observing, "GROUPS", groups)
    seen = observing.observe_rollout(observation(tmp_path), {})
    assert [each.kind for each in seen] == ["short", "long", "later"]
    assert sorted(ended[:2]) == ["long", "short"]
    assert ended[2] == "later"


def test_a_part_that_needs_no_scene_and_fails_is_undetermined_for_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Iterator[Evidence]:
        raise Unreadable("no test was run")
        yield

    with_parts(monkeypatch, Part(observe=fails, kinds=(DEPLOYMENT,), needs_scene=False))
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path))
    assert facts.why_unreadable(Deployment) == "no test was run"


def test_a_rehearsal_that_can_t_deploy_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsal = Mock()
    rehearsal.open_rollout.side_effect = Unreadable("no proxy can be had")
    monkeypatch.setattr(target, "load_rehearsal", lambda: rehearsal)
    root = CRITERIA.replace("[rollout]", '[terraform]\nroot = "."\n\n[rehearsal]\nsite = "sample"\n\n[rollout]')
    facts = observe_and_recall(RolloutLayer(), observation(tmp_path, root))
    assert facts.why_unreadable(Deployment) == "no proxy can be had"


@pytest.mark.parametrize("stated", ["", '[rehearsal]\nstart = "serve"\n'])
def test_no_deployment_of_somebody_elses_site_is_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    monkeypatch.setattr(target, "load_rehearsal", Mock(side_effect=AssertionError))
    facts = observe_and_recall(
        RolloutLayer(), observation(tmp_path, CRITERIA.replace("[rollout]", f"{stated}[rollout]"))
    )
    assert facts.why_unreadable(Deployment) == (
        "a deployment of the sample site alone can be rehearsed, and this is not your site: "
        "it would say nothing of shop; ask it of a real account"
    )


def test_every_kind_of_evidence_is_observed_by_one_part_and_made_into_facts() -> None:
    assert sorted(kind for part in PARTS for kind in part.kinds) == sorted(KINDS) == sorted(MAKERS)


def test_evidence_that_facts_need_and_nobody_saw_has_a_reason() -> None:
    with pytest.raises(Unreadable, match="denied"):
        Stored((), {DEPLOYMENT: "denied"}).require(DEPLOYMENT)
    with pytest.raises(Unreadable, match="was not observed in that run"):
        Stored((), {}).require(DEPLOYMENT)


def test_a_run_about_a_moment_looks_at_what_that_needs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Iterator[Evidence]:
        raise AssertionError("it was looked at")
        yield

    def answers(*_: Any) -> Iterator[Evidence]:
        yield Evidence(kind=DEPLOYMENT, value=ANSWERS, subject="api", source="a test")

    parts = (
        Part(observe=refuses, kinds=("rollout-drill",), moments=("before",)),
        Part(observe=answers, kinds=(DEPLOYMENT,), moments=("after",)),
    )
    with_parts(monkeypatch, *parts)
    at = replace(observation(tmp_path), moment="after")
    facts = observe_and_recall(RolloutLayer(), at)
    assert len(facts.of(Deployment)) == 1
    assert "does not look at it" in facts.why_unreadable(DrilledRelease)
    assert "does not look at it" not in facts.why_unreadable(Surroundings), "a watched deployment shows them, too"


def test_every_moment_observes_each_kind_of_fact_that_its_checks_take() -> None:
    stated = open_project(ROOT / "criteria.toml").stated
    for check in _rollout_checks():
        made = {kind for kind, facts in KINDS.items() if check.kind in facts}
        seen = {moment for part in PARTS if made & set(part.kinds) for moment in part.moments}
        assert stated.moments[check.criterion] in seen, (check.name, stated.moments[check.criterion], seen)


def _rollout_checks() -> Iterator[Check]:
    for path in sorted((ROOT / "suites" / "rollout").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"moments_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from (found for each in vars(module).values() if (found := check_of(each)))
