"""The command line: one line for a user's mistake, a traceback for a bug, and an exit code that never lies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate import cli
from prodgate.commands import handlers
from prodgate.criteria import UsageError
from prodgate.run.publishing import publish

from .command_line import enter_shop, said
from .sample_run import judge
from .samples import finding
from .sections.test_criteria_file import VALID

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_shop(tmp_path, monkeypatch)


@pytest.mark.parametrize("arguments", [["run", "--nothing"], [], ["nothing"], ["check"], ["explain"]])
def test_a_usage_error_exits_4(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 4
    assert "see prodgate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "ftp://x"], "target 'ftp://x': is not a target; write rehearsal://, aws://PROFILE@REGION or "),
        (["run", "rehersal://"], "or https://HOST[:PORT]; did you mean 'rehearsal'?"),
        (["run", "rehearsal:/"], "target 'rehearsal:/': is not a target; write rehearsal://, aws"),
        (["run", "aws://prod"], "names no profile and region; write e.g. aws://prod@ap-northeast-1"),
        (["run", "--only", "statik"], "--only: 'statik' is not a layer"),
        (["run", "--criteria", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["report", "nowhere"], "nowhere: is not a run directory that can be read"),
        (["judge", "nowhere"], "nowhere: is not a run directory that can be read"),
        (["check", "nowhere"], "nowhere: there is no such file or directory"),
        (["explain", "backup-retenton"], "did you mean 'backup-retention'?"),
        (["explain", "PG_REC_1", "--criteria", "typo.toml"], "typo.toml: cannot be read: No such file or directory"),
        (["check", "."], "holds no Terraform files"),
        (
            ["run", "--i-am-allowed-to-load", "shop.example"],
            "--i-am-allowed-to-load: 'shop.example' is no host of [load] in ",
        ),
        (["run", "--i-am-allowed-to-load", "shop.example"], "criteria.toml; hosts are not stated"),
        (
            ["run", "--i-am-allowed-to-attack", "shop.example"],
            "--i-am-allowed-to-attack: 'shop.example' is not the site of [e2e] in ",
        ),
        (["run", "--waivers", "wavers.toml"], "wavers.toml: there is no such file; name a waivers file, or leave"),
        (["judge", "nowhere", "--waivers", "wavers.toml"], "nowhere: is not a run directory"),
        (["check", "nowhere\x1b[31m"], "nowhere\\x1b[31m: there is no such file or directory"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_mistake_is_one_line_and_exits_4(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, *arguments)
    assert code == 4
    assert message in err
    assert not out
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_each_mistake_in_the_criteria_is_a_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "criteria.toml").write_text(
        VALID.replace(">= 30 d", "30 d").replace("samples = 299", "samples = -1"), "utf-8"
    )
    code, _, err = said(capsys, "trace")
    assert code == 4
    assert (
        len([line for line in err.splitlines() if line.startswith("prodgate: ") and "criteria.toml: criteria." in line])
        >= 2
    )


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (UsageError("x: is wrong; write y"), 4, "prodgate: x: is wrong; write y\n"),
        (KeyboardInterrupt(), 2, "interrupted; no verdict"),
        (OSError(28, "No space left on device", "runs"), 3, "prodgate: runs: No space left on device; no verdict"),
        (OSError(5, "Input/output error"), 3, "prodgate: output: Input/output error; no verdict\n"),
        (OSError(22, "Invalid argument"), 3, "Traceback"),
        (MemoryError(), 3, "prodgate: there is not enough memory; no verdict\n"),
        (SystemExit(0), 3, "this is a bug in it, and no verdict"),
        (GeneratorExit(), 3, "this is a bug in it, and no verdict"),
        (ZeroDivisionError("bug"), 3, "this is a bug in it, and no verdict"),
        (ModuleNotFoundError("bug", name="prodgate.nothing"), 3, "this is a bug in it, and no verdict"),
        (ModuleNotFoundError(name="boto3"), 4, "prodgate: boto3 is not installed, which asks AWS; pip install"),
    ],
)
def test_what_goes_wrong_has_an_exit_code(
    failure: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise failure

    monkeypatch.setattr(handlers, "setup", fail)
    found, _, err = said(capsys, "setup")
    assert found == code
    assert message in err


@pytest.mark.parametrize(("finish", "code", "word"), [(True, 0, "GO"), (False, 2, "INSUFFICIENT EVIDENCE")])
def test_report_exits_with_the_verdict(
    run: Path,
    finish: bool,
    code: int,
    word: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    judge(run, finish=finish)
    found, out, _ = said(capsys, "report", str(run))
    assert found == code
    assert word in out
    assert {"report.html", "report.ja.html", "summary.md"} <= {path.name for path in run.iterdir()}
    assert word in (run / "report.html").read_text("utf-8")


def test_json_is_one_document(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judge(run)
    code, out, _ = said(capsys, "report", str(run), "--json")
    data = json.loads(out)
    assert (code, data["verdict"], data["exit_code"]) == (0, "GO", 0)
    assert data["findings"][0]["policy"] == finding().check


def test_a_suite_of_the_project_stands_in_for_the_one_that_comes_with_the_gate(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "suites" / "static").mkdir(parents=True)
    (shop / "suites" / "static" / "test_workflows.py").write_text('"""Asks nothing."""\n')
    code, _, err = said(capsys, "explain", "test_actions_are_pinned")
    assert (code, "is no criterion, policy or check" in err) == (4, True)


def test_an_earlier_run_that_cannot_be_read_takes_nothing_from_the_verdict(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(run)
    assert publish(run, as_json=False, before=run / "evidence") == 0
    assert "nothing to compare with: " in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["explain", "PG_REC_1"], 0)])
def test_an_encoding_without_a_letter_does_not_end_the_gate(arguments: list[str], code: int) -> None:
    command = [sys.executable, "-m", "prodgate.cli", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, check=False)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_reader_that_goes_away_is_one_line() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "prodgate.cli", "trace"]
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, check=False)
    assert (done.returncode, done.stderr) == (3, "prodgate: output: Broken pipe; no verdict\n")


def test_help_needs_nothing_of_the_package() -> None:
    script = (
        "import sys; sys.argv = ['prodgate', '--help']; import prodgate.cli as c\n"
        "try: c.main()\nexcept SystemExit as left: print(left.code)\n"
        "print(sorted(m for m in sys.modules if m in ('grpc', 'pytest', 'jinja2', 'tree_sitter')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]


def test_a_report_is_printed_with_chromium_and_without_one_a_sentence_says_what_to_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PRODGATE_CHROMIUM", raising=False)
    code, _, err = said(capsys, "report", str(run), "--pdf", str(tmp_path / "pdf"))
    assert code == 4
    assert "no Chromium to print with" in err
    program = tmp_path / "chromium"
    script = '#!/bin/sh\nfor word; do case "$word" in --print-to-pdf=*) echo "%PDF-1.4" > "${word#*=}";; esac; done\n'
    program.write_text(script)
    program.chmod(0o755)
    assert said(capsys, "report", str(run), "--pdf", str(tmp_path / "pdf"))[0] in (0, 1, 2)
    named = {path.name for path in (tmp_path / "pdf").iterdir()}
    assert named == {f"{run.name}.report.pdf", f"{run.name}.report.ja.pdf"}


def test_nothing_is_printed_into_a_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "report", str(run), "--pdf", str(run / "pdf"))
    assert code == 4
    assert "lies in the run, to which nothing may be added; name another folder" in err
    assert not (run / "pdf").exists()
