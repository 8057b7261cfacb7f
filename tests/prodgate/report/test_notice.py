"""A changed verdict is told once, by names alone."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws import sessions
from prodgate.cli import main
from prodgate.commands import webhook
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.report.notice import SUBJECT, make_notice
from tests.prodgate.rehearsal.emulated import Account

from ..sample_run import ABOUT, CRITERIA, move
from ..samples import finding as made_finding
from .samples import criterion, failing, finding, run

#: URL of a webhook, what it was sent, and the status that it answers.
Hook = tuple[str, list[Any], list[int]]
SECRET = "hooks/T000/B000/x9y8z7secret"


def of(outcome: str, **fields: Any) -> Run:
    seen = failing("c", observed="password=hunter2") if outcome == "not-satisfied" else finding("c", outcome)
    return run([criterion("c", where_present=True)], [seen], layers=("static",), **fields)


def test_a_verdict_that_stays_is_no_news() -> None:
    assert make_notice(of("satisfied"), of("satisfied")) is None
    assert make_notice(of("not-satisfied"), of("not-satisfied")) is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("satisfied", "not-satisfied", ["PARTIAL GO -> NO-GO", "newly failing: c"]),
        ("not-satisfied", "satisfied", ["NO-GO -> PARTIAL GO", "fixed: c"]),
        ("satisfied", "undetermined", ["PARTIAL GO -> INSUFFICIENT EVIDENCE", "no longer known: c"]),
        (
            "not-satisfied",
            "undetermined",
            ["NO-GO -> INSUFFICIENT EVIDENCE", "failed before, not known now (not fixed): c"],
        ),
    ],
)
def test_a_changed_verdict_is_told_with_what_changed(before: str, after: str, said: list[str]) -> None:
    notice = make_notice(of(before), of(after))
    assert notice is not None
    lines = notice.text.split("\n")
    assert [lines[0].removeprefix("nba-news on aws://prod@ap-northeast-1: "), *lines[2:]] == said


def test_nothing_that_was_observed_is_told() -> None:
    notice = make_notice(of("satisfied"), of("not-satisfied"))
    assert notice is not None
    assert "hunter2" not in notice.text + notice.subject
    assert "aws_rds_cluster" not in notice.text


def test_the_first_run_of_all_is_told_and_a_subject_is_what_sns_takes() -> None:
    notice = make_notice(None, of("satisfied", system="ニュース\n" + "x" * 200))
    assert notice is not None
    assert "no run -> PARTIAL GO" in notice.text
    assert len(notice.subject) <= SUBJECT
    assert notice.subject.isascii()
    assert notice.subject.isprintable()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook on this machine: its URL, what it was sent, and the status that it answers."""
    sent: list[Any] = []
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(status[0])
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", sent, status
        server.shutdown()
        thread.join(10)


def write(folder: Path, number: int, outcome: str) -> Path:
    """Write a run; a greater number is later."""
    (folder / "criteria.toml").write_text(CRITERIA)
    path = runs.create(folder, ABOUT, folder / "criteria.toml", folder / "none.toml")
    journal = Journal.of(path)
    journal.record_planned("static", "PG_REC_1", "backup-retention")
    journal.write("collected", layer="static")
    journal.record_started("static", "PG_REC_1")
    journal.record_finding(made_finding(Outcome(outcome)))
    journal.record_finished("static", "PG_REC_1", 1)
    runs.close(path)
    return move(path, f"{path.name[:10]}T00000{number}Z{path.name[18:]}")


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """A run that is GO, and a later one that is NO-GO."""
    return [write(tmp_path, 1, "satisfied"), write(tmp_path, 3, "not-satisfied")]


