"""The newest drill of a target is found again, and nothing that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prodgate.canaries.drill_records import FOLDER, KIND, find_latest_drill
from prodgate.canaries.record import CanaryDrill
from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from tests.prodgate.sample_run import ABOUT, CRITERIA, move

TARGET = "aws://prod@ap-northeast-1"


def record(dag_id: str) -> dict[str, Any]:
    return CanaryDrill(
        dag_id=dag_id, target=TARGET, queue="q", topic="t", started="2026-11-26T14:00:00+00:00", tried=()
    ).to_json()


def kept(
    folder: Path, name: str, dag_id: str = "canary", *, target: str = TARGET, kind: str = KIND, closed: bool = True
) -> Path:
    """Keep the record of a drill in a directory whose name sorts as ``name`` does."""
    criteria = folder / "criteria.toml"
    folder.mkdir(parents=True, exist_ok=True)
    criteria.write_text(CRITERIA, "utf-8")
    made = runs.create(folder / FOLDER, {**ABOUT, "target": target}, criteria, folder / "waivers.toml")
    path = move(made, f"2026-11-{name}Z-{made.name[-7:]}")
    journal = Journal.of(path)
    journal.record_fact("live", kind, dag_id, artifacts.store_json(path, record(dag_id)), target)
    if closed:
        runs.close(path)
    return path


def found(folder: Path) -> str:
    drill = find_latest_drill(folder, TARGET)
    return "" if drill is None else str(drill["dag_id"])


def test_without_a_drill_there_is_none(tmp_path: Path) -> None:
    assert found(tmp_path) == ""


def test_the_newest_of_the_target_counts(tmp_path: Path) -> None:
    kept(tmp_path, "01T000000", "older")
    kept(tmp_path, "02T000000", "newer")
    kept(tmp_path, "03T000000", "elsewhere", target="aws://test@ap-northeast-1")
    kept(tmp_path, "04T000000", "alarm", kind="drill")
    assert found(tmp_path) == "newer"
    assert find_latest_drill(tmp_path, TARGET) == {**record("newer"), "tried": [], "left": []}


def test_a_drill_that_was_cut_off_or_changed_is_none(tmp_path: Path) -> None:
    kept(tmp_path, "01T000000", "whole")
    kept(tmp_path, "02T000000", "cut off", closed=False)
    changed = kept(tmp_path, "03T000000", "changed")
    for file in (changed / artifacts.FOLDER).glob("*.json.gz"):
        file.write_bytes(b"changed")
    broken = kept(tmp_path, "04T000000", "broken")
    (broken / "run.json").write_text("{}", "utf-8")
    assert found(tmp_path) == "whole"
