"""One verdict over many cells: what may be relied on, what may not, and that nothing is decided a second time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.evidence import runs
from prodgate.evidence.journal import NAME
from prodgate.findings import Outcome
from prodgate.sealing.wanted import Wanted
from prodgate.verdict import Decision, Verdict

from ..sealing.sealed import (
    DAY,
    EVE,
    NIGHTLY,
    trust,
)
from .cells import CRITERIA, ONE, TWO, Cells, judged

FIRST, LAST = f"{ONE}/ap-northeast-1/live", f"{TWO}/us-east-1/live"
NOT, DOUBT = Outcome.NOT_SATISFIED, Outcome.UNDETERMINED


def doubts(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each.subject, each.reason) for each in verdict.findings if each.outcome is DOUBT]


def test_cells_that_are_all_go_are_go_together(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    given = made.observe_all()
    run = made.merge(given)
    verdict = run.verdict()
    assert (verdict.decision, verdict.promotes, len(verdict.findings)) == (Decision.GO, True, 4)
    assert not any(runs.read(each).verdict().promotes for each in given), "a cell is a part"
    assert [(fact["kind"], fact["subject"]) for fact in run.facts][::3] == [("cell", FIRST), ("cell", LAST)]
    observed = run.observed()
    assert observed is not None
    assert observed[0] < run.started
    seals = [each for finding in verdict.findings for each in finding.evidence]
    assert len(set(seals)) == 4, "each finding rests on the seal of its cell"


def cut_off(made: Cells) -> list[Path]:
    return [made.observe(3, close=False)]


def twice(made: Cells) -> list[Path]:
    return [made.observe(3), made.observe(3)]


def unsealed(made: Cells) -> list[Path]:
    return [made.observe(3, sealed=False)]


def edited(made: Cells) -> list[Path]:
    (run := made.observe(3)).joinpath(NAME).write_bytes((run / NAME).read_bytes().replace(b"satisfied", b"Satisfied"))
    return [run]


def of_other_criteria(made: Cells) -> list[Path]:
    stated = (made.folder / "criteria.toml").read_text("utf-8")
    digest = made.listed.digest
    (made.folder / "criteria.toml").write_text(stated.replace("They are", "They were"), "utf-8")
    run = made.observe(3, cells=digest)
    (made.folder / "criteria.toml").write_text(stated, "utf-8")
    return [run]


def of_other_waivers(made: Cells) -> list[Path]:
    digest = made.listed.digest
    (made.folder / "waivers.toml").write_text("# none\n", "utf-8")
    run = made.observe(3, cells=digest)
    (made.folder / "waivers.toml").unlink()
    return [run]


def reading(**about: object) -> Callable[[Cells], list[Path]]:
    return lambda made: [made.observe(3, **about)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observe", "said"),
    [
        (lambda _: [], "no run of it was given"),
        (cut_off, "was cut off"),
        (twice, "2 runs of it were given"),
        (unsealed, "MISSING: seal.dsse.json"),
        (edited, "CHANGED: journal.jsonl"),
        (of_other_criteria, "FOREIGN: was judged by other criteria"),
        (of_other_waivers, "FOREIGN: was judged by other waivers"),
        (reading(cells="0" * 64), "FOREIGN: was observed by another list"),
        (reading(commit="c0ffee00" * 5), f"FOREIGN: is about commit {'c0ffee00' * 5}, not unknown"),
        (reading(judges={"suites/live/test_own.py": "0" * 64}), "FOREIGN: was judged by other code"),
        (reading(inputs={"infra/main.tf": "0" * 64}), "FOREIGN: was judged by other code"),
        (reading(versions={"prod-gate": "0.0.0"}), "FOREIGN: was judged by version 0.0.0"),
        (reading(moment="after"), "FOREIGN: is no run of the live layer alone and whole"),
        (reading(layers=["live", "static"]), "FOREIGN: is no run of the live layer alone and whole"),
        (reading(target="aws://other@us-east-1"), "FOREIGN: is about target 'aws://other@us-east-1'"),
        (reading(rehearsal=True), "FOREIGN: is no run of the live layer alone and whole"),
        (reading(broken="the environment's credentials: AccessDenied"), "credentials: AccessDenied"),
    ],
)
def test_a_cell_on_which_nothing_may_be_rested_is_undetermined_by_its_name(
    observe: Callable[[Cells], list[Path]], said: str, tmp_path: Path
) -> None:
    made = Cells(tmp_path)
    given = [made.observe(number) for number in range(3)]
    verdict = made.merge([*given, *observe(made)]).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert {subject for subject, _ in doubts(verdict)} <= {f"cell {LAST}", f"{LAST}: (live layer)"}
    assert all(reason.startswith(f"{LAST}: ") for _, reason in doubts(verdict))
    assert any(said in reason for _, reason in doubts(verdict)), doubts(verdict)


def test_a_cell_is_too_old_after_the_age_that_the_criteria_allow(tmp_path: Path) -> None:
    made = Cells(tmp_path, CRITERIA.replace('"1 d"', '"1 ms"'))
    verdict = made.merge(made.observe_all()).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert {subject for subject, _ in doubts(verdict)} == {f"cell {cell.name}" for cell in made.listed.cells}
    assert all("EXPIRED: was observed" in reason for _, reason in doubts(verdict))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(), "UNSIGNED"),
        (Wanted(signers=[trust(NIGHTLY)]), "WRONG KEY"),
    ],
)
def test_a_signature_is_asked_for_where_nobody_says_otherwise(wanted: Wanted, said: str, tmp_path: Path) -> None:
    made = Cells(tmp_path)
    signer = None if said == "UNSIGNED" else EVE
    given = [made.observe(number, signer=signer) for number in range(4)]
    assert all(said in reason for _, reason in doubts(made.merge(given, wanted).verdict()))


def test_an_attempt_that_was_cut_off_does_not_stand_in_the_way_of_the_next_one(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    assert made.merge([*cut_off(made), *made.observe_all()]).verdict().decision is Decision.GO


def test_runs_of_no_cell_in_the_list_are_named_and_decide_nothing(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    whole, other = made.observe(0, cell=""), made.observe(0, cell=FIRST.replace("111", "999"))
    (torn := made.observe(0)).joinpath("run.json").write_text("{", "utf-8")
    run = made.merge([whole, other, torn, *made.observe_all()])
    assert run.verdict().decision is Decision.GO
    assert [note["text"].split()[0] for note in run.notes] == [whole.name, other.name, torn.name]


def test_a_rehearsal_of_all_cells_promotes_nothing(tmp_path: Path) -> None:
    made = Cells(tmp_path, rehearsal=True)
    verdict = made.merge(made.observe_all()).verdict()
    assert (verdict.decision, verdict.promotes) == (Decision.GO, False)


def test_what_two_regions_say_of_one_account_is_one_finding_that_rests_on_both(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    root, account = judged(f"arn:aws:iam::{ONE}:root"), judged("the account", check="PG_IAM_5")
    given = [made.observe(0, root, account), made.observe(1, root, account), made.observe(2), made.observe(3)]
    verdict = made.merge(given).verdict()
    found = {each.subject: len(each.evidence) for each in verdict.findings}
    assert found[root.subject] == found[f"{ONE}: the account"] == 2
    assert len(verdict.findings) == 4


def test_what_two_regions_say_differently_of_one_account_stands_twice(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    subject = f"arn:aws:iam::{ONE}:root"
    given = [made.observe(0, judged(subject)), made.observe(1, judged(subject, NOT)), made.observe(2), made.observe(3)]
    verdict = made.merge(given).verdict()
    assert verdict.decision is Decision.NO_GO
    assert [each.outcome for each in verdict.findings if each.subject == subject] == [Outcome.SATISFIED, NOT]


def test_databases_of_one_name_in_two_regions_are_two(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    given = [made.observe(number, judged("orders")) for number in range(4)]
    assert [each.subject for each in made.merge(given).verdict().findings] == [
        f"{cell.name}: orders" for cell in made.listed.cells
    ]


@pytest.mark.parametrize(("most", "decision"), [(2, Decision.GO), (1, Decision.NO_GO)])
def test_waivers_count_once_over_all_cells(most: int, decision: Decision, tmp_path: Path) -> None:
    made = Cells(tmp_path)
    stated = {"covers": "test_backups", "subject": "*/live: orders", "reason": "It is rebuilt every night.",
              "owner": "ana@example.com", "approver": "ben@example.com"}  # fmt: skip
    lines = [f"{key} = {json.dumps(text)}" for key, text in stated.items()]
    day = datetime.now(UTC)
    lines += [f"opened = {day - DAY:%Y-%m-%d}", f"expires = {day + 30 * DAY:%Y-%m-%d}", f"most = {most}"]
    (tmp_path / "waivers.toml").write_text("\n".join(["[waivers.orders]", *lines, ""]), "utf-8")
    given = [
        made.observe(0, judged("orders", NOT)),
        made.observe(1),
        made.observe(2),
        made.observe(3, judged("orders", NOT)),
    ]
    assert runs.read(given[0]).verdict().decision is Decision.GO
    assert runs.read(given[1]).verdict().decision is Decision.GO, "a cell is no place to miss what others hold"
    assert made.merge(given).verdict().decision is decision


def test_a_cell_that_answers_nothing_is_not_covered_up_by_one_that_does(tmp_path: Path) -> None:
    made = Cells(tmp_path, CRITERIA + 'applicability = "where-present"\npopulation = 0\n')
    silent = made.observe(3, judged("orders", Outcome.NOT_APPLICABLE, reason="there is none"))
    assert runs.read(silent).verdict().decision is Decision.INSUFFICIENT
    verdict = made.merge([made.observe(0), made.observe(1), made.observe(2), silent]).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert doubts(verdict) == [(f"cell {LAST}", f"{LAST}: by itself, it is INSUFFICIENT EVIDENCE")]
