"""Whose words a finding is in is kept with it, and a team's are shown as they are written, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType

import pytest

from prodgate.criteria import Criterion
from prodgate.estimates import Estimate
from prodgate.faults import conclude
from prodgate.findings import Concluded, Conclusion, Finding
from prodgate.judgement import open_judgement
from prodgate.quantities import Quantity
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.page import render_comparison_page
from prodgate.report.html import render_html
from prodgate.sections.bundled import BUNDLED, comes_with_gate
from prodgate.sections.project import load_policies
from prodgate.sections.requirements import Requirement
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.resources import Configuration, Resource

from .samples import criterion, failing, finding, run

PLAIN = criterion("c")
BOUND = criterion("c", require=">= 30 d")
WIDE = Estimate(
    value=Quantity.days(31), low=Quantity.days(7), high=Quantity.days(99), samples=9, effective=9,
    confidence=Quantity.of("95", "%"),
)  # fmt: skip


def ended(asked: Criterion, judge: Callable[[Criterion], object]) -> Conclusion:
    with open_judgement(asked) as judgement:
        try:
            judge(judgement.criterion)
        except Concluded as raised:
            return conclude(judgement, asked, ended=raised.conclusion)
    return conclude(judgement, asked)


def lack(asked: Criterion) -> None:
    raise asked.undetermined("not measured")


def leave(asked: Criterion) -> None:
    raise asked.not_applicable("not measured")


def wait(asked: Criterion) -> None:
    raise asked.only_production("not measured")


@pytest.mark.parametrize(
    ("asked", "judge", "words"),
    [
        (PLAIN, lambda c: c.hold(True, expected="not measured", observed="off"), ("expected", "observed")),
        (PLAIN, lambda c: c.hold(False, expected="not measured", observed="off"), ("expected", "observed")),
        (PLAIN, lambda c: c.exclude(["a"], expected="nothing"), ("expected", "observed")),
        (PLAIN, lambda c: c.exclude([], expected="nothing"), ("expected",)),
        (BOUND, lambda c: c.require(Quantity.days(7)), ()),
        (BOUND, lambda c: c.require(Quantity.days(31)), ()),
        (replace(BOUND, samples=9), lambda c: c.require(Quantity.days(7)), ()),
        (replace(BOUND, decides="bound"), lambda c: c.require(WIDE), ()),
        (replace(BOUND, samples=99), lambda c: c.require(WIDE), ()),
        (BOUND, lambda c: c.require(replace(WIDE, unfinished="not measured")), ()),
        (BOUND, lambda c: c.cover(Quantity.days(7)), ()),
        (PLAIN, lambda c: c.hold(1, expected="not measured", observed="off"), ()),
        (PLAIN, lambda c: None, ()),
        (PLAIN, lack, ("reason", "observed")),
        (PLAIN, wait, ("reason", "observed")),
        (replace(PLAIN, some_subjects=True), leave, ("reason",)),
        (PLAIN, leave, ()),  # the gate says that it may not
    ],
)
def test_a_conclusion_names_what_the_judge_says(
    asked: Criterion, judge: Callable[[Criterion], object], words: tuple[str, ...]
) -> None:
    assert ended(asked, judge).words == words


def test_a_finding_keeps_whose_words_it_is_in() -> None:
    said = finding("c", "undetermined", reason="not measured", words=("reason",))
    assert Finding.from_json(said.to_json()).words == ("reason",)
    assert "words" not in replace(said, words=()).to_json()
    assert Conclusion(outcome=said.outcome, words=("reason", "observed")).name_words("Mend.", but="observed") == (
        "reason",
        "remedy",
    )


def test_what_is_the_same_to_the_byte_comes_with_the_gate(tmp_path: Path) -> None:
    ours = next((BUNDLED / "policies").glob("*.py"))
    copy, other = tmp_path / "policies" / ours.name, tmp_path / "suites" / "live" / "test_shop.py"
    for path in (copy, other):
        path.parent.mkdir(parents=True)
        path.write_bytes(ours.read_bytes())
    assert [comes_with_gate(str(path)) for path in (ours, copy, other)] == [True, True, False]
    comes_with_gate.cache_clear()
    copy.write_bytes(ours.read_bytes() + b"\n")
    assert not comes_with_gate(str(copy))
    comes_with_gate.cache_clear()


def test_what_comes_with_the_gate_is_in_its_words_whichever_layer_asks_it(tmp_path: Path) -> None:
    """The live layer applies policies by itself."""
    load_policies([BUNDLED / "policies"])
    ours, file = POLICIES["PG_ENC_13"], tmp_path / "policies" / "encryption.py"
    file.parent.mkdir()
    file.write_text("# a team's")
    code = ours.judge.__code__.replace(co_filename=str(file))
    theirs = replace(ours, judge=FunctionType(code, ours.judge.__globals__))
    bucket = Resource(address="b", type=ours.resources[0], name="b", values={})
    account = Configuration(root="the account", engine="AWS", resources=[bucket])
    found = [{each.words for each in apply(policy, account, PLAIN)} for policy in (ours, theirs)]
    assert ours.remedy
    assert (found[0], any(found[1])) == ({()}, True)


def page(found: Finding, **stated: str) -> str:
    made = run([criterion("c", **stated)], [found])
    made = replace(
        made, criteria=replace(made.criteria, requirements=(Requirement("OPS-2", "not measured", ("static",)),))
    )
    return re.sub(r"\s+", " ", render_html(made, made.verdict(), language="ja"))


@pytest.mark.parametrize("name", ["expected", "observed", "reason", "remedy"])
def test_the_words_of_a_team_are_shown_as_they_are_written(name: str) -> None:
    said = failing("c", "main.a", **{name: "no gap; not measured"})
    ours, theirs = page(said), page(replace(said, words=(name,)))
    assert "no gap; not measured" not in ours
    assert "欠けているものなし；測定なし" in ours
    assert "no gap; not measured" in theirs
    assert "欠けているものなし；測定なし" not in theirs


def test_words_are_of_texts_alone() -> None:
    made = run([criterion("c")], [failing("c", words=("outcome", "where", "observed"))])
    assert "7 d" in render_html(made, made.verdict(), language="ja")


def test_a_criterion_is_ours_as_a_whole_or_a_teams() -> None:
    text = page(failing("c", remedy="no gap; not measured"), why="no gap, not measured", remedy="no gap; not measured")
    assert "no gap, not measured" in text
    assert "no gap; not measured" in text
    assert "測定なし" in text  # the line of the requirements, which is a whole text of ours


def test_a_comparison_keeps_the_words_of_a_team() -> None:
    said = failing("c", "main.a", observed="no gap; not measured", words=("observed",))
    before, after = run([criterion("c")], [said]), run([criterion("c")], [finding("c", "satisfied", "main.a")])
    assert "no gap; not measured" in render_comparison_page(compare(before, after), "ja")
