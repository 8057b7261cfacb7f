"""The report's parts on watched deployments, drills, DAGs and loads."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from math import dist
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from prodgate.airflow.history import observe_history
from prodgate.criteria import Criterion
from prodgate.dags import cron
from prodgate.dags.declared import DeclaredDag, Schedule, Spell
from prodgate.dags.ledger import Row, SlotState
from prodgate.evidence.artifacts import load_json, store, store_json
from prodgate.evidence.runs import Run
from prodgate.facts.dags.slots import SlotHistory
from prodgate.findings import Outcome
from prodgate.layers.attested.facts import RECORD
from prodgate.layers.dags.facts import DECLARED, HISTORY, dag_to_json, facts_of, spells_to_json
from prodgate.layers.e2e.facts import JOURNEYS, VISITS
from prodgate.layers.goals import OVERVIEW
from prodgate.layers.rollout.kinds import DRILL, WATCH
from prodgate.quantities import Quantity
from prodgate.report import dags
from prodgate.report.browser import browser_part
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.dags import (
    MARKS,
    Calendar,
    Cell,
    Clock,
    DagBlock,
    Reliability,
    arrange_calendar,
    dag_blocks,
    dags_part,
    find_deciding_criterion,
    reliability,
    render_delay,
    render_duration,
)
from prodgate.report.drawing import SIDE, Chart, Counts, Latencies, Percentiles, Words, count_text, latency_text
from prodgate.report.html import record_rows, render_html
from prodgate.report.load import (
    Column,
    Distribution,
    LoadBlock,
    columns,
    distribution,
    failures,
    histogram_chart,
    load_blocks,
    percentile_chart,
    timeline_chart,
)
from prodgate.report.permissions import MOST_ROWS, permission_parts
from prodgate.report.rollout import rollout_part
from tests.suites.rollout import evidence

from ..airflow.fake import NOW, Asking, Fake, Reply, a_dag, a_run, a_task, an_event, components, written
from ..facts.e2e.browser_records import journey, journeys, unreachable, visit, visits
from .samples import PLAN, criterion, fact, finding, run, showcase
from .test_summary import HOSTILE, Page


def deployed(directory: Path, *records: tuple[str, Mapping[str, Any]]) -> Run:
    facts = tuple(fact(kind, "green", store_json(directory, record), "rollout") for kind, record in records)
    found = [finding("c", "satisfied", layer="rollout")]
    made = run([criterion("c", layers=("rollout",))], found, facts=facts, rehearsal=True)
    return replace(made, path=directory)


def troubled(directory: Path) -> Run:
    """Return a run with a deployment that lost requests, a watch without any, and a drill that went wrong."""
    lost = evidence.watch(evidence.good_samples())
    lost["stream"]["seconds"][20]["failed"] = {"HTTP 503": 3}
    lost["speed"] = 180
    silent = {
        **evidence.watch([]),
        "stream": None,
        "silent": "nobody allowed load",
        "ended": None,
        "why": "it was cut off",
    }
    drill = evidence.drill()
    drill["tried"][0] = {**drill["tried"][0], "watch": evidence.watch(evidence.good_samples())}
    return deployed(directory, (WATCH, lost), (WATCH, silent), (DRILL, drill))


@pytest.mark.parametrize("language", FILES)
def test_says_stages_weights_requests_and_drills(tmp_path: Path, language: str) -> None:
    made = troubled(tmp_path)
    text = render_html(made, made.verdict(), language=language)
    told = Page(text[text.index('<h2 id="rollout">') :].partition("</section>")[0]).text
    for said in ("+4.0 s", "running AllowTraffic", "succeeded", "rolled back", "3 HTTP 503", "nobody allowed load"):
        assert said in told
    assert ("build never-healthy" if language == "en" else "ビルド never-healthy") in told
    assert Catalogue(language).say("it was cut off") in told
    assert ("clocks ran 180 times" if language == "en" else "180 倍") in told
    assert ("none failed." if language == "en" else "失敗はない。") in told


def test_a_row_for_each_look_at_which_something_had_changed(tmp_path: Path) -> None:
    (watched,) = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.good_samples() * 1)))).watched
    assert [stage.after for stage in watched.stages] == [
        "0.0 s",
        "4.0 s",
        "10.0 s",
        f"{evidence.MOVED:.1f} s",
        "24.0 s",
        f"{evidence.ENDED:.1f} s",
    ]
    name, state, weights, healthy = watched.stages[3].services[0]
    assert (state, weights) == ("running AllowTraffic", f"shop-{name}-b 90 %, shop-{name}-g 10 %")
    assert "2/2" in healthy


def test_draws_the_share_that_new_targets_got(tmp_path: Path) -> None:
    chart = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.good_samples())))).watched[0].chart
    assert len(chart.panels) == len(evidence.SERVICES)
    drawn = dict(chart.panels[0].shapes)["line"]
    assert drawn.startswith("M0 1000")
    assert [drawn.count(f"V{y}") for y in (1000, 900, 0)] == [2, 1, 3]
    back = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.bad_samples(away=False)))))
    assert back.watched[0].chart is None, "nothing moved"


def test_a_drill_that_did_not_end_as_it_had_to_is_marked(tmp_path: Path) -> None:
    part = rollout_part(troubled(tmp_path))
    assert [bool(each.flaws) for each in part.drilled] == [True, False, False, False]
    assert not any(each.flaws for each in rollout_part(deployed(tmp_path, (DRILL, evidence.drill()))).drilled)


@pytest.mark.parametrize("damage", [{"format": "old"}, {"routes": None}, {"samples": [{}]}])
def test_a_record_that_can_not_be_read_says_why(tmp_path: Path, damage: dict[str, Any]) -> None:
    made = deployed(tmp_path, (WATCH, {**evidence.watch(evidence.good_samples()), **damage}))
    assert rollout_part(made).watched[0].problem
    assert render_html(made, made.verdict())


def test_a_run_without_a_rollout_has_no_such_part() -> None:
    assert rollout_part(run([criterion("c")], [])) is None


# ── Records

DIGEST = "ab" * 32


def text(criterion: str, *, rehearsal: bool = False, statement: str = "Three sections were followed.") -> str:
    when, until = ('"rehearsal"', '"rehearsal"') if rehearsal else ("2026-11-20T09:30:00Z", "2027-11-20T09:30:00Z")
    return (
        f'rehearsal = {str(rehearsal).lower()}\ncriterion = "{criterion}"\nstatement = "{statement}"\nwhen = {when}\n'
        f'valid_until = {until}\nlinks = ["https://example.com/17"]\n[by]\nname = "Ana Souza"\nrole = "SRE"\n'
        f'[second]\nname = "Ken Ito"\nrole = "DBA"\n[[documents]]\npath = "docs/runbook.md"\nsha256 = "{DIGEST}"\n'
    )


def recorded(directory: Path, records: dict[str, str]) -> Run:
    facts = []
    for id_, body in records.items():
        value: dict[str, Any] = {
            "file": f"attestations/{id_}.toml", "criterion": id_, "text": body, "documents": [], "runs": [],
            "rehearsal": True, "asked": "2026-11-24T13:00:00+00:00",
        }  # fmt: skip
        facts.append(fact(RECORD, value["file"], store_json(directory, value), "attested"))
    stated = [criterion(id_, layers=("attested",)) for id_ in ("runbook", "cost-audit", "restore-record")]
    found = [finding(each.id, "satisfied", layer="attested", check=f"attested-{each.id}") for each in stated]
    return replace(run(stated, found, facts=tuple(facts), layers=("attested",), rehearsal=True), path=directory)


def of_all_kinds(directory: Path) -> Run:
    return recorded(
        directory,
        {
            "cost-audit": text("cost-audit", rehearsal=True),
            "runbook": text("runbook"),
            "restore-record": "criterion = 3",
        },
    )


def part(page: str) -> str:
    return re.search('<section aria-labelledby="records">.*?</section>', page, re.DOTALL)[0]


def shown(made: Run, language: str = "en") -> str:
    return " ".join(Page(part(render_html(made, made.verdict(), language=language))).text.split())


def test_each_record_says_who_when_and_what(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    for each in (
        "Ana Souza (SRE)",
        "Ken Ito (DBA)",
        "2026-11-20 09:30:00 UTC",
        "valid until 2027-11-20 09:30:00 UTC",
        "docs/runbook.md",
        f"SHA-256 {DIGEST[:12]}",
        "https://example.com/17",
    ):
        assert each in said
    assert said.count("unsigned") == 2
    assert "No record is signed" in said


def test_a_record_for_rehearsals_is_marked(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    assert said.count("made for rehearsals; never counts on a real account") == 1
    assert said.count("as old as the rehearsal that reads it") == 1


def test_a_record_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    assert "It can't be used: attestations/restore-record.toml: criterion: is 3; write the id of a criterion" in said
    assert "attestations/restore-record.toml: statement: is missing" in said


@pytest.mark.parametrize("language", FILES)
def test_every_language_shows_every_record(tmp_path: Path, language: str) -> None:
    said = shown(of_all_kinds(tmp_path), language)
    assert all(id_ in said for id_ in ("runbook", "cost-audit", "restore-record"))


def test_records_stand_in_the_order_of_the_criteria_and_strays_are_left_out(tmp_path: Path) -> None:
    made = recorded(tmp_path, {id_: text(id_) for id_ in ("restore-record", "stray", "runbook")})
    assert [(row.criterion, row.outcome) for row in record_rows(made, made.verdict())] == [
        ("runbook", Outcome.SATISFIED), ("restore-record", Outcome.SATISFIED)
    ]  # fmt: skip


def test_evidence_that_is_gone_is_said(tmp_path: Path) -> None:
    made = recorded(tmp_path, {"runbook": text("runbook")})
    for path in (tmp_path / "evidence").iterdir():
        path.unlink()
    assert "is missing" in record_rows(made, made.verdict())[0].problem


def test_what_somebody_writes_stays_text(tmp_path: Path) -> None:
    made = recorded(tmp_path, {"runbook": text("runbook", statement="<script>alert(1)</script> & <b>bold</b>")})
    page = part(render_html(made, made.verdict()))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_contents_lead_there(tmp_path: Path) -> None:
    made = of_all_kinds(tmp_path)
    assert '<a href="#records">What people say</a>' in render_html(made, made.verdict())


def test_a_run_without_records_has_no_such_part() -> None:
    made = showcase()
    assert record_rows(made, made.verdict()) == ()
    assert '"records"' not in render_html(made, made.verdict())
    assert "#records" not in render_html(made, made.verdict())


# ── Who can become whom

HOSTILE_NAME = '<script>alert(1)</script>"&\u202e' + "x" * 300


def arn(name: object) -> str:
    return f"arn:aws:iam::111122223333:role/{name}" if name != "" else ""


def hop(source: object, target: object = "", *reasons: str, how: str = "assume it") -> dict[str, Any]:
    return {
        "from": arn(source),
        "to": arn(target),
        "how": how,
        "by": ["roles.tf:3 aws_iam_role.x Assume"],
        "reasons": list(reasons),
    }


def kept(
    directory: Path, states: Mapping[str, str], hops: Sequence[Mapping[str, Any]], layer: str = "static", **others: Any
) -> Run:
    """Return a run that kept the principals of an account, each with whether it reaches all rights."""
    principals = [
        {"arn": arn(name), "name": name, "place": "", "administrator": one, "reasons": []}
        for name, one in states.items()
    ]
    value = {"principals": principals, "hops": list(hops), "left_out": 0, "world": WORLD, **others}
    stored = fact(OVERVIEW, "principals", store_json(directory, value), layer)
    return replace(
        run([criterion("a")], [finding("a", "satisfied")], facts=(stored,), layers=("static",)), path=directory
    )


WORLD = {"actions_as_of": "0.1", "keys_known": [], "keys_of_any_value": ["aws:sourceip"], "ways": 63}
CHAIN = {"deploy": "yes", "ci": "yes", "backup": "undetermined", "web": "no"}
HOPS = [
    hop("deploy", how="write an inline policy of deploy"),
    hop("ci", "deploy"),
    hop("backup", "", "it is not understood"),
    hop("web", "other"),
]


def of_each_kind(directory: Path) -> tuple[Run, ...]:
    many = [*HOPS, *(hop(number, "web") for number in range(MOST_ROWS))]
    gone = replace(kept(directory, CHAIN, HOPS), facts=(fact(OVERVIEW, "principals", "0" * 64),))
    return (kept(directory, CHAIN, many), kept(directory, {"web": "no"}, [], "live"), gone)


def test_the_contents_name_every_section(tmp_path: Path) -> None:
    made = kept(tmp_path, CHAIN, HOPS)
    page = render_html(made, made.verdict())
    contents = page.partition("<nav")[2].partition("</nav>")[0]
    sections = re.findall(r'<h2 id="([\w-]+)"', page.partition("</nav>")[2])
    assert "permissions" in sections
    assert re.findall(r'href="#([\w-]+)"', contents) == sections


def test_principals_stand_by_how_far_they_are_from_all_rights(tmp_path: Path) -> None:
    (part,) = permission_parts(kept(tmp_path, CHAIN, HOPS))
    assert (part.counts["yes"], part.counts["undetermined"], part.counts["no"]) == (2, 1, 1)
    assert (part.names["yes"], part.names["undetermined"]) == (("deploy", "ci"), ("backup",))
    places = {box.name: box.x for box in part.drawing.boxes}
    assert places["ci"] < places["deploy"] == places["backup"] < places[""]
    states = {box.name: box.state for box in part.drawing.boxes}
    assert (states[""], states["ci"], states["backup"], states["web"]) == ("administrator", "yes", "undetermined", "no")
    assert [line.kind for line in part.drawing.lines] == ["leads", "leads", "unsure", "sure"]
    assert [line.number for line in part.drawing.lines] == [row.number for row in part.rows] == [1, 2, 3, 4]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_says_the_same_as_a_table_and_escapes_names(tmp_path: Path, language: str) -> None:
    at = kept(tmp_path, {**CHAIN, HOSTILE_NAME: "yes"}, [*HOPS, hop(HOSTILE_NAME, "deploy", how=HOSTILE_NAME)])
    page = render_html(at, at.verdict(), language=language)
    section = page[page.index('<section aria-labelledby="permissions"') :].partition("</section>")[0]
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in section
    picture = ElementTree.fromstring(re.search(r"<svg.*?</svg>", section, re.DOTALL)[0])
    assert picture.get("role") == "img"
    assert [one.tag for one in list(picture)[:2]] == ["title", "desc"]
    assert len(picture.findall("path")) == section.count('<tr><th scope="row">') == 5
    assert max(len(one.text or "") for one in picture.iter("text")) <= 24
    assert ("write an inline policy of deploy" in section) is (language == "en")
    said = {"en": "AWS has as of 0.1; whatever aws:sourceip may be", "ja": "aws:sourceip の値によらない"}
    assert said[language] in section


def test_a_drawing_stays_small_however_many_principals_there_are(tmp_path: Path) -> None:
    many = [hop(number, number % 7) for number in range(7, 3_000)]
    at = kept(tmp_path, {str(number): "no" for number in range(3_000)}, [hop("0"), *many], left_out=4)
    (part,) = permission_parts(at)
    assert part.drawing is not None
    assert (len(part.rows), part.more) == (MOST_ROWS, 2_994 - MOST_ROWS + 4)
    assert part.drawing.width <= 1_072
    assert part.drawing.height <= 1_400
    assert len(render_html(at, at.verdict())) < 100_000
    shown = [(line.x, line.y) for line in part.drawing.lines]
    apart = [dist(one, other) >= 22 for one, other in combinations(shown, 2)]
    assert sum(apart) >= 0.97 * len(apart)


def test_the_account_as_it_is_comes_before_what_is_declared_and_the_latest_counts(tmp_path: Path) -> None:
    declared, live = kept(tmp_path, {"a": "no"}, []), kept(tmp_path, {"b": "yes"}, [hop("b")], "live")
    older = kept(tmp_path, {"c": "no"}, [], "live")
    (part,) = permission_parts(replace(declared, facts=(*declared.facts, *older.facts, *live.facts)))
    assert (part.layer, part.names["yes"]) == ("live", ("b",))
    assert permission_parts(run([criterion("a")], [])) == ()


def test_each_account_of_a_run_over_several_has_its_own(tmp_path: Path) -> None:
    first, second = kept(tmp_path, {"a": "no"}, [hop("a", "b")], "live"), kept(tmp_path, {"b": "yes"}, [], "live")
    facts = ({**first.facts[0], "cell": "111122223333"}, {**second.facts[0], "cell": "444455556666"})
    at = replace(first, facts=facts)
    assert [part.cell for part in permission_parts(at)] == ["111122223333", "444455556666"]
    page = render_html(at, at.verdict())
    assert "444455556666" in page
    assert "No hop from one to another was found" in page


def test_evidence_of_permissions_that_is_gone_is_said(tmp_path: Path) -> None:
    at = replace(kept(tmp_path, CHAIN, HOPS), facts=(fact(OVERVIEW, "principals", "0" * 64),))
    (part,) = permission_parts(at)
    assert part.problem
    assert "The evidence of it can&#39;t be read" in render_html(at, at.verdict())
    (odd,) = permission_parts(replace(at, facts=(fact(OVERVIEW, "principals", store_json(tmp_path, {"hops": 3})),)))
    assert odd.problem


# ── Pages and journeys


def opened(directory: Path, seen: Mapping[str, Any], went: Mapping[str, Any], *judged: tuple[int, str]) -> Run:
    """Return a run with these pages and journeys; ``judged`` are widths and outcomes of the front page."""
    facts = tuple(
        fact(kind, "the shop", store_json(directory, record), "e2e")
        for kind, record in ((VISITS, seen), (JOURNEYS, went))
    )
    found = [
        finding("c", outcome, f"front at {width} px", layer="e2e", evidence=(facts[0]["digest"],))
        for width, outcome in judged
    ]
    return replace(run([criterion("c", layers=("e2e",))], found, facts=facts), path=directory)


def outcomes(made: Run) -> list[str]:
    """Return the report's text on each page."""
    part = browser_part(made, made.verdict())
    return [str(row.outcome) for row in part.pages]


