"""The rollout layer at its seams: kept evidence, also of other layers, the results of a team's tests,
undetermined results and why, and the same from a recalled run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.evidence import runs
from prodgate.evidence.artifacts import store_json
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.facts.rollout.deployments import Deployment
from prodgate.facts.rollout.drills import DrilledRelease
from prodgate.facts.rollout.watched import Surroundings
from prodgate.layers import BUILT
from prodgate.layers.layer import LayerContext
from prodgate.layers.observing_layer import Evidence
from prodgate.layers.rollout import observing, target
from prodgate.layers.rollout.facts import BESIDE_OTHERS, OF_ITSELF, Stored
from prodgate.layers.rollout.kinds import DEPLOYMENT, KINDS
from prodgate.layers.rollout.observing import GROUPS, Part, observe_tests
from prodgate.layers.rollout.resting import Rest, find_observation, why_no_proof
from prodgate.sections.project import open_project
from prodgate.sections.targets import parse_target
from tests.prodgate.layers.context import layer_context, observe_and_recall
from tests.prodgate.sample_run import move
from tests.suites.judging import checks_in
from tests.trees import write_tree

ROOT = Path(__file__).parents[4]
PARTS = [part for group in GROUPS for part in group]
#: Seconds in which an awaited event must happen.
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


def failing(reason: str, *kinds: str, **about: Any) -> Part:
    def observe(*_: Any) -> Iterator[Evidence]:
        raise Unreadable(reason)
        yield

    return Part(observe=observe, kinds=kinds, **about)


def answering(**about: Any) -> Part:
    def observe(*_: Any) -> Iterator[Evidence]:
        yield Evidence(kind=DEPLOYMENT, value=ANSWERS, subject="api", source="a test")

    return Part(observe=observe, kinds=(DEPLOYMENT,), **about)


def with_parts(monkeypatch: pytest.MonkeyPatch, *parts: Part) -> None:
    @contextmanager
    def scene(_: Any) -> Iterator[Mock]:
        yield Mock(place="a test")

    monkeypatch.setattr(observing, "open_scene", scene)
    monkeypatch.setattr(observing, "GROUPS", (parts,))


def test_a_project_without_criteria_about_a_deployment_is_not_looked_at(tmp_path: Path) -> None:
    at = observation(tmp_path, CRITERIA.replace('["rollout"]', '["static"]'))
    assert BUILT["rollout"].observe(at) == Facts()


def test_without_a_word_about_it_nothing_is_known(tmp_path: Path) -> None:
    facts = observe_and_recall(
        BUILT["rollout"], observation(tmp_path, CRITERIA.replace('[rollout]\nrate = "50 /s"', ""))
    )
    assert facts.known == ()
    assert "write [rollout] with rate" in facts.why_unreadable(Deployment)
    assert set(facts.unreadable) == {kind for kinds in KINDS.values() for kind in kinds}


def test_a_project_without_terraform_is_not_rehearsed(tmp_path: Path) -> None:
    stated = CRITERIA.replace("[rollout]", '[rehearsal]\nsite = "sample"\n\n[rollout]')
    facts = observe_and_recall(BUILT["rollout"], observation(tmp_path, stated))
    assert "names no Terraform root to rehearse" in facts.why_unreadable(Deployment)


def test_a_part_that_fails_does_not_take_the_others_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_parts(monkeypatch, failing("nobody answers", "other"), answering())
    (deployment,) = observe_and_recall(BUILT["rollout"], observation(tmp_path)).of(Deployment)
    assert deployment.subject == ANSWERS["service"]["serviceArn"]  # type: ignore[index]


@pytest.mark.parametrize("needs_scene", [True, False])
def test_a_part_that_fails_is_undetermined_for_its_reason(
    needs_scene: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_parts(monkeypatch, failing("nobody answers", DEPLOYMENT, needs_scene=needs_scene))
    facts = observe_and_recall(BUILT["rollout"], observation(tmp_path))
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
    facts = observe_and_recall(BUILT["rollout"], observation(tmp_path))
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
    assert [each.kind for each in observing.observe(observation(tmp_path), {})] == ["short", "long", "later"]
    assert sorted(ended[:2]) == ["long", "short"]
    assert ended[2] == "later"


def test_a_rehearsal_that_can_t_deploy_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsal = Mock()
    rehearsal.open_rollout.side_effect = Unreadable("no proxy can be had")
    monkeypatch.setattr(target, "load_rehearsal", lambda: rehearsal)
    root = CRITERIA.replace("[rollout]", '[terraform]\nroot = "."\n\n[rehearsal]\nsite = "sample"\n\n[rollout]')
    facts = observe_and_recall(BUILT["rollout"], observation(tmp_path, root))
    assert facts.why_unreadable(Deployment) == "no proxy can be had"


@pytest.mark.parametrize("stated", ["", '[rehearsal]\nstart = "serve"\n'])
def test_no_deployment_of_somebody_elses_site_is_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    monkeypatch.setattr(target, "load_rehearsal", Mock(side_effect=AssertionError))
    facts = observe_and_recall(
        BUILT["rollout"], observation(tmp_path, CRITERIA.replace("[rollout]", f"{stated}[rollout]"))
    )
    assert facts.why_unreadable(Deployment) == (
        "a deployment of the sample site alone can be rehearsed, and this is not your site: "
        "it would say nothing of shop; ask it of a real account"
    )


def test_every_kind_of_evidence_is_observed_by_one_part_and_made_into_facts() -> None:
    assert sorted(kind for part in PARTS for kind in part.kinds) == sorted(KINDS)
    assert sorted(KINDS) == sorted([*OF_ITSELF, *BESIDE_OTHERS])


def test_evidence_that_facts_need_and_nobody_saw_has_a_reason() -> None:
    with pytest.raises(Unreadable, match="denied"):
        Stored((), {DEPLOYMENT: "denied"}).require(DEPLOYMENT)
    with pytest.raises(Unreadable, match="was not observed in that run"):
        Stored((), {}).require(DEPLOYMENT)


def test_a_run_about_a_moment_looks_at_what_that_needs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Part(observe=Mock(side_effect=AssertionError), kinds=("rollout-drill",), moments=("before",))
    with_parts(monkeypatch, before, answering(moments=("after",)))
    facts = observe_and_recall(BUILT["rollout"], replace(observation(tmp_path), moment="after"))
    assert len(facts.of(Deployment)) == 1
    assert "does not look at it" in facts.why_unreadable(DrilledRelease)
    assert "does not look at it" not in facts.why_unreadable(Surroundings), "a watched deployment shows them, too"


def test_every_moment_observes_each_kind_of_fact_that_its_checks_take() -> None:
    stated = open_project(ROOT / "criteria.toml").stated
    for check in checks_in("suites/rollout/test_*.py"):
        made = {kind for kind, facts in KINDS.items() if check.kind in facts}
        seen = {moment for part in PARTS if made & set(part.kinds) for moment in part.moments}
        assert stated.moments[check.criterion] in seen, (check.name, stated.moments[check.criterion], seen)


# ── Test results: files that the criteria name, and in a rehearsal a command to run

COMMIT = "c" * 40
TESTED = """
system = "shop"

