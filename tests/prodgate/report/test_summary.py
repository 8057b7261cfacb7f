"""The report and its summary: what stands in them, in which order, and with which escapes."""

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from prodgate.criteria import LAYERS, SEVERITIES
from prodgate.evidence.artifacts import store
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.processes.output import visible
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.grouping import batches, gaps, headlines, layer_states, tally, verdict_sentence
from prodgate.report.html import describe_circumstances, render_html
from prodgate.report.pages import MANY, make_rows
from prodgate.report.summary import LIMIT, render_summary, render_terminal
from prodgate.report.text import count_columns, shorten, wrap
from prodgate.report.view import (
    criterion_rows,
    evidence_rows,
    find_orphans,
    list_controls,
    requirements,
    verdict_to_json,
)
from prodgate.sections.criteria_file import Requirement
from prodgate.sections.e2e import E2eSection
from prodgate.verdict import NO_FINDING

from .samples import (
    CLUSTER,
    PLAN,
    criterion,
    estate,
    fact,
    failing,
    far_reaching,
    finding,
    measured_by,
    not_built,
    note,
    of_every_severity,
    only_in_production,
    run,
    showcase,
)

HOSTILE = (
    '<img src=x onerror="document.title=1">',
    "\u202egnp.exe",
    "bell\x07escape\x1b[31m",
    "{{ 7 * 7 }}{% raw %}",
    "x" * 5000,
    "本番データベース",
    "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "\ud800 lone surrogate",
    "javascript:alert(1)",
    "</style><script>1</script>",
)


