"""Where the locustfile or this machine is at fault, the system is not judged; and no secret is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts.load.soundness import why_unsound
from prodgate.load.profile import Profile
from prodgate.load.runner import LoadError, run_load
from prodgate.load.tally import Moment, Tally

from .records import failed, latencies
from .servers import Answer, answer, fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once

ANYTHING = "anything but nothing and HTML"
READER = """
from locust import FastHttpUser, task
from locust.exception import RescheduleTask, StopUser


class Reader(FastHttpUser):
"""


def ran(tmp_path: Path, text: str, answering: Answer = fine, **given: Any) -> Mapping[str, Any]:
    """Return the record of a short run of readers with these methods."""
    (tmp_path / "locustfile.py").write_text(READER + text, "utf-8")
    profile = Profile(**{"name": "trial", "rate": 40.0, "duration": 1.0, "warm_up": 0.0, "timeout": 30.0, **given})
    with serving(answering) as server:
        return run_load(
            profile, server.url, locustfile=tmp_path / "locustfile.py", directory=tmp_path / "run", workers=0
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        (
            "    def on_start(self):\n        raise KeyError('token')\n\n    @task\n    def page(self):\n        pass\n",
            "nothing was asked",
            "locustfile.py:8: KeyError: 'token'; mend the locustfile",
        ),
        (
            "    @task\n    def idle(self):\n        pass\n",
            "nothing was asked",
            "Reader.idle: the task ended without a",
        ),
        (
            "    @task\n    def page(self):\n        self.client.get('https://cdn.example/x.css')\n",
            "asked of another host",
            "leads to https://cdn.example",
        ),
    ],
    ids=["raises", "idle", "absolute address"],
)
def test_a_locustfile_that_does_not_ask_the_system_convicts_nobody(
    tmp_path: Path, text: str, kind: str, why: str
) -> None:
    record = ran(tmp_path, text, duration=60.0, failed_share=0.001)
    assert set(failed(record)) == {kind}
    assert (record["complete"], record["stopped_early"]) == (False, False)
    assert why in record["why"]
    assert "did not run to its end" in why_unsound(record)


def test_a_task_may_say_that_it_is_done(tmp_path: Path) -> None:
    text = "    cacheable = ('/', '/never')\n\n"
    text += "    @task\n    def page(self):\n        self.client.get('/')\n        raise RescheduleTask\n"
    text += "\n    @task\n    def last(self):\n        self.client.get('/')\n        raise StopUser\n"
    record = ran(tmp_path, text)
    assert (record["complete"], failed(record), len(latencies(record))) == (True, {}, 40)
    both = [
        {"name": name, "cacheable": True, "holds": held} for name, held in (("GET /", ANYTHING), ("GET /never", ""))
    ]
    assert record["requests"] == both, "what is said to be cacheable and never asked for is not forgotten"


def test_what_a_locustfile_makes_of_no_answer_is_still_none(tmp_path: Path) -> None:
    """To Locust a request without any answer has the status 0, which is below 400 and so `ok`."""

    async def dropping(_path: str, _count: int) -> bytes | None:
        return None

    text = "    @task\n    def page(self):\n        with self.client.get('/', catch_response=True) as page:\n"
    text += "            page.success() if page.ok else page.failure('bad')\n\n    @task\n    def other(self):\n"
    text += (
        "        with self.client.get('/', catch_response=True) as page:\n            page.failure('no whole page')\n"
    )
    record = ran(tmp_path, text, dropping)
    assert (failed(record), len(latencies(record))) == ({"closed without an answer": 40}, 0)


def test_a_machine_without_a_file_left_convicts_nobody(tmp_path: Path) -> None:
    """As with `ulimit -Hn`: each reader who waits for an answer has a connection open."""

    async def slow(_path: str, _count: int) -> bytes | None:
        await asyncio.sleep(1.5)
        return answer()

    limited = "\n    import resource\n    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
    text = f"{limited}\n    @task\n    def page(self):\n        self.client.get('/')\n"
    record = ran(tmp_path, text, slow, rate=80.0)
    assert failed(record)["no socket left here"] > 10
    assert not record["complete"]
    assert "let a process open more files" in record["why"]


def test_what_an_error_page_gives_away_is_not_kept() -> None:
    book = Tally()
    said = "no answer from postgresql://nba:hunter2@db.internal/news " + 300 * "x"
    book.count_failure(Moment(0), "GET /", "HTTP 500", said)
    [example] = book.failures.values()
    assert "hunter2" not in example["text"]
    assert example["text"].startswith("no answer from (redacted: a password in a URL)")
    assert len(example["text"]) == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "locustfile.py: holds no class of users with a weight; write one that derives from FastHttpUser"),
        (f"{READER}    weight = 0\n\n    @task\n    def page(self):\n        pass\n", "holds no class of users"),
    ],
    ids=["none", "weight 0"],
)
def test_a_locustfile_without_users_is_told_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "locustfile.py").write_text(text, "utf-8")
    profile = Profile(name="trial", rate=1.0, duration=1.0)
    with pytest.raises(LoadError, match=said):
        run_load(profile, "http://127.0.0.1:9", locustfile=tmp_path / "locustfile.py", directory=tmp_path / "run")


@pytest.mark.slow
def test_what_else_lies_in_the_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust reads options from files of the folder it is started in, and Python modules."""
    (tmp_path / "locust.conf").write_text("tags = fast\nrun-time = 1s\n", "utf-8")
    (tmp_path / "gevent.py").write_text("raise RuntimeError('not the library')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    record = ran(tmp_path, "    @task\n    def page(self):\n        self.client.get('/')\n", duration=2.0)
    assert (record["complete"], record["sent"]) == (True, 80)
