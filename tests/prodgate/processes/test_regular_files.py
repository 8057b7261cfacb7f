"""Nothing but a regular file is read, and nobody waits for what else stands in its place."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from prodgate.facts.rollout.suite_results import observe_results
from prodgate.facts.static.workflow_files import WorkflowError, observe_workflows
from prodgate.layers.attested.documents import look_at_document
from prodgate.processes.regular_files import NotRegularError, open_regular
from prodgate.sections.toml_text import TomlError, read_text

NOT_WAITED_FOR = "it waits for whoever writes into a pipe"


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """Who waits for a pipe is ended after a while."""

    def end(number: int, frame: Any) -> None:
        raise AssertionError(NOT_WAITED_FOR)

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_regular_file_is_opened_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\r\n\xff")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"a\r\n\xff"


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(path.name)  # the whole path may be too long for one


@pytest.mark.parametrize(
    "make", [os.mkfifo, listen, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "socket", "device"]
)
def test_anything_else_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "strange")
    with pytest.raises(NotRegularError, match="is no regular file") as refused:
        open_regular(tmp_path / "strange")
    assert refused.value.strerror == "is no regular file"


def test_what_is_not_there_or_a_directory_is_refused_in_the_words_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nowhere")
    before = psutil.Process().num_fds()
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    assert psutil.Process().num_fds() == before


def read_toml(path: Path) -> str:
    with pytest.raises(TomlError) as refused:
        read_text(path)
    return str(refused.value)


def read_workflow(path: Path) -> str:
    with pytest.raises(WorkflowError) as refused:
        observe_workflows(path.parent)
    return str(refused.value)


def read_results(path: Path) -> str:
    return str(observe_results(path, path.name, now=datetime.now(UTC))["unread"])


def read_document(path: Path) -> str:
    return look_at_document(path.parent, path.name).wrong


@pytest.mark.parametrize("read", [read_toml, read_workflow, read_results, read_document])
def test_a_pipe_that_took_the_place_of_a_file_a_moment_ago_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], str]
) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "a.yml")
    monkeypatch.setattr(Path, "is_file", lambda path: path.exists())  # as it was when it was asked
    assert "is no regular file" in read(folder / "a.yml")


def test_a_pipe_beside_results_names_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results.xml").write_text('<testsuite tests="1"><testcase name="a"/></testsuite>', "utf-8")
    os.mkfifo(tmp_path / "commit")
    monkeypatch.setattr(Path, "is_file", lambda path: path.exists())
    assert observe_results(tmp_path / "results.xml", "results.xml", now=datetime.now(UTC))["marks"] == []


def test_the_time_of_results_is_that_of_the_file_that_was_read(tmp_path: Path) -> None:
    (tmp_path / "results.xml").write_text('<testsuite tests="1"><testcase name="a"/></testsuite>', "utf-8")
    os.utime(tmp_path / "results.xml", (1_000_000_000, 1_000_000_000))
    seen = observe_results(tmp_path / "results.xml", "results.xml", now=datetime.now(UTC))
    assert seen["at"] == "2001-09-09T01:46:40+00:00"