class Page(HTMLParser):
    """The elements, texts, ids and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def values(self, attribute: str) -> list[str]:
        return [found for _, attrs in self.tags if (found := attrs.get(attribute)) is not None]


def page(run: Run, language: str = "en") -> Page:
    return Page(render_html(run, run.verdict(), language=language))


def hostile() -> Run:
    """Return a run in which every text from outside is hostile."""
    bad = HOSTILE[0]
    findings = [failing("c", name, observed=name, remedy=name, where=(f"{name}:1",), check=bad) for name in HOSTILE]
    findings += [finding("c", "satisfied", name, check=bad, observed=name) for name in HOSTILE]
    findings += [finding("c", "undetermined", name, check=bad, reason=name) for name in HOSTILE]
    return run(
        [criterion("c", wording=bad, wording_ja=bad, why=bad, source=bad, controls=(bad,))],
        findings, facts=(fact("account", bad, PLAN, "live"),), notes=tuple(note(name) for name in HOSTILE), system=bad, target=HOSTILE[1], actor=bad, commit=bad, versions={bad: bad}, other={bad: [bad]},
    )  # fmt: skip


def test_a_go_says_for_which_disturbances_it_holds() -> None:
    """The shortest of each criterion decides, and of what can hide, the rarest that the run could still meet."""
    said = (
        "Under load this holds for disturbances up to 900 ms (fast).",
        "Under load this holds for single slow or failed requests, not for several at once: right.",
        "Under load the measured value alone decided, which chance may have moved: up.",
        "The load can have missed what comes less often than every 14 s (up).",
        "A GO needs all of these: if any did not hold, a GO would come in at most 5 % of cases, however many there are",
    )
    for outcome, shown in (("satisfied", True), ("not-satisfied", False)):
        made = far_reaching(outcome)
        places = (
            render_terminal(made, made.verdict(), colour=False, report=Path("r"), width=300),
            render_summary(made, made.verdict()).replace("\\", ""),
            page(made).text,
        )
        assert [[text in each for text in said] for each in places] == [[shown] * len(said)] * 3, places


@pytest.mark.parametrize("language", FILES)
def test_says_verdict_reason_and_place_on_the_first_screen(language: str) -> None:
    first = render_html(showcase(), showcase().verdict(), language=language).split("<nav")[0]
    for said in ("NO-GO", "7 d", "&gt;= 30 d", "terraform/modules/database/main.tf:41", "backup-retention"):
        assert said in first


def test_says_in_japanese_that_a_statement_is_not_translated() -> None:
    plain = run([criterion("c", wording="Keys wait.", wording_ja="")], [finding("c", "satisfied")])
    assert "Keys wait.（日本語訳なし）" in render_html(plain, plain.verdict(), language="ja")
    assert "（日本語訳なし）" not in render_html(plain, plain.verdict(), language="en")


def test_stamps_a_rehearsal_in_title_and_banner() -> None:
    text = render_html(showcase(), showcase().verdict())
    assert "<title>REHEARSAL · NO-GO" in text
    assert '<p class="stamp"><b>REHEARSAL</b>' in text
    real = showcase(rehearsal=False)
    assert "REHEARSAL" not in render_html(real, real.verdict()).split("<nav")[0]


def test_says_on_the_first_screen_that_a_run_was_cut_off() -> None:
    cut = showcase(finished=False)
    assert "The run was cut off" in render_html(cut, cut.verdict()).split("<nav")[0]
    assert "The run was cut off" not in render_html(showcase(), showcase().verdict()).split("<nav")[0]


def test_a_go_on_some_layers_is_not_a_promotion_verdict() -> None:
    partial = run([criterion("c")], [finding("c", "satisfied")], layers=("static",))
    assert partial.verdict().decision == "GO"
    assert "not a promotion verdict" in page(partial).text
    whole = run([criterion("c")], [finding("c", "satisfied")])
    assert whole.verdict().promotes
    assert "not a promotion verdict" not in page(whole).text


@pytest.mark.parametrize("language", FILES)
def test_loses_no_finding(language: str) -> None:
    shown = page(showcase(), language).text
    for found in showcase().findings:
        assert found.subject in shown or found.check == found.layer
        assert all(place in shown for place in found.where)
        assert Catalogue(language).say(found.reason) in shown
    assert PLAN in shown
    assert CLUSTER in shown


def test_tells_layers_judged_silent_and_left_out_apart() -> None:
    made = run(
        [criterion("c", layers=("static", "live"))],
        [finding("c", "satisfied"), not_built("c")],
        layers=("static", "live", "dags"),
    )
    shown = page(made).text.split("Layer State Answers")[1]
    assert re.search(r"static judged .* live no answer live layer not built", shown)
    assert re.search(r"e2e left out of this run .* dags no criterion asks for it", shown)


@pytest.mark.parametrize(("language", "account"), [("en", "account"), ("ja", "アカウント")])
def test_says_which_account_was_looked_at_and_what_was_not_as_it_should_be(language: str, account: str) -> None:
    shown = page(showcase(), language).text
    assert f"rehearsal:// , {account} 123456789012 in ap-northeast-1" in shown
    assert Catalogue(language).say("aws_glacier_vault can't be rehearsed yet: aws_glacier_vault.this") in shown
    assert f"{account} 123456789012" not in page(run([criterion("c")], [finding("c", "satisfied")]), language).text


def test_names_the_criteria_that_only_production_can_answer() -> None:
    shown = page(showcase()).text
    assert "Criteria that only production can answer" in shown
    assert "Criteria that only production can answer" not in page(showcase(rehearsal=False)).text
    assert re.search(r"Live account live .{,200}? 1 only production can answer", shown)


def test_counts_apart_what_an_invented_past_answered() -> None:
    said = "answered from an invented past"
    rehearsed, elsewhere = (only_in_production(rehearsal=each) for each in (True, False))
    assert f"1 criterion that only production can answer was {said}" in page(rehearsed).text
    assert said in render_summary(rehearsed, rehearsed.verdict())
    assert said not in page(elsewhere).text + render_summary(elsewhere, elsewhere.verdict())


def test_the_style_sheet_knows_each_answer_that_can_be_chosen() -> None:
    text = render_html(showcase(), showcase().verdict())
    offered = set(re.findall(r'name="shown" value="([a-z0-9-]+)"', text)) - {"all"}
    assert {"not-satisfied", "undetermined", *LAYERS} <= offered
    rule = r"\.shown:has\(\[value=([a-z0-9-]+)\]:checked\)~\.criteria tbody:not\(\[data-has~=\1,?\]"
    assert set(re.findall(rule, text)) == {*Outcome, *LAYERS}


def test_names_findings_of_a_criterion_that_is_not_stated() -> None:
    assert "nobody-stated-this" in page(run([criterion("c")], [failing("nobody-stated-this")])).text


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("made", [showcase(), showcase(rehearsal=False, finished=False), hostile()])
def test_is_sound_html_that_loads_nothing(made: Run, language: str) -> None:
    found = page(made, language)
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in found.values("href") if link.startswith("#")} <= set(ids)
    assert {link for link in found.values("href") if not link.startswith("#")} == {"data:,", *FILES.values()} - {
        FILES[language]
    }
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "audio", "video"}
    names = {name for _, attrs in found.tags for name in attrs}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style", "action")}
    assert next(attrs for tag, attrs in found.tags if tag == "html")["lang"] == language


def test_allows_only_its_own_style_sheet() -> None:
    text = render_html(showcase(), showcase().verdict())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(content for content in Page(text).values("content") if content.startswith("default-src"))
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:")
    assert "url(" not in style[1]
    assert "@import" not in style[1]


@pytest.mark.parametrize("language", FILES)
def test_hostile_text_stays_text_and_is_visible(language: str) -> None:
    text = render_html(hostile(), hostile().verdict(), language=language)
    assert text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)
    shown = Page(text).text
    for each in (
        '<img src=x onerror="document.title=1">',
        r"\u202e gnp.exe",
        r"\x1b [31m",
        "{{ 7 * 7 }}",
    ):
        assert each in shown
    assert "x" * 5000 in shown
    assert "本番データベース" in shown


@pytest.mark.parametrize("language", FILES)
def test_the_same_run_gives_the_same_bytes(language: str) -> None:
    assert len({render_html(showcase(), showcase().verdict(), language=language) for _ in range(3)}) == 1


def test_renders_a_run_that_recorded_next_to_nothing() -> None:
    made = run([criterion("c")], [])
    bare = {key: made.about[key] for key in ("rehearsal", "layers", "started")}
    text = page(
        Run(path=made.path, about=bare, criteria=made.criteria, waivers=(), findings=(), facts=(), finished=None)
    )
    assert "not recorded" in text.text
    assert "INSUFFICIENT EVIDENCE" in text.text


def test_names_every_file_of_the_criteria_with_its_digest() -> None:
    included = {"criteria/edge.toml": hashlib.sha256(b"edge").hexdigest(), HOSTILE[0]: hashlib.sha256(b"x").hexdigest()}
    text = page(run([criterion("c")], [], included=included)).text
    assert f"{hashlib.sha256(b'criteria').hexdigest()} ; 2 more files" in text
    evidence = text[text.index("SHA-256 Kind") : text.rindex("Run by")]
    assert [evidence.index(digest) for digest in included.values()] == sorted(map(evidence.index, included.values()))
    assert all(name in evidence for name in included)
    assert '"criteria/edge.toml"' not in text


@pytest.mark.parametrize(("language", "short", "whole"), [
    ("en", "(the team's code)", "load, measured by the team's code: the journeys; nothing else says how they went"),
    ("ja", "(チームのコード)", "load, チームのコードによる測定： ジャーニー。結果を示すものはほかにない"),
])  # fmt: skip
def test_marks_what_a_teams_own_code_measured(language: str, short: str, whole: str) -> None:
    text = page(measured_by("the journeys; nothing else says how they went"), language=language).text
    assert short in text
    assert whole in text
    assert short not in page(measured_by(""), language=language).text


def test_says_times_in_utc_and_at_the_offset_of_the_run() -> None:
    assert "2026-11-24 13:00:00 UTC (2026-11-24 22:00:00 +09:00)" in page(showcase()).text


def test_says_its_span_once_where_schedules_go_by_utc() -> None:
    made, schedule = showcase(), SimpleNamespace(timezone="UTC")
    dags = {"scrape": SimpleNamespace(declared=SimpleNamespace(schedule=schedule))}
    made = replace(made, criteria=replace(made.criteria, airflow=SimpleNamespace(dags=dags)))
    assert describe_circumstances(made, made.verdict()).when == ("2026-11-24 13:00:00 – 13:01:34 UTC",)


@pytest.mark.slow
@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("every", [1, 20])
def test_ten_thousand_findings_fit_a_megabyte_whether_few_or_all_fail(every: int, language: str) -> None:
    made = estate(every)
    assert len(made.findings) == 10_000
    text = render_html(made, made.verdict(), language=language)
    assert len(text.encode()) <= 1_000_000
    for found in made.findings:
        service, index = found.subject.split(".this")
        assert f"{service}.this[" in text
        assert f">{found.subject}\n" in text or f"…{index}" in text or f">{found.subject}<" in text


# ── Rows

NAMES = [f"module.api[{n % 3}].aws_cloudwatch_log_group.this[{n}]" for n in range(MANY)]


def test_few_findings_are_told_in_full_and_in_their_order() -> None:
    few = [failing(subject=name) for name in NAMES[: MANY - 1]]
    assert [(row.finding, row.subject, row.place) for row in make_rows(few)] == [
        (each, each.subject, each.where[0]) for each in few
    ]


def test_many_findings_say_once_what_their_names_and_files_begin_with() -> None:
    many = [failing(subject=name, where=(f"modules/service-{n % 3}.tf:{n}",)) for n, name in enumerate(NAMES)]
    rows = list(make_rows(many))
    assert [row.subject for row in rows[:3]] == ["module.api[0].aws_cloudwatch_log_group.this[0]", "…[3]", "…[6]"]
    assert [row.place for row in rows[:3]] == ["modules/service-0.tf:0", "…:3", "…:6"]
    assert rows[7].subject == "module.api[1].aws_cloudwatch_log_group.this[1]"
    assert sorted(row.finding.subject for row in rows) == sorted(NAMES)


@pytest.mark.parametrize("name", ["short[{}]", "no-joint-{}", ":{}", "[", ""])
def test_what_shares_no_long_beginning_is_told_in_full(name: str) -> None:
    names = [name.format(n) for n in range(MANY)]
    assert [row.subject for row in make_rows([failing(subject=each) for each in names])] == names


def test_the_same_name_twice_is_told_twice() -> None:
    many = [
        failing(subject="module.api.aws_ecs_service.this[0]", where=(f"modules/a-service.tf:{n}",)) for n in range(MANY)
    ]
    assert {row.subject for row in make_rows(many)} == {"module.api.aws_ecs_service.this[0]"}


# ── Groups


def test_a_batch_holds_what_differs_only_in_its_subject() -> None:
    found = batches([failing(), failing(subject="other", observed="1 d"), failing(check="PG_REC_2")])
    assert [(batch.check, len(batch.findings)) for batch in found] == [("PG_REC_1", 2), ("PG_REC_2", 1)]
    assert found[0].same("observed") is None
    assert found[0].same("where") == failing().where


def test_gaps_put_shared_reasons_first_and_own_reasons_under_their_criterion() -> None:
    own = [finding("c", "undetermined", str(n), reason=f"only {n} samples") for n in range(3)]
    found = gaps([*own, finding("d", "undetermined", reason="odd"), not_built("c"), not_built("d")])
    assert [(gap.reason, gap.criteria, len(gap.findings)) for gap in found] == [
        ("live layer not built", ("c", "d"), 2),
        ("", ("c",), 3),
        ("odd", ("d",), 1),
    ]


def test_gaps_leave_out_what_the_verdict_adds_about_a_silent_layer() -> None:
    silent = not_built("c")
    found = [silent, replace(silent, check="verdict", subject=NO_FINDING, reason="no check answered")]
    assert [gap.reason for gap in gaps(found)] == ["live layer not built"]


def test_headlines_keep_a_line_for_what_is_not_known() -> None:
    names = [f"c{n}" for n in range(9)]
    made = run(
        [criterion(name, layers=("static", "live")) for name in names],
        [*(failing(name) for name in names), *(not_built(name) for name in names)],
    )
    top, rest = headlines(made.verdict())
    assert [line.outcome for line in top] == [Outcome.NOT_SATISFIED] * 4 + [Outcome.UNDETERMINED]
    assert len(top[4].criteria) == 9
    assert len(rest) == 5


def test_headlines_use_every_line_for_failures_when_all_is_known() -> None:
    names = [f"c{n}" for n in range(9)]
    made = run([criterion(name) for name in names], [failing(name) for name in names], layers=("static",))
    top, rest = headlines(made.verdict())
    assert (len(top), len(rest)) == (5, 4)


@pytest.mark.parametrize("language", FILES)
def test_the_worst_that_fails_stands_first_and_says_how_bad_it_is(language: str) -> None:
    made = of_every_severity()
    top, _ = headlines(made.verdict())
    assert [line.criteria[0] for line in top] == [*SEVERITIES, "plain"]
    said = page(made, language).text
    places = [said.index(f"{Catalogue(language).text(f'severity-{each}')} PG_REC_1") for each in SEVERITIES]
    assert places == sorted(places)


def test_every_layer_has_a_state() -> None:
    states = {state.layer: state.state for state in layer_states(showcase(rehearsal=False).verdict())}
    assert list(states) == list(LAYERS)
    assert states["static"] == "judged"
    assert states["live"] == "silent"
    assert states["load"] == "left-out"
    assert {state.state for state in layer_states(run([criterion("c")], []).verdict())} == {"silent", "empty"}


def test_tally_leaves_out_what_only_production_can_answer() -> None:
    verdict = showcase().verdict()
    assert sum(tally(verdict).values()) == len(verdict.rulings) - 1


def test_the_layers_add_up_to_what_was_counted() -> None:
    verdict = showcase().verdict()
    states = layer_states(verdict)
    assert sum((state.outcomes for state in states), Counter()) == tally(verdict)
    assert sum(state.deferred for state in states) == verdict.deferred == 1


def test_says_verdict_counts_failures_and_waivers() -> None:
    text = render_summary(showcase(), showcase().verdict())
    assert text.startswith("## REHEARSAL NO-GO\n")
    for each in (
        "| 2 | 5 | 1 | 1 | 1 | 1 |",
        "`terraform/modules/database/main.tf:41`<br>`aws_rds_cluster.main` and 1 more",
        "| live layer not built | 2: `backup-retention`, `database-encryption` |",
        "| `W-7` | covers 1 |",
        "**This is not a promotion verdict.**",
    ):
        assert each in text


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
        assert "<img" not in "".join(line.split("`")[::2]).replace("\\<", "")


def test_a_bar_or_backtick_in_a_name_does_not_break_the_table() -> None:
    made = run([criterion("c")], [failing("c", "a|b`c``d", where=())])
    row = next(line for line in render_summary(made, made.verdict()).splitlines() if "a\\|b" in line)
    assert "```a\\|b`c``d```" in row
    assert row.replace("\\|", "").count("|") == 6


# ── The terminal

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
    assert f"so that nothing is asked of them: {named}." in render_summary(made, made.verdict())
    assert verdict_to_json(made.verdict())["layers_without_criteria"] == named.split(", ")
    assert "Layers without criteria, so that nothing is asked of them: Live" in render_html(made, made.verdict())


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


# ── Text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("日本 語\u3000", "日本 語\u3000"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\u202eevil", r"\u202eevil"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\udcff", r"\udcff"),
        ("one\ntwo\t", r"one\ntwo\t"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 4 + r"\u0301"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(text).encode("utf-8")


def test_keeps_line_breaks_where_asked() -> None:
    assert visible("one\ntwo\r", keep="\n") == "one\ntwo\\r"


def test_marks_what_was_cut() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_counts_wide_characters_twice_and_colours_not_at_all() -> None:
    assert count_columns("日本") == 4
    assert count_columns("\x1b[1;31mx\x1b[0m") == 1
    assert count_columns("e\u0301") == 1


def test_wraps_by_columns_and_leaves_long_words_whole() -> None:
    assert wrap("  aa bb cc", 7, indent="    ") == ["  aa bb", "    cc"]
    assert wrap("日本 日本", 7, indent="") == ["日本", "日本"]
    assert wrap("a/very/long/path.tf:1 is", 5, indent="  ") == ["a/very/long/path.tf:1", "  is"]
    assert wrap("", 7, indent="") == [""]


# ── Cells

UNUSED = sha256(b"nobody cites this").hexdigest()


def stating(made: Run, *asked: Requirement) -> Run:
    return replace(made, criteria=replace(made.criteria, requirements=asked))


def table(made: Run, language: str = "en") -> str:
    text = render_html(made, made.verdict(), language=language)
    return Page(text[text.index('<h2 id="criteria">') : text.index('<h2 id="satisfied">')]).text


def test_leads_from_a_requirement_to_criteria_checks_subjects_and_evidence() -> None:
    told = table(stating(showcase(), Requirement("SEC-5", "Every store is encrypted", ("static", "live"))))
    assert "SEC-5 Every store is encrypted database-encryption The database-encryption holds." in told
    row = told[told.index("SEC-5 Every") :]
    assert f"static satisfied – PG_ENC_1 , PG_ENC_2 26 of 26 judged {PLAN[:12]} , {CLUSTER[:12]}" in row
    assert "live undetermined – undetermined: live layer gave no answer 0 of 0 judged" in row


def test_leads_from_a_control_to_the_criteria_that_name_it() -> None:
    criteria = [
        criterion("kept", controls=("FSBP:EC2.10", "FSBP:EC2.9")),
        criterion("lost", controls=("FSBP:EC2.9",)),
        criterion("silent", layers=("live",), controls=("3.1",)),
    ]
    made = run(criteria, [finding("kept", "satisfied"), failing("lost")])
    found = list_controls(criterion_rows(made, made.verdict()))
    assert {name: [(row.id, row.outcome) for row in rows] for name, rows in found.items()} == {
        "": [("3.1", "undetermined")],
        "FSBP": [("EC2.9", "not-satisfied"), ("EC2.10", "satisfied")],
    }
    text = render_html(made, made.verdict())
    told = Page(text[text.index('<h2 id="controls">') : text.index('<h2 id="evidence">')]).text
    assert "EC2.9 not satisfied kept , lost EC2.10 satisfied kept" in told
    none = run([criterion("c")], [finding("c", "satisfied")])
    assert 'id="controls"' not in render_html(none, none.verdict())


def test_links_lead_on_and_back(tmp_path: Path) -> None:
    digest = store(tmp_path, b"what was seen", ".json.gz")
    made = run([criterion("c")], [failing("c", evidence=(digest,))], facts=(fact("plan", "prod", digest),))
    text = render_html(replace(made, path=tmp_path), made.verdict())
    page = Page(text)
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a" and "href" in attrs]
    assert {"#fc1", "#c1", "#e3", f"evidence/{digest}.json.gz"} <= set(links)
    assert {"fc1", "c1", "e3"} <= set(page.values("id"))
    evidence = text[text.index('<tr id="e3">') :]
    assert f'<a href="evidence/{digest}.json.gz"><code>{digest}</code></a>' in evidence
    assert '<a href="#c1"><code>c</code></a>' in evidence.partition("</tbody>")[0]


def test_links_to_no_file_that_is_not_evidence(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    for name in (f'{PLAN}.<img src="x">', f"{PLAN}/../run.json".replace("/", "_"), "x.html"):
        (tmp_path / "evidence" / name).write_bytes(b"")
    made = replace(showcase(), path=tmp_path)
    assert "evidence/" not in render_html(made, made.verdict())


@pytest.mark.parametrize(
    ("findings", "returned", "judged", "left_out"),
    [
        ([finding("c", "satisfied", "a"), finding("c", "not-satisfied", "a", check="PG_2")], 1, 1, ()),
        ([finding("c", "satisfied", "a"), finding("c", "waived", "b")], 2, 2, ()),
        ([finding("c", "not-applicable", n, reason="no database") for n in "ab"], 2, 0, ((2, "no database"),)),
        ([finding("c", "satisfied", "a"), finding("c", "undetermined", "b", reason="denied")], 2, 1, ((1, "denied"),)),
        ([finding("c", "undetermined", "(Queue)", reason="denied")], 0, 0, ()),
        (
            [
                finding("c", "not-applicable", "a", reason="no database"),
                finding("c", "undetermined", "a", check="PG_2", reason="denied"),
            ],
            1, 0, ((1, "denied"),),
        ),
    ],
)  # fmt: skip
def test_counts_of_what_a_criterion_was_judged(
    findings: list[object], returned: int, judged: int, left_out: tuple[tuple[int, str], ...]
) -> None:
    made = run([criterion("c", where_present=True)], findings)  # type: ignore[arg-type]
    (row,) = criterion_rows(made, made.verdict())
    found = row.answers[0].population
    assert (found.returned, found.judged, found.left_out, found.more) == (returned, judged, left_out, 0)


def test_says_the_widest_reasons_and_counts_the_rest() -> None:
    reasons = [reason for reason, n in (("a", 1), ("b", 4), ("c", 3), ("d", 2), ("e", 1)) for _ in range(n)]
    found = [finding("c", "undetermined", f"s{n}", reason=reason) for n, reason in enumerate(reasons)]
    made = run([criterion("c")], found)
    population = criterion_rows(made, made.verdict())[0].answers[0].population
    assert population.left_out == ((4, "b"), (3, "c"), (2, "d"))
    assert (population.more, population.returned) == (2, 11)
    assert "0 of 11 judged 4 left out: b 3 left out: c 2 left out: d 2 left out for other reasons" in table(made)


def test_shows_the_worst_of_each_check_and_what_the_verdict_adds_only_alone() -> None:
    found = [finding("c", "satisfied", "a"), failing("c", "b"), finding("c", "satisfied", "a", check="PG_2")]
    made = run([criterion("c", population=9)], found)
    (row,) = criterion_rows(made, made.verdict())
    assert row.answers[0].checks == (("PG_REC_1", Outcome.NOT_SATISFIED), ("PG_2", Outcome.SATISFIED))
    nothing = run([criterion("c")], [])
    assert criterion_rows(nothing, nothing.verdict())[0].answers[0].checks == (("verdict", Outcome.UNDETERMINED),)


@pytest.mark.parametrize("language", FILES)
def test_names_what_leads_nowhere(language: str) -> None:
    asked = (Requirement("OPS-2", "Backups", ("static", "live")), Requirement("NEW-1", "Nobody asks", ("load",)))
    facts = (fact("plan", "prod", PLAN), fact("account", "123456789012 in eu", UNUSED, "live"))
    made = stating(run([criterion("c"), criterion("d")], [finding("c", "satisfied")], facts=facts), *asked)
    verdict = made.verdict()
    orphans = find_orphans(made, verdict, evidence_rows(made, verdict))
    assert orphans.requirements == (("OPS-2", ("live",)), ("NEW-1", ("load",)))
    assert orphans.criteria == (("d", ("static",)),)
    assert [row.digest for row in orphans.evidence] == [UNUSED]
    told = table(made, language)
    told = told[told.rindex("What leads nowhere" if language == "en" else "対応先のないもの") :]
    assert all(said in told for said in ("OPS-2", "NEW-1", UNUSED[:12], "123456789012 in eu"))
    assert PLAN[:12] not in told


def test_says_that_nothing_leads_nowhere() -> None:
    facts = (fact("plan", "prod", PLAN),)
    assert table(run([criterion("c")], [finding("c", "satisfied")], facts=facts)).count("None.") == 3


def test_criteria_of_left_out_layers_take_a_line_each() -> None:
    stated = [criterion("c"), criterion("d", layers=("live",)), criterion("e", layers=("static", "live"))]
    made = run(stated, [finding("c", "satisfied"), finding("e", "satisfied")], layers=("static",))
    (line,) = requirements(made, criterion_rows(made, made.verdict()))
    assert [row.criterion.id for row in line.rows] == ["c", "e"]
    assert [row.criterion.id for row in line.unasked] == ["d"]
    told = table(made)
    assert "left out of this run d The d holds. (live)" in told
    assert "live: left out of this run" in told
    assert not find_orphans(made, made.verdict(), ()).criteria


def test_a_layer_that_gave_no_answer_is_no_missing_check() -> None:
    made = run([criterion("c", layers=("live",))], [not_built("c")])
    assert not find_orphans(made, made.verdict(), ()).criteria
