"""However a load run ends, its record says so, and no process is left."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest

from prodgate.evidence import runs
from prodgate.load import PLUGIN
from prodgate.load.runner import LoadError, process_group, run_load
from prodgate.processes.web import find_free_port
from tests.prodgate.conftest import Gate
from tests.servers import Handler, serving as shelved

from .records import SIMPLE, a_locustfile, a_profile, count, failed
from .servers import answer, fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = [pytest.mark.once, pytest.mark.slow]


def test_a_clear_failure_ends_the_run_early(tmp_path: Path) -> None:
    async def half(_path: str, count: int) -> bytes | None:
        return answer(status="200 OK" if count % 2 else "503 Service Unavailable")

    with serving(half) as server:
        record = run_load(
            a_profile(rate=40.0, duration=300.0, failed_share=0.01),
            server.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert record["stopped_early"]
    assert not record["complete"]
    assert record["why"].startswith("stopped early: ")
    aside = sum(window["seconds"] for window in record["windows"] if window["sick"])  # of it, nothing is concluded
    assert 150 < record["sent"] - 40.0 * aside < 1000


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
    assert (record["complete"], record["stopped_early"]) == (False, True)
    assert record["health"]["send_lag"]["max"] > 0 or all(window["sick"] for window in record["windows"])
    assert record["why"].startswith("stopped early: the site is broken: ")
    assert count(record) == failed(record)["HTTP 403"] == server.asked.total() < 1000


def test_a_site_that_hangs_gets_no_more_load(tmp_path: Path) -> None:
    """Nothing fails until it times out, after a minute; by then thousands would wait."""

    async def hanging(_path: str, count: int) -> bytes | None:
        await asyncio.sleep(60 if count > 60 else 0)
        return answer()

    with serving(hanging) as server:
        record = run_load(
            a_profile(rate=40.0, duration=300.0, timeout=60.0, slow=0.2),
            server.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
        assert record["why"].startswith("stopped early: the site is broken: for "), record["why"]
        assert record["stopped_early"]
        assert server.asked.total() < 60 + 40 * 15
    assert failed(record).keys() == {"timeout"}
    assert count(record) == record["sent"] == server.asked.total()


WAITING = """
import threading

@locust.events.{event}.add_listener
def wait(environment, **given):
    if isinstance(environment.runner, locust.runners.WorkerRunner) and environment.runner.worker_index == 1:
        threading.Event().wait({seconds})
"""


def a_waiting_locustfile(folder: Path, event: str, seconds: int) -> Path:
    """Return a locustfile for which one of two workers waits, after it has said that it is there."""
    return a_locustfile(folder, SIMPLE + WAITING.format(event=event, seconds=seconds))


def test_a_worker_that_is_not_ready_is_named_and_nothing_is_sent(tmp_path: Path) -> None:
    given: dict[str, Any] = {"locustfile": a_waiting_locustfile(tmp_path, "init", 90), "workers": 2}
    record = run_load(a_profile(), "http://127.0.0.1:9", directory=tmp_path / "run", **given)
    assert re.match(r"worker [01] \(.+\) was not ready within 20 s; shorten what the locustfile does", record["why"])
    assert (record["complete"], record["sent"]) == (False, 0)


@pytest.mark.parametrize("event", ["init", "test_start"])
def test_workers_add_up_to_the_same_exact_record(tmp_path: Path, event: str) -> None:
    async def dropping(_path: str, count: int) -> bytes | None:
        return None if count % 50 == 0 else answer()

    with serving(dropping) as server:
        record = run_load(
            a_profile(rate=150.0, duration=2.0),
            server.url,
            locustfile=a_waiting_locustfile(tmp_path, event, 4),
            directory=tmp_path / "run",
            workers=2,
        )
    assert (record["complete"], record["why"]) == (True, "")
    assert [worker["sent"] for worker in record["workers"]] == [150, 150]
    assert abs(record["workers"][0]["started"] - record["workers"][1]["started"]) < 1
    assert sum(failed(record).values()) == 6
    assert count(record) == server.asked.total() == 300


def start_five(file: Path, master: Path) -> list[subprocess.Popen[bytes]]:
    """Start a master and four workers as somebody else does, in the documented way."""
    port, command = str(find_free_port()), [sys.executable, "-m", "locust", "-f", f"{file},{PLUGIN}"]
    commands = [["sh", str(master), "--master-bind-port", port], *[[*command, "--worker", "--master-port", port]] * 4]
    given = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    told = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return [subprocess.Popen(each, env=given, **told) for each in commands]


def test_a_worker_elsewhere_that_is_lost_leaves_the_load_incomplete(tmp_path: Path) -> None:
    file, folder, members = a_locustfile(tmp_path), tmp_path / "shared", list[subprocess.Popen[bytes]]()

    async def answering(path: str, count: int) -> bytes | None:
        if count == 40:
            members[2].kill()
        return await fine(path, count)

    def start(line: str) -> None:
        told = f"trial: run sh {folder / 'master.sh'}, which holds its settings; {folder / 'record.json'} is awaited"
        assert line == told
        members.extend(start_five(file, folder / "master.sh"))

    given: dict[str, Any] = {"workers": 4, "elsewhere": str(folder), "progress": start}
    with serving(answering) as server:
        record = run_load(a_profile(duration=60.0), server.url, locustfile=file, directory=tmp_path / "run", **given)
    assert [each.wait(60) for each in members] == [0, 0, -signal.SIGKILL, 0, 0]
    assert (record["complete"], record["why"][-8:]) == (False, "was lost")
    assert [worker["lost"] for worker in record["workers"]].count(True) == 1
    assert json.loads((tmp_path / "run" / "record.json").read_text("utf-8")) == record
    assert 0 < record["sent"] < record["planned"] == 3600


CRITERIA = """
system = "shop"

