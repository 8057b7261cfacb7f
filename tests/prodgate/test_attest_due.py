"""Which records are due, and what the gate and its suites take of them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .attesting import BY, CRITERIA, TWO, attest, enter_shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_shop(tmp_path, monkeypatch)


def test_what_is_missing_or_changed_is_due(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest(capsys, "runbook", *BY)[0] == 0
    assert attest(capsys, "restore-record", *BY, *TWO)[0] == 0
    assert attest(capsys, "migration-rehearsed", *BY, "--rehearsal")[0] == 0
    assert attest(capsys, "--due") == (
        0,
        "nothing is due within 30 d: 3 records hold, 1 of them made for rehearsals\n",
        "",
    )
    (shop / "docs" / "runbook.md").write_text("# Runbook\n## Alarms\nLook twice.\n", "utf-8")
    (shop / "attestations" / "restore-record.toml").unlink()
    code, out, _ = attest(capsys, "--due")
    assert code == 1
    assert "runbook: docs/runbook.md was changed since" in out
    assert "restore-record: no attestations/restore-record.toml" in out
    assert "  Look again and record it: prodgate attest runbook" in out
    assert "thresholds-reviewed" not in out


def test_what_ends_within_the_time_is_due(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soon = (datetime.now(UTC) + timedelta(days=20)).isoformat(timespec="seconds")
    assert attest(capsys, "runbook", *BY, "--valid-until", soon)[0] == 0
    assert attest(capsys, "restore-record", *BY, *TWO)[0] == 0
    assert attest(capsys, "migration-rehearsed", *BY, "--rehearsal")[0] == 0
    code, out, _ = attest(capsys, "--due")
    assert (code, out.splitlines()[0].startswith("runbook: its record stops counting on ")) == (1, True)
    assert "in 20 d" in out
    assert "restore-record" not in out
    assert attest(capsys, "--due", "--within", "10d")[0] == 0
    code, out, _ = attest(capsys, "--due", "--within", "91 d")
    assert [line.partition(":")[0] for line in out.splitlines()[::2]] == ["runbook", "restore-record"]


def test_a_folder_that_cannot_be_read_is_said(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "elsewhere").mkdir()
    (shop / "attestations").symlink_to("elsewhere")
    code, _, err = attest(capsys, "--due")
    assert (code, "attestations: is a link" in err) == (4, True)


@pytest.mark.slow
def test_the_gate_takes_what_was_written(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for criterion, more in (("runbook", ()), ("restore-record", TWO), ("migration-rehearsed", ("--rehearsal",))):
        assert attest(capsys, criterion, *BY, *more)[0] == 0
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
def test_a_suite_may_ask_more_of_records(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = CRITERIA.replace('source = "X-5"\nlayers = ["static"]', 'source = "X-5"\nlayers = ["attested"]')
    (shop / "criteria.toml").write_text(asked, "utf-8")
    (shop / "suites" / "attested").mkdir(parents=True)
    (shop / "suites" / "attested" / "test_people.py").write_text(OWN, "utf-8")
    for criterion, more in (("runbook", ()), ("restore-record", TWO), ("backups", TWO)):
        assert attest(capsys, criterion, *BY, *more)[0] == 0
    command = (sys.executable, "-m", "prodgate.cli", "run", "--only", "attested", "--json")
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 1, done.stderr
    found = [each for each in json.loads(done.stdout)["findings"] if each["policy"] == "test_two_people_stand_for_it"]
    outcomes = {each["address"]: each["outcome"] for each in found}
    assert outcomes["attestations/runbook.toml"] == "not-satisfied"
    assert outcomes["attestations/restore-record.toml"] == outcomes["attestations/backups.toml"] == "satisfied"
