"""Fixtures for tests of the load layer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prodgate.layers.load import observing

from .stage import CRITERIA, Made, OwnSite, deployed


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "readers.py").touch()
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    generator = Made()
    monkeypatch.setattr("prodgate.load.runner.run_load", generator.run_load)
    monkeypatch.setattr("prodgate.load.runner.self_test", generator.self_test)
    monkeypatch.setattr(observing, "BETWEEN", 0)
    monkeypatch.setattr(observing, "require_answering", lambda _url, _ca_file: None)  # nobody is at www.shop.example
    return generator


@pytest.fixture
def site(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> OwnSite:
    own = OwnSite(tmp_path / "access.jsonl")
    own.access_log.write_text('{"at": 1, "path": "/before", "status": 200, "seconds": 1}\n', "utf-8")

    @contextmanager
    def running(scratch: Path, build: str, **_given: object) -> Iterator[OwnSite]:
        yield own if build == "blue" else OwnSite(scratch / "access.jsonl", "http://127.0.0.1:8124")

    monkeypatch.setattr("prodgate.rehearsal.site.process.running", running)
    made.meanwhile = lambda name: deployed(own) if name == "deploy" else _visited(own)
    return own


def _visited(own: OwnSite) -> None:
    line = {"at": 1795687201.5, "path": "/", "status": 200, "seconds": 0.09}
    with own.access_log.open("a", encoding="utf-8") as log:
        log.write(f"{json.dumps(line)}\n" * 4500 + '{"at": 17956')