[rollout.before]
tests = ["reports/*.xml"]
{more}

[criteria.before-tests-pass]
statement = {{ en = "They pass.", ja = "合格する。" }}
why = "They must."
source = "X-1"
layers = ["rollout"]
"""
GOOD = "<testsuite tests='1'><testcase name='a'/></testsuite>"
BAD = "<testsuite tests='1'><testcase name='a'><failure/></testcase></testsuite>"


def results(project: Path, *, target: str = "aws://eu-west-1", more: str = "") -> list[dict[str, Any]]:
    (project / "criteria.toml").write_text(TESTED.format(more=more), "utf-8")
    (seen,) = observe_tests(layer_context(project, "rollout", target, commit=COMMIT), Mock(), {})
    assert seen.value["commit"] == COMMIT
    return seen.value["results"]


def command(code: str, limit: str = "120 s") -> str:
    return f'[rollout.before.rehearsal]\ncommand = ["{{python}}", "-c", """{code}""", "{{results}}"]\nlimit = "{limit}"'


def rehearsed(project: Path, code: str, limit: str = "120 s") -> dict[str, Any]:
    # text of TOML, in which braces of a format are doubled
    (found,) = results(project, target="rehearsal://", more=command(code, limit))
    return found


def test_files_and_the_commit_beside_them(tmp_path: Path) -> None:
    write_tree(tmp_path, {"reports/unit.xml": GOOD, "reports/commit": f"{COMMIT}\n"})
    (found,) = results(tmp_path)
    assert (found["file"], found["tests"], found["failures"]) == ("reports/unit.xml", 1, 0)
    assert found["marks"] == [COMMIT]


def test_a_file_that_is_none_is_kept_with_the_reason(tmp_path: Path) -> None:
    write_tree(tmp_path, {"reports/unit.xml": GOOD[:-5]})
    (found,) = results(tmp_path)
    assert "reports/unit.xml: it is no whole XML" in found["unread"]


def test_a_pattern_without_a_file_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"reports/\*.xml: there is no such file"):
        results(tmp_path)


def test_a_rehearsal_runs_the_tests_of_its_commit(tmp_path: Path) -> None:
    found = rehearsed(tmp_path, f"import sys; open(sys.argv[1], 'w').write(\\\"{GOOD}\\\")")
    assert (found["tests"], found["failures"], found["marks"]) == (1, 0, [COMMIT])


def test_tests_that_fail_are_a_result(tmp_path: Path) -> None:
    found = rehearsed(tmp_path, f"import sys; open(sys.argv[1], 'w').write(\\\"{BAD}\\\"); sys.exit(1)")
    assert found["failed"] == ["a"]


@pytest.mark.parametrize(
    ("code", "limit", "why"),
    [
        ("import sys; sys.exit(3)", "120 s", "ended with exit code 3 and no failure on record"),
        ("import time; time.sleep(60)", "1 s", "did not end within 1 s"),
    ],
)
def test_tests_that_did_not_end_well_are_no_result(tmp_path: Path, code: str, limit: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        rehearsed(tmp_path, code, limit)


def test_a_command_that_writes_nothing_has_no_result(tmp_path: Path) -> None:
    assert "the rehearsal's tests: No such file" in rehearsed(tmp_path, "pass")["unread"]


# ── Which observation of another layer counts: by its commit, target, age and time, and never by its result

OTHER = "d" * 40
ASKED = """
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
    (tmp_path / "criteria.toml").write_text(ASKED, "utf-8")
    return layer_context(tmp_path, "rollout", commit=COMMIT)


