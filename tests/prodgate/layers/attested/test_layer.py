"""The attested layer at its seams: cited runs, kept and recalled evidence, and records that expire soon."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.facts.attested.records import Attestation, RecordFolder
from prodgate.findings import Finding, Outcome
from prodgate.layers import BUILT
from prodgate.layers.attested.observing import look_at_document
from prodgate.layers.layer import LayerContext
from tests.prodgate import sample_run
from tests.prodgate.layers.context import layer_context, observe_and_recall, recall
from tests.prodgate.sample_run import forge, move
from tests.prodgate.samples import finding

CRITERIA = """
system = "shop"

[criteria.restore-record]
statement = { en = "A restore was tried.", ja = "復元を試した。" }
why = "A backup alone is a hope."
require = "<= 90 d"
source = "X-1"
layers = ["attested"]
shown_by = "rollout"

[criteria.incident-process]
statement = { en = "A process exists.", ja = "手順がある。" }
why = "Somebody must decide."
source = "X-2"
layers = ["attested"]

[criteria.rollout-completed]
statement = { en = "It completed.", ja = "完了した。" }
why = "It must."
source = "X-3"
layers = ["rollout"]
"""
RUN = "2026-01-02T030405Z-0a1b2c3"
LAYER = BUILT["attested"]


def record(criterion: str, made: float = -1, ends: float = 30, more: str = "") -> str:
    now = datetime.now(UTC)
    when, until = ((now + timedelta(days=days)).isoformat(timespec="seconds") for days in (made, ends))
    return (
        f'criterion = "{criterion}"\nstatement = "It was looked at."\nwhen = {when}\nvalid_until = {until}\n{more}\n'
        '[by]\nname = "Ana Souza"\nrole = "Data lead"\n'
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "attestations").mkdir()
    write(tmp_path, "restore-record", more=f'runs = ["{RUN}"]')
    write(tmp_path, "incident-process")
    return tmp_path


def write(shop: Path, criterion: str, **fields: Any) -> None:
    (shop / "attestations" / f"{criterion}.toml").write_text(record(criterion, **fields), "utf-8")


def make_run(shop: Path, outcome: str = "satisfied", *, closed: bool = True, **about: Any) -> Path:
    """Make a run of the rollout layer, and give it the id that the record cites."""
    given = {"system": "shop", "target": "aws://staging@eu-west-1", "rehearsal": False, "layers": ["rollout"]}
    made = runs.create(shop / "runs", {**given, **about}, shop / "criteria.toml", shop / "waivers.toml")
    found = finding(Outcome(outcome), criterion="rollout-completed", check="check", layer="rollout", remedy="r")
    sample_run.judge(made, found, close=closed)
    return move(made, RUN)


def started(shop: Path, days: float) -> None:
    """Let the cited run have begun so many days from now."""
    forge(shop / "runs" / RUN, started=(datetime.now(UTC) + timedelta(days=days)).isoformat())


def judge(context: LayerContext) -> dict[str, Finding]:
    concluded = LAYER.conclude(LAYER.observe(context), context)
    return {criterion: found[0] for (_, criterion), found in concluded.items()}


AWS = "aws://prod@eu-west-1"


def test_a_run_that_was_go_shows_it(shop: Path) -> None:
    make_run(shop)
    started(shop, -2)
    found = judge(layer_context(shop, "attested", AWS))
    assert {each.outcome for each in found.values()} == {Outcome.SATISFIED}
    assert found["restore-record"].observed.startswith("2.01 d old")


@pytest.mark.parametrize(
    ("make", "says", "outcome"),
    [
        (lambda shop: None, "there is no such run in runs/", Outcome.NOT_SATISFIED),
        (lambda shop: make_run(shop, "not-satisfied"), "its verdict was NO-GO", Outcome.NOT_SATISFIED),
        (lambda shop: make_run(shop, "undetermined"), "its verdict was INSUFFICIENT EVIDENCE", Outcome.NOT_SATISFIED),
        (lambda shop: make_run(shop, closed=False), "it was cut off", Outcome.NOT_SATISFIED),
        (lambda shop: make_run(shop, rehearsal=True), "it was a rehearsal", Outcome.NOT_SATISFIED),
        (lambda shop: make_run(shop, layers=["rollout", "live"]), "", Outcome.SATISFIED),
        (lambda shop: make_run(shop, layers=["live"]), "judged the rollout layer", Outcome.NOT_SATISFIED),
        (lambda shop: (make_run(shop) / "run.json").write_text("{}"), "was changed after it was written", Outcome.UNDETERMINED),
        (lambda shop: (make_run(shop) / "evidence").rename(shop / "gone"), "was changed after it was written", Outcome.UNDETERMINED),
        (lambda shop: linked(make_run(shop)), "there is no such run in runs/", Outcome.NOT_SATISFIED),
        (lambda shop: of_another_system(make_run(shop)), "was changed after it was written", Outcome.UNDETERMINED),
    ],
)  # fmt: skip
def test_a_run_that_shows_nothing_does_not_count(
    shop: Path, make: Callable[[Path], object], says: str, outcome: Outcome
) -> None:
    make(shop)
    if outcome is not Outcome.UNDETERMINED and (shop / "runs" / RUN / "run.json").exists():
        started(shop, -2)
    found = judge(layer_context(shop, "attested", AWS))
    assert found["restore-record"].outcome is outcome
    assert says in f"{found['restore-record'].observed} {found['restore-record'].reason}"
    assert found["incident-process"].outcome is Outcome.SATISFIED


def linked(run: Path) -> None:
    run.rename(run.with_name("elsewhere"))
    run.symlink_to("elsewhere")


def of_another_system(run: Path) -> None:
    """Change the criteria that the run keeps, which its own digest refuses."""
    for path in (run / "evidence").glob("*.toml"):
        path.write_text(path.read_text("utf-8").replace('"shop"', '"other"'), "utf-8")


def test_a_run_of_another_system_shows_nothing(shop: Path) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('"shop"', '"other"'), "utf-8")
    make_run(shop)
    started(shop, -2)
    (shop / "criteria.toml").write_text(CRITERIA, "utf-8")
    assert "it judged 'other'" in judge(layer_context(shop, "attested", AWS))["restore-record"].observed


def test_a_rehearsal_may_cite_a_rehearsal(shop: Path) -> None:
    make_run(shop, rehearsal=True)
    started(shop, -2)
    assert judge(layer_context(shop, "attested"))["restore-record"].outcome is Outcome.SATISFIED


def test_a_record_is_as_old_as_the_oldest_run_that_it_cites(shop: Path) -> None:
    make_run(shop)
    started(shop, -100)
    found = judge(layer_context(shop, "attested", AWS))["restore-record"]
    assert (found.outcome, found.observed, found.expected) == (Outcome.NOT_SATISFIED, "100.01 d", "<= 90 d")


def test_nobody_can_have_looked_at_a_run_that_began_later(shop: Path) -> None:
    make_run(shop)
    started(shop, -0.5)
    found = judge(layer_context(shop, "attested", AWS))["restore-record"]
    assert f"run {RUN} began after it was made" in found.observed


def test_no_run_can_be_cited_by_the_record_that_it_reads(shop: Path) -> None:
    context = layer_context(shop, "attested", AWS)
    write(shop, "restore-record", more=f'runs = ["{context.run.name}"]')
    assert "there is no such run in runs/" in judge(context)["restore-record"].observed


def test_without_a_bound_no_record_holds_for_more_than_a_year(shop: Path) -> None:
    make_run(shop)
    write(shop, "incident-process", made=-1, ends=366)
    found = judge(layer_context(shop, "attested", AWS))["incident-process"]
    assert "it holds for more than 366 days" in found.observed
    assert found.aspect == "holds for too long"  # what a waiver names, without the day


def test_what_was_seen_is_recalled(shop: Path) -> None:
    make_run(shop)
    (shop / "attestations" / "broken.toml").write_text("[", "utf-8")
    observed = observe_and_recall(LAYER, layer_context(shop, "attested", AWS))
    assert [fact.criterion for fact in observed.of(Attestation)] == ["broken", "incident-process", "restore-record"]


def test_facts_are_judged_by_the_criteria_and_on_the_day_of_whoever_judges_again(shop: Path) -> None:
    make_run(shop)
    started(shop, -2)
    first = layer_context(shop, "attested", AWS)
    assert LAYER.conclude(LAYER.observe(first), first)
    facts = recall(LAYER, first.run)
    (shop / "criteria.toml").write_text(CRITERIA.replace("<= 90 d", "<= 1 d"), "utf-8")
    again = layer_context(shop, "attested", AWS)
    found = {criterion: each[0] for (_, criterion), each in LAYER.conclude(facts, again).items()}
    assert found["restore-record"].observed == "2.01 d"
    assert found["incident-process"].outcome is Outcome.SATISFIED


def test_a_run_that_observed_no_records_leaves_all_undetermined(shop: Path) -> None:
    context = layer_context(shop, "attested", AWS)
    found = LAYER.conclude(LAYER.recall(context.run, []), context)
    assert {(each[0].outcome, each[0].reason) for each in found.values()} == {
        (Outcome.UNDETERMINED, "it was not observed in that run")
    }


def test_nothing_is_read_when_no_criterion_asks(shop: Path) -> None:
    (shop / "criteria.toml").write_text(
        CRITERIA.replace('"attested"', '"live"').replace('shown_by = "rollout"', ""), "utf-8"
    )
    context = layer_context(shop, "attested", AWS)
    assert LAYER.observe(context).of(RecordFolder) == ()
    assert LAYER.concludes(context.stated) == []


def notes(context: LayerContext) -> list[str]:
    judge(context)
    return [str(note["text"]) for note in runs.read(context.run).notes]


def test_every_run_notes_what_is_soon_due(shop: Path) -> None:
    make_run(shop)
    started(shop, -61)
    write(shop, "restore-record", made=-60, ends=40, more=f'runs = ["{RUN}"]')
    write(shop, "incident-process", ends=31)
    (note,) = notes(layer_context(shop, "attested", AWS))
    assert note.startswith("due: restore-record: its record stops counting on ")
    assert note.endswith("in 29 d; prodgate attest restore-record")


def test_what_lies_beside_the_records_is_noted(shop: Path) -> None:
    make_run(shop)
    for name in ("restore-reccord.toml", "notes.txt", "README.md", ".hidden"):
        (shop / "attestations" / name).write_text("", "utf-8")
    assert notes(layer_context(shop, "attested", AWS))[:2] == [
        "attestations/notes.txt: is no record; a record is NAME.toml",
        "attestations/restore-reccord.toml: no criterion of that name asks for a record; it counts for nothing",
    ]


def test_only_text_that_is_markdown_has_sections(tmp_path: Path) -> None:
    for name in ("plan.md", "plan.txt"):
        (tmp_path / name).write_bytes(b"# Plan\n\xff words")
    assert look_at_document(tmp_path, "plan.md").sections == ("Plan",)
    assert look_at_document(tmp_path, "plan.txt").sections == ()
    assert look_at_document(tmp_path, "plan.md").digest == look_at_document(tmp_path, "plan.txt").digest


def test_a_document_behind_a_linked_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "plan.md").write_text("# Plan\nwords", "utf-8")
    (tmp_path / "docs").symlink_to("elsewhere")
    assert look_at_document(tmp_path, "docs/plan.md").wrong == "it is a link, or stands behind one"
    assert look_at_document(tmp_path, "elsewhere/plan.md").wrong == ""


def test_a_document_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "plan.md").open("wb") as file:
        file.truncate(8 * 1024 * 1024 + 1)
    assert look_at_document(tmp_path, "plan.md").wrong.startswith("it is no regular file of at most")
