"""However a load run ends, its record says so, and no process is left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest

from prodgate.load import PLUGIN
from prodgate.load.runner import LoadError, process_group, run_load
from prodgate.rehearsal.airflow.process import _free_port

from .records import SIMPLE, a_locustfile, a_profile, count, failed
from .servers import answer, fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = [pytest.mark.once, pytest.mark.slow]


def test_a_clear_failure_ends_the_run_early(tmp_path: Path) -> None:
    async def half(_path: str, count: int) -> bytes | None:
        return answer(status="200 OK" if count % 2 else "503 Service Unavailable")

    with serving(half) as server:
        profile = a_profile(rate=40.0, duration=300.0, failed_share=0.01)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run")
    assert record["stopped_early"]
    assert not record["complete"]
    assert record["why"].startswith("stopped early: ")
    assert 150 < record["sent"] < 1000


@pytest.mark.parametrize("workers", [0, 2])
def test_a_site_that_is_broken_in_the_warm_up_gets_no_more_load_and_is_judged_by_it(
    tmp_path: Path, workers: int
) -> None:
    async def refusing(_path: str, _count: int) -> bytes | None:
        return answer(status="403 Forbidden")

    with serving(refusing) as server:
        profile = a_profile(rate=40.0, duration=300.0, warm_up=300.0)
        given: dict[str, Any] = {
            "locustfile": a_locustfile(tmp_path),
            "directory": tmp_path / "run",
            "workers": workers,
        }
        record = run_load(profile, server.url, **given)
    assert (record["complete"], record["stopped_early"], record["health"]["send_lag"]["max"] > 0) == (False, True, True)
    assert record["why"].startswith("stopped early: the site is broken: ")
    assert count(record) == failed(record)["HTTP 403"] == server.asked.total() < 1000


def test_a_site_that_hangs_gets_no_more_load(tmp_path: Path) -> None:
    """Nothing fails until it times out, after a minute; by then thousands would wait."""

    async def hanging(_path: str, count: int) -> bytes | None:
        await asyncio.sleep(60 if count > 60 else 0)
        return answer()

    with serving(hanging) as server:
        profile = a_profile(rate=40.0, duration=300.0, timeout=60.0, slow=0.2)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path), directory=tmp_path / "run")
        assert record["why"].startswith("stopped early: the site is broken: for "), record["why"]
        assert record["stopped_early"]
        assert server.asked.total() < 60 + 40 * 15
    assert failed(record).keys() == {"timeout"}
    assert count(record) == record["sent"] == server.asked.total()


def test_workers_add_up_to_the_same_exact_record(tmp_path: Path) -> None:
    async def dropping(_path: str, count: int) -> bytes | None:
        return None if count % 50 == 0 else answer()

    with serving(dropping) as server:
        record = run_load(
            a_profile(rate=150.0, duration=2.0),
            server.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
            workers=2,
        )
    assert (record["complete"], record["why"]) == (True, "")
    assert [worker["sent"] for worker in record["workers"]] == [150, 150]
    assert sum(failed(record).values()) == 6
    assert count(record) == server.asked.total() == 300


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "one lost"])
def test_a_load_of_four_workers_elsewhere_is_taken_and_a_lost_one_leaves_it_incomplete(
    tmp_path: Path, *, lost: bool
) -> None:
    """A master and workers that somebody else starts, as documented; one may be killed while it works."""
    port, file, folder = str(_free_port()), a_locustfile(tmp_path), tmp_path / "shared" / "trial"
    command = [sys.executable, "-m", "locust", "-f", f"{file},{PLUGIN}"]
    gathered = ["--master", "--master-bind-port", port, "--expect-workers", "4", "--headless", "-u", "4", "-r", "4"]
    members: list[subprocess.Popen[bytes]] = []

    def start(line: str) -> None:
        assert line == f"trial: its settings are in {folder / 'settings.json'}; {folder / 'record.json'} is awaited"
        given = {**os.environ, "PRODGATE_LOAD": str(folder / "settings.json")}
        told = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        members.append(subprocess.Popen([*command, *gathered], env=given, **told))
        members.extend(subprocess.Popen([*command, "--worker", "--master-port", port], **told) for _ in range(4))

    async def answering(path: str, count: int) -> bytes | None:
        if lost and count == 40:
            members[2].kill()
        return await fine(path, count)

    with serving(answering) as server:
        record = run_load(
            a_profile(duration=60.0 if lost else 2.0),
            server.url,
            locustfile=file,
            directory=tmp_path / "run",
            workers=4,
            elsewhere=folder,
            progress=start,
        )
    assert [each.wait(60) for each in members] == [0, 0, -signal.SIGKILL * lost, 0, 0]
    assert (record["complete"], record["elsewhere"]) == (not lost, True)
    assert record["why"].endswith("was lost" if lost else "")
    assert [worker["lost"] for worker in record["workers"]].count(True) == lost
    assert json.loads((tmp_path / "run" / "record.json").read_text("utf-8")) == record
    if lost:
        assert 0 < record["sent"] < record["planned"] == 3600
    else:
        assert count(record) == server.asked.total() == record["planned"] == 120
        assert {abs(worker["behind"]) < 1 for worker in record["workers"]} == {True}
        assert {tuple(worker["code"]) for worker in record["workers"]} == {("locustfile.py",)}


RUN = """
import sys
from pathlib import Path
from prodgate.load.profile import Profile
from prodgate.load.runner import run_load

