import json
import re
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.report.formats.exporting import FORMATS
from prodgate.report.formats.source import read_source

from ...sample_run import ABOUT, CRITERIA, judge

ROOT = Path(__file__).parents[4]
DECLARED = """
resource "aws_sqs_queue" "jobs" {
  name                    = "jobs"
  sqs_managed_sse_enabled = false
}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    text = CRITERIA.replace('layers = ["static"]', 'layers = ["static"]\ncontrols = ["NIST-800-53:CP-9"]')
    (tmp_path / "criteria.toml").write_text(text)
    made = runs.create(tmp_path, ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml")
    Journal.of(made).record_fact("live", "account", "123456789012 in ap-northeast-1", "0" * 64, "sts")
    judge(made)
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_writes_each_format(written: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(written), "--format", form]) == 0
    said = capsys.readouterr().out
    assert "GO" in said
    target = written.parent / "out"
    assert main(["export", str(written), "--format", form, "--output", str(target)]) == 0
    assert target.read_text("utf-8") == said
    assert str(written.parent) not in said


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_that_was_edited_is_not_exported(written: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    about = written / "run.json"
    about.write_text(about.read_text("utf-8").replace('"rehearsal": false', '"rehearsal": true'), "utf-8")
    assert main(["export", str(written), "--format", form]) == 4
    captured = capsys.readouterr()
    assert "CHANGED" in captured.err
    assert not captured.out


def test_criteria_are_found_in_the_file_that_states_them(written: Path) -> None:
    assert read_source(runs.read(written)).places == {"backup-retention": "criteria.toml:3"}


def test_the_page_has_every_format() -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(FORMATS)


@pytest.mark.parametrize("form", ["sarif", "junit", "github"])
def test_check_writes_the_same_formats(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.tf").write_text(DECLARED)
    assert main(["check", str(tmp_path), "--format", form]) == 1
    said = capsys.readouterr().out
    assert "NO-GO" in said
    assert "main.tf" in said
    if form == "sarif":
        (result, *_) = json.loads(said)["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith("main.tf")
