"""Positions are those of whoever reads them."""

import json
import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from prodgate.commands.check_command import _find_base, _find_reader
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.report.formats.source import read_source
from prodgate.report.placing import place_findings
from prodgate.run.publishing import publish
from prodgate.run.revisions import find_folder

from ..sample_run import ABOUT, CRITERIA
from .samples import failing


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
    journal = Journal.of(run)
    journal.record_planned("static", "PG_REC_1", "backup-retention")
    journal.write("collected", layer="static")
    journal.record_started("static", "PG_REC_1")
    journal.record_finding(failing(where=("main.tf:4",)))
    journal.record_finished("static", "PG_REC_1", 1)
    runs.close(run)
    return run


def test_a_run_prints_positions_from_where_it_is_read(
    made: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for project in (shop / "live", None):  # a run that was only read says itself where it lies in this repository
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
