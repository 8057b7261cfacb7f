"""The DAG layer at its seams: kept evidence, undetermined results and why, and equal results from a recalled run."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.airflow.direct import HttpTransport, Login, Token
from prodgate.airflow.history import recall_history
from prodgate.airflow.mwaa import MwaaTransport
from prodgate.aws.answers import Absent, Unreadable
from prodgate.dags.declared import Schedule, Spell
from prodgate.dags.ledger import OPEN, SlotState
from prodgate.engines.environments import EngineError
from prodgate.facts import Facts
from prodgate.facts.dags.collected import CollectedSlots
from prodgate.facts.dags.files import DagFile, DagFolder, DagStructure
from prodgate.facts.dags.record import AirflowComponent, AirflowVersion, DagRecord
from prodgate.facts.dags.slots import CollectionSlots, RealRun, SlotHistory
from prodgate.findings import NotObserved
from prodgate.layers import BUILT
from prodgate.layers.dags import observing
from prodgate.layers.dags.facts import HISTORY, KINDS, OBSERVED, REQUIRED, facts_of, spells_to_json
from prodgate.layers.layer import LayerContext
from prodgate.rehearsal.airflow.home import list_exported
from tests.prodgate.layers.context import layer_context, recall
from tests.suites.dags.harness import healthy

CRITERIA = """
system = "shop"

[airflow]
version = "3.0.6"
environment = "shop"

[dags.nba_news_scraper]
cron = "0 */6 * * *"
timezone = "Asia/Tokyo"