def of_all_sorts(directory: Path) -> Run:
    """Return a run with good, bad and silent pages and journeys."""
    picture, trace = (f"evidence/{store(directory, suffix.encode(), suffix)}{suffix}" for suffix in (".png", ".zip"))
    bad = {
        "violations": [{"id": "label", "help": "Label fields", "first": "<input>", "nodes": 3}],
        "width": 375,
        "needed": 400,
    }
    silent = {**unreachable("connection", "connection refused"), "width": 414}
    failed = {"outcome": "failed", "again": "failed", "why": HOSTILE[0], "evidence": [picture, trace, "../run.json"]}
    return opened(
        directory,
        visits(visit(), visit(**bad, console=[HOSTILE[0]] * 30), silent),
        journeys(
            journey(), journey(name=HOSTILE[1], **failed), journey(outcome="", name="Somebody leaves.", seconds=0)
        ),
        (1280, "satisfied"),
        (375, "not-satisfied"),
        (414, "undetermined"),
    )


@pytest.mark.parametrize("language", FILES)
def test_says_how_each_page_and_journey_was(tmp_path: Path, language: str) -> None:
    made = of_all_sorts(tmp_path)
    text = render_html(made, made.verdict(), language=language)
    told = Page(text[text.index('<h2 id="browser">') :].partition("</section>")[0]).text
    for each in (
        "the shop , Chromium 156.0.1",
        "front at 1280 px",
        "312.4 ms 0.01234",
        "label: Label fields: <input> and 2 more",
        "+25 px",
        "connection refused",
        "Somebody buys (test_buys)",
    ):
        assert each in told
    assert "flaky" not in told
    marks = {"en": ("satisfied", "not satisfied", "undetermined"), "ja": ("適合", "不適合", "判定不能")}[language]
    assert all(told.count(mark) >= 2 for mark in marks)


