"""One verdict over many cells: their list, the reliable ones and the others, and the merged run as any other,
sealed, verified, shown and exported."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.commands import running
from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.evidence.journal import NAME, Journal
from prodgate.findings import Outcome
from prodgate.layers.live.target import _refuse_other_cell
from prodgate.layers.rehearsal import EmulatedAccount
from prodgate.run import merging
from prodgate.run.layer_process import _make_context, _place_in_cell
from prodgate.run.merging import list_cells, read_list
from prodgate.run.publishing import seal_again
from prodgate.run.running import Plan
from prodgate.sealing.verifying import Wanted, check
from prodgate.verdict import Decision, Verdict
from tests.prodgate.conftest import Gate

from ..sealing.sealed import (
    DAY,
    EVE,
    NIGHTLY,
    ask_gate,
    ask_other,
    load_other_verifier,
    make_run,
    pem,
    read_statement,
    seal,
    trust,
    write_envelope,
)
from .cells import CRITERIA, ONE, TWO, Cells, judged

FIRST, LAST = f"{ONE}/ap-northeast-1/live", f"{TWO}/us-east-1/live"
NOT, DOUBT = Outcome.NOT_SATISFIED, Outcome.UNDETERMINED


@pytest.fixture
def made(tmp_path: Path) -> Cells:
    return Cells(tmp_path)


def doubts(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each.subject, each.reason) for each in verdict.findings if each.outcome is DOUBT]


def test_cells_that_are_all_go_are_go_together(made: Cells) -> None:
    given = made.observe_all()
    run = made.merge(given)
    verdict = run.verdict()
    assert (verdict.decision, verdict.promotes, len(verdict.findings)) == (Decision.GO, True, 4)
    assert not any(runs.read(each).verdict().promotes for each in given), "a cell is a part"
    assert [(fact["kind"], fact["subject"]) for fact in run.facts][::3] == [("cell", FIRST), ("cell", LAST)]
    assert run.observed()[0] < run.started
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
    observe: Callable[[Cells], list[Path]], said: str, made: Cells
) -> None:
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
def test_a_signature_is_asked_for_where_nobody_says_otherwise(wanted: Wanted, said: str, made: Cells) -> None:
    signer = None if said == "UNSIGNED" else EVE
    given = [made.observe(number, signer=signer) for number in range(4)]
    assert all(said in reason for _, reason in doubts(made.merge(given, wanted).verdict()))


def test_an_attempt_that_was_cut_off_does_not_stand_in_the_way_of_the_next_one(made: Cells) -> None:
    assert made.merge([*cut_off(made), *made.observe_all()]).verdict().decision is Decision.GO


def test_a_merge_that_was_interrupted_is_not_go(made: Cells, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = made.observe_all()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(merging, "_record_fact", interrupt)
    before = {*tmp_path.rglob("run.json")}
    with pytest.raises(KeyboardInterrupt):
        made.merge(given)
    (left,) = {*tmp_path.rglob("run.json")} - before
    assert runs.read(left.parent).verdict().decision is Decision.INSUFFICIENT


def test_runs_of_no_cell_in_the_list_are_named_and_decide_nothing(made: Cells) -> None:
    whole, other = made.observe(0, cell=""), made.observe(0, cell=FIRST.replace("111", "999"))
    (torn := made.observe(0)).joinpath("run.json").write_text("{", "utf-8")
    run = made.merge([whole, other, torn, *made.observe_all()])
    assert run.verdict().decision is Decision.GO
    assert [note["text"].split()[0] for note in run.notes] == [whole.name, other.name, torn.name]


def test_a_rehearsal_of_all_cells_promotes_nothing(tmp_path: Path) -> None:
    made = Cells(tmp_path, rehearsal=True)
    verdict = made.merge(made.observe_all()).verdict()
    assert (verdict.decision, verdict.promotes) == (Decision.GO, False)


def test_what_two_regions_say_of_one_account_is_one_finding_that_rests_on_both(made: Cells) -> None:
    root, account = judged(f"arn:aws:iam::{ONE}:root"), judged("the account", check="PG_IAM_5")
    given = [made.observe(0, root, account), made.observe(1, root, account), made.observe(2), made.observe(3)]
    verdict = made.merge(given).verdict()
    found = {each.subject: len(each.evidence) for each in verdict.findings}
    assert found[root.subject] == found[f"{ONE}: the account"] == 2
    assert len(verdict.findings) == 4


def test_what_two_regions_say_differently_of_one_account_stands_twice(made: Cells) -> None:
    subject = f"arn:aws:iam::{ONE}:root"
    given = [made.observe(0, judged(subject)), made.observe(1, judged(subject, NOT)), made.observe(2), made.observe(3)]
    verdict = made.merge(given).verdict()
    assert verdict.decision is Decision.NO_GO
    assert [each.outcome for each in verdict.findings if each.subject == subject] == [Outcome.SATISFIED, NOT]


def test_databases_of_one_name_in_two_regions_are_two(made: Cells) -> None:
    given = [made.observe(number, judged("orders")) for number in range(4)]
    assert [each.subject for each in made.merge(given).verdict().findings] == [
        f"{cell.name}: orders" for cell in made.listed.cells
    ]


@pytest.mark.parametrize(("most", "decision"), [(2, Decision.GO), (1, Decision.NO_GO)])
def test_waivers_count_once_over_all_cells(most: int, decision: Decision, tmp_path: Path, made: Cells) -> None:
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


# ── A merged run as any other: sealed, verified by both hands, shown and exported; and the command that makes it


def test_a_merged_run_is_sealed_verified_and_exported_as_any(tmp_path: Path, gate: Gate) -> None:
    made = Cells(
        tmp_path, CRITERIA + f'[evidence]\nsigners = [{{ name = "nightly", key = "{NIGHTLY.public.text}" }}]\n'
    )
    given = [made.observe(number, signer=NIGHTLY) for number in range(4)]
    run = made.merge(given, Wanted(signers=[trust(NIGHTLY)]))
    seal_again(run.path, NIGHTLY)
    (key := tmp_path / "key.pem").write_text(pem(NIGHTLY))
    assert main(["verify", str(run.path), "--key", str(key), "--whole", "--promotes", "--max-age", "1h"]) == 0
    assert main(["report", str(run.path)]) == 0
    for form in ("sarif", "junit", "json"):
        assert main(["export", str(run.path), "--format", form]) == 0
    assert (
        "those are in the runs of its cells"
        in gate("judge", run.path, "--criteria", tmp_path / "criteria.toml", ends=4).err
    )
    arguments = load_other_verifier().argparse.Namespace(key=key, run=run.path, commit="", max_age=1.0)
    assert load_other_verifier().verify(arguments)[1] == []


def test_the_command_takes_folders_and_bundles(tmp_path: Path, made: Cells, gate: Gate) -> None:
    given = made.observe_all()
    (tmp_path / "cells.json").write_bytes(made.listed.to_bytes())
    (kept := tmp_path / "kept").mkdir()
    assert main(["bundle", str(given[0]), "--to", str(kept / "first.tar")]) == 0
    (kept / "second.tar").write_bytes(b"no bundle")
    given[0].rename(tmp_path / given[0].name)
    arguments = ["--criteria", str(tmp_path / "criteria.toml"), "--runs", str(tmp_path / "runs")]
    command = ["merge", str(kept), str(tmp_path / "runs"), "--cells", str(tmp_path / "cells.json"), *arguments]
    assert "second.tar" in gate(*command, "--unsigned").err
    merged = runs.latest(tmp_path / "runs")
    assert merged is not None
    assert not check(merged, Wanted(unsigned=True)).flaws
    assert f"{LAST}: undetermined: run {given[3].name} can't be relied on: UNSIGNED" in gate(*command, ends=2).err
    assert main(["merge", str(tmp_path / "nowhere"), *command[3:]]) == 4


def test_a_run_of_a_cell_that_says_it_promotes_is_found_out(tmp_path: Path) -> None:
    run = make_run(tmp_path, cell=FIRST, cells="0" * 64)
    seal(run)
    statement = read_statement(run)
    assert statement["predicate"]["prodgate"]["promotes"] is False
    statement["predicate"]["prodgate"]["promotes"] = True
    write_envelope(run, statement)
    (key := tmp_path / "key.pem").write_text(pem(NIGHTLY))
    assert any("promotes" in flaw for flaw in ask_gate(run))
    assert any("allows a promotion that does not follow from the run" in flaw for flaw in ask_other(run, key))


def test_a_merged_run_is_of_no_cell_itself(made: Cells) -> None:
    run = made.merge(made.observe_all())
    seal_again(run.path, None)
    again = made.merge([run.path])
    assert again.verdict().decision is Decision.INSUFFICIENT
    assert "is of no cell in the list" in again.notes[0]["text"]


# ── The list of cells: its contents, that it can't be shortened, and a run of one of its cells as planned

CELL = f"{ONE}/ap-northeast-1/live"


def test_the_command_writes_the_list_and_its_digest(tmp_path: Path, gate: Gate) -> None:
    made, file = Cells(tmp_path), tmp_path / "cells.json"
    criteria = ["--criteria", str(tmp_path / "criteria.toml")]
    assert gate("cells", *criteria, "--to", file).out == f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}\n"
    stated = json.loads(file.read_text("utf-8"))
    assert stated["cells"][0] == {"cell": CELL, "target": f"aws://gate-{ONE}@ap-northeast-1"}
    assert len(stated["cells"]) == 4
    rehearsed = json.loads(gate("cells", *criteria, "--rehearsal").out)
    assert {each["target"] for each in rehearsed["cells"]} == {"rehearsal://"}
    assert read_list(file, made.project).digest == made.listed.digest


def test_a_list_that_is_not_that_of_the_criteria_is_refused(tmp_path: Path) -> None:
    made, file = Cells(tmp_path), tmp_path / "cells.json"
    with pytest.raises(UsageError, match="write it with prodgate cells"):
        read_list(file, made.project)
    shortened = json.loads(made.listed.to_bytes())
    shortened["cells"].pop()
    file.write_text(json.dumps(shortened, indent=2) + "\n", "utf-8")
    with pytest.raises(UsageError, match="CHANGED: is not the list"):
        read_list(file, made.project)
    file.write_bytes(made.listed.to_bytes())
    (tmp_path / "waivers.toml").write_text("# another file\n", "utf-8")
    with pytest.raises(UsageError, match="CHANGED: is not the list"):
        read_list(file, made.project)


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        (CRITERIA.partition("[[cells]]")[0] + "[criteria" + CRITERIA.partition("[criteria")[2], "names no cells"),
        (CRITERIA.replace("profile", 'layers = ["load"]\nprofile'), "nothing is asked of load"),
    ],
)
def test_criteria_without_cells_and_cells_without_criteria_are_refused(
    criteria: str, said: str, tmp_path: Path
) -> None:
    project = Cells(tmp_path, criteria).project
    with pytest.raises(UsageError, match=said):
        list_cells(project, rehearsal=False)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Return the plans that the command would have carried out."""
    plans: list[Plan] = []
    monkeypatch.setattr(running, "carry_out", lambda plan, **_: plans.append(plan))
    monkeypatch.setattr(running, "publish", lambda *_, **__: 0)
    monkeypatch.setattr(running, "_refuse_unopenable", lambda _: None)
    return plans


