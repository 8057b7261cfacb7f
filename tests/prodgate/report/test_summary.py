from dataclasses import replace

from prodgate.report.summary import LIMIT, render_summary
from prodgate.sections.e2e import E2eSection

from .samples import criterion, failing, finding, run, showcase
from .test_html import hostile


def test_says_verdict_counts_failures_and_waivers() -> None:
    text = render_summary(showcase(), showcase().verdict())
    assert text.startswith("## REHEARSAL NO-GO\n")
    assert "| 2 | 5 | 1 | 1 | 1 | 1 |" in text
    assert "`terraform/modules/database/main.tf:41`<br>`aws_rds_cluster.main` and 1 more" in text
    assert "| live layer not built | 2: `backup-retention`, `database-encryption` |" in text
    assert "| `W-7` | covers 1 |" in text
    assert "**This is not a promotion verdict.**" in text


def test_a_clean_run_has_no_empty_tables() -> None:
    made = run([criterion("c")], [finding("c", "satisfied")])
    text = render_summary(made, made.verdict())
    assert text.startswith("## GO\n")
    assert "### Not satisfied" not in text
    assert "### Undetermined" not in text
    assert "promotion" not in text


def test_a_go_on_a_site_is_of_staging_unless_it_is_the_one_that_the_criteria_state() -> None:
    made = run([criterion("c")], [finding("c", "satisfied")], target="https://staging.shop.example:8443")
    text = render_summary(made, made.verdict())
    assert text.startswith("## STAGING GO\n")
    assert "**This is not a promotion verdict.**" in text
    stated = E2eSection(base_url="https://staging.shop.example:8443", credentials={}, pages=())
    production = replace(made, criteria=replace(made.criteria, e2e=stated))
    assert production.verdict().promotes
    assert render_summary(production, production.verdict()).startswith("## GO\n")


def test_never_exceeds_the_limit_and_says_what_was_cut() -> None:
    names = [f"criterion-{n}" for n in range(3000)]
    made = run([criterion(name) for name in names], [failing(name, "資" * 200) for name in names])
    text = render_summary(made, made.verdict())
    assert len(text.encode()) <= LIMIT
    assert "lines were cut here" in text
    assert "criterion-0" in text


def test_hostile_text_is_no_markup() -> None:
    text = render_summary(hostile(), hostile().verdict())
    assert len(text.encode()) <= LIMIT
    assert "\x1b" not in text
    for line in text.splitlines():
        outside = "".join(line.split("`")[::2])
        assert "<img" not in outside.replace("\\<", "")


def test_a_bar_or_backtick_in_a_name_does_not_break_the_table() -> None:
    made = run([criterion("c")], [failing("c", "a|b`c``d", where=())])
    row = next(line for line in render_summary(made, made.verdict()).splitlines() if "a\\|b" in line)
    assert "```a\\|b`c``d```" in row
    assert row.replace("\\|", "").count("|") == 6
