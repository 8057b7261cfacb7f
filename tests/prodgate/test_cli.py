"""The command line: one line for a user's mistake, a traceback for a bug, an exit code that never lies, the output of
``prodgate check`` on a tree, and on the faults that a change adds, and an account's principals as they are now."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate import cli
from prodgate.aws.answers import Unreadable
from prodgate.aws.recording import Call, Record
from prodgate.commands import check_command, handlers, principals
from prodgate.commands.check_command import Form, judge_configurations, show
from prodgate.commands.explaining import write_criterion
from prodgate.commands.principals import read_kept
from prodgate.commands.running import plan_run
from prodgate.criteria import Criteria, Scope, UsageError
from prodgate.evidence import runs
from prodgate.facts.live.permissions import IDENTITIES
from prodgate.findings import Outcome
from prodgate.processes.interpreter import VARIABLES
from prodgate.run import layer_process, running
from prodgate.run.publishing import publish
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.project import load_built_in
from prodgate.terraform.diagnostics import refusal
from prodgate.terraform.resources import Configuration, Gap
from prodgate.terraform.serialization import to_json
from prodgate.verdict import Verdict, decide
from tests.prodgate.facts.live.stated_account import ACCOUNT, Stated
from tests.prodgate.layers.context import layer_context
from tests.prodgate.layers.static.test_goals import declared_role, labelled
from tests.repositories import commit, git
from tests.trees import write_tree

from .conftest import Gate
from .iam.policies import read_output
from .sample_run import judge
from .samples import criterion, finding
from .sections.test_criteria_file import VALID

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has criteria; the working directory."""
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
    ("arguments", "named"),
    [
        (["verify", "runs/x", "--commit", ""], "--commit"),
        (["verify", "runs/x", "--target="], "--target"),
        (["verify", "runs/x", "--key", " "], "--key"),
        (["check", ""], "PATH"),
        (["run", "--only", "", "rehearsal://"], "--only"),
    ],
)
def test_an_empty_value_is_refused(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    said = capsys.readouterr().err.lower()
    assert left.value.code == 4
    assert f"argument {named}".lower() in said
    assert "is empty; give a value, or leave it out" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "ftp://x"], "target 'ftp://x': is not a target; write rehearsal://, aws://PROFILE@REGION or "),
        (["run", "rehersal://"], "or https://HOST[:PORT]; did you mean 'rehearsal'?"),
        (["run", "rehearsal:/"], "target 'rehearsal:/': is not a target; write rehearsal://, aws"),
        (["run", "aws://prod"], "names no profile and region; write e.g. aws://prod@ap-northeast-1"),
        (["run", "--only", "statik"], "--only: 'statik' is not a layer"),
        (["criteria", "--layer", "statik"], "--layer: 'statik' is not a layer"),
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
        (
            ["run", "--only", "static", "--i-am-allowed-to-load", "x"],
            "to-load: changes nothing without load or rollout; leave",
        ),
        (
            ["run", "--only", "load", "--i-am-allowed-to-attack", "x"],
            "to-attack: changes nothing without e2e; leave it out",
        ),
        (
            ["run", "--only", "static", "--load-record", "x"],
            "--load-record: changes nothing without load; leave it out",
        ),
        (["check", ".", "--explain", "--json"], "--explain: changes nothing with --json; leave it out"),
        (
            ["check", ".", "--explain", "--format", "sarif"],
            "--explain: changes nothing with sarif, only with text; leave",
        ),
        (["seal", "r", "--trust-config", "f"], "--trust-config: changes nothing without --keyless; leave it out"),
        (
            ["notify", "r", "--webhook", "env:A", "--via", "aws://x"],
            "--via: changes nothing without --topic; leave it out",
        ),
        (["setup", "--digest", "abc"], "--digest: changes nothing without --offline; leave it out"),
        (["attest", "--within", "30d"], "--within: changes nothing without --due; leave it out"),
        (["attest", "--due", "--link", "https://x"], "--link: changes nothing with --due; leave it out"),
        (["drill", "recover", "--patience", "3"], "--patience: changes nothing with recover, only with alarm or dag"),
        (["drill", "dag", "--yes-change-alarm-state"], "alarm-state: changes nothing with dag, only with alarm; leave"),
        (["run", "--waivers", "wavers.toml"], "wavers.toml: there is no such file; name a waivers file, or leave"),
        (["judge", "nowhere", "--waivers", "wavers.toml"], "nowhere: is not a run directory"),
        (["check", "nowhere\x1b[31m"], "nowhere\\x1b[31m: there is no such file or directory"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_mistake_is_one_line_and_exits_4(arguments: list[str], message: str, gate: Gate) -> None:
    out, err = gate(*arguments, ends=4)
    assert message in err
    assert not out
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_each_mistake_in_the_criteria_is_a_line(shop: Path, gate: Gate) -> None:
    (shop / "criteria.toml").write_text(
        VALID.replace(">= 30 d", "30 d").replace("samples = 299", "samples = -1"), "utf-8"
    )
    err = gate("trace", ends=4).err
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
    failure: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    def fail(_: object) -> int:
        raise failure

    monkeypatch.setattr(handlers, "setup", fail)
    assert message in gate("setup", ends=code).err


@pytest.mark.parametrize(("finish", "code", "word"), [(True, 0, "GO"), (False, 2, "INSUFFICIENT EVIDENCE")])
def test_report_exits_with_the_verdict(
    run: Path,
    finish: bool,
    code: int,
    word: str,
    gate: Gate,
) -> None:
    judge(run, finish=finish)
    assert word in gate("report", run, ends=code).out
    assert {"report.html", "report.ja.html", "summary.md"} <= {path.name for path in run.iterdir()}
    assert word in (run / "report.html").read_text("utf-8")


def test_json_is_one_document(run: Path, gate: Gate) -> None:
    judge(run)
    data = json.loads(gate("report", run, "--json").out)
    assert (data["verdict"], data["exit_code"]) == ("GO", 0)
    assert data["findings"][0]["policy"] == finding().check


def test_a_suite_of_the_project_stands_in_for_the_one_that_comes_with_the_gate(shop: Path, gate: Gate) -> None:
    write_tree(shop, {"suites/static/test_workflows.py": '"""Asks nothing."""\n'})
    assert "is no criterion, policy or check" in gate("explain", "test_actions_are_pinned", ends=4).err


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


def test_a_misspelt_variable_of_the_gate_is_refused(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODGATE_TARGT", "")
    said = "PRODGATE_TARGT: is no variable of the gate; did you mean 'PRODGATE_TARGET'?; correct it, or unset it"
    assert said in gate("criteria", ends=4).err
    files = (
        path
        for part in ("src", "examples", ".github")
        for path in (REPOSITORY / part).rglob("*.[py]*")
        if path.suffix != ".pyc"
    )
    named = {each for path in files for each in re.findall(r"\bPRODGATE_[A-Z_]*[A-Z]", path.read_text("utf-8"))}
    assert named - {"PRODGATE_GO"} == VARIABLES


def test_a_report_is_printed_with_chromium_and_without_one_a_sentence_says_what_to_do(
    run: Path, tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PRODGATE_CHROMIUM", raising=False)
    assert "no Chromium to print with" in gate("report", run, "--pdf", tmp_path / "pdf", ends=4).err
    program = tmp_path / "chromium"
    script = '#!/bin/sh\nfor word; do case "$word" in --print-to-pdf=*) echo "%PDF-1.4" > "${word#*=}";; esac; done\n'
    program.write_text(script)
    program.chmod(0o755)
    gate("report", run, "--pdf", tmp_path / "pdf", ends=2)
    named = {path.name for path in (tmp_path / "pdf").iterdir()}
    assert named == {f"{run.name}.report.pdf", f"{run.name}.report.ja.pdf"}


def test_nothing_is_printed_into_a_run(run: Path, gate: Gate) -> None:
    assert (
        "lies in the run, to which nothing may be added; name another folder"
        in gate("report", run, "--pdf", run / "pdf", ends=4).err
    )
    assert not [path.name for path in run.iterdir() if path.name in {"pdf", "report.html", "summary.md"}]


# ── The arguments of run


def test_waivers_that_are_named_are_read_before_the_run(shop: Path, gate: Gate) -> None:
    (shop / "others.toml").write_text("x = 1")
    assert "others.toml: x: is not a section" in gate("run", "--waivers", "others.toml", ends=4).err
    assert not (shop / "runs").exists()


LOAD = """
[load]
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "9 /s", duration = "9 s" }
steady = { rate = "9 /s", duration = "1 s", warm_up = "0 s" }

[terraform]
"""


SITE = '[e2e]\nbase_url = "https://www.shop.example"\n\n[terraform]'


@pytest.mark.parametrize(
    ("layer", "asked", "verb", "near", "said"),
    [
        ("load", LOAD, "load", "ww.shop.example", "did you mean 'www.shop.example'?"),
        ("e2e", SITE, "attack", "shop.example", "that is www.shop.example"),
    ],
    ids=["load", "attacks"],
)
def test_who_allows_it_names_the_host_and_the_run_says_so(
    shop: Path, gate: Gate, *, layer: str, asked: str, verb: str, near: str, said: str
) -> None:
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", asked, 1), "utf-8")
    option, key = f"--i-am-allowed-to-{verb}", f"{verb}_allowed"
    assert said in gate("run", option, near, ends=4).err
    for host in ("www.shop.example", ""):
        plan = plan_run(cli._parser().parse_args(["run", *([option, host] if host else [])]))
        about = running.describe_run(plan)
        made = runs.create(shop / f"runs{host}", about, shop / "criteria.toml", shop / "waivers.toml")
        assert runs.read(made).about.get(key, "") == host
        assert getattr(layer_process._make_context(made, plan.project, layer), key) == host


def test_a_load_of_other_machines_is_asked_for_by_the_run_that_judges_it(shop: Path, gate: Gate) -> None:
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", LOAD, 1), "utf-8")
    plan = plan_run(cli._parser().parse_args(["run", "--load-record", "shared"]))
    made = runs.create(shop / "runs", running.describe_run(plan), shop / "criteria.toml", shop / "waivers.toml")
    assert layer_process._make_context(made, plan.project, "load").load_record == "shared"
    for folder in (shop / "shared", shop / "shared" / "steady"):
        folder.mkdir()
        (folder / "record.json").touch()
        said = gate("run", "--load-record", "shared", ends=4).err
        assert f"{folder.relative_to(shop) / 'record.json'}: is older than this run, which hands out" in said
        (folder / "record.json").unlink()


@pytest.mark.parametrize(
    "url", ["http://results.example", "s3://b/x", "https://:443", "https://k:s@a.example", "https://a.example/x?sig=s"]
)
def test_a_url_of_a_record_is_private_and_holds_no_secret(shop: Path, gate: Gate, url: str) -> None:
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", LOAD, 1), "utf-8")
    said = gate("run", "--load-record", url, ends=4).err
    assert "--load-record: is no URL of a folder; write https://HOST/PATH, or http:// for this machine" in said
    assert url not in said


def test_a_suite_that_cannot_be_loaded_is_one_line(shop: Path, gate: Gate) -> None:
    write_tree(shop, {"suites/static/test_x.py": "def broken(:"})
    assert "test_x.py: can't be loaded: SyntaxError" in gate("trace", ends=4).err


# ── check, explain and trace


def test_check_says_which_roots_below_it_are_not_judged(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    roots = dict.fromkeys(("called/main.tf", "env/prod/main.tf"), 'resource "aws_sns_topic" "t" {}\n')
    write_tree(tmp_path, {**roots, "main.tf": 'module "called" {\n  source = "./called"\n}\n'})
    err = gate("check", ".", ends=1).err
    assert "not judged: env/prod is a root that . does not call; name it to judge it" in err
    assert "called is a root" not in err
    assert "criteria.toml is not asked" not in err
    write_tree(tmp_path, {"criteria.toml": "here but not named"})
    assert "note: criteria.toml is not asked; --criteria criteria.toml judges by it" in gate("check", ".", ends=1).err


def test_explain_speaks_of_a_policy_with_its_example(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    out = gate("explain", "PG_REC_1").out
    for part in ("PG_REC_1: ", "remedy:", "source:", "before, which violates it:", "after:"):
        assert part in out


@pytest.mark.slow
def test_explain_says_which_policies_judge_what_is_live(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    words = "what is declared, and by the same rule what is live"
    assert words in gate("explain", "PG_WATCH_1").out
    assert words in gate("explain", "threat-detection").out
    assert words not in gate("explain", "PG_REC_1").out
    assert gate("explain", "waf-attached").out.count("remedy:") == 1
    assert "written in suites.live.test_" in gate("explain", "dead-letter-retention").out


def test_explain_says_what_a_record_must_have(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    out = gate("explain", "restore-record").out
    assert "recorded   by two people: prodgate attest restore-record" in out
    assert "document:  docs/operations/restore-record.md, with the sections 'What was restored'" in out
    assert (
        "shown by   a gate run that judged the rollout layer" in gate("explain", "migration-rehearsed-on-staging").out
    )


def test_explain_speaks_of_every_criterion_and_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    from prodgate.commands.explaining import explain, load_checks
    from prodgate.sections.criteria_file import load_criteria
    from prodgate.sections.project import load_policies
    from prodgate.terraform.policy import POLICIES

    load_policies([Path("policies").resolve()])
    checks, criteria = tuple(load_checks(Path.cwd(), {})), load_criteria(Path("criteria.toml")).criteria
    for id_ in [*criteria, *POLICIES, *(check.name for check in checks)]:
        assert explain(id_, criteria, POLICIES, checks, [Path("policies/examples")])


def test_explain_says_how_to_ask_a_criterion_that_the_project_does_not(shop: Path, gate: Gate) -> None:
    write_tree(shop, {"policies/broken.py": "1 / 0"})  # and says nothing of what is asked about
    out = gate("explain", "latency-p95").out
    assert "criteria.toml does not ask it. To ask it, write in criteria.toml:\n\n  [criteria.latency-p95]\n" in out
    assert "  load needs [load] locustfile, hosts, resolves_to, most and steady" in out
    assert 'extends = ["baseline/encryption"]' in gate("explain", "PG_ENC_1").out
    assert "  and [airflow] canary" in gate("explain", "dag-retry-shown").out


def test_whatever_comes_with_the_gate_can_be_asked_as_explain_writes_it() -> None:
    for each in load_built_in()[0].criteria.values():
        written = "\n".join(("system = 'any'", *write_criterion(each)))
        asked = parse_criteria(written, Path("criteria.toml")).criteria[each.id]
        for key in ("statement", "why", "bound", "layers", "samples", "window", "needs_production", "layer_keys"):
            assert getattr(asked, key) == getattr(each, key), each.id


def test_criteria_lists_all_that_comes_with_the_gate(shop: Path, gate: Gate) -> None:
    listed = json.loads(gate("criteria", "--json").out)
    stated, taken = load_built_in()
    assert {(each["id"], each["layer"]) for each in listed} == {
        (id_, layer) for id_, criterion in stated.criteria.items() for layer in criterion.layers
    }
    assert {each["id"] for each in listed if each["extends"]} == {*taken}
    assert {each["id"] for each in listed if not each["judges"]} == set()
    out = gate("criteria", "--layer", "load").out
    assert "  latency-p95: < 200 ms\n    The 95th percentile of response time under load is below 200 ms.\n" in out
    assert "    test_readers_are_answered_fast: Is the 95th percentile of " in out
    assert "dag-imports" not in out


def test_trace_of_our_own_criteria_leads_everywhere(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    out, err = gate("trace", "--check")
    assert err == ""
    assert "OPS-2" in out


def test_trace_says_what_leads_nowhere(shop: Path, gate: Gate) -> None:
    folder = shop / "policies"
    write_tree(
        folder,
        {
            "stray.py": "from prodgate import policy\n"
            "@policy('TEAM_9', criterion='nothing-stated', resources=('aws_sqs_queue',), remedy='r')\n"
            "def stray(queue, criterion):\n    '''Queues stray.'''\n"
        },
    )
    err = gate("trace", "--check", ends=1).err
    assert "TEAM_9 judges 'nothing-stated', which is no criterion" in err
    assert "criterion alarm-threshold: nothing judges it in the static layer" in err
    assert "policies/stray.py:2: TEAM_9" in err


def test_check_loads_the_policies_of_the_criteria_it_judges_by(shop: Path, gate: Gate) -> None:
    write_tree(
        shop,
        {"policies/broken.py": "1 / 0", "tree/main.tf": 'resource "aws_sqs_queue" "orders" {\n  name = "orders"\n}\n'},
    )
    assert "broken.py: can't be loaded" in gate("check", "tree", "--criteria", "criteria.toml", ends=4).err
    assert "broken.py" not in gate("check", "tree").err


GOAL = """
[criteria.keys-kept]
statement = "No role can delete keys."
why = "What a key encrypted is lost with it."
source = "OPS-2"
layers = ["static"]
goals = [{ cannot = ["kms:ScheduleKeyDeletion"], principals = ["role/*"] }]
"""
HOLDER = """
resource "aws_iam_role" "a" {
  name               = "a"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "a" {
  role   = aws_iam_role.a.name
  policy = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "kms:*", Resource = "*" } })
}
"""


def test_check_judges_goals_at_their_places(shop: Path, gate: Gate) -> None:
    write_tree(shop, {"criteria.toml": (shop / "criteria.toml").read_text() + GOAL, "tree/main.tf": HOLDER})
    said = json.loads(gate("check", "tree", "--criteria", "criteria.toml", "--format", "sarif", ends=1).out)
    (found,) = [one for one in said["runs"][0]["results"] if "keys-kept" in one["ruleId"]]
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("tree/main.tf", 9)


def test_check_prints_every_finding_with_its_remedy_once_and_instances_together(tmp_path: Path, gate: Gate) -> None:
    queue = 'resource "aws_sqs_queue" "q{n}" {{\n  name = "q{n}"\n  sqs_managed_sse_enabled = false\n}}\n'
    repeated = queue.format(n=0).replace("{", "{\n  count = 3", 1).replace('= "q0"', '= "q${count.index}"')
    (tmp_path / "main.tf").write_text(repeated + "".join(queue.format(n=number) for number in range(1, 10)))
    out = gate("check", str(tmp_path), ends=1).out
    shown = [line for line in out.splitlines() if "[PG_ENC_2] medium: " in line]
    assert len(shown) == 10
    assert [line.partition(" on ")[2] for line in shown][:2] == [
        "aws_sqs_queue.q0[0], aws_sqs_queue.q0[1], aws_sqs_queue.q0[2]", "aws_sqs_queue.q1",
    ]  # fmt: skip
    assert out.count("remedy: Switch encryption at rest on") == 1
    out = gate("check", tmp_path, "--json", ends=1).out
    assert sum(f["policy"] == "PG_ENC_2" for f in json.loads(out)["findings"]) == 12


WITHOUT_VALUES = """
variable "networks" {
  type = list(string)
}
resource "aws_security_group" "a" {
  name        = "a"
  description = "a"
  ingress {
    description = "a"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = var.networks
  }
}
resource "aws_security_group" "b" {
  count       = length(var.networks)
  name        = "b"
  description = "b"
}
"""


def test_what_no_value_leaves_open_says_how_to_state_it(tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "main.tf").write_text(WITHOUT_VALUES)
    found = json.loads(gate("check", tmp_path, "--json", ends=2).out)["findings"]
    said = {row["remedy"] for row in found if row["outcome"] == "undetermined"}
    assert said == {"Give var.networks a value: by --var, --var-file, or var_files under [terraform] in criteria.toml."}
    lines = gate("check", tmp_path, ends=2).out.splitlines()
    (cause,) = [number for number, line in enumerate(lines) if "var.networks, which has no value: " in line]
    assert "aws_security_group.a" in lines[cause + 1]
    assert "    remedy: Give var.networks a value: by" in lines[cause + 4]
    gate("check", tmp_path, "--var", 'networks=["10.0.0.0/8"]')


UNASKED = """
system = "shop"
extends = "baseline/encryption"
without = [{ check = "PG_ENC_2", reason = "Kato: nothing secret is sent." }]
"""


def test_a_check_that_criteria_do_not_ask_is_shown_with_its_reason(shop: Path, gate: Gate) -> None:
    write_tree(shop, {"criteria.toml": UNASKED, "tree/main.tf": queues(orders=False)})
    out = gate("check", "tree", "--criteria", "criteria.toml", ends=2).out
    (said,) = [line for line in out.splitlines() if "PG_ENC_2" in line]
    assert said == "[PG_ENC_2] encryption-at-rest: is not asked: Kato: nothing secret is sent."
    write_tree(shop, {"criteria.toml": UNASKED.replace("ENC_2", "ENC_222")})
    err = gate("check", "tree", "--criteria", "criteria.toml", ends=4).err
    assert "criteria.toml: without: 'PG_ENC_222' is no policy or check of a stated criterion; did you mean" in err
    scanner = UNASKED.replace("PG_ENC_2", "CKV_AWS_27")
    write_tree(shop, {"criteria.toml": scanner})
    assert "without: 'CKV_AWS_27' is no" in gate("check", "tree", "--criteria", "criteria.toml", ends=4).err
    write_tree(shop, {"criteria.toml": scanner.replace('"baseline/encryption"', '"baseline"')})
    gate("check", "tree", "--criteria", "criteria.toml", ends=1)


def test_check_says_which_criteria_policies_alone_cannot_answer() -> None:
    declared = Configuration(root="terraform", engine="made", resources=[])
    asked = Criteria({id_: criterion(id_, bound=None) for id_ in ("terraform-evaluates", "workflow-approval")})
    verdict = judge_configurations([declared], [], asked, whole=True)
    assert [(str(f.outcome), f.reason) for ruling in verdict.rulings for f in ruling.findings] == [
        ("satisfied", ""),
        ("undetermined", "no policy judges it"),
    ]


# ── ``prodgate check``: its output on a tree, and on the faults that a change adds

QUEUE = 'resource "aws_sqs_queue" "{name}" {{\n  name = "{name}"\n  sqs_managed_sse_enabled = {safe}\n}}\n'


def queues(**safe: bool) -> str:
    return "".join(QUEUE.format(name=name, safe=str(value).lower()) for name, value in safe.items())


@pytest.fixture
def queue_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose only commit has a root with queues; the working directory is its top."""
    write_tree(tmp_path, {"live/main.tf": queues(mended=False, stands=False, kept=True)})
    git(tmp_path, "init", "-q")
    commit(tmp_path, "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Configuration] | Exception]:
    """The resources of roots, by name, in place of core's result for them."""
    stated: dict[str, list[Configuration] | Exception] = {}

    def open_given(path: Path, given: object, source: object, yardstick: object) -> tuple[Configuration, ...]:
        found = stated[(path / "which").read_text()]
        if isinstance(found, Exception):
            raise found
        return tuple(found)

    monkeypatch.setattr(check_command, "_open", open_given)
    return stated


def test_check_shows_what_is_worse_than_at_a_revision(queue_shop: Path, gate: Gate) -> None:
    (queue_shop / "live" / "main.tf").write_text(queues(mended=True, stands=False, kept=True, new=False))
    said = json.loads(gate("check", "live", "--changed", "HEAD", "--json", ends=1).out)
    blocking = [f for f in said["findings"] if f["outcome"] in ("not-satisfied", "undetermined")]
    encrypted = [f for f in blocking if f["policy"] == "PG_ENC_2"]
    assert said["exit_code"] == 1
    assert {f["address"] for f in blocking} == {"aws_sqs_queue.new"}
    assert [(f["file"], f["line"]) for f in encrypted] == [("live/main.tf", 15)]
    assert [(f["check"], f["subject"]) for f in said["fixed"]] == [("PG_ENC_2", "aws_sqs_queue.mended")]
    assert said["since"].startswith("HEAD (")
    assert said["standing"] > 0


STATED = 'system = "shop"\nextends = ["baseline/network"]\n\n[terraform]\nroot = "live"\n'
OWN = """
[criteria.kept-long]
statement.en = "Kept long."
statement.ja = "Kept long."
why = "So."
remedy = "Keep it."
source = "X-1"
layers = ["static"]
require = ">= {}"
"""
GROUP = 'resource "aws_security_group" "open" {{\n{}\n}}\n'
PORT = (
    '  ingress {{\n    from_port = {0}\n    to_port = {0}\n    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }}'
)


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--criteria", "criteria.toml"]])
def test_a_fault_that_stood_before_hides_no_other_of_its_resource(
    queue_shop: Path, gate: Gate, words: list[str]
) -> None:
    """A policy ends at its first fault; one that a branch adds behind it is worse nevertheless."""
    (queue_shop / "criteria.toml").write_text(STATED)
    ports = [PORT.format(port) for port in (22, 3389)]
    (queue_shop / "live" / "main.tf").write_text(GROUP.format(ports[0]))
    commit(queue_shop, "one port")
    gate("check", "live", "--changed", "HEAD", *words)
    (queue_shop / "live" / "main.tf").write_text(GROUP.format("\n".join(ports)))
    said = json.loads(gate("check", "live", "--changed", "HEAD", "--json", *words, ends=1).out)
    new = {f["observed"] for f in said["findings"] if f["policy"] == "PG_NET_1"}
    assert "tcp 3389 from 0.0.0.0/0" in new
    assert not any("22" in observed for observed in new)


WAIVER = """[waivers.OPEN-1]
covers = "PG_NET_1"
subject = "aws_security_group.open"
aspect = "*22*"
reason = "It is asked for."
opened = 2026-11-24
expires = 2027-02-01
owner = "a@example.com"
approver = "b@example.com"
"""


@pytest.mark.slow
def test_what_a_branch_changed_of_what_it_is_judged_by_is_said(queue_shop: Path, gate: Gate) -> None:
    """Both sides are judged by today's criteria and waivers, so a waiver of the branch's own makes it pass."""
    write_tree(queue_shop, {"waivers.toml": "", "policies/_gone.py": "", "criteria.toml": STATED + OWN.format("30 d")})
    commit(queue_shop, "stated")
    write_tree(queue_shop, {"live/open.tf": GROUP.format(PORT.format(22)), "waivers.toml": WAIVER})
    (queue_shop / "policies" / "_gone.py").unlink()
    (queue_shop / "criteria.toml").write_text(STATED + OWN.format("7 d"))
    words = ("--changed", "HEAD", "--criteria", "criteria.toml", "--waivers", "waivers.toml")
    out = gate("check", "live", *words, ends=1).out
    assert (
        "criterion kept-long: require >= 30 d -> >= 7 d\n  waiver OPEN-1: added\nread what changed since HEAD (" in out
    )
    assert "  file policies/_gone.py: removed\nnote: what is judged by today counts for HEAD (" in out
    assert "worse, and waived: [PG_NET_1] security-groups-closed-to-the-world on aws_security_group.open" in out


Opened = dict[str, list[Configuration] | Exception]


def test_check_says_that_nothing_changed(queue_shop: Path, opened: Opened, gate: Gate) -> None:
    (queue_shop / "live" / "which").write_text("one")
    commit(queue_shop, "which")
    opened["one"] = [Configuration(root="live", engine="made", resources=[])]
    out = gate("check", "live", "--changed", "HEAD").out
    assert "for what changed in live since HEAD (" in out
    assert "newly 0 not-satisfied, 0 undetermined, 0 waived; 0 fixed, 2 as before" in out
    assert out.startswith("GO for what changed")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (None, "note: there was no new at HEAD ("),
        (
            refusal("main.tf:1: Unsupported argument"),
            "can't be judged, so that all counts as new: main.tf:1: Unsupported",
        ),
    ],
)
def test_what_was_not_there_or_was_broken_makes_all_new(
    queue_shop: Path, opened: Opened, gate: Gate, before: Exception | None, message: str
) -> None:
    (queue_shop / "new").mkdir()
    if before is not None:
        (queue_shop / "new" / "which").write_text("before")
        commit(queue_shop, "broken")
        opened["before"] = before
    (queue_shop / "new" / "which").write_text("after")
    opened["after"] = [Configuration(root="new", engine="made", resources=[])]
    assert message in gate("check", "new", "--changed", "HEAD", ends=2).err


def test_a_plan_that_git_does_not_have_is_refused(
    queue_shop: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(check_command, "_open", lambda *_: (Configuration(root="p", engine="made", resources=[]),))
    (queue_shop / "plan.json").write_text("{}")
    err = gate("check", "plan.json", "--changed", "HEAD", ends=4).err
    assert "plan.json is not in HEAD (" in err
    assert "name the directory that it was made from" in err


@pytest.mark.parametrize("name", ["made", "made/plan.json"])
def test_what_git_ignores_is_not_compared_with_itself(
    queue_shop: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, gate: Gate, name: str
) -> None:
    monkeypatch.setattr(check_command, "_open", lambda *_: (Configuration(root="p", engine="made", resources=[]),))
    write_tree(queue_shop, {".gitignore": "made/\n", "made/plan.json": "{}"})
    err = gate("check", name, "--changed", "HEAD", ends=4).err
    assert f"git ignores {name}, so that it knows nothing of it at HEAD (" in err


def test_values_are_those_of_the_revision(queue_shop: Path, monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    write_tree(queue_shop, {".gitignore": "own.tfvars\n", "own.tfvars": "own", "prod.tfvars": "first"})
    commit(queue_shop, "values")
    write_tree(queue_shop, {"prod.tfvars": "second", "later.tfvars": "second"})
    seen: list[list[str]] = []

    def look(_path: Path, given: object, *_: object) -> tuple[Configuration, ...]:
        seen.append([each.read_text() for each in given.var_files])  # type: ignore[attr-defined]
        return (Configuration(root="live", engine="made", resources=[]),)

    monkeypatch.setattr(check_command, "_open", look)
    files = ("--var-file", "prod.tfvars", "--var-file", "later.tfvars", "--var-file", "own.tfvars")
    assert "note: git has no own.tfvars at HEAD (" in gate("check", "live", "--changed", "HEAD", *files).err
    assert seen == [["second", "second", "own"], ["first", "second", "own"]]


# ── The output

LOW = criterion("small", severity="low", bound=None, where_present=True, controls=("AWS-FSBP:SQS.1",))
BAD = criterion("grave", severity="critical", bound=None, where_present=True, why="It is lost.")
BARE = criterion("bare", bound=None, where_present=True, source="OUR-3")


def judged(*named: tuple[str, Outcome]) -> Verdict:
    found = [finding(o, criterion=id_, check=f"OUR_{id_}", observed="x", remedy="Mend it.") for id_, o in named]
    stated = {each.id: each for each in (LOW, BAD, BARE)}
    asked = {id_: stated[id_] for id_, _ in named}
    return decide(asked, found, [], datetime(2026, 12, 1, tzinfo=UTC), Scope(layers=frozenset({"static"})))


@pytest.fixture
def verdict() -> Verdict:
    return judged(("small", Outcome.NOT_SATISFIED), ("bare", Outcome.NOT_SATISFIED), ("grave", Outcome.NOT_SATISFIED))


def test_the_worst_comes_first_and_is_counted_by_severity(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(verdict, Form("live")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" observed")[0] for line in lines if "[OUR" in line] == [
        "not-satisfied: [OUR_grave] critical: grave:",
        "not-satisfied: [OUR_small] low: small:",
        "not-satisfied: [OUR_bare] bare:",
    ]
    assert lines[-2] == "not-satisfied by severity: 1 critical, 1 low, 1 of no stated severity"
    assert not any("why:" in line for line in lines)


def test_why_it_matters_is_said_where_it_is_asked_for(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    show(verdict, Form("live", explains=True))
    said = capsys.readouterr().out.split("not-satisfied: ")
    assert said[1].splitlines()[1:] == [
        "    remedy: Mend it.",
        "    why: It is lost.",
        "    severity: critical",
        "    source: OPS-2",
        "    more: prodgate explain grave",
    ]
    assert "    source: AWS-FSBP:SQS.1\n" in said[2]
    assert "severity" not in said[3].split("NO-GO")[0]
    assert "    source: OUR-3\n" in said[3]


def test_a_policy_may_rate_its_findings_otherwise_than_its_criterion(capsys: pytest.CaptureFixture[str]) -> None:
    rated = finding(Outcome.NOT_SATISFIED, criterion="grave", severity="medium")
    milder = decide({"grave": BAD}, [rated], [], datetime(2026, 12, 1, tzinfo=UTC), Scope(layers=frozenset({"static"})))
    show(milder, Form("live"))
    assert "not-satisfied by severity: 1 medium\n" in capsys.readouterr().out
    show(milder, Form("live", as_json=True))
    assert [row["severity"] for row in json.loads(capsys.readouterr().out)["findings"]] == ["medium"]


def test_what_fails_is_shown_by_resource_and_what_is_not_known_by_cause(capsys: pytest.CaptureFixture[str]) -> None:
    said = [("aws_a.x", "small", ""), ("aws_a.y", "small", ""), ("aws_a.y", "grave", ""), ("aws_a.z", "bare", "no value"),
            ("aws_a.x", "grave", "no value"), ("aws_a.x", "bare", "no plan")]  # fmt: skip
    outcomes = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)
    found = [
        finding(outcomes[bool(why)], subject=subject, criterion=id_, check=f"OUR_{id_}", reason=why)
        for subject, id_, why in said
    ]
    asked = {each.id: each for each in (LOW, BAD, BARE)}
    show(decide(asked, found, [], datetime(2026, 12, 1, tzinfo=UTC), Scope(layers=frozenset({"static"}))), Form("live"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "aws_a.y: 2 not-satisfied"
    assert [line.rpartition(" ")[2] for line in lines[1:5]] == ["aws_a.y", "aws_a.y", "", "aws_a.x"]
    assert lines[5:8] == [
        "undetermined: no value: 2 findings, 2 subjects", "    on: aws_a.x, aws_a.z", "    of: grave, bare",
    ]  # fmt: skip
    assert lines[8].endswith("[OUR_bare] bare: no plan on aws_a.x")


def test_machines_are_told_the_severity(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    show(verdict, Form("live", as_json=True))
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert {row["criterion"]: row["severity"] for row in rows} == {"grave": "critical", "small": "low", "bare": None}


def test_what_holds_has_no_severity(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(judged(("grave", Outcome.SATISFIED)), Form("live")) == 0
    assert "severity" not in capsys.readouterr().out


# ── `prodgate iam aws://…`: the principals of an account as they are now

EDIT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"},
}
ANN: dict[str, Any] = {
    "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
    "UserName": "ann",
    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": EDIT}],
}


def answering(monkeypatch: pytest.MonkeyPatch, details: Any) -> None:
    calls = Stated({"GetAccountAuthorizationDetails": details})
    monkeypatch.setattr(principals, "open_whichever", lambda profile, region: (calls, ACCOUNT))


def test_an_account_is_asked_as_it_is(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    answering(monkeypatch, {"UserDetailList": [ANN]})
    (row,) = read_output(gate("iam", "aws://gate@eu-west-1", "--json").out)
    assert (row["name"], row["administrator"]) == ("ann", "yes")
    assert "it is proven of each principal" in gate("iam", "aws://eu-west-1", "--who-can", "s3:GetObject", "*").out


def test_a_pipeline_stops_where_somebody_does_or_may(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    asked = ("iam", "aws://gate@eu-west-1")
    harmless = {
        "PolicyName": "own",
        "PolicyDocument": {**EDIT, "Statement": {**EDIT["Statement"], "Action": "sns:Publish"}},
    }
    unknown = {
        "PolicyName": "odd",
        "PolicyDocument": {**EDIT, "Statement": {**EDIT["Statement"], "Condition": {"Is": {"a": "b"}}}},
    }
    for policy, codes in ((ANN["UserPolicyList"][0], (0, 1, 1)), (unknown, (0, 0, 2)), (harmless, (0, 0, 0))):
        answering(monkeypatch, {"UserDetailList": [{**ANN, "UserPolicyList": [policy]}]})
        for options, code in zip(((), ("--fail-on", "yes"), ("--fail-on", "undetermined")), codes, strict=True):
            gate(*asked, *options, ends=code)
    gate(*asked, "--idle", "--fail-on", "undetermined")
    gate(*asked, "--who-can", "sns:Publish", "*", "--fail-on", "yes", ends=1)
    gate(*asked, "--least", "ann", "--fail-on", "yes", ends=4)
    answering(monkeypatch, {})
    gate(*asked, "--fail-on", "undetermined", ends=2)


def test_what_can_t_be_asked_is_said(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    def deny(parameters: Any) -> Any:
        raise Unreadable("iam GetAccountAuthorizationDetails: denied")

    answering(monkeypatch, deny)
    for words, said in (
        (["aws://eu-west-1"], "what IAM lists can't be read: iam GetAccountAuthorizationDetails: denied"),
        (["rehearsal://"], "the rehearsal holds what is declared; name its root"),
        (["aws://nowhere"], "names no profile and region"),
        (["aws://eu-west-1", "--var-file", "x"], "an account and a run are as they are"),
    ):
        assert said in gate("iam", *words, ends=4).err


def test_statements_that_never_grant_are_printed(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    odd = {"PolicyName": "odd", "PolicyDocument": {**EDIT, "Statement": {**EDIT["Statement"], "Action": "iam:PutUser"}}}
    answering(monkeypatch, {"UserDetailList": [{**ANN, "UserPolicyList": [*ANN["UserPolicyList"], odd]}]})
    (line,) = gate("iam", "aws://gate@eu-west-1", "--idle").out.splitlines()
    assert line.startswith(f"ann: arn:aws:iam::{ACCOUNT}:user/ann odd statement 1: AWS has no action of that name")
    ((row,),) = (one["idle"] for one in read_output(gate("iam", "aws://gate@eu-west-1", "--idle", "--json").out))
    assert row["why"].endswith(": iam:PutUser")
    answering(monkeypatch, {"UserDetailList": [ANN]})
    assert "it is shown that it can never grant" in gate("iam", "aws://gate@eu-west-1", "--idle").out
    gate("iam", "aws://gate@eu-west-1", "--idle", "--who-can", "s3:GetObject", "*", ends=4)


# ── A kept run

CRITERIA = """
system = "shop"
[criteria.x]
statement = "It holds."
why = "It matters."
source = "X-1"
layers = ["static"]
"""


def test_what_a_run_declared_is_asked(tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "static")
    with pytest.raises(UsageError, match="looked at no account and at no configuration"):
        read_kept(context.run)
    administrator = labelled(
        "aws_iam_role_policy_attachment",
        "admin",
        role="admin",
        policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
    )
    configuration = Configuration(
        root="shop", engine="none", resources=[declared_role("admin"), declared_role("idle"), administrator]
    )
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    rows = read_output(gate("iam", context.run, "--json").out)
    assert {row["name"]: row["administrator"] for row in rows} == {"admin": "yes", "idle": "no"}
    assert "--var-file is for a PATH with Terraform" in gate("iam", context.run, "--var-file", "a.tfvars", ends=4).err


def test_the_least_that_would_do_is_printed_of_what_a_run_kept(tmp_path: Path, gate: Gate) -> None:
    goal = '{ uses = { code = ["jobs"] }, principals = ["role/idle"] }'
    (tmp_path / "criteria.toml").write_text(CRITERIA + f"goals = [{goal}]\n", "utf-8")
    context = layer_context(tmp_path, "static")
    policy = {"Statement": {"Effect": "Allow", "Action": ["s3:PutObject", "sqs:*"], "Resource": "*"}}
    granting = labelled("aws_iam_role_policy", "idle", role="idle", policy=json.dumps(policy))
    configuration = Configuration(root="shop", engine="none", resources=[declared_role("idle"), granting])
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    called = [["client", "sqs", "send_message", "jobs/one.py:2"], ["client", "sns", "publish", "jobs/one.py:3"]]
    context.store_fact("static", "code", ".", {"jobs": {"calls": called, "unread": [], "named": []}}, "files")
    asked = ["iam", str(context.run), "--criteria", str(tmp_path / "criteria.toml"), "--least"]
    said = gate(*asked, "idle").out
    assert "not used: s3:PutObject, granted by" in said
    assert "missing: sns:Publish, for jobs/one.py:3" in said
    found = read_output(gate(*asked, "idle", "--json").out)
    assert found["policy"]["Statement"] == [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["*"]}]
    assert [one["used"] for one in found["unused"]] == [[], ["sqs:SendMessage"]]
    assert "says what it uses; state one with 'uses'" in gate(*asked, "other", ends=4).err
    assert "questions of their own" in gate(*asked, "idle", "--idle", ends=4).err


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            {"resources": [], "gaps": [Gap("module.roles", "is not here")]},
            "no user and no role could be read: module.roles is",
        ),
        ({"resources": [declared_role("x", arn=None)]}, "name a run of the layer live"),
    ],
)
def test_principals_that_could_not_be_read_are_not_none(seen: Any, said: str, tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "static")
    configuration = Configuration(root="shop", engine="none", **seen)
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    assert said in gate("iam", context.run, ends=4).err


def test_an_account_that_a_run_looked_at_comes_first(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "live")
    about = {"id": ACCOUNT, "region": "eu-west-1", "now": "2026-01-01T00:00:00+00:00", "foreign": [], "files": {}}
    context.store_fact("live", "account", ACCOUNT, about, "aws://eu-west-1")
    with pytest.raises(UsageError, match="what IAM lists was not observed"):
        read_kept(context.run)
    asked = Call(
        service="iam", operation="GetAccountAuthorizationDetails", region="eu-west-1",
        parameters={"Filter": IDENTITIES}, whole=True,
    )  # fmt: skip
    page = {"UserDetailList": [{"Arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "UserName": "ann"}]}
    calls = [Record(call=asked, pages=[page]).to_json()]
    answers = {"service": "iam", "region": "eu-west-1", "library": "none", "calls": calls}
    context.store_fact("live", "answers", "iam in eu-west-1", answers, "1 call")
    (ann,) = read_kept(context.run).principals
    assert (ann.name, ann.place) == ("ann", ann.arn)