profile = Profile(name="trial", rate=50, duration=60, warm_up=0)
run_load(profile, sys.argv[1], locustfile=Path(sys.argv[2]), directory=Path(sys.argv[3]), progress=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize(
    ("number", "why"),
    [(signal.SIGINT, "interrupted"), (signal.SIGKILL, "who started it is gone")],
    ids=["Ctrl-C", "killed"],
)
def test_an_end_before_its_time_leaves_a_valid_record_and_no_process(
    tmp_path: Path, number: signal.Signals, why: str
) -> None:
    with serving(fine) as server:
        command = [sys.executable, "-c", RUN, server.url, str(a_locustfile(tmp_path)), str(tmp_path / "run")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if " sent" in line and " 0 sent" not in line:
                    process.send_signal(number)
                    break
            process.communicate()
        assert process.returncode == -number
        until = monotonic() + 60
        while _processes_of(tmp_path) and monotonic() < until:
            sleep(0.05)
    assert not _processes_of(tmp_path)
    record = json.loads((tmp_path / "run" / "record.json").read_text("utf-8"))
    assert (record["complete"], record["why"]) == (False, why)
    assert record["sent"] >= count(record) > 0


def _processes_of(folder: Path) -> list[int]:
    """Return the processes whose command line names a folder."""
    listed = psutil.process_iter(["cmdline"])
    return [each.pid for each in listed if any(str(folder) in word for word in each.info["cmdline"] or ())]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import locust\n\nlocust.nonsense\n", "locustfile.py:3: AttributeError: module 'locust' has no attribute"),
        (SIMPLE.replace("FastHttpUser", "HttpUser"), "Reader is no FastHttpUser; derive it from that"),
        (
            SIMPLE + "class Steps(locust.LoadTestShape):\n    def tick(self):\n        return (3, 3)\n",
            "Steps is a LoadTestShape, which sets how many users there are; remove it, and write rate and duration",
        ),
        ("import sys\nsys.modules['grpc'] = sys\n" + SIMPLE, "it uses gRPC (grpc)"),
        ("import sys\nsys.modules['websocket'] = sys\n" + SIMPLE, "it uses WebSocket (websocket)"),
        ("import sys\nsys.modules['h2'] = sys\n" + SIMPLE, "it uses HTTP/2 (h2)"),
        *(
            (SIMPLE.replace("    @task", f"    {line}\n\n    @task", 1), said)
            for line, said in {
                "host = 'https://api.example'": "Reader sets host = 'https://api.example', which the gate does not use",
                "fixed_count = 3": "Reader sets fixed_count = 3, which the gate does not use; remove it",
                "proxy_host = 'p.example'": "Reader sets proxy_host = 'p.example', which the gate does not use",
                "network_timeout = 3.0": "Reader sets network_timeout = 3.0, which the gate does not use",
                "wait_time = locust.constant_throughput(2)": "Reader sets wait_time = constant_throughput or pacing",
                "wait_time = lambda self: 3": "Reader sets wait_time = a function of its own, which the gate",
                "def on_stop(self): pass": "Reader has an on_stop, which the gate never calls; make it the end of",
            }.items()
        ),
    ],
    ids=lambda given: given[-60:].replace("\n", " ") if "import" not in given else "",
)
def test_a_locustfile_that_cannot_run_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LoadError) as caught:
        run_load(
            a_profile(),
            "http://127.0.0.1:9",
            locustfile=a_locustfile(tmp_path, text),
            directory=tmp_path / "run",
        )
    assert said in str(caught.value)
    assert not (tmp_path / "run" / "record.json").exists()


def test_what_cannot_be_run_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="there is no such locustfile"):
        run_load(a_profile(), "http://127.0.0.1:9", locustfile=tmp_path / "none.py", directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_process_that_does_not_heed_an_interrupt_is_killed_with_its_whole_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('on', flush=True)\nsignal.pause()\n"
    (tmp_path / "locust.py").write_text(deaf, "utf-8")
    monkeypatch.setattr("prodgate.load.runner.GRACE", 0.2)
    out = tmp_path / "out"
    with suppress(KeyboardInterrupt), process_group([[]], {**os.environ, "PYTHONPATH": str(tmp_path)}, out) as running:
        [process] = running.processes
        while b"on" not in out.read_bytes():
            assert process.poll() is None, out.read_text("utf-8")
            sleep(0.01)
        raise KeyboardInterrupt
    assert process.returncode == -signal.SIGKILL
