"""Positions are those of whoever reads them."""

import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from prodgate.commands.check_command import _find_base, _find_reader
from prodgate.report.placing import place_findings

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
