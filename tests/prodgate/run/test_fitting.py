"""A check that measures something else than its criterion bounds is known before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.cli import main

CRITERIA = """
system = "shop"

[criteria.kept]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""
CHECK = '''
import prodgate
raise SystemExit("never run")

@prodgate.check("kept", remedy="Keep them.", measures="ratio")
def test_kept(fact, criterion):
    """Are they kept?"""
'''
WAIVER = """
[waivers.one]
covers = "{covers}"
subject = "aws_sqs_queue.orders"
reason = "It is rebuilt every night."
owner = "ana"
approver = "ben"
opened = 2026-11-01
expires = 2026-12-01
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "suites" / "static").mkdir(parents=True)
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        ('measures="ratio"', "test_kept measures a ratio but '>= 30 d' of 'kept' bounds a time; write measures='time'"),
        ("population=3", "test_kept does not say what it measures but '>= 30 d' of 'kept' bounds a time"),
    ],
)
def test_a_mismatch_is_refused_and_nothing_is_run(
    shop: Path, capsys: pytest.CaptureFixture[str], measures: str, message: str
) -> None:
    (shop / "suites" / "static" / "test_kept.py").write_text(CHECK.replace('measures="ratio"', measures), "utf-8")
    assert main(["run", "rehearsal://", "--only", "static"]) == 4
    assert message in capsys.readouterr().err
    assert not (shop / "runs").exists()


@pytest.mark.parametrize(
    ("covers", "hint"),
    [
        ("kep", "'kep' is no criterion, policy or check; did you mean 'kept'?"),
        ("test_kep", "did you mean 'test_kept'?"),
        ("CKV", "'CKV' is no criterion, policy or check"),
    ],
)
def test_a_waiver_of_nothing_that_is_known_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str], covers: str, hint: str
) -> None:
    good = CHECK.replace("ratio", "time")
    (shop / "suites" / "static" / "test_kept.py").write_text(good, "utf-8")
    (shop / "waivers.toml").write_text(WAIVER.format(covers=covers), "utf-8")
    assert main(["run", "rehearsal://", "--only", "static"]) == 4
    told = capsys.readouterr().err
    assert f"waivers.toml: waivers.one.covers: {covers!r}" in told
    assert hint in told