def test_links_pictures_and_traces_with_their_digests_and_nothing_else(tmp_path: Path) -> None:
    made = of_all_sorts(tmp_path)
    (files,) = (row.files for row in browser_part(made, made.verdict()).journeys if row.files)
    assert [kind for kind, _, _ in files] == ["png", "zip"]
    page = Page(render_html(made, made.verdict()))
    for _, path, digest in files:
        assert (tmp_path / path).is_file()
        assert path in page.values("href")
        assert digest[:12] in page.text
    assert not any("run.json" in href for href in page.values("href"))


@pytest.mark.parametrize("damage", [{"pages": [{}]}, {"format": 2}, {"pages": None}])
def test_a_record_of_a_browser_that_can_not_be_read_says_why(tmp_path: Path, damage: dict[str, Any]) -> None:
    made = opened(tmp_path, visits(**{"pages": [visit()], **damage}), journeys(journey()))
    part = browser_part(made, made.verdict())
    assert part.problems
    assert [row.subject for row in part.journeys] == ["Somebody buys (test_buys)"]
    assert "A part can't be shown:" in Page(render_html(made, made.verdict())).text


def test_a_page_is_as_good_as_the_worst_that_was_found_of_it(tmp_path: Path) -> None:
    seen = visits(visit(), visit(width=375), visit(width=414))
    found = [(1280, "satisfied"), (1280, "undetermined"), (375, "waived"), (375, "satisfied")]
    assert outcomes(opened(tmp_path, seen, journeys(), *found)) == ["undetermined", "waived", "undetermined"]


def test_a_finding_about_another_record_says_nothing_of_a_page(tmp_path: Path) -> None:
    made = opened(tmp_path, visits(visit()), journeys(), (1280, "satisfied"))
    other = replace(made, findings=tuple(replace(each, evidence=("0" * 64,)) for each in made.findings))
    assert (outcomes(made), outcomes(other)) == (["satisfied"], ["undetermined"])


def test_a_page_whose_errors_may_be_the_doing_of_the_gate_says_so(tmp_path: Path) -> None:
    disturbed = visit(refused=["POST /beacon"], console=["Failed to load /beacon"])
    made = opened(tmp_path, visits(disturbed), journeys())
    assert outcomes(made) == ["undetermined"]
    assert "the gate refused POST /beacon" in Page(render_html(made, made.verdict())).text


def test_a_run_without_a_browser_has_no_such_part() -> None:
    made = run([criterion("c")], [])
    assert browser_part(made, made.verdict()) is None


# ── DAGs in the report: slots, the calendar, rates and times, from runs made by hand whose Airflow is a small fake

# ── Runs

SampleRow = dict[str, Any]

#: The results of a slot's run and its task; None for a slot without a run.
Change = Callable[[SampleRow, SampleRow], tuple[SampleRow, SampleRow] | None]

SIX_HOURS, DAILY, SECONDS = "0 */6 * * *", "0 2 * * *", "* * * * * */15"


def dag(name: str = "news", cron: str = SIX_HOURS, *, zone: str = "Asia/Tokyo", **durations: timedelta) -> DeclaredDag:
    given = {"window": timedelta(days=30), "grace": timedelta(minutes=30), "limit": timedelta(hours=2), **durations}
    return DeclaredDag(dag_id=name, schedule=Schedule(cron=cron, timezone=zone), **given)


