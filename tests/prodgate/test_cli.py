"""The command line: one line for a user's mistake, a traceback for a bug, and an exit code that never lies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate import cli
from prodgate.commands import checking, handlers
from prodgate.commands.running import _make_plan
from prodgate.criteria import Criteria, UsageError
from prodgate.evidence import runs
from prodgate.run import layer_process, running
from prodgate.run.places import find_places
from prodgate.run.publishing import publish
from prodgate.terraform.resources import Configuration

from .sample_run import judge
from .samples import criterion, finding
from .sections.test_criteria_file import VALID

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


def test_check_says_which_roots_below_it_are_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("called", "env/prod"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "main.tf").write_text('resource "aws_sns_topic" "t" {}\n')
    (tmp_path / "main.tf").write_text('module "called" {\n  source = "./called"\n}\n')
    _, _, err = said(capsys, "check", ".")
    assert "not judged: env/prod is a root that . does not call; name it to judge it" in err
    assert "called is a root" not in err


def test_explain_speaks_of_a_policy_with_its_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    code, out, _ = said(capsys, "explain", "PG_REC_1")
    assert code == 0
    for part in ("PG_REC_1: ", "remedy:", "source:", "before, which violates it:", "after:"):
        assert part in out


@pytest.mark.slow
def test_explain_says_which_policies_judge_what_is_live(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    words = "what is declared, and by the same rule what is live"
    assert words in said(capsys, "explain", "PG_WATCH_1")[1]
    assert words in said(capsys, "explain", "threat-detection")[1]
    assert words not in said(capsys, "explain", "PG_REC_1")[1]
    assert said(capsys, "explain", "waf-attached")[1].count("remedy:") == 1
    assert "written in suites.live.test_" in said(capsys, "explain", "dead-letter-retention")[1]


def test_explain_says_what_a_record_must_have(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    out = said(capsys, "explain", "restore-record")[1]
    assert "recorded   by two people: prodgate attest restore-record" in out
    assert "document:  docs/operations/restore-record.md, with the sections 'What was restored'" in out
    assert (
        "shown by   a gate run that judged the rollout layer"
        in said(capsys, "explain", "migration-rehearsed-on-staging")[1]
    )


def test_explain_speaks_of_every_criterion_and_policy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    from prodgate.commands.answer_process import load_checks
    from prodgate.commands.explaining import explain
    from prodgate.sections.criteria_file import load_criteria
    from prodgate.sections.project import load_policies
    from prodgate.terraform.policy import POLICIES

    load_policies([Path("policies").resolve()])
    checks, criteria = tuple(load_checks(Path.cwd(), {})), load_criteria(Path("criteria.toml")).criteria
    for id_ in [*criteria, *POLICIES, *(check.name for check in checks)]:
        assert explain(id_, criteria, POLICIES, checks, [Path("policies/examples")])


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
    assert "policies/stray.py:2: TEAM_9" in err


def test_waivers_that_are_named_are_read_before_the_run(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "others.toml").write_text("x = 1")
    code, _, err = said(capsys, "run", "--waivers", "others.toml")
    assert code == 4
    assert "others.toml: x: is not a section" in err
    assert not (shop / "runs").exists()


LOAD = """
[load]
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "9 /s", duration = "9 s" }
steady = { rate = "9 /s", duration = "1 s", warm_up = "0 s" }

[terraform]
"""


def test_who_allows_load_names_a_host_of_the_criteria_and_the_run_says_so(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", LOAD, 1), "utf-8")
    near = said(capsys, "run", "--i-am-allowed-to-load", "ww.shop.example")
    assert near[0] == 4
    assert "did you mean 'www.shop.example'?" in near[2]
    for host in ("www.shop.example", ""):
        plan = _make_plan(cli._parser().parse_args(["run", "--i-am-allowed-to-load", host]))
        about = running.describe_run(plan, find_places(plan.project, plan.runs))
        made = runs.create(shop / f"runs{host}", about, shop / "criteria.toml", shop / "waivers.toml")
        assert runs.read(made).about.get("load_allowed", "") == host
        assert layer_process._make_context(made, plan.project, "load").load_allowed == host


def test_who_allows_attacks_names_the_site_and_the_run_says_so(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = '[e2e]\nbase_url = "https://www.shop.example"\n\n[terraform]'
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", site, 1), "utf-8")
    assert "that is www.shop.example" in said(capsys, "run", "--i-am-allowed-to-attack", "shop.example")[2]
    plan = _make_plan(cli._parser().parse_args(["run", "--i-am-allowed-to-attack", "www.shop.example"]))
    made = runs.create(
        shop / "runs", running.describe_run(plan, find_places(plan.project, plan.runs)),
        shop / "criteria.toml", shop / "waivers.toml",
    )  # fmt: skip
    assert runs.read(made).about["attack_allowed"] == "www.shop.example"
    assert layer_process._make_context(made, plan.project, "e2e").attack_allowed == "www.shop.example"


def test_a_suite_that_cannot_be_loaded_is_one_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "suites" / "static").mkdir(parents=True)
    (shop / "suites" / "static" / "test_x.py").write_text("def broken(:")
    code, _, err = said(capsys, "trace")
    assert code == 4
    assert "test_x.py: can't be loaded: SyntaxError" in err


def test_check_loads_the_policies_of_the_criteria_it_judges_by(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "policies").mkdir()
    (shop / "policies" / "broken.py").write_text("1 / 0")
    (shop / "tree").mkdir()
    (shop / "tree" / "main.tf").write_text('resource "aws_sqs_queue" "orders" {\n  name = "orders"\n}\n')
    found, _, err = said(capsys, "check", "tree", "--criteria", "criteria.toml")
    assert found == 4
    assert "broken.py: can't be loaded" in err
    found, _, err = said(capsys, "check", "tree")
    assert found != 4
    assert "broken.py" not in err


def test_a_suite_of_the_project_stands_in_for_the_one_that_comes_with_the_gate(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "suites" / "static").mkdir(parents=True)
    (shop / "suites" / "static" / "test_workflows.py").write_text('"""Asks nothing."""\n')
    code, _, err = said(capsys, "explain", "test_actions_are_pinned")
    assert (code, "is no criterion, policy or check" in err) == (4, True)


def test_check_prints_the_first_findings_of_a_policy_and_counts_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = 'resource "aws_sqs_queue" "q{n}" {{\n  name = "q{n}"\n  sqs_managed_sse_enabled = false\n}}\n'
    (tmp_path / "main.tf").write_text("".join(queue.format(n=number) for number in range(12)))
    code, out, _ = said(capsys, "check", str(tmp_path))
    assert code == 1
    shown = [line for line in out.splitlines() if "[PG_ENC_2]" in line]
    assert len(shown) == 6
    assert shown[-1] == "not-satisfied: [PG_ENC_2] and 7 more; --json lists them all"
    _, out, _ = said(capsys, "check", str(tmp_path), "--json")
    assert sum(f["policy"] == "PG_ENC_2" for f in json.loads(out)["findings"]) == 12


def test_check_says_which_criteria_policies_alone_cannot_answer() -> None:
    declared = Configuration(root="terraform", engine="made", resources=[])
    asked = Criteria({id_: criterion(id_, bound=None) for id_ in ("terraform-evaluates", "workflow-approval")})
    verdict = checking.check([declared], [], asked, whole=True)
    assert [(str(f.outcome), f.reason) for ruling in verdict.rulings for f in ruling.findings] == [
        ("satisfied", ""),
        ("undetermined", "no policy judges it"),
    ]


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
