"""A locustfile and a profile for tests of load runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prodgate.load.profile import Profile

SIMPLE = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def page(self):
        self.client.get("/")
"""


def a_locustfile(tmp_path: Path, text: str = SIMPLE) -> Path:
    folder = tmp_path / "loadtests"
    folder.mkdir(exist_ok=True)
    (folder / "locustfile.py").write_text(text, "utf-8")
    return folder / "locustfile.py"


def a_profile(**given: Any) -> Profile:
    return Profile(**{"name": "trial", "rate": 60.0, "duration": 1.5, "warm_up": 0.0, "timeout": 30.0, **given})
