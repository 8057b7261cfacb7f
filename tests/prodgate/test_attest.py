"""``prodgate attest``: what it asks, what it writes, what it refuses, and what is due."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.layers.attested import writing

from .attesting import BY, TWO, attest, enter_shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_shop(tmp_path, monkeypatch)


def written(shop: Path, criterion: str) -> dict[str, Any]:
    return tomllib.loads((shop / "attestations" / f"{criterion}.toml").read_text("utf-8"))


def names(shop: Path) -> list[str]:
    return [path.name for path in (shop / "attestations").iterdir()]


class Terminal(io.StringIO):
    """Answers as somebody types them."""

    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def test_a_record_is_written_without_a_question_when_all_is_given(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = datetime.now(UTC)
    code, out, err = attest(capsys, "runbook", *BY, "--link", "https://example.com/17")
    assert (code, err) == (0, "")
    assert out.startswith("attestations/runbook.toml: written: ")
    assert "unsigned" in out
    found = written(shop, "runbook")
    assert found["by"] == {"name": "Ana Souza", "role": "SRE"}
    assert found["links"] == ["https://example.com/17"]
    digest = hashlib.sha256((shop / "docs" / "runbook.md").read_bytes()).hexdigest()
    assert found["documents"] == [{"path": "docs/runbook.md", "sha256": digest}]
    assert before - timedelta(seconds=1) <= found["when"] <= datetime.now(UTC)
    assert found["valid_until"] - found["when"] == timedelta(days=365)
    assert "rehearsal" not in found
    assert names(shop) == ["runbook.toml"]


def test_a_terminal_is_asked_question_by_question(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "We restored it.", "Ana Souza", "SRE", "Ken Ito", "DBA", "", "", "docs/runbook.md")
    code, out, err = attest(capsys, "restore-record")
    assert code == 0, err
    assert "restore-record: A restore was tried." in out
    assert "two people must stand for it" in out
    for question in (
        "What did you look at",
        "Your name",
        "Your role",
        "Name of the other person",
        "Their role",
        "When [",
        "Valid until [",
    ):
        assert question in err
    found = written(shop, "restore-record")
    assert (found["statement"], found["second"]) == ("We restored it.", {"name": "Ken Ito", "role": "DBA"})
    assert found["valid_until"] - found["when"] == timedelta(days=90)
    assert found["documents"][0]["path"] == "docs/runbook.md"


def test_git_knows_who_asks(shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("init", "-q"), ("config", "user.name", "Ana Souza"), ("config", "user.email", "ana@example.com")):
        subprocess.run(("git", *words), cwd=shop, check=True, capture_output=True)
    answer(monkeypatch, "All of it was read.", "", "SRE", "", "")
    assert attest(capsys, "runbook")[0] == 0
    assert written(shop, "runbook")["by"]["name"] == "Ana Souza <ana@example.com>"


def test_an_answer_that_cannot_be_used_is_asked_for_again(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "", "TBD", "All of it was read.", "Ana Souza", "SRE", "yesterday", "2026-01-01T10:00", "", "")
    code, _, err = attest(capsys, "runbook")
    assert code == 0, err
    assert err.count("--statement: is missing") == 2
    assert err.count("is no time with a zone") == 2


def test_a_person_keeps_the_role_of_an_earlier_record(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attest(capsys, "restore-record", *BY, *TWO)[0] == 0
    answer(monkeypatch, "All of it was read.", "ken ito", "", "", "")
    assert attest(capsys, "runbook")[0] == 0
    assert written(shop, "runbook")["by"] == {"name": "ken ito", "role": "DBA"}


def test_answers_that_end_too_soon_write_nothing(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "All of it was read.")
    code, _, err = attest(capsys, "runbook")
    assert (code, "the answers ended before the questions" in err) == (4, True)
    assert not (shop / "attestations").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "no criterion is named; write --due, or one of runbook, restore-record, migration-rehearsed"),
        (("runbok", *BY), "'runbok' is no criterion that asks for a record; did you mean 'runbook'?"),
        (("backups", *BY), "'backups' is no criterion that asks for a record"),
        (("runbook", "--name", "Ana", "--role", "SRE"), "--statement: is missing; write it, or answer in a terminal"),
        (("runbook", "--statement", "All of it.", "--name", "Ana"), "--role: is missing"),
        (("restore-record", *BY), "--second-name: is missing"),
        (("restore-record", *BY, "--second-name", "souza ANA", "--second-role", "DBA"), "'Ana Souza' and 'souza ANA' are the same person"),
        (("runbook", *BY, "--when", "2026-01-01T10:00"), "--when: '2026-01-01T10:00' is no time with a zone"),
        (("runbook", *BY, "--when", "soon"), "--when: 'soon' is no time with a zone"),
        (("runbook", *BY, "--when", "2150-01-01T10:00Z"), "which is still to come"),
        (("runbook", *BY, "--when", "2020-01-01T10:00Z", "--valid-until", "2199-01-01T10:00Z"), "expected <= 365 d"),
        (("runbook", *BY, "--when", "2020-01-01T10:00Z"), "it expired on 2020-12-31 10:00 UTC"),
        (("runbook", *BY, "--document", "docs/none.md"), "docs/none.md: there is no such file"),
        (("runbook", *BY, "--document", "../x.md"), "../x.md: is no path of a file inside"),
        (("runbook", *BY, "--run", "17"), "runs: '17' is none; write e.g."),
        (("runbook", *BY, "--run", "2026-11-24T130000Z-3f2a9c1"), "there is no such run in runs/"),
        (("runbook", *BY, "--link", "mailto:ana@example.com"), "links: 'mailto:ana@example.com' is none"),
        (("migration-rehearsed", *BY), "no gate run shows it that judged the rollout layer"),
        (("thresholds-reviewed", *BY, "--rehearsal"), "what is looked at is production's, and this is a rehearsal"),
        (("runbook", "--due"), "'runbook': --due lists every criterion; leave it out"),
        (("--due", "--within", "soon"), "--within: 'soon' is not a number with a unit"),
        (("--due", "--within=-3d"), "write a time to come"),
        (("--due", "--within", "3MB"), "--within"),
        (("--due", "--target", "aws"), "target 'aws': is not a target"),
    ],
)  # fmt: skip
def test_what_cannot_count_is_refused_and_nothing_is_written(
    shop: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    if "../x.md" in arguments:
        (shop.parent / "x.md").write_text("x", "utf-8")
    code, _, err = attest(capsys, *arguments)
    assert code == 4
    assert says in err
    assert "Traceback" not in err
    assert not (shop / "attestations").exists()


def test_a_document_without_its_section_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "docs" / "runbook.md").write_text("# Runbook\n## Alarms\n<!-- later -->\n", "utf-8")
    code, _, err = attest(capsys, "runbook", *BY)
    assert code == 4
    assert "docs/runbook.md says nothing under 'Alarms'" in err
    assert "Write that section of docs/runbook.md" in err


def test_a_record_is_not_overwritten_without_being_asked(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest(capsys, "runbook", *BY)[0] == 0
    before = (shop / "attestations" / "runbook.toml").read_bytes()
    code, _, err = attest(capsys, "runbook", *BY[:4], "--statement", "Something else.")
    assert (code, "is there already; write --overwrite" in err) == (4, True)
    assert (shop / "attestations" / "runbook.toml").read_bytes() == before
    assert attest(capsys, "runbook", *BY[:4], "--statement", "Something else.", "--overwrite")[0] == 0
    assert written(shop, "runbook")["statement"] == "Something else."


@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 4), ("", 4)])
def test_somebody_at_a_terminal_is_asked_whether_it_may_be_replaced(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    assert attest(capsys, "runbook", *BY)[0] == 0
    answer(monkeypatch, said, "", "")
    assert attest(capsys, "runbook", *BY)[0] == code


def test_a_record_that_appears_meanwhile_is_kept(shop: Path) -> None:
    file = shop / "attestations" / "runbook.toml"
    file.parent.mkdir()
    file.write_text("another's", "utf-8")
    with pytest.raises(cli_error(), match="is there already"):
        writing.write_record(file, "mine", overwrite=False)
    assert file.read_text("utf-8") == "another's"
    assert names(shop) == ["runbook.toml"]


def cli_error() -> type[Exception]:
    from prodgate.criteria import UsageError

    return UsageError


def test_a_record_that_cannot_be_written_whole_is_not_written(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert attest(capsys, "runbook", *BY)[0] == 3
    assert names(shop) == []


def test_a_record_made_for_rehearsals_says_so_and_counts_nowhere_else(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest(capsys, "runbook", *BY, "--rehearsal")[0] == 0
    found = written(shop, "runbook")
    assert (found["rehearsal"], found["when"], found["valid_until"]) == (True, "rehearsal", "rehearsal")
    assert "# Made for rehearsals" in (shop / "attestations" / "runbook.toml").read_text("utf-8")
    assert "runbook" not in attest(capsys, "--due")[1]
    assert "runbook: it was made for rehearsals" in attest(capsys, "--due", "--target", "aws://eu-west-1")[1]
