"""Without its guard an attack ends in GO: each guard is undone in memory, and its attack gets through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate import Criterion, check, cli, verdict
from prodgate.checks import check_of
from prodgate.criteria import Criteria, Scope
from prodgate.evidence import runs, standing, verification
from prodgate.evidence.artifacts import store_json
from prodgate.evidence.journal import NAME, Journal
from prodgate.facts import Fact, Facts
from prodgate.findings import Outcome
from prodgate.run import running
from prodgate.run.inputs import Fixity
from prodgate.run.judging import judge as judge_facts
from prodgate.verdict import Decision
from tests.prodgate import samples
from tests.prodgate.sample_run import ABOUT, CRITERIA, judge

from .project import BASE, HEALTHY, Project

Undo = Callable[[pytest.MonkeyPatch], None]


def nothing(*_: Any, **__: Any) -> Iterator[Any]:
    """Find nothing."""
    return iter(())


def make_run(folder: Path, more: str = "", **about: Any) -> Path:
    """Leave a run whose one check holds."""
    (folder / "criteria.toml").write_text(CRITERIA + more, "utf-8")
    given = (folder / "criteria.toml", folder / "waivers.toml")
    return runs.create(folder / "runs", {**ABOUT, **about}, *given)


def let_a_crash_pass_for_time(folder: Path) -> Decision:
    """A check of a criterion that needs production crashes in a rehearsal, where another criterion holds."""
    stated = Criteria(
        {
            "uptime": samples.criterion("uptime", layers=("live",), bound=None, needs_production=True),
            "backup-retention": samples.criterion(layers=("live",)),
        }
    )
    found = [
        samples.finding(
            Outcome.UNDETERMINED, criterion="uptime", layer="live", reason="the check raised KeyError: 'a'"
        ),
        samples.finding(layer="live"),
    ]
    scope = Scope(layers=frozenset({"live"}), rehearsal=True)
    return verdict.decide(stated, found, (), datetime.now(UTC), scope).decision


def judge_old_facts(folder: Path) -> Decision:
    """Facts of a hundred days ago are judged again."""
    run = make_run(folder, judged_again="earlier")
    digest = store_json(run, {})
    at = (datetime.now(UTC) - timedelta(days=100)).isoformat()
    fact = {"layer": "static", "kind": "configuration", "subject": "infra", "digest": digest, "source": ""}
    Journal.of(run).write("fact", at=at, **fact)
    judge(run)
    return runs.read(run).verdict().decision


def leave_a_requirement_without_a_criterion(folder: Path) -> Decision:
    """Nobody states a criterion for a requirement."""
    asked = {"OPS-2": "backups", "OPS-3": "restores"}
    lines = "".join(f'{id_} = {{ asks = "{what}", layers = ["static"] }}\n' for id_, what in asked.items())
    run = make_run(folder, f"[requirements]\n{lines}")
    judge(run)
    return runs.read(run).verdict().decision


def turn_a_finding(folder: Path) -> Decision:
    """A finding that does not hold is made to hold after the run."""
    run = make_run(folder)
    judge(run, samples.finding(Outcome.NOT_SATISFIED))
    path = run / NAME
    path.write_bytes(path.read_bytes().replace(b'"not-satisfied"', b'"satisfied"'))
    return read_decision(run)


def take_out_the_evidence(folder: Path) -> Decision:
    """The evidence is deleted after the run."""
    run = make_run(folder)
    digest = store_json(run, {"days": 35})
    Journal.of(run).record_fact("static", "configuration", "infra", digest, "files")
    judge(run)
    (run / "evidence" / f"{digest}.json.gz").unlink()
    return read_decision(run)


def read_decision(run: Path) -> Decision:
    """Return the decision of a run; a refused run is no GO."""
    try:
        return runs.read(run).verdict().decision
    except runs.RunError:
        return Decision.INSUFFICIENT


def hide_a_subclass(folder: Path) -> Decision:
    """Facts of one kind could not be read, and a check requests its parent kind."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Store(Fact):
        """Any store."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Bucket(Store):
        """One of S3."""

    def test_stores_are_closed(store: Store, criterion: Criterion) -> None:
        """Is the store closed?"""
        criterion.hold(True, expected="closed", observed="closed")

    test_stores_are_closed.__annotations__ = {"store": Store, "criterion": Criterion, "return": None}
    made = check_of(check("closed", remedy="Close it.")(test_stores_are_closed))
    facts = Facts((Store(subject="a"),), {Bucket: "AccessDenied on ListBuckets"})
    stated = Criteria({"closed": samples.criterion("closed", bound=None)})
    found = list(judge_facts(made, stated["closed"], facts, layer="static", fixtures={}))
    return verdict.decide(stated, found, (), datetime.now(UTC), Scope(layers=frozenset({"static"}))).decision


def defer_all(patch: pytest.MonkeyPatch) -> None:
    """Defer everything unknown."""
    patch.setattr(verdict, "_only_production", lambda findings: True)


def look_at_one_kind(patch: pytest.MonkeyPatch) -> None:
    """Request only the kind that a check names."""
    patch.setattr(Facts, "why_unreadable", lambda self, kind: self.unreadable.get(kind, ""))


GUARDS: dict[str, tuple[Callable[[Path], Decision], Undo]] = {
    "deferral to production": (let_a_crash_pass_for_time, defer_all),
    "age of facts": (judge_old_facts, lambda patch: patch.setattr(standing, "find_stale", nothing)),
    "requirement without a criterion": (
        leave_a_requirement_without_a_criterion,
        lambda patch: patch.setattr(standing, "find_unasked", nothing),
    ),
    "a finding turned": (turn_a_finding, lambda patch: patch.setattr(verification, "find_flaws", nothing)),
    "evidence by digest": (take_out_the_evidence, lambda patch: patch.setattr(verification, "find_flaws", nothing)),
    "unreadable subclass": (hide_a_subclass, look_at_one_kind),
}


@pytest.mark.parametrize("name", GUARDS)
def test_what_a_guard_holds_back_is_go_without_it(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack, undo = GUARDS[name]
    assert attack(tmp_path_factory.mktemp("guarded")) is Decision.INSUFFICIENT
    undo(monkeypatch)
    assert attack(tmp_path_factory.mktemp("undone")) is Decision.GO


@pytest.mark.slow
def test_what_changes_while_it_is_judged_is_go_where_nobody_looks(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process makes the suite hold once the run has begun; that of the team may not write."""
    run_layer, codes = running._run_layer, []
    for undone in (False, True):
        project = Project(tmp_path_factory.mktemp("shop"))
        project.write(BASE)
        monkeypatch.chdir(project.folder)
        monkeypatch.setattr(running, "_run_layer", lambda *given, at=project: (at.write(HEALTHY), run_layer(*given)))
        if undone:
            monkeypatch.setattr(Fixity, "find_changes", lambda self: "")
        codes.append(cli.main(["run", "rehearsal://", "--only", "static"]))
    assert codes == [2, 0]
