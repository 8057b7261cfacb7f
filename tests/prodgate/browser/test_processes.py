"""A process with a browser shows its progress, keeps no secret in its log, and ends when it must."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from prodgate.browser.processes import run_process
from prodgate.browser.settings import BrowserSettings
from tests.prodgate.ending import ended

TOLD = BrowserSettings(base_url="https://shop.example", credentials={"buyer": {"user": "b", "password": "hunter22"}})


def test_progress_is_shown_and_the_rest_is_kept_without_secrets(tmp_path: Path) -> None:
    said: list[str] = []
    program = "import os; print('prodgate: looking'); print('pw hunter22'); assert 'hunter22' in os.environ['PRODGATE_BROWSER']"
    log = tmp_path / "logs" / "visits.txt"
    assert run_process(("-c", program), TOLD, log=log, cwd=tmp_path, limit=120, progress=said.append) == 0
    assert said == ["looking"]
    assert log.read_text() == "pw (redacted: a secret)\n"


def test_one_that_does_not_end_is_ended(tmp_path: Path) -> None:
    program = "import time; print('prodgate: begun', flush=True); time.sleep(600)"
    given = {"log": tmp_path / "log", "cwd": tmp_path, "limit": 0.5}
    assert run_process(("-c", program), TOLD, progress=lambda _: None, **given) is None  # type: ignore[arg-type]


@pytest.mark.once
def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    child = f"""
import os, time
from pathlib import Path
from prodgate.browser.settings import BrowserSettings
BrowserSettings.from_environment().end_with_parent()
Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()) + "\\n")
time.sleep(600)
"""
    parent = f"""
from pathlib import Path
from prodgate.browser.processes import run_process
from prodgate.browser.settings import BrowserSettings
run_process(("-c", {child!r}), BrowserSettings(base_url="https://a.example"), log=Path({str(tmp_path / "log")!r}), cwd=Path("/"), limit=600, progress=print)
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        until = monotonic() + 120
        while (
            not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n")) and monotonic() < until
        ):
            sleep(0.02)
        number = int((tmp_path / "pid").read_text())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert ended(number)
