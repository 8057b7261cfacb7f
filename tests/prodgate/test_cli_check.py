"""What `prodgate check`, `explain` and `trace` say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prodgate.commands import checking
from prodgate.criteria import Criteria
from prodgate.terraform.resources import Configuration

from .command_line import enter_shop, said
from .samples import criterion

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_shop(tmp_path, monkeypatch)


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