def earlier(context: LayerContext, name: str, says: str, *, whole: bool = True, **about: Any) -> Path:
    """Make a run that observed a load, as if it had been before; ``name`` orders runs."""
    told = {"system": "shop", "target": "rehearsal://", "rehearsal": True, "layers": ["load"], "commit": COMMIT}
    made = runs.create(context.run.parent / "new", {**told, **about}, context.project / "criteria.toml", Path("none"))
    made = made.rename(context.run.parent / made.name)
    path = move(made, f"2026-01-0{name}T000000Z-{made.name.rpartition('-')[2]}")
    Journal.of(path).record_fact("load", "load", "steady", store_json(path, {"says": says}), "a test")
    if whole:
        runs.close(path)
    return path


def found(context: LayerContext, rest: Rest = LOAD, before: datetime | None = None) -> tuple[str, str]:
    """Return the finding, and why it proves nothing."""
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


@pytest.mark.parametrize(("system", "target"), [("shop", "aws://eu-west-1"), ("other", "rehearsal://")])
def test_a_run_of_another_system_or_target_is_not_looked_at(context: LayerContext, system: str, target: str) -> None:
    (context.project / "criteria.toml").write_text(ASKED.replace("shop", system), "utf-8")
    earlier(context, "1", "elsewhere", target=target)
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
    for file in (earlier(context, "3", "gone") / "evidence").glob("*.json.gz"):
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


@pytest.mark.parametrize(
    ("about", "why"),
    [({"commit": f"{COMMIT}+changes"}, "files differ from commit cccccccccccc"), ({}, "no commit is known")],
)
def test_what_is_in_no_commit_proves_nothing_of_itself(tmp_path: Path, about: dict[str, str], why: str) -> None:
    (tmp_path / "criteria.toml").write_text(ASKED, "utf-8")
    context = layer_context(tmp_path, "rollout", **about)
    context.store_fact("load", "load", "steady", {"says": "now"}, "a test")
    assert why in found(context)[1]
