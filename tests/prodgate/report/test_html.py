import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from prodgate.evidence.runs import Run
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.html import render_html

from .estate import estate
from .samples import CLUSTER, PLAN, criterion, fact, failing, finding, not_built, note, run, showcase

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
        [criterion("c", statement=bad, statement_ja=bad, why=bad, source=bad, controls=(bad,))],
        findings, facts=(fact("account", bad, PLAN, "live"),), notes=tuple(note(name) for name in HOSTILE), system=bad, target=HOSTILE[1], actor=bad, commit=bad, versions={bad: bad}, other={bad: [bad]},
    )  # fmt: skip


@pytest.mark.parametrize("language", FILES)
def test_says_verdict_reason_and_place_on_the_first_screen(language: str) -> None:
    first = render_html(showcase(), showcase().verdict(), language=language).split("<nav")[0]
    for said in ("NO-GO", "7 d", "&gt;= 30 d", "terraform/modules/database/main.tf:41", "backup-retention"):
        assert said in first


def test_says_in_japanese_that_a_statement_is_not_translated() -> None:
    plain = run([criterion("c", statement="Keys wait.", statement_ja="")], [finding("c", "satisfied")])
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


def test_names_findings_of_a_criterion_that_is_not_stated() -> None:
    shown = page(run([criterion("c")], [failing("nobody-stated-this")])).text
    assert "nobody-stated-this" in shown


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
    assert '<img src=x onerror="document.title=1">' in shown
    assert r"\u202e gnp.exe" in shown
    assert r"\x1b [31m" in shown
    assert "{{ 7 * 7 }}" in shown
    assert "x" * 5000 in shown
    assert "本番データベース" in shown


@pytest.mark.parametrize("language", FILES)
def test_the_same_run_gives_the_same_bytes(language: str) -> None:
    pages = {render_html(showcase(), showcase().verdict(), language=language) for _ in range(3)}
    assert len(pages) == 1


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


def test_says_times_in_utc_and_at_the_offset_of_the_run() -> None:
    assert "2026-11-24 13:00:00 UTC (2026-11-24 22:00:00 +09:00)" in page(showcase()).text


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
