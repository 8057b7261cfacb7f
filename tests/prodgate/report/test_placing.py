"""Positions are relative to the reader's folder."""

import json
import re
import subprocess
from argparse import Namespace
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prodgate.commands.check_command import _find_base, _find_reader
from prodgate.criteria import LAYERS
from prodgate.evidence import runs
from prodgate.evidence.runs import Run
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.diff.comparison import (
    compare,
    comparison_to_json,
    render_comparison,
    render_comparison_markdown,
    render_comparison_page,
)
from prodgate.report.formats.exporting import FORMATS
from prodgate.report.formats.source import read_source
from prodgate.report.history import make_entry, render_history
from prodgate.report.html import list_made_up, render_html
from prodgate.report.notice import make_notice
from prodgate.report.placing import place_findings
from prodgate.report.summary import render_summary, render_terminal
from prodgate.run.publishing import publish
from prodgate.run.revisions import find_folder
from prodgate.sections.dags import AirflowSection, DagSection, RehearsalSettings
from prodgate.sections.e2e import RehearsalSection

from ..sample_run import ABOUT, CRITERIA, judge
from ..sealing.sealed import NIGHTLY, make_run, seal
from .samples import PLAN, asked_by, criterion, fact, failing, finding, not_built, run, showcase
from .test_parts import dag, troubled
from .test_summary import Page


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a root, and a folder beside it in which the command is started."""
    for name in ("live", "beside"):
        (tmp_path / name).mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True, timeout=60)
    monkeypatch.chdir(tmp_path / "beside")
    return tmp_path


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("text", ("../live/main.tf:4", "../modules/queue/main.tf:1")),
        ("json", ("../live/main.tf:4", "../modules/queue/main.tf:1")),
        ("junit", ("../live/main.tf:4", "../modules/queue/main.tf:1")),
        ("sarif", ("live/main.tf:4", "modules/queue/main.tf:1")),
        ("github", ("live/main.tf:4", "modules/queue/main.tf:1")),
    ],
)
def test_a_position_leads_to_the_file(shop: Path, form: str, expected: tuple[str, ...]) -> None:
    path = Path("../live")
    found = [failing(where=("main.tf:4", "../modules/queue/main.tf:1"))]
    (placed,) = place_findings(found, _find_base(path, None), _find_reader(Namespace(path=path, format=form)))
    assert placed.where == expected


def test_positions_of_a_plan_start_where_it_lies(shop: Path) -> None:
    (shop / "live" / "plan.json").write_text("{}")
    path = Path("../live/plan.json")
    (placed,) = place_findings([failing(where=("main.tf:4",))], _find_base(path, None), Path.cwd())
    assert placed.where == ("../live/main.tf:4",)
    assert _find_base(path, Path("../made-from")) == Path("../made-from")


def test_without_a_repository_sarif_starts_where_the_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert _find_reader(Namespace(path=tmp_path, format="sarif")) == tmp_path


def test_what_names_no_file_stays_as_it_is() -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:4"
    (placed,) = place_findings([failing(where=(arn, "here"))], Path("/a"), Path("/b"))
    assert placed.where == (arn, "here")


@pytest.fixture
def made(shop: Path) -> Path:
    """A run of the root, with a finding in its file."""
    (shop / "live" / "criteria.toml").write_text(CRITERIA, "utf-8")
    about = {**ABOUT, "folder": find_folder(shop / "live")}
    run = runs.create(shop / "live" / "runs", about, shop / "live" / "criteria.toml", shop / "live" / "waivers.toml")
    judge(run, failing(where=("main.tf:4",)))
    return run


def test_a_run_prints_positions_from_where_it_is_read(
    made: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for project in (shop / "live", None):  # a run that was only read states its own place in this repository
        assert publish(made, as_json=False, project=project) == 1
        assert "\n../live/main.tf:4: " in capsys.readouterr().out
    assert publish(made, as_json=False, before=made) == 1
    assert "\n../live/main.tf:4: " in capsys.readouterr().out
    assert publish(made, as_json=True) == 1
    (row,) = json.loads(capsys.readouterr().out)["findings"]
    assert (row["file"], row["line"]) == ("../live/main.tf", 4)
    monkeypatch.chdir(shop / "live")
    assert publish(made, as_json=False) == 1
    assert "\nmain.tf:4: " in capsys.readouterr().out
    assert runs.read(made).findings[0].where == ("main.tf:4",)


def test_what_others_are_told_of_a_run_lies_in_the_repository(made: Path) -> None:
    source = read_source(runs.read(made))
    assert source.verdict.rulings[0].findings[0].where == ("live/main.tf:4",)
    assert source.places == {"backup-retention": "live/criteria.toml:3"}


def test_a_run_of_another_repository_keeps_its_positions(
    made: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert publish(made, as_json=False) == 1
    assert "\nmain.tf:4: " in capsys.readouterr().out


def test_a_folder_is_named_from_the_top_of_its_repository(
    shop: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (find_folder(shop), find_folder(shop / "live")) == (".", "live")
    alone = tmp_path_factory.mktemp("alone")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(alone.parent))
    assert find_folder(alone) == ""


def test_an_address_of_a_site_is_no_file() -> None:
    (placed,) = place_findings([failing(where=("https://shop.example:443",))], Path("/a"), Path("/b"))
    assert placed.where == ("https://shop.example:443",)


# ── Circumstances

ARN = "arn:aws:sts::123456789012:assumed-role/prod-gate/nightly"


def first_screen(made: Run, language: str = "en") -> str:
    return Page(render_html(made, made.verdict(), language=language).split("<nav")[0]).text.partition("prod-gate")[2]


def whole(**about: object) -> Run:
    return run([criterion("c")], [finding("c", "satisfied")], **about)


@pytest.mark.parametrize("outcome", ["undetermined", "not-satisfied"])
def test_what_is_cut_has_a_mark(outcome: str) -> None:
    said = " ".join(map(str, range(200)))
    found = finding("c", outcome, reason=said, observed=said, expected="all", remedy=said)
    told = first_screen(run([criterion("c")], [found]))
    assert "…" in told
    assert all(part.endswith("…") or said.endswith(part) for part in re.findall(r"0 1 2 3[ \d]*…?", told))


@pytest.mark.parametrize("language", FILES)
def test_says_of_what_by_whom_when_and_from_which_inputs(language: str) -> None:
    told = first_screen(
        whole(inputs={"main.tf": "0" * 64, "TF_VAR_x": "1" * 64}, judges={"policies/a.py": "2" * 64}), language
    )
    for each in (
        "aws://prod@ap-northeast-1",
        "3f2a9c1b7d5e4f60812a",
        "arn:aws:sts::123456789012:assumed-role/gate/ci",
        "2026-11-24 13:00:00 – 13:01:34 UTC 2026-11-24 22:00:00 – 22:01:34 +09:00",
    ):
        assert each in told
    assert ("3 files and variables" if language == "en" else "ファイルと変数 3 個") in told
    assert ("Not sealed and not signed" if language == "en" else "封印も署名もない") in told
    assert ("NO-GO. Else one question" if language == "en" else "NO-GO。なければ") in told


def test_goes_by_the_clock_of_the_schedules() -> None:
    dags = {
        name: DagSection(declared=dag(name, zone="Asia/Kathmandu"), tasks={}, data=None, data_table={}) for name in "ab"
    }
    made = whole()
    zoned = replace(made, criteria=replace(made.criteria, airflow=AirflowSection(version="3.0.6", dags=dags)))
    assert "2026-11-24 18:45:00 – 18:46:34 Asia/Kathmandu" in first_screen(zoned)
    assert "+09:00" not in first_screen(zoned)


def test_names_whom_aws_says_the_gate_is(tmp_path: Path) -> None:
    assert f", to AWS {ARN}" in first_screen(asked_by(tmp_path, ARN))
    assert "to AWS" not in first_screen(whole()), "nobody asked"


@pytest.mark.parametrize("language", FILES)
def test_says_why_nobody_knows_whom_aws_says_the_gate_is(tmp_path: Path, language: str) -> None:
    made = asked_by(tmp_path, ARN)
    (file,) = (tmp_path / "evidence").iterdir()
    file.write_bytes(b"changed")
    told = first_screen(made, language)
    assert ("to AWS can't be read:" if language == "en" else "AWS での呼び出し元： 読み取れない：") in told
    assert ("the evidence was changed" if language == "en" else "証拠が変更されている") in told


def test_names_inputs_that_are_in_no_commit() -> None:
    assert "Not in the commit, and yet judged: policies/own.py" in first_screen(whole(uncommitted=["policies/own.py"]))
    assert "Not in the commit" not in first_screen(whole())


def test_says_what_was_not_checked() -> None:
    assert "Nothing that the criteria ask was left out." in first_screen(whole())
    told = first_screen(showcase())
    assert "5 questions have no answer." in told
    assert "1 question that only production can answer is open." in told
    assert "Nothing that the criteria ask" not in told
    part = run([criterion("c", layers=("static", "live"))], [not_built("c")], layers=("static", "live"))
    assert "5 layers left out: Load test, End-to-end, Airflow runs, Rollout, Attested by a person." in first_screen(
        part
    )


def test_shows_the_remedy_beside_each_of_the_worst() -> None:
    told = first_screen(showcase())
    assert told.count("Remedy Set backup_retention_period to the agreed number of days.") == 2


PART = run([criterion("c")], [finding("c", "satisfied")], layers=("static",))
MOMENT = whole(moment="before")
REHEARSED = run([criterion("c")], [finding("c", "satisfied")], layers=("static",), rehearsal=True)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (PART, "PARTIAL GO"),
        (MOMENT, "PARTIAL GO"),
        (REHEARSED, "REHEARSAL PARTIAL GO"),
        (whole(), "GO"),
        (run([criterion("c")], [finding("c", "not-satisfied")], layers=("static",)), "NO-GO"),
        (run([criterion("c")], [], layers=("static",)), "INSUFFICIENT EVIDENCE"),
    ],
)
def test_a_go_of_a_part_is_called_one_everywhere(made: Run, words: str) -> None:
    verdict = made.verdict()
    shown = words.removeprefix("REHEARSAL ")
    console = render_terminal(made, verdict, colour=False, report=Path("report.html"))
    assert console.splitlines()[0].split("  ")[0].lstrip("✔✘? ") == words
    assert render_summary(made, verdict).splitlines()[0] == f"## {words}"
    page = render_html(made, verdict)
    assert f"<span>{shown}</span></span></h1>" in page
    assert f"{shown} · nba-news" in page.split("</title>")[0]
    assert ("部分判定 GO" in render_html(made, verdict, language="ja")) is ("PARTIAL" in words)


# ── The signer

STATED = f'{CRITERIA}controls = ["NIST-800-53:CP-9"]\n'
UNSIGNED = "sealed, unsigned"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[runs.Run, runs.Run]:
    """A run that is NO-GO and unsigned, and one that is GO and signed."""
    folder = tmp_path_factory.mktemp("sealed")
    made = [make_run(folder / name, STATED, good=name == "two") for name in ("one", "two")]
    seal(made[0], None)
    seal(made[1], NIGHTLY)
    return runs.read(made[0]), runs.read(made[1])


@pytest.mark.parametrize("name", FORMATS)
def test_exports_say_it(sealed: tuple[runs.Run, runs.Run], name: str) -> None:
    sources = (replace(read_source(run), account="123456789012", region="ap-northeast-1") for run in sealed)
    unsigned, signed = map(FORMATS[name], sources)
    assert UNSIGNED in unsigned
    assert UNSIGNED not in signed
    assert f"sealed, signed by key ({NIGHTLY.public.keyid[:12]})" in signed


def test_comparisons_say_it_of_both(sealed: tuple[runs.Run, runs.Run]) -> None:
    comparison, signed = compare(*sealed), f"sealed, signed by key ({NIGHTLY.public.keyid[:12]})"
    assert f"\n{UNSIGNED} -> {signed}\n" in render_comparison(comparison)
    assert f"\n\n{UNSIGNED} -\\> sealed, signed by key" in render_comparison_markdown(comparison)
    page, japanese = (render_comparison_page(comparison, language) for language in ("en", "ja"))
    assert f"<b>{UNSIGNED}</b>" in page
    assert signed in page
    assert "<b>封印済み、署名なし</b>" in japanese
    told = json.loads(json.dumps(comparison_to_json(comparison)))
    assert (told["before"]["seal"], told["after"]["seal"]) == (UNSIGNED, signed)


def test_a_notice_and_the_history_say_it(sealed: tuple[runs.Run, runs.Run]) -> None:
    assert make_notice(None, sealed[0]).text.endswith(f"; {UNSIGNED}")
    entries = [make_entry(run, "") for run in sealed]
    assert [entry.signed for entry in entries] == [False, True]
    assert "nobody stands for what they say: 1." in render_history(entries)
    assert "unsigned" not in render_history(entries[1:])


# ── A rehearsal's inventions


def rehearsed(site: str = "sample", **given: object) -> Run:
    """Return a rehearsal of all layers with a DAG that runs more often than is stated."""
    durations = dict.fromkeys(("history", "grace", "limit", "most"), timedelta(minutes=1))
    settings = RehearsalSettings(**durations, crons={"news": "* * * * * */15"})
    section = DagSection(declared=dag("news"), tasks={}, data=None, data_table={})
    made = run([criterion("c")], [finding("c", "satisfied")], rehearsal=True, **given)  # type: ignore[arg-type]
    airflow = AirflowSection(version="3.0.6", dags={"news": section}, rehearsal=settings)
    stated = replace(made.criteria, airflow=airflow, rehearsal=RehearsalSection(site=site))
    return replace(made, criteria=stated)


def told(made: Run, language: str = "en") -> list[tuple[str, str]]:
    return list_made_up(made, made.verdict(), Catalogue(language).text)


@pytest.mark.parametrize("language", FILES)
def test_says_of_each_layer_what_stood_in_for_production(language: str) -> None:
    facts = (fact("configuration", "prod", PLAN), fact("account", "123456789012 in ap-northeast-1", PLAN, "live"))
    made = rehearsed(facts=facts)
    rows = told(made, language)
    assert [layer for layer, _ in rows] == ["static", "live", "load", "e2e", "dags", "dags", "rollout", "attested"]
    text = dict(rows)
    assert "terraform plan" in text["static"]
    assert "123456789012 in ap-northeast-1" in text["live"]
    assert "news" in text["dags"]
    assert "* * * * * */15" in text["dags"]
    assert "0 */6 * * *" in text["dags"]
    page = render_html(made, made.verdict(), language=language)
    assert all(layer in LAYERS for layer, _ in rows)
    assert page.count('id="made-up"') == 1


def test_says_how_fast_the_clocks_of_a_deployment_ran(tmp_path: Path) -> None:
    assert told(troubled(tmp_path))[-2] == ("rollout", Catalogue("en").text("made-up-rollout", speed="180"))


@pytest.mark.parametrize("language", FILES)
def test_says_why_nobody_knows_how_fast_they_ran(tmp_path: Path, language: str) -> None:
    made = troubled(tmp_path)
    for file in (tmp_path / "evidence").iterdir():
        file.write_bytes(b"changed")
    text = dict(told(made, language))["rollout"]
    assert ("can't be read:" if language == "en" else "読み取れない：") in text
    assert "the evidence was changed" in text


def test_speaks_of_the_layers_that_were_asked_alone() -> None:
    assert [layer for layer, _ in told(rehearsed(layers=("static", "e2e")))] == ["static", "e2e"]


@pytest.mark.parametrize(
    ("site", "whose"), [("sample", "sample site"), ("http://127.0.0.1:8077", "Your own site"), ("", "Your own site")]
)
def test_the_sample_site_is_never_called_a_teams_own(site: str, whose: str) -> None:
    texts = [text for _, text in told(rehearsed(site, layers=("load", "e2e")))]
    assert len(texts) == 2
    assert all(whose in text for text in texts)


def test_a_run_of_a_real_target_made_nothing_up() -> None:
    real = showcase(rehearsal=False)
    assert told(real) == []
    assert 'id="made-up"' not in render_html(real, real.verdict())
