"""What becomes of a run when something dies, or does not end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.findings import Outcome
from prodgate.run.children import read_limit

from .small_shop import POLICY, gate


def started(shop: Path, *arguments: str) -> tuple[subprocess.Popen[str], Path]:
    """Start a run whose policy waits, and return it with its directory once the policy has begun."""
    path = shop / "policies" / "shop.py"
    wait = "while not Path('go-on').exists():\n        time.sleep(0.05)\n    criterion.require("
    path.write_text(POLICY.replace("criterion.require(", wait))
    command = [sys.executable, "-m", "prodgate.cli", "run", "--only", "static", *arguments]
    process = subprocess.Popen(
        command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        journals = list((shop / "runs").glob("*/journal.jsonl"))
        if (
            journals
            and '"started", ' in journals[0].read_text()
            and "SHOP_1" in journals[0].read_text().split('"started"')[-1]
        ):
            return process, journals[0].parent
        select.select([], [], [], 0.05)
    process.kill()
    raise AssertionError("the policy did not begin")


def children(process: int) -> list[int]:
    """The processes of the session that a run started, by what /proc says of the layer's parent."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found.append(int(status.parent.name))
    return found


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 120
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_found_and_is_insufficient(shop: Path) -> None:
    process, run = started(shop)
    layer = children(process.pid)
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "INSUFFICIENT EVIDENCE" in out
    assert gone(layer)
    assert (run / "report.html").exists()
    assert any(f.outcome is Outcome.UNDETERMINED for f in runs.read(run).findings)


@pytest.mark.slow
def test_a_layer_that_is_killed_is_undetermined_and_the_run_goes_on(shop: Path) -> None:
    process, run = started(shop)
    (layer,) = children(process.pid)
    os.kill(layer, signal.SIGKILL)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "the static layer died of SIGKILL; see logs/static.txt" in " ".join(out.split())
    assert "static: judging" in (run / "logs" / "static.txt").read_text()


@pytest.mark.slow
def test_a_layer_that_does_not_end_is_undetermined_and_leaves_no_process(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", "15")
    path = shop / "policies" / "shop.py"
    stops = (
        "Path('layer').write_text(f'{os.getpid()}')\n    os.kill(os.getpid(), signal.SIGSTOP)\n    criterion.require("
    )
    path.write_text(POLICY.replace("criterion.require(", stops).replace("import time", "import os\nimport signal"))
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 2
    said = " ".join(done.stdout.split())
    assert "the static layer did not end within 15 s; set PRODGATE_LAYER_TIMEOUT to more seconds" in said
    if (shop / "layer").exists():  # it had begun to judge, and heeds no signal
        assert gone([int((shop / "layer").read_text())])


@pytest.mark.parametrize("stated", ["soon", "0", "-1", "inf", "nan"])
def test_a_limit_that_is_no_number_of_seconds_is_a_mistake(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", stated)
    with pytest.raises(UsageError, match=f"PRODGATE_LAYER_TIMEOUT: '{stated}' is not a number of seconds; write 3600"):
        read_limit()


@pytest.mark.slow
def test_a_limit_that_is_a_mistake_ends_the_run_before_it_begins(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", "soon")
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 4
    assert "PRODGATE_LAYER_TIMEOUT: 'soon' is not a number of seconds; write 3600" in done.stderr


@pytest.mark.slow
def test_a_run_that_is_killed_still_yields_a_report_and_leaves_no_process(shop: Path) -> None:
    process, run = started(shop)
    layer = children(process.pid)
    assert layer
    process.kill()
    process.communicate(timeout=240)
    assert gone(layer)
    done = gate(shop, "report", str(run))
    assert done.returncode == 2
    assert "cut off" in done.stdout
    assert (run / "report.html").exists()