def test_a_webhook_is_told_once_and_its_url_is_never_shown(
    two: list[Path],
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, sent, _ = hook
    monkeypatch.setenv("CHAT", url)
    assert main(["notify", str(two[1]), "--webhook", "env:CHAT"]) == 0
    ((path, kind, body),) = sent
    assert (path, kind, list(body)) == (f"/{SECRET}", "application/json", ["text"])
    assert body["text"].startswith("shop on rehearsal://: GO -> NO-GO\n")
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    assert body["text"] in captured.out


@pytest.mark.parametrize("changed", [False, True])
def test_a_verdict_is_compared_with_the_last_run_that_can_be_trusted(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changed: bool
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    between = write(two[0].parent, 2, "not-satisfied")
    if changed:
        (between / "run.json").write_text("{}")
    assert main(["notify", str(two[1]), "--webhook", "env:CHAT"]) == 0
    assert len(hook[1]) == changed
    assert ("the verdict is that of the run before; nothing was sent" in capsys.readouterr().out) is not changed


def test_a_run_that_was_changed_is_passed_over_aloud(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    between = write(two[0].parent, 2, "satisfied")
    (between / "run.json").write_text("{}")
    assert main(["notify", str(two[1]), "--webhook", "env:CHAT"]) == 0
    assert f"{between}: was changed after it was written: " in capsys.readouterr().err
    ((_, _, body),) = hook[1]
    assert f"passed over, since it can't be read or was changed: {between.name}" in body["text"].split("\n")


def test_a_verdict_is_that_of_the_run_that_is_named_where_one_between_was_changed(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    older, same = (write(two[0].parent, number, "not-satisfied") for number in (2, 4))
    (two[1] / "run.json").write_text("{}")
    assert main(["notify", str(same), "--webhook", "env:CHAT"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"the verdict is that of {older.name}; nothing was sent\n"
    assert [run.name in captured.err for run in (two[1], older)] == [True, False]
    assert hook[1] == []


def test_a_webhook_that_took_it_and_does_not_answer_may_have_sent_it(
    two: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webhook, "LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CHAT", f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        assert main(["notify", str(two[1]), "--webhook", "env:CHAT"]) == 4
        asked, _ = silent.accept()
        with asked:
            asked.settimeout(60)
            assert asked.recv(4).startswith(b"POST")
    said = capsys.readouterr().err
    assert "127.0.0.1 did not answer: TimeoutError; it may have been sent" in said
    assert "nothing was sent" not in said
    assert SECRET not in said


def test_no_topic_is_told_with_the_credentials_of_a_rehearsal(
    two: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    topic = "arn:aws:sns:ap-northeast-1:123456789012:verdicts"
    assert main(["notify", str(two[1]), "--topic", topic, "--via", "rehearsal://"]) == 4
    assert "--via rehearsal://: is the rehearsal, where nobody listens; write aws://" in capsys.readouterr().err


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_a_mistake_without_the_url(
    two: list[Path], hook: Hook, status: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    hook[2][0] = status
    monkeypatch.setenv("CHAT", hook[0])
    assert main(["notify", str(two[1]), "--webhook", "env:CHAT"]) == 4
    captured = capsys.readouterr()
    assert f"answered {status}" in captured.err
    assert SECRET not in captured.out + captured.err
    assert len(hook[1]) == 1


@pytest.mark.parametrize(
    ("given", "value", "said"),
    [
        (f"https://example.com/{SECRET}", "", "write env:NAME"),
        ("env:", "", "write env:NAME"),
        ("env:CHAT", "", "holds no https:// URL"),
        ("env:CHAT", f"http://example.com/{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"file:///{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://[{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://example.com:{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://a..b/{SECRET}", "was not reached: HTTP can't carry this URL; nothing was sent"),
        ("env:CHAT", f"http://127.0.0.1:1/{SECRET}", "was not reached: ConnectionRefusedError; nothing was sent"),
    ],
)
def test_what_is_no_webhook_is_refused_and_never_shown(  # noqa: PLR0917  fixtures are named by their place
    two: list[Path],
    given: str,
    value: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CHAT", value)
    assert main(["notify", str(two[1]), "--webhook", given]) == 4
    captured = capsys.readouterr()
    assert said in captured.err
    assert SECRET not in captured.out + captured.err


@pytest.mark.xdist_group("emulator")
def test_a_topic_is_told(
    two: list[Path], account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: account.clients)
    queue = account("sqs").create_queue(QueueName="told")["QueueUrl"]
    topic = account("sns").create_topic(Name="verdicts")["TopicArn"]
    arn = account("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert main(["notify", str(two[1]), "--topic", topic]) == 0
    (message,) = account("sqs").receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert (body["Subject"], body["Message"].split("\n")[0]) == (
        "prod-gate: NO-GO (shop)", "shop on rehearsal://: GO -> NO-GO",
    )  # fmt: skip
    assert main(["notify", str(two[1]), "--topic", f"{topic}-of-nobody"]) == 4
    assert "sns:Publish" in capsys.readouterr().err
    assert main(["notify", str(two[1]), "--topic", "verdicts"]) == 4