def test_a_cell_is_observed_where_the_list_says(tmp_path: Path, planned: list[Plan]) -> None:
    made, file = Cells(tmp_path, rehearsal=True), tmp_path / "cells.json"
    file.write_bytes(made.listed.to_bytes())
    criteria = ["--criteria", str(tmp_path / "criteria.toml")]
    assert main(["observe", CELL, *criteria, "--cells", str(file)]) == 0
    assert main(["observe", CELL, *criteria]) == 0
    rehearsed, real = planned
    assert (rehearsed.target.url, real.target.url) == ("rehearsal://", f"aws://gate-{ONE}@ap-northeast-1")
    assert rehearsed.layers == frozenset({"live"})
    assert rehearsed.cell == {"cell": CELL, "cells": made.listed.digest}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((CELL.replace("111", "999"),), "is no cell that [[cells]] names"),
        ((CELL, "--only", "live"), "--only: a cell is one layer"),
        ((CELL, "--moment", "after"), "--moment: a cell is one layer"),
    ],
)
def test_what_is_no_cell_or_less_than_one_is_not_observed(
    given: tuple[str, ...], said: str, tmp_path: Path, planned: list[Plan], gate: Gate
) -> None:
    Cells(tmp_path)
    assert said in gate("observe", *given, "--criteria", tmp_path / "criteria.toml", ends=4).err
    assert not planned


