"""The command line: one line for a user's mistake, a traceback for a bug, and an exit code that never lies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate import cli, commands
from prodgate.criteria import UsageError

from .made import finding
from .made_run import judge
from .test_criteria_file import VALID

REPOSITORY = Path(__file__).parents[2]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    return (code, *capsys.readouterr())


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "criteria.toml").write_text(VALID, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", [["run", "--nothing"], [], ["nothing"], ["check"], ["explain"]])
def test_a_usage_error_exits_4(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 4
    assert "see prodgate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "ftp://x"], "target 'ftp://x': is not a target; write rehearsal:// or aws://PROFILE@REGION"),
        (["run", "rehersal://"], "is not a target; did you mean 'rehearsal'?"),
        (["run", "aws://prod"], "names no profile and region; write e.g. aws://prod@ap-northeast-1"),
        (["run", "--only", "statik"], "--only: 'statik' is not a layer"),
        (["run", "--criteria", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["report", "nowhere"], "nowhere: is not a run directory that can be read"),
        (["judge", "nowhere"], "nowhere: is not a run directory that can be read"),
        (["check", "nowhere"], "nowhere: there is no such file or directory"),
        (["explain", "backup-retenton"], "did you mean 'backup-retention'?"),
        (["check", "."], "holds no Terraform files"),
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
        (OSError(5, "Input/output error"), 3, "Traceback"),
        (ZeroDivisionError("bug"), 3, "this is a bug in it, and no verdict"),
    ],
)
def test_what_goes_wrong_has_an_exit_code(
    failure: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise failure

    monkeypatch.setattr(commands, "setup", fail)
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


def test_explain_speaks_of_a_policy_with_its_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    code, out, _ = said(capsys, "explain", "PG_REC_1")
    assert code == 0
    for part in ("PG_REC_1: ", "remedy:", "source:", "before, which violates it:", "after:"):
        assert part in out


def test_explain_speaks_of_every_criterion_and_policy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    from prodgate.criteria_file import load
    from prodgate.terraform.policy import POLICIES

    cli.main(["explain", "PG_REC_1"])
    for id_ in [*load(Path("criteria.toml")).criteria, *POLICIES]:
        assert cli.main(["explain", id_]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_trace_of_our_own_criteria_leads_everywhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    code, out, err = said(capsys, "trace", "--check")
    assert err == ""
    assert code == 0
    assert "OPS-2" in out


def test_trace_says_what_leads_nowhere(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shop / "policies"
    folder.mkdir()
    (folder / "stray.py").write_text(
        "from prodgate import policy\n"
        "@policy('TEAM_9', criterion='nothing-stated', resources=('aws_sqs_queue',), remedy='r')\n"
        "def stray(queue, criterion):\n    '''Queues stray.'''\n"
    )
    code, _, err = said(capsys, "trace", "--check")
    assert code == 1
    assert "TEAM_9 judges 'nothing-stated', which is no criterion" in err
    assert "criterion alarm-threshold: nothing judges it in the static layer" in err
    from prodgate.terraform.policy import POLICIES

    POLICIES.pop("TEAM_9")


def test_help_needs_nothing_of_the_package() -> None:
    script = (
        "import sys; sys.argv = ['prodgate', '--help']; import prodgate.cli as c\n"
        "try: c.main()\nexcept SystemExit as left: print(left.code)\n"
        "print(sorted(m for m in sys.modules if m in ('grpc', 'pytest', 'jinja2', 'tree_sitter')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]