def as_it_is(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    """On time."""
    return run, task


def missed(_run: SampleRow, _task: SampleRow) -> None:
    """No run."""


def failed(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    return run | {"state": "failed"}, task | {"state": "failed", "try_number": 3}


def late(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    return run | {"end_date": written(datetime.fromisoformat(run["run_after"]) + timedelta(hours=1))}, task


def retried(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    return run, task | {"try_number": 2}


def open_(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    """Still running; stuck when it began long ago."""
    return run | {"state": "running", "end_date": None}, task | {"state": "running", "end_date": None}


def backfilled(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    return run | {"run_type": "backfill", "dag_run_id": f"backfill__{run['run_after']}"}, task


def taken_over(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    """Repeated by a backfill that keeps the scheduled run's id, so that nobody knows how it had ended."""
    return run | {"run_type": "backfill"}, task


def by_hand(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    return run | {"run_type": "manual", "dag_run_id": f"manual__{run['run_after']}"}, task


def off_schedule(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow]:
    """For seven minutes after the hour, which is no slot."""
    return run | {"run_after": run["run_after"].replace(":00:00", ":07:00")}, task


def named(run_id: str, change: Change = as_it_is) -> Change:
    """Return the change with another id for the run."""

    def changed(run: SampleRow, task: SampleRow) -> tuple[SampleRow, SampleRow] | None:
        found = change(run, task)
        return found and ({**found[0], "dag_run_id": run_id}, found[1])

    return changed


def airflow(dags: Mapping[DeclaredDag, Mapping[int, Change]]) -> Fake:
    """Return an Airflow that ran each DAG in each of its slots, except for changes by the number of the slot."""
    runs, tasks = [], []
    for each, changes in dags.items():
        for number, slot in enumerate(cron.list_slots(each.schedule, NOW - each.window, NOW)):
            made = a_run(each.dag_id, f"scheduled__{slot.isoformat()}", slot, ended=slot + timedelta(seconds=9))
            found = changes.get(number, as_it_is)(made, a_task(made, "collect"))
            if found is not None:
                runs.append(found[0])
                tasks.append(found[1] | {"dag_run_id": found[0]["dag_run_id"]})
    served = {each.dag_id: a_dag(each.dag_id, timetable_summary=each.schedule.cron) for each in dags}
    began = [an_event(1, "cli_scheduler", NOW - timedelta(days=90), None)]
    return Fake(dags=served, runs=runs, tasks=tasks, events=began, health=components())


def declared(dags: Iterable[DeclaredDag]) -> dict[str, Any]:
    """Return the layer's record of the declared DAGs."""
    tables = {each.dag_id: dag_to_json(each) for each in dags}
    return {
        "place": "Airflow", "version": "3.0.6", "dags": tables, "files": {}, "collecting": [], "acknowledged": [],
    }  # fmt: skip


def success_rate(id_: str = "dag-success-rate", **fields: Any) -> Criterion:
    given = {"layers": ("dags",), "needs_production": id_ == "dag-success-rate", "window": Quantity.parse("30 d")}
    return criterion(id_, require="> 99 %", **{**given, **fields})


def scheduled(
    directory: Path,
    dags: Mapping[DeclaredDag, Mapping[int, Change]],
    *,
    criteria: Iterable[Criterion] = (success_rate(), success_rate("dag-success-rate-rehearsed")),
    fake: Fake | None = None,
    spells: Sequence[Spell] = (),
    **about: Any,
) -> Run:
    """Return a run whose evidence holds the history of these DAGs."""
    since = NOW - max((each.window for each in dags), default=timedelta(days=1))
    answers = observe_history(Asking(fake or airflow(dags)), [each.dag_id for each in dags], since=since, now=NOW)
    kept = {DECLARED: declared(dags) | {"spells": spells_to_json(spells)}, HISTORY: {"place": "Airflow", **answers}}
    facts = [fact(kind, "Airflow", store_json(directory, value), "dags") for kind, value in kept.items()]
    stated = list(criteria)
    found = [finding(each.id, "satisfied", "news", layer="dags", check="slots", evidence=()) for each in stated]
    return replace(run(stated, found, facts=tuple(facts), layers=("dags",), **about), path=directory)


def troubled_dags() -> dict[DeclaredDag, dict[int, Change]]:
    """Return DAGs of each kind of calendar, with a slot in every state."""
    states: dict[int, Change] = {
        3: failed, 20: missed, 21: missed, 40: late, 41: retried, 60: backfilled, 61: by_hand, 80: open_, 119: open_,
    }  # fmt: skip
    return {
        dag(): {**states, 100: named("scheduled by another name", failed)},
        dag("cleanup", DAILY): {5: failed, 9: retried},
        dag("eight", "0 */3 * * *", window=timedelta(days=3)): {5: late},
        dag("hourly", "0 * * * *", window=timedelta(days=4)): {50: failed, 52: retried},
        dag("fast", SECONDS, window=timedelta(seconds=200), grace=timedelta(seconds=40)): {4: missed, 12: missed},
        dag("minutes", "*/5 * * * *", window=timedelta(hours=5)): {7: late},
    }


def rarer(directory: Path) -> tuple[Run, ...]:
    """Return runs with features that successful DAGs never show."""
    few = dag(window=timedelta(days=1))
    return (
        scheduled(directory, {dag(): dict.fromkeys(range(60), failed)}, criteria=()),
        scheduled(directory, {few: {1: off_schedule}}, criteria=[success_rate(decides="bound")]),
        scheduled(directory, {few: {1: taken_over}}),
        scheduled(
            directory,
            {few: {}},
            spells=[Spell(begin=NOW - timedelta(hours=9), end=NOW - timedelta(hours=8), reason="paused")],
        ),
        scheduled(directory, {}),
        replace(scheduled(directory, {}), facts=(), unreadable=({"layer": "dags", "kind": HISTORY, "reason": "403"},)),
    )


# ── The part of the report

WORDS = Catalogue("en").text


def part_on_dags(page: str) -> str:
    return re.search('<section aria-labelledby="dags">.*?</section>', page, re.DOTALL)[0]


def dags_shown(run: Run, language: str = "en") -> Page:
    return Page(part_on_dags(render_html(run, run.verdict(), language=language)))


def block(directory: Path, changes: dict[int, Change], declared: DeclaredDag | None = None) -> DagBlock:
    (one,) = dags_part(scheduled(directory, {declared or dag(): changes}), WORDS).blocks
    return one


@pytest.mark.parametrize("part", ["dags", "load"])
def test_a_run_without_dags_or_load_says_nothing_of_them(part: str) -> None:
    page = render_html(showcase(), showcase().verdict())
    assert f'id="{part}"' not in page
    assert f"#{part}" not in page


def test_every_slot_has_its_mark_with_a_title(tmp_path: Path) -> None:
    page = dags_shown(scheduled(tmp_path, {dag(): {3: failed, 20: missed}}))
    cells = [attrs for tag, attrs in page.tags if tag == "td" and "title" in attrs]
    assert len(cells) == 120
    assert [attrs["class"] for attrs in cells if "class" in attrs] == ["failed", "missed"]
    assert cells[3]["title"] == "18:00 JST, 09:00 UTC: failed, collect is failed"


def test_states_are_told_by_marks_with_words_and_counted(tmp_path: Path) -> None:
    text = dags_shown(scheduled(tmp_path, troubled_dags())).text
    assert "✓ on time 110 L late 1 R retried 1 × failed 2 – missed 2 ! stuck 2 B by backfill 1 M by hand 1" in text
    assert re.search("✓ on time 11 .* … running 0 · pending 2", text)


def test_says_schedule_clock_and_what_was_observed(tmp_path: Path) -> None:
    text = dags_shown(scheduled(tmp_path, {dag(): {}})).text
    for said in (
        "0 */6 * * * by the clock of Asia/Tokyo",
        "2026-10-27 21:00 JST, 2026-10-27 12:00 UTC – 2026-11-26 21:00 JST, 2026-11-26 12:00 UTC",
        "of a window of 30 d; 30 min to succeed on time, stuck after 2 h",
        "Slots 120",
    ):
        assert said in text


def test_slots_that_did_not_succeed_are_told_in_words_the_latest_first(tmp_path: Path) -> None:
    text = dags_shown(scheduled(tmp_path, {dag(): {3: failed, 20: missed, 30: by_hand, 50: retried}})).text
    told = text.split("Slots that did not succeed State Runs")[1]
    assert re.search(
        r"2026-11-04 12:00 JST 2026-11-04 03:00 UTC M by hand: no scheduled run; a manual run covers it manual__.*"
        r"2026-11-02 00:00 JST 2026-11-01 15:00 UTC – missed: no scheduled run – "
        r"2026-10-28 18:00 JST 2026-10-28 09:00 UTC × failed: collect is failed scheduled__2026-10-28T09:00:00\+00:00",
        told,
    )
    assert "retried" not in told


def test_slots_that_are_not_settled_have_not_failed(tmp_path: Path) -> None:
    found = block(tmp_path, {2: failed, 3: open_}, dag(window=timedelta(days=1), limit=timedelta(hours=4)))
    assert {state: n for state, _, n in found.counts if n} == {"on_time": 2, "failed": 1, "running": 1}
    assert [each.state for each in found.troubles] == ["failed"]


def test_at_most_fifty_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = block(tmp_path, dict.fromkeys(range(60), failed))
    assert (len(found.troubles), found.more_troubles) == (50, 10)
    assert found.troubles[0].slot[0] == "2026-11-11 18:00 JST"
    made = scheduled(tmp_path, {dag(): dict.fromkeys(range(60), failed)})
    page = dags_shown(made)
    assert "and 10 earlier ones; the calendar marks them as far as it goes" in page.text
    whole = Page(render_html(made, made.verdict()))
    assert {link.removeprefix("#") for link in page.values("href")} <= set(whole.values("id"))
    assert block(tmp_path, dict.fromkeys(range(50), failed)).more_troubles == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "decides by its share: > 99 % dag-success-rate"),
        ({"decides": "bound"}, "decides by its whole range: > 99 % dag-success-rate"),
    ],
)
def test_says_which_rate_decides_and_how(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    text = dags_shown(scheduled(tmp_path, {dag(): {3: failed}}, criteria=[success_rate(**fields)])).text
    for each in (
        f"Slots {said} 99.17 % 119 / 120 96.1–99.96 %",
        "Runs 99.17 % 119 / 120",
        "1 of the 120 slots of a whole window may go wrong; 1 did: 0 left.",
        "What would settle it 353 more slots, all of them good, would settle it, 89 d at this schedule",
    ):
        assert each in text


def test_a_rehearsal_is_judged_by_the_criterion_of_rehearsals(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {}}, rehearsal=True)
    assert "> 99 % dag-success-rate-rehearsed" in dags_shown(made).text


def test_without_a_criterion_nothing_decides(tmp_path: Path) -> None:
    text = dags_shown(scheduled(tmp_path, {dag(): {3: failed, 4: failed}}, criteria=())).text
    assert "No criterion of this run limits these rates." in text
    assert "decides" not in text
    assert "Error budget" not in text


def test_runs_of_another_schedule_are_counted(tmp_path: Path) -> None:
    assert block(tmp_path, {3: off_schedule, 4: off_schedule}).extra == 2
    made = scheduled(tmp_path, {dag(): {3: off_schedule}})
    assert "Slots 120; 1 more scheduled run is for no slot of this schedule" in dags_shown(made).text


def test_dags_have_anchors_of_their_own_and_are_in_the_contents(tmp_path: Path) -> None:
    made = scheduled(tmp_path, troubled_dags())
    whole = Page(render_html(made, made.verdict()))
    assert [id_ for id_ in whole.values("id") if id_.startswith("dag")] == ["dags", *(f"dag-{n}" for n in range(1, 7))]
    assert "#dags" in whole.values("href")


def test_says_why_slots_cannot_be_shown(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {}})
    unread = replace(made, facts=(), unreadable=({"layer": "dags", "kind": "airflow", "reason": "403 Forbidden"},))
    assert "The slots can't be shown: 403 Forbidden" in dags_shown(unread).text
    gone = replace(made, facts=tuple({**each, "digest": "0" * 64} for each in made.facts))
    assert "is missing" in dags_shown(gone).text
    refused = airflow({dag(): {}})
    refused.fault = lambda path, _query, reply: Reply(403, {"detail": "no"}) if path.endswith("dagRuns") else reply
    closed = scheduled(tmp_path, {dag(): {}}, fake=refused)
    assert "The slots can't be shown: GET /dags/news/dagRuns: 403" in dags_shown(closed).text
    placeless = replace(made, facts=_without_place(tmp_path, made))
    assert "The slots can't be shown: it lacks 'place'" in dags_shown(placeless).text


def _without_place(directory: Path, made: Run) -> tuple[dict[str, str], ...]:
    kept = [({**each}, load_json(directory, each["digest"])) for each in made.facts]
    for each, value in kept:
        each["digest"] = store_json(
            directory, {key: part_on_dags for key, part_on_dags in value.items() if key != "place"}
        )
    return tuple(each for each, _ in kept)


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_texts_stay_text(tmp_path: Path, bad: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    two_days = dag(window=timedelta(days=2))
    made = scheduled(tmp_path, {two_days: {3: named(bad, failed), 4: named(bad + "2", by_hand)}})

    def renamed(histories: Iterable[SlotHistory], criterion: Criterion | None, words: Words) -> tuple[DagBlock, ...]:
        return dag_blocks([replace(each, subject=bad) for each in histories], criterion, words)

    monkeypatch.setattr(dags, "dag_blocks", renamed)
    page = part_on_dags(render_html(made, made.verdict(), language=language))
    found = Page(page)
    assert not {tag for tag, _ in found.tags} & {"script", "img", "iframe"}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name == "style"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)
    assert all(link.startswith("#") for link in found.values("href"))
    if len(bad) < 100 and bad.isascii() and bad.isprintable():
        assert found.text.count(bad) == 3
        assert len([title for title in found.values("title") if bad in title]) == 2


def test_ten_dags_of_a_month_take_a_hundred_kilobytes(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(f"dag_of_team_{number}"): {} for number in range(10)})
    for language in FILES:
        assert len(part_on_dags(render_html(made, made.verdict(), language=language)).encode()) <= 100_000


def test_the_same_dags_give_the_same_bytes(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {3: failed}, dag("cleanup", DAILY): {}})
    assert len({render_html(made, made.verdict()) for _ in range(2)}) == 1


# ── The calendar

CALENDAR_NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def arranged(
    schedule: str,
    time: timedelta,
    *,
    zone: str = "Asia/Tokyo",
    until: datetime = CALENDAR_NOW,
    rows: Sequence[Row] = (),
) -> Calendar:
    declared = dag(cron=schedule, zone=zone)
    found = rows or [
        Row(slot=slot, state=SlotState.ON_TIME) for slot in cron.list_slots(declared.schedule, until - time, until)
    ]
    return arrange_calendar(declared, found, Clock(ZoneInfo(zone)), Catalogue("en").text)


def one(**fields: Any) -> Cell:
    row = Row(**{"slot": datetime(2026, 11, 23, 21, tzinfo=UTC), "state": SlotState.ON_TIME, **fields})
    (cell,) = filter(None, arranged(SIX_HOURS, timedelta(), rows=[row]).lines[0][1])
    return cell


def test_every_state_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(SlotState)
    assert len(set(MARKS.values())) == len(SlotState)
    assert all(one(state=state).mark == mark for state, mark in MARKS.items())


@pytest.mark.parametrize(
    ("schedule", "days", "heads", "lines", "last", "shown"),
    [
        (
            SIX_HOURS, 3, ("day", ("00:00", "06:00", "12:00", "18:00")),
            {"2026-11-24": 4, "2026-11-25": 4, "2026-11-26": 4}, (0, 1), "06:00 JST, 11-23 21:00 UTC: on time",
        ),
        (
            DAILY, 9, ("week", DAYS),
            {"2026-11-16": 5, "2026-11-23": 4}, (1, 0), "11-23 02:00 JST, 11-22 17:00 UTC: on time",
        ),
    ],
    ids=["four a day in lines of days by the clock of the schedule", "one a day in lines of weeks from Monday on"],
)  # fmt: skip
def test_slots_stand_in_lines(
    schedule: str, days: int, *, heads: tuple[str, Any], lines: dict[str, int], last: tuple[int, int], shown: str
) -> None:
    found = arranged(schedule, timedelta(days=days))
    assert (found.of, found.heads) == heads
    assert {head: [cell is not None for cell in cells].count(True) for head, cells in found.lines} == lines
    assert found.lines[last[0]][1][last[1]] == Cell(SlotState.ON_TIME, shown)


@pytest.mark.parametrize(
    ("schedule", "hours", "line", "heads", "slots"),
    [
        ("0 * * * *", 60, ("day", "2026-11-26"), (), 21),
        ("*/5 * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (), 12),
        ("* * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (), 60),
        ("*/15 * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (":00", ":15", ":30", ":45"), 4),
        (SECONDS, 3, ("minute", "2026-11-26 18:00 JST"), (":00", ":15", ":30", ":45"), 4),
        ("0 9 * * 1", 96, ("week", "2026-11-23"), DAYS, 1),
        ("0,5 2 * * *", 60, ("hour", "2026-11-25 02:00 JST"), (":00", ":05"), 2),
    ],
)
def test_lines_are_as_long_as_the_schedule_is_fast(
    schedule: str, hours: int, line: tuple[str, str], heads: tuple[str, ...], slots: int
) -> None:
    found = arranged(schedule, timedelta(hours=hours))
    of, head = line
    assert (found.of, found.heads) == (of, heads)
    assert len([cell for cell in dict(found.lines)[head] if cell is not None]) == slots


def test_a_single_slot_stands_as_its_schedule_says() -> None:
    row = Row(slot=datetime(2026, 11, 23, 15, tzinfo=UTC), state=SlotState.FAILED)
    assert [arranged(each, timedelta(), rows=[row]).of for each in (SIX_HOURS, SECONDS)] == ["day", "minute"]


def test_no_slot_makes_no_line() -> None:
    assert arranged("0 0 1 1 *", timedelta(days=3)).lines == ()


def test_an_hour_that_comes_twice_has_its_slots_twice() -> None:
    until = datetime(2026, 10, 26, tzinfo=UTC)
    line = dict(arranged("0 * * * *", timedelta(days=2), zone="Europe/Berlin", until=until).lines)["2026-10-25"]
    assert len([cell for cell in line if cell is not None]) == 25
    says = [cell.says for cell in line if cell is not None and cell.says.startswith("02:00 ")]
    assert says == ["02:00 CEST, 00:00 UTC: on time", "02:00 CET, 01:00 UTC: on time"]


def test_a_day_that_clocks_make_shorter_is_no_reason_for_shorter_lines() -> None:
    until = datetime(2026, 4, 2, tzinfo=UTC)
    assert arranged(DAILY, timedelta(days=7), zone="Europe/Berlin", until=until).of == "week"


def test_the_latest_slots_are_drawn_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dags, "MOST_SLOTS", 5)
    found = arranged(SIX_HOURS, timedelta(days=3))
    assert found.left_out == 7
    assert [head for head, _ in found.lines] == ["2026-11-25", "2026-11-26"]
    assert found.lines[-1][1][-1] is not None


def test_a_mark_says_when_what_how_late_by_which_run_and_why() -> None:
    cell = one(
        state=SlotState.FAILED, runs=("odd", "other", "third", "fourth"), words="collect is failed",
        delay=timedelta(seconds=2.14),
    )  # fmt: skip
    assert cell.says == "06:00 JST, 11-23 21:00 UTC: failed, +2.1 s, odd, other, third, collect is failed"


def test_a_run_is_not_named_where_its_id_says_no_more_than_its_slot() -> None:
    assert one(runs=("scheduled__2026-11-23T21:00:00+00:00",)).says == "06:00 JST, 11-23 21:00 UTC: on time"
    assert one(runs=("scheduled__2026-11-23T15:00:00+00:00",)).says.endswith(", scheduled__2026-11-23T15:00:00+00:00")


def test_what_a_mark_says_stays_short_and_visible() -> None:
    says = one(runs=("x" * 5000, "\u202egnp"), words="bell\x07" * 999).says
    assert len(says) < 700
    assert "\\u202egnp" in says
    assert says.isprintable()


@pytest.mark.parametrize(
    ("zone", "readings"),
    [
        ("UTC", ("2026-11-23 21:00 UTC",)),
        ("Asia/Tokyo", ("2026-11-24 06:00 JST", "2026-11-23 21:00 UTC")),
        ("Asia/Dubai", ("2026-11-24 01:00 +04", "2026-11-23 21:00 UTC")),
    ],
)
def test_a_time_is_told_by_both_clocks_unless_they_are_one(zone: str, readings: tuple[str, ...]) -> None:
    assert Clock(ZoneInfo(zone)).readings(datetime(2026, 11, 23, 21, tzinfo=UTC)) == readings


def test_a_time_in_utc_is_told_once() -> None:
    clock = Clock(ZoneInfo("UTC"))
    assert clock.within(datetime(2026, 11, 23, 21, 0, 15, tzinfo=UTC), dated=True) == "11-23 21:00:15 UTC"


@pytest.mark.parametrize(
    ("seconds", "whole", "late"),
    [
        (0.04, "0.04 s", "+0.0 s"),
        (-3, "-3 s", "-3.0 s"),
        (75, "75 s", "+1.2 min"),
        (1800, "30 min", "+30.0 min"),
        (9000, "150 min", "+2.5 h"),
        (30 * 86400, "30 d", "+30.0 d"),
    ],
)
def test_durations_are_exact_or_rough(seconds: float, whole: str, late: str) -> None:
    assert (render_duration(timedelta(seconds=seconds)), render_delay(timedelta(seconds=seconds))) == (whole, late)


# ── Rates

REAL, REHEARSED = success_rate(), success_rate("dag-success-rate-rehearsed")
MIXED: dict[int, Change] = {3: failed, 20: missed, 40: late, 41: retried, 60: by_hand, 119: open_}


def history(directory: Path, changes: dict[int, Change]) -> SlotHistory:
    made = scheduled(directory, {dag("news", SIX_HOURS): changes})
    kept = [(str(each["kind"]), load_json(directory, each["digest"])) for each in made.facts]
    (found,) = facts_of(kept, {}).of(SlotHistory)
    assert isinstance(found, SlotHistory)
    return found


def of(directory: Path, changes: dict[int, Change], judged_by: Criterion | None = REAL) -> Reliability:
    return reliability(history(directory, changes), judged_by)


def test_rates_differ_by_what_they_count(tmp_path: Path) -> None:
    assert [(each.name, each.good, each.total, each.share) for each in of(tmp_path, MIXED).rows] == [
        ("slot", "116", "120", "96.67 %"),
        ("run", "117", "118", "99.15 %"),
        ("first_try", "115", "120", "95.83 %"),
        ("on_time", "115", "120", "95.83 %"),
    ]


def test_only_the_slot_rate_decides_and_only_by_a_criterion(tmp_path: Path) -> None:
    assert [each.name for each in of(tmp_path, {}).rows if each.decides] == ["slot"]
    found = of(tmp_path, {3: failed}, None)
    assert [each for each in found.rows if each.decides] == []
    assert (found.criterion, found.limit, found.budget, found.settles) == ("", "", None, "")
    assert found.rows[0].ends == of(tmp_path, {3: failed}).rows[0].ends


def test_ends_are_exact_and_rounded_outwards(tmp_path: Path) -> None:
    assert of(tmp_path, {}).rows[0].ends == "97.53–100 %"
    assert of(tmp_path, {3: failed}).rows[0].ends == "96.1–99.96 %"


def test_a_wider_interval_comes_with_more_confidence(tmp_path: Path) -> None:
    found = of(tmp_path, {}, success_rate(confidence=Quantity.parse("99 %")))
    assert (found.confidence, found.rows[0].ends) == ("99 %", "96.23–100 %")
    assert of(tmp_path, {}).confidence == "95 %"


def test_the_budget_is_what_the_limit_leaves_of_a_whole_window(tmp_path: Path) -> None:
    budget = of(tmp_path, {3: failed, 20: missed, 40: late}).budget
    assert (budget.slots, budget.allowed, budget.spent, budget.left) == (120, 1, 2, -1)


def test_says_what_would_settle_it(tmp_path: Path) -> None:
    assert of(tmp_path, {}).settles == "179 more slots, all of them good, would settle it, 45 d at this schedule"
    assert of(tmp_path, dict.fromkeys(range(60), failed)).settles == ""


def test_of_nothing_there_is_no_share(tmp_path: Path) -> None:
    found = of(tmp_path, dict.fromkeys(range(120), open_), None)
    assert [(each.total, each.share, each.ends) for each in found.rows if each.name == "run"] == [("0", "", "")]


@pytest.mark.parametrize(
    ("stated", "rehearsal", "judged_by"),
    [
        ([REHEARSED, REAL], False, REAL),
        ([REHEARSED, REAL], True, REHEARSED),
        ([REAL], True, None),
        ([REHEARSED], False, REHEARSED),
        ([criterion("dag-success-rate", require=">= 3"), REHEARSED], False, REHEARSED),
        ([criterion("dag-success-rate")], False, None),
        ([criterion("backup-retention", require="> 99 %")], False, None),
    ],
)
def test_the_criterion_that_can_be_answered_judges(
    stated: list[Criterion], rehearsal: bool, judged_by: Criterion | None
) -> None:
    assert find_deciding_criterion(stated, rehearsal=rehearsal) is judged_by


# ── Load records in the report, from records made by hand: a stall, failures, arrivals that were never sent

# ── Records

SELF_TEST = {
    "ok": True,
    "reason": "",
    "p95": {"told": 0.1213, "truth": 0.121},
    "drops": {"told": 12, "truth": 12},
    "stall": {"told": 0.981, "truth": 1.0},
    "hidden": 0,
}


def record(
    name: str = "steady", *, rate: int = 100, duration: int = 40, stall: int = 0, failing: int = 0, **fields: Any
) -> dict[str, Any]:
    """Return a record of lognormal latencies; ``stall`` is the second that stands still, ``failing`` the one that fails."""
    chance = random.Random(1)
    seconds = [_second(chance, at, rate, at == stall > 0, at == failing > 0) for at in range(duration)]
    sent = sum(sum(each["latency"].values()) + sum(each["failed"].values()) for each in seconds)
    made = {
        "format": 1,
        "profile": {"name": name, "rate": float(rate), "duration": float(duration), "warm_up": 5.0, "timeout": 10.0,
                    "seed": 1, "workers": 0},
        "host": "http://127.0.0.1:8123",
        "addresses": ["127.0.0.1"],
        "started": "2026-11-24T13:00:10.123+00:00",
        "ended": "2026-11-24T13:00:55.2+00:00",
        "complete": True,
        "why": "",
        "stopped_early": False,
        "planned": sent,
        "sent": sent,
        "not_sent": 0,
        "unsent": [],
        "workers": [{"name": "w1", "sent": sent, "lost": False}],
        "requests": [{"name": "GET /stories/[slug]", "cacheable": True, "holds": "'</article>'", "learned": True}],
        "seconds": seconds,
        "failures": [{"class": "HTTP 503", "request": "GET /", "second": failing, "text": "no healthy upstream"}]
        if failing else [],
        "warm_up": {"sent": 500, "failed": 0},
        "other": None,
        "health": {
            "send_lag": {"p50": 0.0004, "p99": 0.0021, "max": 0.0084},
            "loop_lag": {"p50": 0.0002, "p99": 0.0017, "max": 0.0061},
            "cpu": 0.31, "machine_cpu": 0.62, "steal": 0.004, "sick": [], "advice": "",
        },
        "versions": {"locust": "2.47.0", "python": "3.11.7", "geventhttpclient": "2.6.1"},
    }  # fmt: skip
    return {**made, **fields}


def _second(chance: random.Random, at: int, rate: int, stalls: bool, fails: bool) -> dict[str, Any]:
    took = [0.05 * chance.lognormvariate(0, 0.5) for _ in range(rate)]
    if stalls:
        took = [each + 1 - number / rate for number, each in enumerate(took)]
    lost = rate // 4 if fails else 0
    latency = Counter(str(int(each * 10_000) + 1) for each in took[lost:])
    failed = {"HTTP 503": lost} if lost else {}
    return {"second": at, "request": 0, "latency": dict(latency), "failed": failed, "unshareable": {}}


def stored(made: Any, **seen: Any) -> Any:
    """Return a record as the layer stores it, with the other observations of the run."""
    return {"place": "http://127.0.0.1:8123", "record": made, "server": None, "deploys": [], "undeployed": "", **seen}


def loaded(directory: Path, records: Sequence[tuple[str, Any]], *, self_test: Any = SELF_TEST) -> Run:
    facts = [fact("load", f"{name} at the site", store_json(directory, each), "load") for name, each in records]
    if self_test is not None:
        facts.append(fact("load-self-test", "generator", store_json(directory, self_test), "load"))
    stated = [
        criterion("latency-p95", require="< 200 ms", layers=("load",)),
        criterion("surge-served", require="< 200 ms", layers=("load",)),
    ]
    found = [
        finding("latency-p95", "satisfied", "steady", layer="load", check="test_p95", evidence=(facts[0]["digest"],))
    ]
    return replace(run(stated, found, facts=tuple(facts), layers=("load",)), path=directory)


def everything(directory: Path) -> Run:
    sick = {**record()["health"], "sick": ["send lag p99 was 34 ms, at most 20 ms"], "advice": "use more workers"}
    surge = record("surge", rate=400, duration=12, failing=5, health=sick, not_sent=90, planned=4890)
    surge["unsent"] = [{"second": 7, "not_sent": 90}]
    deploy = record("deploy", rate=50, duration=30, complete=False, why="worker 2 was lost")
    deploy["other"] = {**record(rate=20, duration=30), "host": "http://127.0.0.1:8124"}
    begin = datetime.fromisoformat(deploy["started"]).timestamp()
    deploys = [{"build": "green", "started": begin + 3, "ended": begin + 5.2}]
    server = {"statuses": {"200": 1700, "304": 50}, "latency": {"480": 1200, "900": 200}}
    many = record("many", rate=3, duration=2)
    many["seconds"][0]["failed"] = {f"HTTP {number}": 1 for number in range(500, 520)}
    silent = record("silent", rate=0, duration=3)
    for name in ("steady", "surge"):
        page = directory / "logs" / "load" / name / "locust.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("<p>Locust</p>", "utf-8")
    records = [
        ("steady", stored(record(stall=12), server=server)),
        ("surge", stored(surge)),
        ("deploy", stored(deploy, deploys=deploys, undeployed="blue: it was not healthy within 10 s")),
        ("many", stored(many)),
        ("silent", stored(silent)),
        ("broken", stored({"format": 9})),
    ]
    return loaded(directory, records)


# ── The part of the report


def load_text(directory: Path, records: list[tuple[str, Any]], language: str = "en", **fields: Any) -> str:
    made = loaded(directory, [(name, stored(each)) for name, each in records], **fields)
    return render_html(made, made.verdict(), language=language)


def one_block(directory: Path, name: str = "steady", **fields: Any) -> LoadBlock:
    (block,) = load_blocks(
        loaded(directory, [(name, stored(record(name, duration=5, **fields)))], self_test=None), WORDS
    )
    return block


def test_says_what_was_asked_sent_and_measured(tmp_path: Path) -> None:
    shown = Page(load_text(tmp_path, [("steady", record(failing=3, not_sent=7, planned=4007))])).text
    for said in (
        "100 arrivals per second for 40 s, after 5 s of warm-up",
        "4,007 planned, 4,000 sent, 7 not sent",
        "sent late by p50 0.4 ms, p99 2.1 ms, at most 8.4 ms",
        "locust 2.47.0",
        "GET /stories/[slug] '</article>' (learned from the first; nobody states it)",
        "HTTP 503 25",
        "GET / no healthy upstream",
        "2026-11-24 13:00:10 UTC",
        "p95 121.3 ms 121 ms",
    ):
        assert said in shown


def test_every_chart_has_a_name_a_description_and_its_numbers(tmp_path: Path) -> None:
    found = Page(render_html(made := everything(tmp_path), made.verdict()))
    ids = set(found.values("id"))
    pictures = [attrs for tag, attrs in found.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(pictures) == 12
    for attrs in pictures:
        named = (attrs["aria-labelledby"] or "").split()
        assert len(named) == 2
        assert set(named) <= ids
    assert found.text.count("The numbers of this chart") == 4


@pytest.mark.parametrize(("name", "limit"), [("steady", "200 ms"), ("surge", "200 ms"), ("deploy", ""), ("x", "")])
def test_draws_the_limit_of_the_criterion_that_judges_the_profile(tmp_path: Path, name: str, limit: str) -> None:
    block = one_block(tmp_path, name)
    assert block.record.limit == limit
    shapes = [shape for chart in block.record.charts for panel in chart.panels for shape in panel.shapes]
    assert sum(style == "limit" and path != "" for style, path in shapes) == (3 if limit else 0)


def test_draws_no_limit_where_criteria_state_none(tmp_path: Path) -> None:
    facts = (fact("load", "steady", store_json(tmp_path, stored(record(duration=3))), "load"),)
    for stated in ([criterion("latency-p95", require=">= 3")], [criterion("latency-p95")], []):
        (block,) = load_blocks(replace(run(stated, [], facts=facts), path=tmp_path), WORDS)
        assert block.record.limit == ""


def test_says_what_the_server_saw_and_what_was_deployed_meanwhile(tmp_path: Path) -> None:
    shown = Page(render_html(made := everything(tmp_path), made.verdict())).text
    assert "1,750 requests, the warm-up included; p95 by its own clock 90 ms" in shown
    assert "green 3.0–5.2 s A deploy did not succeed: blue: it was not healthy within 10 s" in shown
    assert shown.count("shaded: deploys") == 1


def test_a_p95_among_the_failures_has_no_latency(tmp_path: Path) -> None:
    (host,) = one_block(tmp_path, failing=2, not_sent=20).record.hosts
    assert (host.requests, host.lost, host.percentiles["p95"]) == (520, 45, "–")
    assert host.percentiles["p90"].endswith(" ms")


def test_failures_of_both_hosts_are_counted_by_class_with_the_first_example(tmp_path: Path) -> None:
    made = record(failures=[{"class": "timeout", "request": "GET /", "text": n} for n in ("first", "second")])
    made["seconds"] = [{"second": 0, "failed": {"timeout": 1, "HTTP 503": 3}}]
    made["other"] = {"seconds": [{"second": 0, "failed": {"timeout": 4}}]}
    found = [(each.name, each.count, each.request, each.text) for each in failures(made)]
    assert found == [("timeout", 5, "GET /", "first"), ("HTTP 503", 3, "", "")]


def test_says_that_a_run_is_not_complete_or_its_generator_sick(tmp_path: Path) -> None:
    sick = {**record()["health"], "sick": ["loop lag p99 was 90 ms"], "advice": "use more workers"}
    shown = Page(load_text(tmp_path, [("steady", record(complete=False, why="interrupted", health=sick))])).text
    assert "The run is not complete: interrupted" in shown
    assert "was disturbed: loop lag p99 was 90 ms – use more workers" in shown
    healthy = Page(load_text(tmp_path, [("steady", record())])).text
    assert "not complete" not in healthy
    assert "was disturbed" not in healthy


def test_says_that_a_self_test_failed(tmp_path: Path) -> None:
    shown = Page(
        load_text(tmp_path, [("steady", record())], self_test={"ok": False, "reason": "2 of 12 drops were hidden"})
    )
    assert "self-test failed, so that its numbers decide nothing: 2 of 12 drops were hidden" in shown.text
    assert "self-test failed" in Page(load_text(tmp_path, [("steady", record())], self_test=["ok"])).text


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"format": 2}, "format 2 is not known; this version reads 1"),
        ({key: value for key, value in record(duration=2).items() if key != "health"}, "it lacks 'health'"),
        (record(duration=2, started="yesterday"), "yesterday"),
        (record(duration=2, seconds=[{"second": 0, "latency": {"fast": 1}}]), "fast"),
        (["a", "list"], "list indices"),
        (record(duration=2, seconds=[{"second": 1e400}]), "infinity"),
    ],
)
def test_says_why_a_record_cannot_be_shown(tmp_path: Path, broken: Any, reason: str) -> None:
    shown = Page(load_text(tmp_path, [("steady", broken)])).text
    assert "The record of this run can't be shown:" in shown
    assert reason in shown


def test_says_that_evidence_is_missing_or_was_changed(tmp_path: Path) -> None:
    made = loaded(tmp_path, [("steady", stored(record()))])
    (tmp_path / "evidence" / f"{made.facts[0]['digest']}.json.gz").write_bytes(b"another")
    assert "the evidence was changed" in render_html(made, made.verdict())
    gone = run([criterion("c")], [finding("c", "satisfied")], facts=(fact("load", "steady", PLAN, "load"),))
    assert f"evidence {PLAN} is missing" in render_html(gone, gone.verdict())


def test_links_to_the_page_of_locust_only_where_there_is_one_inside_the_run(tmp_path: Path) -> None:
    made = everything(tmp_path)
    (tmp_path / "locust.html").write_text("outside", "utf-8")
    pages = [block.record.page for block in load_blocks(made, WORDS) if block.record]
    assert pages == ["logs/load/steady/locust.html", "logs/load/surge/locust.html", "", "", ""]
    outside = loaded(tmp_path, [("steady", stored(record("../..", duration=2)))])
    assert [block.record.page for block in load_blocks(outside, WORDS) if block.record] == [""]
    assert 'href="logs/load/steady/locust.html"' in render_html(made, made.verdict())


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, language: str, bad: str) -> None:
    made = record(
        duration=2, host=bad, addresses=[bad], complete=False, why=bad, versions={bad: bad},
        failures=[{"class": bad, "request": bad, "second": 0, "text": bad}],
        other={"host": bad, "seconds": [], "not_sent": 0}, health={**record()["health"], "sick": [bad], "advice": bad},
    )  # fmt: skip
    made["profile"]["seed"] = bad
    made["profile"]["name"] = bad
    made["seconds"][0]["failed"] = {bad: 3}
    kept = stored(made, deploys=[{"build": bad, "started": 0.0, "ended": 1.0}], undeployed=bad)
    whole = loaded(tmp_path, [(bad, kept)], self_test={"ok": False, "reason": bad})
    shown = render_html(whole, whole.verdict(), language=language)
    found = Page(shown)
    assert not {tag for tag, _ in found.tags} & {"script", "img", "iframe"}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name == "style"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
    files = {f"evidence/{path.name}" for path in (tmp_path / "evidence").iterdir()}
    links = {link for link in found.values("href") if not link.startswith(("#", "data:,"))}
    assert links <= {*FILES.values(), *files}
    if len(bad) < 100 and bad.isascii() and bad.isprintable():
        assert found.text.count(bad) >= 8


