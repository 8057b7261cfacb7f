"""A check that measures something other than its criterion's bound is detected before anything runs."""

from pathlib import Path

import pytest

from prodgate.run.planning import plan_judges
from prodgate.sections.project import open_project
from tests.prodgate.conftest import Gate
from tests.trees import write_tree

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
    ("require", "measures", "message"),
    [
        (">= 30 d", 'measures="ratio"', "measures a ratio but '>= 30 d' of 'kept' bounds a time; write measures='time'"),
        (">= 30 d", 'measures="ratio without limit"', "measures a ratio without limit but '>= 30 d' of 'kept' bounds a time"),
        (">= 30 d", "population=3", "does not say what it measures but '>= 30 d' of 'kept' bounds a time"),
        ("<= 100 %", 'measures="ratio"', "measures a ratio, which is never above 100 %, so that nothing breaks '<= 100 %'"),
        ("<= 100 %", 'measures="ratio without limit"', ""),
        ("== 100 %", 'measures="ratio"', ""),
    ],
)  # fmt: skip
def test_a_mismatch_is_refused_and_nothing_is_run(
    shop: Path, gate: Gate, require: str, measures: str, message: str
) -> None:
    write_tree(
        shop,
        {
            "criteria.toml": CRITERIA.replace(">= 30 d", require),
            "suites/static/test_kept.py": CHECK.replace('measures="ratio"', measures),
        },
    )
    if message:
        assert f"test_kept {message}" in gate("run", "rehearsal://", "--only", "static", ends=4).err
        assert not (shop / "runs").exists()
    else:
        assert len(plan_judges(open_project(shop / "criteria.toml"), {"static"})["static"]) == 1


@pytest.mark.parametrize(
    ("covers", "hint"),
    [
        ("kep", "'kep' is no criterion, policy or check that is asked; did you mean 'kept'?"),
        ("test_kep", "did you mean 'test_kept'?"),
        ("CKV", "'CKV' is no criterion, policy or check"),
        ("backup-retention", "'backup-retention' is no criterion, policy or check that is asked"),
        ("PG_REC_1", "'PG_REC_1' is no criterion, policy or check that is asked"),
    ],
)
def test_a_waiver_of_nothing_that_is_known_is_refused(shop: Path, gate: Gate, covers: str, hint: str) -> None:
    good = CHECK.replace("ratio", "time")
    write_tree(shop, {"suites/static/test_kept.py": good, "waivers.toml": WAIVER.format(covers=covers)})
    told = gate("run", "rehearsal://", "--only", "static", ends=4).err
    assert f"waivers.toml: waivers.one.covers: {covers!r}" in told
    assert hint in told


def test_a_waiver_of_nothing_that_any_team_is_asked_is_refused(shop: Path, gate: Gate) -> None:
    (shop / "waivers.toml").write_text(WAIVER.format(covers="PG_REC"), "utf-8")
    assert (
        "'PG_REC' is no criterion, policy or check that is asked; did you mean 'PG_REC_"
        in gate("check", shop, "--waivers", "waivers.toml", ends=4).err
    )
