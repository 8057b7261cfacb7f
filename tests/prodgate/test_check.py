"""``prodgate check``: what it shows of a tree, and of what a change makes worse."""

import json
import subprocess
from pathlib import Path

import pytest

from prodgate import cli
from prodgate.commands import check_command
from prodgate.terraform.diagnostics import refusal
from prodgate.terraform.resources import Configuration

QUEUE = 'resource "aws_sqs_queue" "{name}" {{\n  name = "{name}"\n  sqs_managed_sse_enabled = {safe}\n}}\n'


def git(root: Path, *words: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *named, *words], check=True, capture_output=True, timeout=60)


def queues(**safe: bool) -> str:
    return "".join(QUEUE.format(name=name, safe=str(value).lower()) for name, value in safe.items())


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose only commit has a root with queues; the working directory is its top."""
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "main.tf").write_text(queues(mended=False, stands=False, kept=True))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Configuration] | Exception]:
    """What roots declare, by name, in place of what core would make of them."""
    stated: dict[str, list[Configuration] | Exception] = {}

    def open_given(path: Path, given: object, source: object, yardstick: object) -> tuple[Configuration, ...]:
        found = stated[(path / "which").read_text()]
        if isinstance(found, Exception):
            raise found
        return tuple(found)

    monkeypatch.setattr(check_command, "_open", open_given)
    return stated


def test_check_shows_what_is_worse_than_at_a_revision(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "live" / "main.tf").write_text(queues(mended=True, stands=False, kept=True, new=False))
    code = cli.main(["check", "live", "--changed", "HEAD", "--json"])
    said = json.loads(capsys.readouterr().out)
    blocking = [f for f in said["findings"] if f["outcome"] in ("not-satisfied", "undetermined")]
    encrypted = [f for f in blocking if f["policy"] == "PG_ENC_2"]
    assert code == said["exit_code"] == 1
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
    shop: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """A policy ends at the first that does not hold; what a branch adds behind that is worse all the same."""
    (shop / "criteria.toml").write_text(STATED)
    ports = [PORT.format(port) for port in (22, 3389)]
    (shop / "live" / "main.tf").write_text(GROUP.format(ports[0]))
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "one port")
    assert cli.main(["check", "live", "--changed", "HEAD", *words]) == 0
    capsys.readouterr()
    (shop / "live" / "main.tf").write_text(GROUP.format("\n".join(ports)))
    code = cli.main(["check", "live", "--changed", "HEAD", "--json", *words])
    new = {f["observed"] for f in json.loads(capsys.readouterr().out)["findings"] if f["policy"] == "PG_NET_1"}
    assert code == 1
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
def test_what_a_branch_changed_of_what_it_is_judged_by_is_said(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both sides are judged by today's criteria and waivers, so that a waiver of the branch's own makes it pass."""
    (shop / "waivers.toml").write_text("")
    (shop / "policies").mkdir()
    (shop / "policies" / "gone.py").write_text("")
    (shop / "criteria.toml").write_text(STATED + OWN.format("30 d"))
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "stated")
    (shop / "live" / "open.tf").write_text(GROUP.format(PORT.format(22)))
    (shop / "waivers.toml").write_text(WAIVER)
    (shop / "policies" / "gone.py").unlink()
    (shop / "criteria.toml").write_text(STATED + OWN.format("7 d"))
    cli.main(["check", "live", "--changed", "HEAD", "--criteria", "criteria.toml", "--waivers", "waivers.toml"])
    out, err = capsys.readouterr()
    for said in ("criteria.toml was changed", "policies/gone.py was changed", "waivers.toml was changed"):
        assert said in err
    assert "criterion kept-long was changed: bound >= 30 d -> >= 7 d" in err
    assert "waiver OPEN-1 was added: expires 2027-02-01; as it is today, it counts for both" in err
    assert "worse, and waived: [PG_NET_1] security-groups-closed-to-the-world on aws_security_group.open" in out


Opened = dict[str, list[Configuration] | Exception]


def test_check_says_that_nothing_changed(shop: Path, opened: Opened, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "live" / "which").write_text("one")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "which")
    opened["one"] = [Configuration(root="live", engine="made", resources=[])]
    code = cli.main(["check", "live", "--changed", "HEAD"])
    out, _ = capsys.readouterr()
    assert "for what changed in live since HEAD (" in out
    assert "newly 0 not-satisfied, 0 undetermined, 0 waived; 0 fixed, 2 as before" in out
    assert (code, out.startswith("GO for what changed")) == (0, True)


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
    shop: Path, opened: Opened, capsys: pytest.CaptureFixture[str], before: Exception | None, message: str
) -> None:
    (shop / "new").mkdir()
    if before is not None:
        (shop / "new" / "which").write_text("before")
        git(shop, "add", "-A")
        git(shop, "commit", "-qm", "broken")
        opened["before"] = before
    (shop / "new" / "which").write_text("after")
    opened["after"] = [Configuration(root="new", engine="made", resources=[])]
    cli.main(["check", "new", "--changed", "HEAD"])
    assert message in capsys.readouterr().err


def test_a_plan_that_git_does_not_have_is_refused(
    shop: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_command, "_open", lambda *_: (Configuration(root="p", engine="made", resources=[]),))
    (shop / "plan.json").write_text("{}")
    code = cli.main(["check", "plan.json", "--changed", "HEAD"])
    err = capsys.readouterr().err
    assert (code, "plan.json is not in HEAD (" in err) == (4, True)
    assert "name the directory that it was made from" in err


@pytest.mark.parametrize("name", ["made", "made/plan.json"])
def test_what_git_ignores_is_not_compared_with_itself(
    shop: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(check_command, "_open", lambda *_: (Configuration(root="p", engine="made", resources=[]),))
    (shop / ".gitignore").write_text("made/\n")
    (shop / "made").mkdir()
    (shop / "made" / "plan.json").write_text("{}")
    code = cli.main(["check", name, "--changed", "HEAD"])
    err = capsys.readouterr().err
    assert (code, f"git ignores {name}, so that it knows nothing of it at HEAD (" in err) == (4, True)


def test_values_are_those_of_the_revision(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / ".gitignore").write_text("own.tfvars\n")
    (shop / "own.tfvars").write_text("own")
    (shop / "prod.tfvars").write_text("first")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "values")
    (shop / "prod.tfvars").write_text("second")
    (shop / "later.tfvars").write_text("second")
    seen: list[list[str]] = []

    def look(_path: Path, given: object, *_: object) -> tuple[Configuration, ...]:
        seen.append([each.read_text() for each in given.var_files])  # type: ignore[attr-defined]
        return (Configuration(root="live", engine="made", resources=[]),)

    monkeypatch.setattr(check_command, "_open", look)
    files = ("--var-file", "prod.tfvars", "--var-file", "later.tfvars", "--var-file", "own.tfvars")
    cli.main(["check", "live", "--changed", "HEAD", *files])
    assert seen == [["second", "second", "own"], ["first", "second", "own"]]
    assert "note: git has no own.tfvars at HEAD (" in capsys.readouterr().err