def test_three_long_runs_take_sixty_kilobytes(tmp_path: Path) -> None:
    records = [(name, record(name, duration=600, stall=100, failing=200)) for name in ("steady", "surge", "deploy")]
    block = re.search('<section aria-labelledby="load">.*?</section>', load_text(tmp_path, records), re.DOTALL)
    assert len(block[0].encode()) <= 60_000


def test_the_same_load_gives_the_same_bytes(tmp_path: Path) -> None:
    made = everything(tmp_path)
    assert len({render_html(made, made.verdict()) for _ in range(2)}) == 1


# ── Distributions and columns

LATENCIES = st.lists(st.integers(1, 100_000), max_size=20)
ENTRIES = st.lists(
    st.builds(
        lambda second, took, failed, missed: {
            "second": second, "request": 0, "failed": {"timeout": failed} if failed else {}, "not_sent": missed,
            "latency": {str(each): number for each, number in Counter(took).items()},
        },
        st.integers(0, 699), LATENCIES, st.integers(0, 5), st.integers(0, 3),
    ),
    max_size=8,
)  # fmt: skip


def entry(second: int, took: list[int], failed: int = 0, **fields: Any) -> dict[str, Any]:
    latency = {str(each): number for each, number in Counter(took).items()}
    return {"second": second, "request": 0, "latency": latency, "failed": {"HTTP 503": failed}, **fields}


