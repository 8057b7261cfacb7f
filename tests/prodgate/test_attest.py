"""``prodgate attest``: its questions, its files, its refusals, and the records that are due."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.commands.attesting import write_record
from prodgate.criteria import UsageError
from tests.trees import write_tree

from .conftest import Gate

CRITERIA = """
system = "shop"

[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
require = "<= 365 d"
source = "X-1"
layers = ["attested"]
document = { path = "docs/runbook.md", sections = ["Alarms"] }

[criteria.restore-record]
statement = { en = "A restore was tried.", ja = "復元を試した。" }
why = "A backup alone is a hope."
require = "<= 90 d"
source = "X-2"
layers = ["attested"]
attested_by = 2

[criteria.migration-rehearsed]
statement = { en = "A migration was rehearsed.", ja = "試した。" }
why = "Locks."
source = "X-3"
layers = ["attested"]
shown_by = "rollout"

[criteria.thresholds-reviewed]
statement = { en = "Thresholds were reviewed.", ja = "見直した。" }
why = "Nobody listens."
source = "X-4"
layers = ["attested"]
needs = "production"

[criteria.backups]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
source = "X-5"
layers = ["static"]
"""


BY = ("--name", "Ana Souza", "--role", "SRE", "--statement", "All of it was read.")
TWO = ("--second-name", "Ken Ito", "--second-role", "DBA")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with an attestation; the working directory is its folder, without a terminal."""
    write_tree(tmp_path, {"criteria.toml": CRITERIA, "docs/runbook.md": "# Runbook\n## Alarms\nLook.\n"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


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


def test_a_record_is_written_without_a_question_when_all_is_given(shop: Path, gate: Gate) -> None:
    before = datetime.now(UTC)
    out, err = gate("attest", "runbook", *BY, "--link", "https://example.com/17")
    assert err == ""
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


def test_a_terminal_is_asked_question_by_question(shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "We restored it.", "Ana Souza", "SRE", "Ken Ito", "DBA", "", "", "docs/runbook.md")
    out, err = gate("attest", "restore-record")
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


def test_git_knows_who_asks(shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("init", "-q"), ("config", "user.name", "Ana Souza"), ("config", "user.email", "ana@example.com")):
        subprocess.run(("git", *words), cwd=shop, check=True, capture_output=True)
    answer(monkeypatch, "All of it was read.", "", "SRE", "", "")
    gate("attest", "runbook")
    assert written(shop, "runbook")["by"]["name"] == "Ana Souza <ana@example.com>"


def test_an_answer_that_cannot_be_used_is_asked_for_again(
    shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "", "TBD", "All of it was read.", "Ana Souza", "SRE", "yesterday", "2026-01-01T10:00", "", "")
    err = gate("attest", "runbook").err
    assert err.count("--statement: is missing") == 2
    assert err.count("is no time with a zone") == 2


def test_a_person_keeps_the_role_of_an_earlier_record(shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate("attest", "restore-record", *BY, *TWO)
    answer(monkeypatch, "All of it was read.", "ken ito", "", "", "")
    gate("attest", "runbook")
    assert written(shop, "runbook")["by"] == {"name": "ken ito", "role": "DBA"}


def test_answers_that_end_too_soon_write_nothing(shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "All of it was read.")
    assert "the answers ended before the questions" in gate("attest", "runbook", ends=4).err
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
    shop: Path, gate: Gate, arguments: tuple[str, ...], says: str
) -> None:
    if "../x.md" in arguments:
        (shop.parent / "x.md").write_text("x", "utf-8")
    err = gate("attest", *arguments, ends=4).err
    assert says in err
    assert "Traceback" not in err
    assert not (shop / "attestations").exists()


def test_a_document_without_its_section_is_refused(shop: Path, gate: Gate) -> None:
    (shop / "docs" / "runbook.md").write_text("# Runbook\n## Alarms\n<!-- later -->\n", "utf-8")
    err = gate("attest", "runbook", *BY, ends=4).err
    assert "docs/runbook.md says nothing under 'Alarms'" in err
    assert "Write that section of docs/runbook.md" in err


def test_a_record_is_not_overwritten_without_being_asked(shop: Path, gate: Gate) -> None:
    gate("attest", "runbook", *BY)
    before = (shop / "attestations" / "runbook.toml").read_bytes()
    assert (
        "is there already; write --overwrite"
        in gate("attest", "runbook", *BY[:4], "--statement", "Something else.", ends=4).err
    )
    assert (shop / "attestations" / "runbook.toml").read_bytes() == before
    gate("attest", "runbook", *BY[:4], "--statement", "Something else.", "--overwrite")
    assert written(shop, "runbook")["statement"] == "Something else."


@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 4), ("", 4)])
def test_somebody_at_a_terminal_is_asked_whether_it_may_be_replaced(
    shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    gate("attest", "runbook", *BY)
    answer(monkeypatch, said, "", "")
    gate("attest", "runbook", *BY, ends=code)


def test_a_record_that_appears_meanwhile_is_kept(shop: Path) -> None:
    file = shop / "attestations" / "runbook.toml"
    file.parent.mkdir()
    file.write_text("another's", "utf-8")
    with pytest.raises(UsageError, match="is there already"):
        write_record(file, "mine", overwrite=False)
    assert file.read_text("utf-8") == "another's"
    assert names(shop) == ["runbook.toml"]


def test_a_record_that_cannot_be_written_whole_is_not_written(
    shop: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    gate("attest", "runbook", *BY, ends=3)
    assert names(shop) == []


def test_a_record_made_for_rehearsals_says_so_and_counts_nowhere_else(shop: Path, gate: Gate) -> None:
    gate("attest", "runbook", *BY, "--rehearsal")
    found = written(shop, "runbook")
    assert (found["rehearsal"], found["when"], found["valid_until"]) == (True, "rehearsal", "rehearsal")
    assert "# Made for rehearsals" in (shop / "attestations" / "runbook.toml").read_text("utf-8")
    assert "runbook" not in gate("attest", "--due", ends=1).out
    assert "runbook: it was made for rehearsals" in gate("attest", "--due", "--target", "aws://eu-west-1", ends=1).out


# ── Due records, and how the gate and its suites use them


def test_what_is_missing_or_changed_is_due(shop: Path, gate: Gate) -> None:
    gate("attest", "runbook", *BY)
    gate("attest", "restore-record", *BY, *TWO)
    gate("attest", "migration-rehearsed", *BY, "--rehearsal")
    assert gate("attest", "--due") == (
        "nothing is due within 30 d: 3 records hold, 1 of them made for rehearsals\n",
        "",
    )
    (shop / "docs" / "runbook.md").write_text("# Runbook\n## Alarms\nLook twice.\n", "utf-8")
    (shop / "attestations" / "restore-record.toml").unlink()
    out = gate("attest", "--due", ends=1).out
    assert "runbook: docs/runbook.md was changed since" in out
    assert "restore-record: no attestations/restore-record.toml" in out
    assert "  Look again and record it: prodgate attest runbook" in out
    assert "thresholds-reviewed" not in out


def test_what_ends_within_the_time_is_due(shop: Path, gate: Gate) -> None:
    soon = (datetime.now(UTC) + timedelta(days=20)).isoformat(timespec="seconds")
    gate("attest", "runbook", *BY, "--valid-until", soon)
    gate("attest", "restore-record", *BY, *TWO)
    gate("attest", "migration-rehearsed", *BY, "--rehearsal")
    out = gate("attest", "--due", ends=1).out
    assert out.splitlines()[0].startswith("runbook: its record stops counting on ")
    assert "in 20 d" in out
    assert "restore-record" not in out
    gate("attest", "--due", "--within", "10d")
    out = gate("attest", "--due", "--within", "91 d", ends=1).out
    assert [line.partition(":")[0] for line in out.splitlines()[::2]] == ["runbook", "restore-record"]


def test_a_folder_that_cannot_be_read_is_said(shop: Path, gate: Gate) -> None:
    (shop / "elsewhere").mkdir()
    (shop / "attestations").symlink_to("elsewhere")
    assert "attestations: is a link" in gate("attest", "--due", ends=4).err


@pytest.mark.slow
def test_the_gate_takes_what_was_written(shop: Path, gate: Gate) -> None:
    for criterion, more in (("runbook", ()), ("restore-record", TWO), ("migration-rehearsed", ("--rehearsal",))):
        gate("attest", criterion, *BY, *more)
    command = (sys.executable, "-m", "prodgate.cli", "run", "--only", "attested", "--json")
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    outcomes = {each["criterion"]: each["outcome"] for each in json.loads(done.stdout)["findings"]}
    assert outcomes["runbook"] == outcomes["restore-record"] == outcomes["migration-rehearsed"] == "satisfied"


OWN = '''"""Do two people stand for everything?"""

from prodgate import Criterion, check
from prodgate.facts.attested.records import Attestation


@check("backups", remedy="Let another person look, too.")
def test_two_people_stand_for_it(fact: Attestation, criterion: Criterion) -> None:
    """Does another person stand for this record?"""
    second = fact.record.second
    criterion.hold(second is not None, expected="two people", observed=str(second or "one"))
'''


@pytest.mark.slow
def test_a_suite_may_ask_more_of_records(shop: Path, gate: Gate) -> None:
    asked = CRITERIA.replace('source = "X-5"\nlayers = ["static"]', 'source = "X-5"\nlayers = ["attested"]')
    write_tree(shop, {"criteria.toml": asked, "suites/attested/test_people.py": OWN})
    for criterion, more in (("runbook", ()), ("restore-record", TWO), ("backups", TWO)):
        gate("attest", criterion, *BY, *more)
    command = (sys.executable, "-m", "prodgate.cli", "run", "--only", "attested", "--json")
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 1, done.stderr
    found = [each for each in json.loads(done.stdout)["findings"] if each["policy"] == "test_two_people_stand_for_it"]
    outcomes = {each["address"]: each["outcome"] for each in found}
    assert outcomes["attestations/runbook.toml"] == "not-satisfied"
    assert outcomes["attestations/restore-record.toml"] == outcomes["attestations/backups.toml"] == "satisfied"