[load]
locustfile = "loadtests/locustfile.py"
hosts = ["localhost"]
resolves_to = ["127.0.0.0/8", "::1"]
most = { rate = "60 /s", duration = "1 min" }
workers = 4
steady = { rate = "60 /s", duration = "4 s", warm_up = "0 s", timeout = "20 s" }

[criteria.latency-p95]
statement = "Fast."
why = "People leave."
source = "X-1"
layers = ["load"]
require = "< 8 s"
confidence = "95 %"
decides = "bound"
"""


def test_a_load_of_four_workers_elsewhere_is_fetched_and_judged_by_the_command_line(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, shelf, members = a_locustfile(tmp_path), tmp_path / "shelf" / "steady", list[subprocess.Popen[bytes]]()
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    monkeypatch.chdir(tmp_path)

    class Shelf(Handler):
        def do_GET(self) -> None:
            """Begin the load as soon as its command is there."""
            for asked in [] if members else tmp_path.glob("runs/*/logs/load/steady/asked/settings.json"):
                shelf.mkdir(parents=True)
                (shelf / "master.sh").write_bytes(asked.with_name("master.sh").read_bytes())
                members.extend(start_five(file, shelf / "master.sh"))
            made = tmp_path / "shelf" / self.path.strip("/")
            self.reply(200, made.read_bytes()) if made.exists() else self.reply(404)

    with serving(fine) as server, shelved(Shelf) as url:
        allowed = ["--i-am-allowed-to-load", "localhost", "--load-record", url]
        said = gate("run", server.url, "--only", "load", *allowed)
    assert [each.wait(60) for each in members] == [0] * 5
    run = runs.read(next((tmp_path / "runs").iterdir()))
    [finding], [fact] = run.findings, run.facts_of("load", "load")
    assert re.search("by HTTP/1.1, by 4 workers elsewhere[,;].* holds for disturbances up to ", finding.observed)
    assert "Under load this holds for disturbances up to " in said.out
    kept = (shelf / "record.json").read_bytes()
    assert fact["source"].endswith(f"{url}/steady/record.json (SHA-256 {sha256(kept).hexdigest()})")
    record = json.loads(kept)
    assert count(record) == server.asked["/"] == record["planned"] >= 240  # more, where seconds were measured again
    assert {(abs(worker["behind"]) < 1, *worker["code"]) for worker in record["workers"]} == {(True, "locustfile.py")}


RUN = """
import sys
from pathlib import Path
from prodgate.load.profile import Profile
from prodgate.load.runner import run_load
from prodgate.processes.web import find_free_port

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
        ("x = 1\n", "locustfile.py: holds no class of users with a weight; write one that derives from FastHttpUser"),
        (SIMPLE.replace("    @task", "    weight = 0\n\n    @task"), "holds no class of users with a weight"),
        ("import locust\n\nlocust.nonsense\n", "locustfile.py:3: AttributeError: module 'locust' has no attribute"),
        (SIMPLE.replace("FastHttpUser", "HttpUser"), "Reader is no FastHttpUser; derive it from that"),
        (
            SIMPLE + "class Steps(locust.LoadTestShape):\n    def tick(self):\n        return (3, 3)\n",
            "Steps is a LoadTestShape, which sets how many users there are; remove it, and write rate and duration",
        ),
        (
            SIMPLE + "    @task\n    class Steps(locust.TaskSet):\n        pass\n",
            "Reader has the task set <class 'locust",
        ),
        (
            SIMPLE + "class Rpc(locust.User):\n    @task\n    def call(self):\n        pass\n",
            "Rpc is no FastHttpUser; derive it from that",
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