@settings(deadline=None)
@given(took=LATENCIES, lost=st.integers(0, 10), mille=st.integers(1, 1000))
def test_a_percentile_is_the_request_of_its_rank_and_losses_are_the_slowest(
    took: list[int], lost: int, mille: int
) -> None:
    every: list[int | None] = [*sorted(took), *[None] * lost]
    wanted = every[-(-mille * len(every) // 1000) - 1] if every else None
    found = distribution([entry(0, took)], not_sent=lost)
    assert found.percentile(mille) == wanted
    assert (found.total, found.answered, found.lost) == (len(every), len(took), lost)


@settings(deadline=None)
@given(entries=ENTRIES, duration=st.floats(0.5, 900))
def test_columns_hold_every_second_and_every_request_once(entries: list[dict[str, Any]], duration: float) -> None:
    found = columns(entries, duration)
    assert 1 <= len(found) <= 120
    assert found[0].first == 0
    assert all(later.first == earlier.last + 1 for earlier, later in pairwise(found))
    assert found[-1].last + 1 >= duration
    whole = distribution(entries)
    assert sum(column.requests for column in found) == whole.total
    assert sum(column.failed for column in found) == whole.lost
    assert sum(column.not_sent for column in found) == sum(each["not_sent"] for each in entries)


@settings(deadline=None)
@given(entries=ENTRIES)
def test_fewer_columns_are_the_finer_ones_together(entries: list[dict[str, Any]]) -> None:
    fine, coarse = columns(entries, 700, most=700), columns(entries, 700, most=100)
    for column in coarse:
        within = [each for each in fine if column.first <= each.first <= column.last]
        assert sum(each.requests for each in within) == column.requests
        p95s = [each.p95 for each in within if each.p95 is not None]
        if column.p95 is not None:
            assert min(p95s) <= column.p95 <= max(p95s) or len(p95s) < len(within)


def test_a_twentieth_of_failures_leaves_a_p95_and_one_more_does_not() -> None:
    assert distribution([entry(0, [10] * 95, failed=5)]).percentile(950) == 10
    assert distribution([entry(0, [10] * 94, failed=6)]).percentile(950) is None


def test_a_second_without_requests_is_there_and_says_so() -> None:
    found = columns([entry(0, [10]), entry(2, [20], not_sent=4)], 4)
    assert [(each.requests, each.not_sent, each.p95) for each in found] == [
        (1, 0, 10), (0, 0, None), (1, 4, None), (0, 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("duration", [0.0, 0.2, 1.0])
def test_a_run_of_no_length_has_one_column(duration: float) -> None:
    assert len(columns([], duration)) == 1


# ── Charts

DISTRIBUTIONS = st.builds(
    lambda counts, lost: Distribution(counts=tuple(sorted(counts.items())), lost=lost),
    st.dictionaries(st.integers(1, 300_000), st.integers(1, 400), max_size=30),
    st.integers(0, 50),
).filter(lambda of: of.total)
LIMITS = st.none() | st.integers(1, 100_000)


def shape(chart: Chart, style: str, panel: int = 0) -> str:
    return dict(chart.panels[panel].shapes)[style]


def points(path: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", path)]


def boxes(path: str) -> list[tuple[int, int, int]]:
    """Left, top and right of each."""
    return [(int(x), int(y), int(r)) for x, y, r in re.findall(r"M(\d+) (\d+)H(\d+)", path)]


def within(chart: Chart) -> bool:
    numbers = [int(n) for panel in chart.panels for _, path in panel.shapes for n in re.findall(r"-?\d+", path)]
    texts = [(0 <= label.x <= 100, 0 < label.y <= chart.height) for label in chart.labels]
    return all(0 <= number <= SIDE for number in numbers) and all(all(each) for each in texts)


@settings(deadline=None)
@given(of=DISTRIBUTIONS, limit=LIMITS)
def test_nothing_is_drawn_outside_and_the_curve_only_rises(of: Distribution, limit: int | None) -> None:
    percentiles, histogram = percentile_chart(of, limit, WORDS), histogram_chart(of, limit, WORDS)
    assert within(percentiles)
    assert within(histogram)
    curve = points(shape(percentiles, "line"))
    assert all(left <= right and low >= high for (left, low), (right, high) in pairwise(curve))
    assert len(curve) <= 165
    assert bool(shape(percentiles, "lost")) == bool(of.lost)


@settings(deadline=None)
@given(of=DISTRIBUTIONS, limit=LIMITS)
def test_every_bar_has_a_width(of: Distribution, limit: int | None) -> None:
    chart = histogram_chart(of, limit, WORDS)
    drawn = boxes(shape(chart, "bar")) + boxes(shape(chart, "over"))
    assert len(drawn) <= 50
    assert bool(drawn) == bool(of.counts)


def test_bars_over_the_limit_are_told_apart_at_the_limit_itself() -> None:
    chart = histogram_chart(Distribution(counts=((1999, 5), (2000, 5), (2001, 5))), 2000, WORDS)
    (place,) = {int(x) for x in re.findall(r"M(\d+) 0V", shape(chart, "limit"))}
    assert [right for *_, right in boxes(shape(chart, "bar"))] == [place]
    assert [left for left, *_ in boxes(shape(chart, "over"))] == [place]
    assert shape(histogram_chart(Distribution(counts=((1999, 5),)), 2000, WORDS), "over") == ""


def test_the_curve_crosses_the_limit_where_the_requests_do() -> None:
    chart = percentile_chart(Distribution(counts=((500, 900), (3000, 100))), 2000, WORDS)
    (line,) = {int(y) for y in re.findall(r"M0 (\d+)H", shape(chart, "limit"))}
    below = [x for x, y in points(shape(chart, "line")) if y > line]
    above = [x for x, y in points(shape(chart, "line")) if y < line]
    ninety = dict(Percentiles(total=1000).ticks)["90"]
    assert max(below) <= ninety + 10
    assert min(above) >= ninety


def test_marks_name_the_percentiles_that_have_an_answer() -> None:
    chart = percentile_chart(Distribution(counts=((500, 96),), lost=4), 2000, WORDS)
    assert [label.text for label in chart.labels if label.kind == "mark"] == ["p50", "p95"]
    assert chart.says == {"p50": "50 ms", "p95": "50 ms", "p99": "–"}
    assert any(label.text == "limit 200 ms" for label in chart.labels)
    assert any(label.text == "Failed or not sent" for label in chart.labels)


def test_the_timeline_leaves_a_gap_where_nothing_was_asked_and_marks_where_too_much_failed() -> None:
    chart = timeline_chart(
        [
            Column(first=0, last=0, requests=10, failed=0, not_sent=0, p95=500),
            Column(first=1, last=1, requests=0, failed=0, not_sent=0, p95=None),
            Column(first=2, last=2, requests=6, failed=2, not_sent=4, p95=None),
            Column(first=3, last=3, requests=10, failed=0, not_sent=0, p95=9000),
        ],
        2000,
        [(-2.0, 1.0), (3.99, 4.0), (9.0, 10.0)],
        WORDS,
    )
    assert within(chart)
    assert [(left, right) for left, _, right in boxes(shape(chart, "deploy"))] == [(0, 250), (996, 1000), (996, 1000)]
    assert re.findall(r"M(\d+) ", shape(chart, "line")) == ["0", "750"]
    assert boxes(shape(chart, "lost")) == [(500, 0, 750)]
    assert boxes(shape(chart, "lost", 1)) == [(500, 0, 750)]
    assert boxes(shape(chart, "over", 2)) == [(500, 0, 750)]
    assert chart.says == {"seconds": "4", "worst": "900 ms", "failed": "2"}


COLUMNS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 9), st.none() | st.integers(1, 300_000)), min_size=1, max_size=120
)


@settings(deadline=None)
@given(seconds=COLUMNS, limit=LIMITS)
def test_no_timeline_is_drawn_outside(seconds: list[tuple[int, int, int | None]], limit: int | None) -> None:
    found = [
        Column(first=n, last=n, requests=asked, failed=min(asked, missed), not_sent=missed, p95=p95)
        for n, (asked, missed, p95) in enumerate(seconds)
    ]
    assert within(timeline_chart(found, limit, [], WORDS))


@settings(deadline=None)
@given(values=st.lists(st.integers(1, 10**7), min_size=1), of=st.integers(1, 10**7))
def test_an_axis_holds_its_values_in_order(values: list[int], of: int) -> None:
    axis = Latencies.around([*values, of])
    places = [axis.along(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place < SIDE for place in places)
    assert 2 <= len(axis.ticks) <= 9
    ticks = [axis.along(tick) for tick in axis.ticks]
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(("most", "ticks"), [(1, [1]), (3, [1, 2, 3]), (450, [200, 400]), (99, [20, 40, 60, 80])])
def test_counts_have_round_ticks(most: int, ticks: list[int]) -> None:
    assert Counts(most=most).ticks == ticks


def test_more_requests_support_more_nines() -> None:
    assert [name for name, _ in Percentiles(total=100).ticks] == ["0", "50", "90", "95", "99"]
    assert [name for name, _ in Percentiles(total=10_000).ticks][-1] == "99.99"


@pytest.mark.parametrize(
    ("tenths", "text"), [(None, "–"), (1, "0.1 ms"), (1234, "123.4 ms"), (2000, "200 ms"), (12_345, "1.2345 s")]
)
def test_a_latency_is_said_as_precisely_as_it_was_recorded(tenths: int | None, text: str) -> None:
    assert latency_text(tenths) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (950, "950"), (12_300, "12.3k"), (2_500_000, "2.5M")])
def test_a_count_fits_beside_an_axis(number: int, text: str) -> None:
    assert count_text(number) == text