def test_a_layer_of_a_cell_asks_the_account_of_the_cell_and_says_where_its_subjects_are(made: Cells) -> None:
    run = made.observe(0, close=False)
    context = _make_context(run, _place_in_cell(made.project, run), "live")
    assert context.stated.require_account() == ONE
    context.journal.record_finding(judged("orders"))
    assert f"{CELL}: orders" in {each.subject for each in runs.read(run).findings}
    assert runs.read(run).scope.cell == CELL


def test_what_judges_a_whole_system_names_no_cell(made: Cells) -> None:
    run = made.observe(0, close=False, cell="")
    assert _place_in_cell(made.project, run).stated.account == ""
    assert Journal.of(run).cell == ""


def test_a_rehearsal_of_another_account_or_region_is_not_one_of_the_cell() -> None:
    class Made(EmulatedAccount):  # type: ignore[misc]
        id = ONE
        region = "ap-northeast-1"

    _refuse_other_cell(Made(), "")  # type: ignore[abstract]
    _refuse_other_cell(Made(), CELL)  # type: ignore[abstract]
    for other in (CELL.replace("ap-northeast-1", "us-east-1"), CELL.replace("1111", "2222", 1)):
        with pytest.raises(UsageError, match="by TF_VAR_"):
            _refuse_other_cell(Made(), other)  # type: ignore[abstract]
