"""Which observation of another layer counts: by its commit, its target, its age and its time, and never by what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.evidence import runs
from prodgate.evidence.artifacts import store_json
from prodgate.evidence.journal import Journal
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout.earlier import Rest, find_observation, why_no_proof
from prodgate.sections.targets import parse_target
from tests.prodgate.layers.context import layer_context
from tests.prodgate.sample_run import move

COMMIT, OTHER = "c" * 40, "d" * 40
CRITERIA = """
system = "shop"

[criteria.x]
statement = { en = "It holds.", ja = "成り立つ。" }
why = "It must."
source = "X-1"
layers = ["rollout"]
"""
LOAD = Rest(layer="load", kinds=("load",))


@pytest.fixture
def context(tmp_path: Path) -> LayerContext:
    """A run of the rollout layer that is the newest of its folder."""
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return layer_context(tmp_path, "rollout", commit=COMMIT)


def earlier(context: LayerContext, name: str, says: str, *, whole: bool = True, **about: Any) -> Path:
    """Make a run that observed a load, as if it had been before; ``name`` orders runs."""
    told = {"system": "shop", "target": "rehearsal://", "rehearsal": True, "layers": ["load"], "commit": COMMIT}
    made = runs.create(context.run.parent / "new", {**told, **about}, context.project / "criteria.toml", Path("none"))
    made = made.rename(context.run.parent / made.name)
    path = move(made, f"2026-01-0{name}T000000Z-{made.name.rpartition('-')[2]}")
    journal = Journal.of(path)
    journal.record_fact("load", "load", "steady", store_json(path, {"says": says}), "a test")
    if whole:
        runs.close(path)
    return path


def found(context: LayerContext, rest: Rest = LOAD, before: datetime | None = None) -> tuple[str, str]:
    """Return what was found, and why it is no proof."""
    value = find_observation(context, rest, before)
    return value["seen"]["facts"][0]["value"]["says"], why_no_proof(value, before)


def test_what_this_run_observed_comes_first(context: LayerContext) -> None:
    earlier(context, "1", "before")
    context.store_fact("load", "load", "steady", {"says": "now"}, "a test")
    assert found(context) == ("now", "")


def test_the_newest_run_of_the_commit_counts_whatever_it_says(context: LayerContext) -> None:
    earlier(context, "1", "well")
    earlier(context, "2", "badly")
    assert found(context) == ("badly", "")


@pytest.mark.parametrize(
    ("target", "layers"),
    [
        ("rehearsal://", "static,load,dags,rollout"),  # one command for all that the run lacks
        ("aws://eu-west-1", "load,rollout"),  # where load is not sent for the asking
    ],
)
def test_without_any_it_says_what_to_run(context: LayerContext, target: str, layers: str) -> None:
    on = replace(context, target=parse_target(target))
    with pytest.raises(
        Unreadable, match=rf"observed nothing of this release; run it, too: .*{target} --only {layers}$"
    ):
        found(on)


def test_layers_that_were_run_need_not_be_run_again(tmp_path: Path, context: LayerContext) -> None:
    about = {**runs.read(context.run).about, "layers": ["dags", "rollout"]}
    run = runs.create(tmp_path / "more", about, tmp_path / "criteria.toml", Path("none"))
    with pytest.raises(Unreadable, match=r"run it, too: prodgate run rehearsal:// --only static,load,rollout$"):
        found(replace(context, run=run))


def test_a_layer_that_could_not_observe_says_why(context: LayerContext) -> None:
    context.journal.write("unreadable", layer="load", kind="SteadyLoad", reason="nobody allowed it")
    context.journal.write("unreadable", layer="dags", kind="load", reason="another layer")
    with pytest.raises(Unreadable, match="nothing of this release: nobody allowed it"):
        found(context)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"commit": OTHER}, "is of commit dddddddddddd, and cccccccccccc is to be released"),
        ({"commit": f"{COMMIT}+changes"}, "is of commit cccccccccccc with uncommitted files"),
        ({"commit": ""}, "is of no known commit"),
    ],
)
def test_a_run_of_something_else_is_no_proof(context: LayerContext, about: dict[str, Any], why: str) -> None:
    earlier(context, "1", "well", **about)
    says, reason = found(context)
    assert says == "well"
    assert why in reason


def test_of_several_the_one_of_the_commit_counts(context: LayerContext) -> None:
    earlier(context, "1", "of the commit")
    earlier(context, "2", "of another", commit=OTHER)
    assert found(context) == ("of the commit", "")


def test_a_run_of_another_target_is_not_looked_at(context: LayerContext) -> None:
    earlier(context, "1", "elsewhere", target="aws://eu-west-1")
    with pytest.raises(Unreadable):
        found(context)


def test_a_run_of_another_system_is_not_looked_at(context: LayerContext) -> None:
    criteria = context.project / "criteria.toml"
    criteria.write_text(CRITERIA.replace("shop", "other"), "utf-8")
    earlier(context, "1", "elsewhere")
    with pytest.raises(Unreadable):
        found(context)


def test_another_target_counts_where_it_is_named_or_where_files_alone_matter(context: LayerContext) -> None:
    earlier(context, "1", "on staging", target="aws://staging@eu-west-1")
    assert found(context, Rest(layer="load", kinds=("load",), targets=("aws://staging@eu-west-1",)))[1] == ""
    assert found(context, Rest(layer="load", kinds=("load",), of_files=True))[1] == ""


def test_a_run_that_was_cut_off_or_changed_is_no_proof(context: LayerContext) -> None:
    earlier(context, "1", "cut off", whole=False)
    changed = earlier(context, "2", "changed")
    (changed / "run.json").write_text((changed / "run.json").read_text().replace(COMMIT, OTHER))
    gone = earlier(context, "3", "gone")
    for file in (gone / "evidence").glob("*.json.gz"):
        file.unlink()
    with pytest.raises(Unreadable):
        found(context)


def test_what_was_observed_after_the_deployment_began_is_no_proof(context: LayerContext) -> None:
    earlier(context, "1", "well")
    before = datetime.now(UTC) - timedelta(minutes=1)
    assert "after the deployment had begun" in found(context, before=before)[1]
    assert found(context, before=datetime.now(UTC) + timedelta(minutes=1))[1] == ""


def test_what_is_too_old_is_no_proof(context: LayerContext) -> None:
    earlier(context, "1", "well")
    value = find_observation(context, LOAD, None)
    later = {**value, "asked": (datetime.now(UTC) + timedelta(days=31)).isoformat()}
    assert "31.0 d ago; that is too old" in why_no_proof(later, None)


def test_a_run_with_uncommitted_files_proves_nothing_of_itself(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "rollout", commit=f"{COMMIT}+changes")
    context.store_fact("load", "load", "steady", {"says": "now"}, "a test")
    assert "files differ from commit cccccccccccc" in found(context)[1]


def test_without_git_nothing_is_known_of_the_commit(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "rollout")
    context.store_fact("load", "load", "steady", {"says": "now"}, "a test")
    assert "no commit is known" in found(context)[1]