[criteria.dag-imports]
statement = { en = "Imports.", ja = "読める。" }
why = "It would not run."
source = "X-1"
layers = ["dags"]
"""


IMPORT_ERROR = {
    "import_error_id": 1, "filename": "nba_news_scraper.py", "stack_trace": "DagBag import timeout", "bundle_name": "dags-folder",
    "timestamp": "2026-11-24T00:00:00Z",
}  # fmt: skip


def observation(tmp_path: Path, criteria: str = CRITERIA, url: str = "rehearsal://") -> LayerContext:
    (tmp_path / "criteria.toml").write_text(criteria, "utf-8")
    return layer_context(tmp_path, "dags", url)


def without_airflow(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    @contextmanager
    def closed(*_: Any) -> Iterator[None]:
        raise Unreadable(reason)
        yield

    monkeypatch.setattr(observing, "open_target", closed)


def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def python_of(name: str, _progress: Any, **_: Any) -> Path:
        raise EngineError(f"{name}: can't be installed")

    monkeypatch.setattr(observing, "ensure_python", python_of)


def test_a_project_without_criteria_about_dags_is_not_looked_at(tmp_path: Path) -> None:
    assert BUILT["dags"].observe(observation(tmp_path, CRITERIA.replace('["dags"]', '["static"]'))) == Facts()


def test_without_a_word_about_airflow_nothing_is_known(tmp_path: Path) -> None:
    at = observation(tmp_path, CRITERIA[: CRITERIA.index("[airflow]")] + CRITERIA[CRITERIA.index("[criteria") :])
    facts = BUILT["dags"].observe(at)
    assert not facts.known
    assert set(facts.unreadable) == {kind for evidence in REQUIRED for kind in KINDS[evidence]}
    assert all("says nothing of Airflow; write [airflow] with version" in why for why in facts.unreadable.values())
    assert recall(BUILT["dags"], at.run) == facts


def test_files_are_read_though_airflow_can_not_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_airflow(monkeypatch, "the environment is down")
    no_engine(monkeypatch)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").write_text("from airflow.sdk import dag\n", "utf-8")
    at = observation(tmp_path)
    facts = BUILT["dags"].observe(at)
    (folder,) = facts.of(DagFolder)
    assert str(folder.files) == "1"
    assert facts.unreadable[DagFile] == facts.unreadable[DagStructure] == "airflow-3.0.6: can't be installed"
    assert facts.unreadable[SlotHistory] == facts.unreadable[AirflowVersion] == "the environment is down"
    again = recall(BUILT["dags"], at.run)
    assert again.unreadable == facts.unreadable
    assert [fact.subject for fact in again.known] == [fact.subject for fact in facts.known]


def test_files_are_not_begun_with_once_it_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def interrupted(*_: Any) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    begun: list[Any] = []
    monkeypatch.setattr(observing, "open_target", interrupted)
    monkeypatch.setattr(observing, "_observe_files", lambda *given: begun.append(given))
    with pytest.raises(KeyboardInterrupt):
        BUILT["dags"].observe(observation(tmp_path))
    assert not begun


def test_a_missing_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_airflow(monkeypatch, "down")
    facts = BUILT["dags"].observe(observation(tmp_path))
    assert "there is no such folder; write [airflow] folder" in facts.unreadable[DagFolder]


def spell(begin: float, end: float, reason: str = "somebody stopped Airflow's scheduler") -> Spell:
    """Return a spell by seconds since the healthy history begins."""
    begun = recall_history(healthy().of(HISTORY)).since
    return Spell(begin=begun + timedelta(seconds=begin), end=begun + timedelta(seconds=end), reason=reason)


def spoiled_facts(*found: Spell, **changes: Any) -> Facts:
    evidence = healthy()
    evidence.of(OBSERVED).update({"spells": spells_to_json(found)}, **changes)
    return facts_of(evidence.stored, {})


def test_slots_around_a_spell_are_set_aside_whatever_became_of_them() -> None:
    whole = {fact.subject: fact.ledger for fact in spoiled_facts().of(SlotHistory)}
    sabotaged = healthy()
    sabotaged.of(OBSERVED)["spells"] = spells_to_json([spell(30, 32)])
    for run in sabotaged.runs():
        run["state"] = "failed"
    for stored in (spoiled_facts(spell(30, 32)), facts_of(sabotaged.stored, {})):
        for fact in stored.of(SlotHistory):
            rows = fact.ledger.rows
            aside = [row.slot for row in rows if row.state is SlotState.SPOILED]
            assert [row.slot for row in rows] == [row.slot for row in whole[fact.subject].rows]
            assert len(aside) == 2
            assert fact.rates.slot.total == len([row for row in rows if row.state not in (*OPEN, SlotState.SPOILED)])
            assert f"2 of {len(rows)} slots are set aside: somebody stopped" in fact.rates.slot.detail


def test_a_spell_lasts_as_long_again_and_spells_that_touch_are_one() -> None:
    def count(*spells: Spell) -> int:
        return sum(row.state is SlotState.SPOILED for row in spoiled_facts(*spells).of(SlotHistory)[0].ledger.rows)

    one, touching, apart = spell(0, 12), [spell(0, 6), spell(6.5, 12)], [spell(0, 1), spell(11, 12)]
    assert count(one) == count(*touching) == count(*reversed(touching)) > count(*apart)


def test_slots_of_which_more_than_half_are_set_aside_say_nothing() -> None:
    facts = spoiled_facts(spell(-60, 600, "nobody ran"))
    for kind in (SlotHistory, CollectionSlots):
        assert "slots are set aside: nobody ran" in facts.unreadable[kind]
    assert all(run.done for run in facts.of(RealRun))
    assert [fact.rows for fact in facts.of(CollectedSlots)] == [
        fact.rows for fact in spoiled_facts().of(CollectedSlots)
    ]
    assert spoiled_facts(crowded="nine threads").unreadable[SlotHistory].endswith("nine threads")  # as runs had it


def test_a_bad_answer_soon_after_a_spell_is_asked_for_again_and_a_good_one_stands() -> None:
    lately, evidence = spell(-60, 600), healthy()
    facts = spoiled_facts(lately)
    assert all(component.healthy for component in facts.of(AirflowComponent))
    assert all((record.flaws, record.stuck, record.unserved) == ((), (), ()) for record in facts.of(DagRecord))
    evidence.of(OBSERVED)["spells"] = spells_to_json([lately])
    for answer in evidence.answers("/monitor/health"):
        answer["body"]["scheduler"]["status"] = "unhealthy"
    for answer in evidence.answers("/importErrors"):
        answer["body"] = {"import_errors": [IMPORT_ERROR], "total_entries": 1}
    facts = facts_of(evidence.stored, {})
    sick = next(fact for fact in facts.of(AirflowComponent) if fact.subject.endswith("scheduler"))
    scraper = next(fact for fact in facts.of(DagRecord) if fact.subject == "nba_news_scraper")
    for fact, field in ((sick, "healthy"), (scraper, "unserved")):
        with pytest.raises(NotObserved, match="somebody stopped"):
            getattr(fact, field)
    for row in (row for answer in evidence.answers("/dags/nba_news_scraper") for row in [answer["body"]]):
        row["is_paused"] = True
    paused = next(fact for fact in facts_of(evidence.stored, {}).of(DagRecord) if fact.subject == "nba_news_scraper")
    assert any("paused" in flaw for flaw in paused.unserved)


def section(**changes: str) -> Any:
    stated = {"environment": "", "url": "", "username": "", "password": "", "token": "", **changes}
    return SimpleNamespace(**stated)


def test_airflow_is_reached_as_it_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t0ken")
    monkeypatch.setenv("SHOP_USER", "gate")
    calls: Any = object()
    assert isinstance(observing._transport(section(environment="shop"), calls, "eu-west-1", str), MwaaTransport)
    assert isinstance(observing._transport(section(url="https://a.example"), calls, "", str), HttpTransport)
    access = observing._access
    assert access(section(), str) is None
    assert access(section(token="env:SHOP_TOKEN"), str) == Token("t0ken")
    login = access(section(username="env:SHOP_USER", password="secret:shop/airflow"), lambda name: f"of {name}")
    assert login == Login("gate", "of shop/airflow")
    with pytest.raises(Unreadable, match="env:NOBODY"):
        access(section(token="env:NOBODY"), str)


def test_a_rehearsal_needs_to_be_told_how(tmp_path: Path) -> None:
    at = observation(tmp_path)
    with (
        pytest.raises(Unreadable, match=r"write \[airflow.rehearsal\]"),
        observing.rehearsing(at, at.stated.airflow, threading.Event()),
    ):
        pass


@pytest.mark.parametrize(
    ("spoiled", "least", "most"),
    [(None, 0.0, 0.9), ((0.0, 0.4), 1.1, 2.4), ((0.0, 60.0), 2.5, 4.0)],
    ids=["a calm machine", "a spell", "spells without end"],
)
def test_slots_are_waited_for_while_some_are_spoiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: tuple[float, float] | None, least: float, most: float
) -> None:
    monkeypatch.setattr(observing, "_SLOT_EVERY", 0.05)
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    threading.Event().wait((begin - datetime.now(UTC)).total_seconds())
    found = [
        Spell(begin=begin + timedelta(seconds=a), end=begin + timedelta(seconds=b), reason="x")
        for a, b in [spoiled or (0, 0)]
        if spoiled
    ]
    settings: Any = SimpleNamespace(history=timedelta(seconds=0.5), most=timedelta(seconds=2.5))
    schedules = [Schedule(cron="* * * * * *", timezone="UTC")]
    observing._watch_slots(observation(tmp_path), begin, settings, schedules, lambda: found)
    assert least <= (datetime.now(UTC) - begin).total_seconds() <= most


@pytest.mark.parametrize(
    ("spells", "drills"),
    [
        ([], ["retry fail kill"]),
        (["retry fail kill", ""], ["retry fail kill"] * 2),
        (["kill", ""], ["retry fail kill", "kill"]),
        (["retry kill", "kill", ""], ["retry fail kill", "retry kill", "kill"]),
        (["kill"] * 9, ["retry fail kill", *["kill"] * 9]),
    ],
)
@pytest.mark.parametrize("readable", [True, False])
def test_what_spells_fell_into_is_drilled_again(
    monkeypatch: pytest.MonkeyPatch, spells: list[str], drills: list[str], readable: bool
) -> None:
    """Whatever the result; if nothing could be read, everything is drilled again. The record keeps the reason."""
    monkeypatch.setattr(observing, "_CALM", timedelta())
    begin, made, found = datetime(2026, 12, 1, tzinfo=UTC), list[str](), list[Spell]()

    def drill(modes: Sequence[str]) -> Mapping[str, Any]:
        spoiled = spells[len(made)].split() if len(made) < len(spells) else []
        made.append(" ".join(modes))
        if not readable:
            now = datetime.now(UTC)
            found[:] = [Spell(begin=now - timedelta(1), end=now + timedelta(1), reason="x")] if spoiled else []
            monkeypatch.setattr(observing, "_await_calm", lambda *_: True)
            raise Unreadable(f"drill {len(made)}")
        spans = {mode: begin + timedelta(hours=len(made), minutes=at) for at, mode in enumerate(modes)}
        found[:] = [Spell(begin=spans[mode], end=spans[mode] + timedelta(seconds=9), reason="x") for mode in spoiled]
        over = timedelta(seconds=30)
        tried = [
            {"mode": mode, "began": at.isoformat(), "over": (at + over).isoformat(), "number": len(made)}
            for mode, at in spans.items()
        ]
        return {"started": begin.isoformat(), "tried": tried}

    drilled = observing._drill_soundly(drill, datetime.now(UTC) + timedelta(seconds=60), lambda: found)
    if not readable:
        assert made == ["retry fail kill"] * len(drills)
        with pytest.raises(Unreadable, match=f"drill {len(drills)}"):
            drilled()
        return
    assert made == drills
    latest = {mode: number for number, modes in enumerate(drills, 1) for mode in modes.split()}
    assert {one["mode"]: one["number"] for one in drilled()["tried"]} == latest
    last = spells[len(drills) - 1] if len(drills) <= len(spells) else ""
    assert {one["mode"] for one in drilled()["tried"] if one["disturbed"]} == set(last.split())


@pytest.mark.parametrize(("ends", "calm"), [([-5.0], True), ([0.2], True), ([60.0], False)])
def test_a_drill_is_made_again_once_no_spell_comes_any_more(
    monkeypatch: pytest.MonkeyPatch, ends: list[float], calm: bool
) -> None:
    monkeypatch.setattr(observing, "_CALM", timedelta(seconds=0.3))
    now = datetime.now(UTC)
    spells = [Spell(begin=now - timedelta(60), end=now + timedelta(seconds=each), reason="x") for each in ends]
    assert observing._await_calm(lambda: spells, now + timedelta(seconds=3)) is calm


def test_a_drill_that_never_was_is_asked_for(tmp_path: Path) -> None:
    at = observation(tmp_path, url="aws://prod@ap-northeast-1")
    with pytest.raises(Unreadable, match="no drill is on record; prodgate drill dag NAME aws://prod@ap-northeast-1"):
        observing._read_drill(at, at.stated.airflow)


class NoSuchKey(Exception):
    """As boto3 raises it."""


def clients(script: str | None) -> Any:
    def get_object(**_: str) -> Any:
        if script is None:
            raise NoSuchKey
        return {"Body": SimpleNamespace(read=script.encode)}

    named = {"SourceBucketArn": "arn:aws:s3:::shop-dags", "StartupScriptS3Path": "startup.sh"}
    made = {
        "mwaa": SimpleNamespace(get_environment=lambda **_: {"Environment": named}),
        "s3": SimpleNamespace(get_object=get_object, exceptions=SimpleNamespace(NoSuchKey=NoSuchKey)),
    }
    return made.__getitem__


def test_what_the_startup_script_exports_is_read_and_nothing_carried_out() -> None:
    script = "#!/bin/sh\nexport QUEUE='https://sqs/q'\nexport EMPTY=''\nrm -rf /\nexport LATE=$(date)\n"
    assert list_exported(clients(script), "shop") == {"QUEUE": "https://sqs/q", "EMPTY": ""}
    with pytest.raises(LookupError, match="s3://shop-dags/startup.sh: is named by shop and not there"):
        list_exported(clients(None), "shop")


SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENDED = {"success": "2026-11-24T12:00:05Z", "failed": "2026-11-24T12:00:05Z", "before": "2026-11-24T11:59:55Z"}


class Answering:
    """Answers with the states that runs have at each look, the last for ever."""

    def __init__(self, *looks: tuple[str, ...] | Exception) -> None:
        self.looks = list(looks)
        self.asked: list[str] = []

    def get(self, path: str, _query: Mapping[str, str]) -> Any:
        self.asked.append(path)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return {"dag_runs": [{"state": state, "end_date": ENDED.get(state)} for state in look]}


def test_slots_are_watched_once_the_first_runs_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "_LOOK_EVERY", 0.001)
    airflow = Answering(("running",), ("success", "queued"), ("success", "success"))
    observing.await_rest(airflow, ["news"])
    assert airflow.asked == ["/dags/news/dagRuns"] * 3


@pytest.mark.parametrize("end", ["success", "failed"])
def test_other_layers_compute_once_a_run_of_each_dag_has_ended(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "_LOOK_EVERY", 0.001)
    airflow = Answering(("before",), ("before", "running"), ("before", end))
    observing.await_first_runs(airflow, ["news"], SINCE)
    assert airflow.asked == ["/dags/news/dagRuns"] * 3


AWAITED = (observing.await_rest, partial(observing.await_first_runs, since=SINCE))


@pytest.mark.parametrize("wait", AWAITED)
@pytest.mark.parametrize("look", [Absent("no such DAG"), Unreadable("no answer")])
def test_who_can_not_be_asked_is_not_waited_for(wait: Callable[..., None], look: Exception) -> None:
    airflow = Answering(look)
    wait(airflow, ["news", "other"])
    assert airflow.asked == ["/dags/news/dagRuns", "/dags/other/dagRuns"]


@pytest.mark.parametrize("wait", AWAITED)
def test_a_run_that_does_not_end_is_not_waited_for_longer(
    wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "_LOOK_EVERY", 0.001)
    monkeypatch.setattr(observing, "_WARM_UP", 0.05)
    airflow = Answering(("running",))
    wait(airflow, ["news"])
    assert len(airflow.asked) > 1
