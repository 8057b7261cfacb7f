from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.criteria import LAYERS
from prodgate.evidence.runs import Run
from prodgate.report.html import render_html
from prodgate.report.summary import render_summary
from prodgate.report.terminal import render_terminal
from prodgate.report.text import count_columns
from prodgate.report.verdict_json import verdict_to_json
from prodgate.report.verdict_words import verdict_sentence

from .samples import criterion, failing, finding, not_built, run, showcase
from .test_html import hostile

REPORT = Path("runs/x/report.html")


def said(made: Run, **options: object) -> str:
    return render_terminal(made, made.verdict(), report=REPORT, **{"colour": False, **options})  # type: ignore[arg-type]


def test_begins_with_the_verdict_and_ends_with_next_and_report() -> None:
    lines = said(showcase()).splitlines()
    assert lines[0] == "✘ REHEARSAL NO-GO  nba-news on rehearsal://"
    assert lines[-2:] == ["next:   prodgate explain backup-retention", "report: runs/x/report.html"]


def test_the_head_of_a_whole_run_stands_last() -> None:
    made = replace(showcase(), head="5c" * 32)
    assert said(made).splitlines()[-1] == f"head:   {'5c' * 32}"
    assert "head:" not in said(replace(made, finished=None))
    assert f"Head of its journal: `{'5c' * 32}`." in render_summary(made, made.verdict())


def test_a_place_starts_its_line_and_the_remedy_follows() -> None:
    text = said(showcase(), width=200)
    assert (
        "\nterraform/modules/database/main.tf:41: ✘ backup-retention: observed 7 d, expected >= 30 d, "
        "on aws_rds_cluster.main and 1 more\n    set in: terraform/environments/prod/main.tf:18\n"
        "    remedy: Set backup_retention_period" in text
    )


def test_the_lines_of_a_document_are_no_chain() -> None:
    lines = tuple(f"main.tf:{n}" for n in range(9))
    text = said(run([criterion("c")], [failing("c", where=lines)]))
    assert "main.tf:0: " in text
    assert "set in" not in text


def test_groups_what_is_not_known_by_reason() -> None:
    names = [f"c{n}" for n in range(41)]
    made = run([criterion(name, layers=("live",)) for name in names], [not_built(name) for name in names])
    assert "\n? 41 criteria: live layer not built\n" in said(made)
    assert "no answer from: live" in said(made)


def test_says_how_many_more_criteria_fail_and_in_which_layer() -> None:
    names = [f"c{n}" for n in range(9)]
    made = run([criterion(name) for name in names], [failing(name) for name in names])
    assert "and more: static: 4 criteria not satisfied" in said(made)


def test_layers_of_which_nobody_asks_anything_are_named_wherever_the_verdict_stands() -> None:
    made = run([criterion("c")], [finding("c", "satisfied")], layers=("static",))
    made = replace(made, undeclared=frozenset(LAYERS) - {"static", "e2e"})
    named = "live, load, dags, rollout, attested"
    assert "left out: e2e" in (text := said(made, width=200))
    assert f"layers without criteria: {named}" in text
    assert f"left out: e2e; layers without criteria: {named}" in verdict_sentence(made.verdict(), "shop")
    assert f"of which nobody asks anything: {named}." in render_summary(made, made.verdict())
    assert verdict_to_json(made.verdict())["layers_without_criteria"] == named.split(", ")
    assert "Layers without criteria, of which nobody asks anything: Live" in render_html(made, made.verdict())


def test_a_layer_that_has_a_section_and_no_criterion_says_so() -> None:
    made = run([criterion("c")], [finding("c", "satisfied")], layers=("static", "e2e"))
    made = replace(made, undeclared=frozenset(LAYERS) - {"static", "e2e"})
    asked = 'asked nothing, though criteria.toml has a section for it: e2e; state a criterion with layers = ["e2e"], or'
    assert asked in said(made, width=200)
    assert "asked nothing" not in said(replace(made, undeclared=frozenset(LAYERS) - {"static"}))


@pytest.mark.parametrize("made", [showcase(), hostile(), run([criterion("c")], [failing("c", "本番 … é")])])
def test_plain_ascii_when_the_encoding_has_no_symbols(made: Run) -> None:
    assert said(made, encoding="ascii").encode("ascii")
    assert said(made, encoding="no-such-encoding").encode("ascii")
    assert said(made, encoding="cp932").encode("cp932")


def test_hostile_text_holds_no_control_character() -> None:
    text = said(hostile(), colour=False)
    assert all(line.isprintable() or not line for line in text.splitlines())


def test_colours_only_when_asked() -> None:
    assert "\x1b[1;31m✘ REHEARSAL NO-GO\x1b[0m" in said(showcase(), colour=True)
    assert "\x1b" not in said(showcase())


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_lines_fit_the_width_unless_one_word_is_longer(width: int) -> None:
    text, _, _ = said(showcase(), width=width).partition("\nnext:")  # a command stays whole, to be copied
    for line in text.splitlines()[1:]:
        assert count_columns(line) <= width or " " not in line.strip() or len(line.split()[0]) + 6 > width


@pytest.mark.parametrize(
    ("made", "command"),
    [
        (showcase(finished=False), "prodgate run rehearsal://"),
        (
            run([criterion("c")], [finding("c", "satisfied")], layers=("static",)),
            "prodgate run aws://prod@ap-northeast-1",
        ),
        (run([criterion("c")], [finding("c", "satisfied")], rehearsal=True), "prodgate run aws://PROFILE@REGION"),
        (run([criterion("c", layers=("live",))], [not_built("c")]), "prodgate trace"),
        (run([], [], rehearsal=True), "edit criteria.toml"),
        (run([criterion("c; rm")], [failing("c; rm")]), "prodgate explain 'c; rm'"),
    ],
)
def test_names_the_next_command(made: Run, command: str) -> None:
    assert f"next:   {command}\n" in said(made)


def test_a_promotion_needs_no_next_command() -> None:
    text = said(run([criterion("c")], [finding("c", "satisfied")]))
    assert text.startswith("✔ GO  ")
    assert "next:" not in text
    assert "not a promotion" not in text


def test_says_when_go_is_no_promotion_and_when_a_run_was_cut_off() -> None:
    assert "not a promotion verdict" in said(run([criterion("c")], [finding("c", "satisfied")], rehearsal=True))
    assert "the run was cut off" in said(showcase(finished=False))
