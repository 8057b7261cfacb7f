"""A whole folder: what is looked at, what ruff says, and what is not known when a tool is missing."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.dag_files.lint import run_ruff
from prodgate.dag_files.observing import list_deployed, observe
from prodgate.facts.dags.files import dag_file_facts, unread_files

MOVED = "from airflow.utils.dates import days_ago\n\nFIRST = days_ago(1)\n"


def test_ruff_knows_what_airflow_removed(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(MOVED)
    (tmp_path / "pyproject.toml").write_text('[tool.ruff.lint.per-file-ignores]\n"*" = ["AIR"]\n')
    (told,) = run_ruff(tmp_path, ["old.py"])
    assert (told["rule"], told["file"], told["line"]) == ("AIR301", "old.py", 3)
    assert "days_ago" in told["text"]


def test_a_missing_ruff_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unreadable, match="ruff is not installed"):
        run_ruff(tmp_path, ["old.py"])


def test_what_is_not_deployed_is_not_looked_at(tmp_path: Path) -> None:
    for name in ("news.py", "pack/tests/a.py", "tests/b.py", "pack/__pycache__/c.py", ".venv/d.py", "pack/e.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert list_deployed(tmp_path) == ["news.py", "pack/e.py", "pack/tests/a.py"]


def test_without_airflow_the_rest_is_known(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(MOVED)
    (tmp_path / "no.py").write_text("def (:\n")
    stored = observe(tmp_path, "dags", "Airflow can't be installed")
    assert (stored["files"], stored["bag"]) == (["no.py", "old.py"], {"unread": "Airflow can't be installed"})
    assert [one["rule"] for one in stored["rules"]] == ["DAG000"]
    assert [one["file"] for one in stored["lint"]["found"]] == ["old.py"]
    assert unread_files(stored) == "Airflow can't be installed"


def test_a_folder_without_files_is_no_pass(tmp_path: Path) -> None:
    stored = observe(tmp_path / "dags", "dags", Path("/nowhere/python"))
    assert unread_files(stored) == "there is no DAG file below dags/"
    (folder,) = dag_file_facts(stored)
    with pytest.raises(Exception, match="there is no DAG file below dags/"):
        _ = folder.rule_findings  # type: ignore[attr-defined]


def test_an_archive_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("news.py", "from airflow import DAG\n")
    with zipfile.ZipFile(tmp_path / "torn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("news.py", "from airflow import DAG\n" * 99)
    torn = bytearray((tmp_path / "torn.zip").read_bytes())
    torn[40:50] = b"\xff" * 10
    (tmp_path / "torn.zip").write_bytes(torn)
    stored = observe(tmp_path, "dags", "Airflow can't be installed")
    assert stored["files"] == ["torn.zip", "whole.zip/news.py"]
    assert [(one["rule"], one["file"]) for one in stored["rules"]] == [("DAG000", "torn.zip")]
    assert stored["rules"][0]["text"].startswith("can't be read: ")
