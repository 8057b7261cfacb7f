"""The past that a scenario gives the rehearsal account."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.rehearsal import scenario
from prodgate.rehearsal.emulator.extension import Ledger
from prodgate.rehearsal.scenario import Past, seed_account, seeds


class Books:
    """Ledgers without an emulator."""

    account = "111122223333"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Ledger] = {}

    def ledger(self, service: str, region: str) -> Ledger:
        return self.kept.setdefault((service, region), Ledger(self.account, region))


TOLD = {"region": "eu-west-1", "resources": {"aws_sns_topic": {"aws_sns_topic.x": {"name": "x"}}}}


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Only the handlers that a test registers."""
    scenario.seed_account({**TOLD}, Books(), Path("/dev/null"))  # imports the area's own ones before they are set aside
    registered: dict[str, Any] = {}
    monkeypatch.setattr(scenario, "SEEDS", registered)
    return registered


def test_a_section_is_handed_to_the_handler_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[backups]\nlast = "2 h"\n', "utf-8")
    books, seen = Books(), []

    @seeds("backups")
    def backed_up(section: Mapping[str, Any], past: Past) -> None:
        past.ledger("backup").of("point")["p"] = past.ago(section["last"])
        seen.extend(past.resources_of("aws_sns_topic"))
        assert past.now - past.ago(section["last"]) == timedelta(hours=2)
        assert past.account == "111122223333"

    assert seed_account(TOLD, books, tmp_path / "s.toml") == {}
    assert seen == ["aws_sns_topic.x"]
    assert list(books.kept) == [("backup", "eu-west-1")]


def test_one_section_that_fails_is_named_and_the_others_happen(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("[bad]\n[unknown]\n[good]\n", "utf-8")
    happened = []

    @seeds("bad")
    def bad(section: Mapping[str, Any], past: Past) -> None:
        past.ago("3 lightyears")

    @seeds("good")
    def good(section: Mapping[str, Any], past: Past) -> None:
        happened.append(past.region)

    failed = seed_account(TOLD, Books(), tmp_path / "s.toml")

    assert happened == ["eu-west-1"]
    assert "lightyears" in failed["bad"]
    assert "no handler is registered for [unknown]" in failed["unknown"]
    assert sorted(failed) == ["bad", "unknown"]
