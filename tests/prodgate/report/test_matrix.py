from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from prodgate.evidence.artifacts import store
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.report.catalogue import FILES
from prodgate.report.html import render_html
from prodgate.report.matrix import criterion_rows, find_orphans, requirements
from prodgate.report.view import evidence_rows
from prodgate.sections.requirements import Requirement

from .samples import CLUSTER, PLAN, criterion, fact, failing, finding, not_built, run, showcase
from .test_html import Page

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
