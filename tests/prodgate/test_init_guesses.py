"""What ``prodgate init`` writes for the CI that is there, and for a site of files alone."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from prodgate.cli import main
from prodgate.commands.first_pipelines import JOB, WORKFLOW
from prodgate.commands.surveying import survey
from prodgate.sections.criteria_file import parse_criteria

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"
COMMAND = "pipx run --spec 'prod-gate[core]=="


@pytest.mark.parametrize(
    ("there", "written", "said"),
    [
        ((), WORKFLOW, ""),
        ((".github/workflows/test.yml",), WORKFLOW, ""),
        ((".github/workflows/test.yml", ".gitlab-ci.yml"), WORKFLOW, ""),
        ((".gitlab-ci.yml",), JOB, f"add to .gitlab-ci.yml:  include: [{{ local: {JOB} }}]"),
        (("buildspec.yml", "Jenkinsfile"), "", f"add to buildspec.yml, Jenkinsfile:  {COMMAND}"),
    ],
)
def test_ci_is_given_what_it_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], there: tuple[str, ...], written: str, said: str
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")
    assert main(["init", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert [name for name in (WORKFLOW, JOB) if (tmp_path / name).exists()] == ([written] if written else [])
    assert "        add to " in out if said else "add to" not in out
    assert said in out


def test_the_job_for_gitlab_is_the_one_that_is_shown(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("", "utf-8")
    assert main(["init", str(tmp_path)]) == 0
    assert yaml.safe_load((tmp_path / JOB).read_text("utf-8")) == yaml.safe_load(
        (EXAMPLES / "gitlab-ci.yml").read_text("utf-8")
    )


def test_a_site_of_files_is_found_and_started_where_no_framework_is(tmp_path: Path) -> None:
    for name in ("our site/index.html", "our site/deep/index.html", "docs/index.html", "api/templates/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<h1>Weather</h1>", "utf-8")
    assert survey(tmp_path).sites == ("our site/index.html (static files)",)
    assert main(["init", str(tmp_path)]) == 0
    text = (tmp_path / "criteria.toml").read_text("utf-8")
    stated = parse_criteria(re.sub(r"(?m)^# ?(\[.*\]|[a-z_]+ = .*)$", r"\1", text), tmp_path / "criteria.toml")
    assert stated.rehearsal is not None
    start = "python3 -m http.server {port} --bind 127.0.0.1 --directory 'our site'"
    assert stated.rehearsal.start == tuple(shlex.split(start))
    assert stated.rehearsal.health == "/"
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "our site/index.html").rename(tmp_path / "a\nb/index.html")
    assert survey(tmp_path).sites == ("our site/deep/index.html (static files)",)
    (tmp_path / "requirements.txt").write_text("flask\n", "utf-8")
    assert survey(tmp_path).sites == ("requirements.txt (flask)",)
