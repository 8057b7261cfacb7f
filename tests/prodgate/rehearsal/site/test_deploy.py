"""Builds replace each other, and processes end with their parent."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Lock
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text

from prodgate.criteria import UsageError
from prodgate.processes.child import read_first_line
from prodgate.rehearsal.site.process import PROGRAM, running, start_build
from tests.prodgate.rehearsal.readers import reading
from tests.prodgate.rehearsal.site.client import ask

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command of a person; its stdin is a pipe."""
    pipe = subprocess.PIPE
    with subprocess.Popen((*PROGRAM, *options), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds drain until the last connection has ended, however late a client's thread is."""
    script = (
        "import sys; from prodgate.rehearsal.site import __main__ as program, server\n"
        "server.DRAIN_SECONDS = 60; sys.exit(program.main(sys.argv[1:]))"
    )
    monkeypatch.setattr("prodgate.rehearsal.site.process.PROGRAM", (sys.executable, "-P", "-c", script))
    monkeypatch.setattr("prodgate.rehearsal.site.process.LIMIT", 60)


def url_of(process: subprocess.Popen[str]) -> str:
    return next(word for word in process.stdout.readline().split() if word.startswith("http://"))


@pytest.mark.usefixtures("patient")
def test_a_deploy_under_load_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, faults=["latency=0.03"]) as site:
        with reading(site.url, 6, ("/",)) as probe:
            probe.wait_for("blue", 100)
            site.deploy("green")
            deployed = probe.builds.copy()
            probe.wait_for("green", deployed["green"] + 100)
        assert (site.build, ask(site.url, "/api/health").json["build"]) == ("green", "green")
    assert probe.lost == {}
    assert probe.builds["blue"] == deployed["blue"]
    assert probe.builds.total() >= 200
    logged = [each for each in lines(site.access_log) if each["route"] == "/"]
    assert {build: sum(each["build"] == build for each in logged) for build in ("blue", "green")} == probe.builds


def test_the_same_probe_sees_a_naive_deploy(tmp_path: Path) -> None:
    with running(tmp_path, faults=["latency=0.03", "naive-deploy"]) as site, reading(site.url, 6, ("/",)) as probe:
        probe.wait_for("blue", 100)
        site.deploy("green")
        probe.wait_for("green", 20)
    assert probe.lost.total() >= 6
    assert set(probe.lost) >= {"ConnectionRefusedError"}


def test_a_build_that_does_not_start_replaces_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        engine = create_engine(f"sqlite:///{tmp_path / 'news.sqlite'}")
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
        engine.dispose()
        with pytest.raises(
            UsageError, match="build 'green' did not start: .*Can't locate revision identified by '0099'"
        ):
            site.deploy("green")
        assert (site.build, ask(site.url, "/api/health").json["build"]) == ("blue", "blue")


@pytest.mark.usefixtures("patient")
def test_a_draining_build_answers_what_it_has_and_says_that_it_closes(tmp_path: Path) -> None:
    with running(tmp_path, faults=["latency=0.5"]) as site, ThreadPoolExecutor(1) as thread, ExitStack() as ends:
        kept, other = (
            ends.enter_context(closing(HTTPConnection(urlsplit(site.url).netloc, timeout=60))) for _ in range(2)
        )
        kept.request("GET", "/api/health")
        assert "connection" not in {name.lower() for name, _ in _read(kept)}
        other.request("GET", "/")
        deploying = thread.submit(site.deploy, "green")
        assert dict(_read(other))["x-build"] == "blue"
        other.close()
        while not any(each["message"] == "draining" for each in lines(site.log)):
            ask(site.url, "/api/health")
        kept.request("GET", "/teams")
        told = {name.lower(): value for name, value in _read(kept)}
        assert (told["x-build"], told["connection"]) == ("blue", "close")
        deploying.result(120)
    assert [each["message"] for each in lines(site.log)] == ["ready", "ready", "draining", "ended", "ended"]


def _read(connection: HTTPConnection) -> list[tuple[str, str]]:
    answer = connection.getresponse()
    answer.read()
    return answer.getheaders()


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes of all builds, as they are started."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*given: Any) -> subprocess.Popen[bytes]:
        begun.append(start_build(*given))
        return begun[-1]

    monkeypatch.setattr("prodgate.rehearsal.site.process.start_build", start)
    return begun


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process was waited for, and our ends of its pipes are closed."""
    assert process.stdin is not None
    return process.returncode is not None and process.stdin.closed and process.stdout.closed


def test_a_deploy_that_finds_the_site_ended_ends_its_own_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    ready, ended = Event(), Event()

    def read_and_wait(descriptor: int) -> str:
        line = read_first_line(descriptor)
        ready.set()
        assert ended.wait(60)
        return line

    with ThreadPoolExecutor(1) as thread:
        with running(tmp_path) as site:
            monkeypatch.setattr("prodgate.rehearsal.site.process.read_first_line", read_and_wait)
            deploying = thread.submit(site.deploy, "green")
            assert ready.wait(60)
        ended.set()
        with pytest.raises(UsageError, match="the sample site has ended; deploy 'green' while it runs"):
            deploying.result(120)
    assert [has_ended(each) for each in processes] == [True, True]
    assert site.build == "blue"


def test_a_site_that_has_ended_starts_nothing(tmp_path: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    for faults in ((), ("naive-deploy",)):
        with running(tmp_path, faults=faults) as site:
            pass
        with pytest.raises(UsageError, match="the sample site has ended; deploy 'green' while it runs"):
            site.deploy("green")
    assert [has_ended(each) for each in processes] == [True, True]


class Interrupted:
    """A lock; Ctrl-C is pressed when it is taken, or left, for the second time during a deploy."""

    def __init__(self, where: str) -> None:
        self.lock, self.where, self.taken = Lock(), where, 0

    def __enter__(self) -> None:
        self.taken += 1
        if (self.taken, self.where) == (2, "before"):
            raise KeyboardInterrupt
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        if (self.taken, self.where) == (2, "after"):
            raise KeyboardInterrupt


@pytest.mark.parametrize(("where", "serves"), [("before", "blue"), ("after", "green")])
def test_ctrl_c_between_two_builds_leaves_one_of_them(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]], where: str, serves: str
) -> None:
    with running(tmp_path) as site:
        site._lock = Interrupted(where)  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            site.deploy("green")
        assert [has_ended(each) for each in processes] == [serves == "green", serves == "blue"]
        assert (site.build, ask(site.url, "/api/health").json["build"]) == (serves, serves)
    assert [has_ended(each) for each in processes] == [True, True]


def test_an_idle_connection_does_not_hold_up_a_deploy_for_long(tmp_path: Path) -> None:
    with running(tmp_path) as site, socket.create_connection(urlsplit(site.url).netloc.split(":")) as idle:  # type: ignore[arg-type]
        idle.sendall(b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        site.deploy("green")
        idle.settimeout(60)
        while idle.recv(4096):
            pass
        assert ask(site.url, "/api/health").json["build"] == "green"


def test_the_access_log_tells_each_request(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        slug = ask(site.url, "/api/stories?per_page=1").json["stories"][0]["slug"]
        numbers = [
            ask(site.url, path).headers["x-request-id"]
            for path in (f"/ja/stories/{slug}", "/nowhere", "/teams/lal?x=y")
        ]
    told = lines(site.access_log)[1:]
    assert [each["id"] for each in told] == numbers
    assert [(each["route"], each["status"]) for each in told] == [
        ("/ja/stories/[slug]", 200),
        ("", 404),
        ("/teams/[team]", 200),
    ]
    assert set(told[0]) == {"at", "method", "path", "route", "status", "seconds", "build", "id"}
    assert all(isinstance(each["seconds"], float) and 0 < each["seconds"] < 60 for each in told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_starts_it_looks_and_ends_it(number: int) -> None:
    with started("--build", "mine") as process:
        assert ask(url_of(process), "/").headers["x-build"] == "mine"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["path"] == "/"
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["ready", "draining", "ended"]


def test_it_ends_when_its_stdin_is_closed() -> None:
    with started() as process:
        url_of(process)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, signal, sys\nfrom prodgate.rehearsal.site.process import running\n"
        "with running(pathlib.Path(sys.argv[1])) as site: print(site.url, flush=True); signal.pause()"
    )
    with subprocess.Popen((sys.executable, "-c", script, str(tmp_path)), stdout=subprocess.PIPE, text=True) as parent:
        host, port = urlsplit(parent.stdout.readline().strip()).netloc.split(":")
        with socket.create_connection((host, int(port))) as connected:
            parent.kill()
            connected.settimeout(60)
            assert connected.recv(1) == b""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--fault", "latncy=1"), "fault 'latncy=1': no fault is named 'latncy'; did you mean 'latency'?"),
        (("--database", "news"), "--database: 'news' is no database URL; write sqlite:///news.sqlite or"),
        (("--database", "sqlite:////nowhere/at/all"), "its schema can't be migrated: "),
    ],
)
def test_what_a_person_got_wrong_is_told(options: tuple[str, ...], says: str) -> None:
    done = subprocess.run((*PROGRAM, *options), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"port {port}: Address already in use; name another one"),
            running(tmp_path, port=port),
        ):
            pass


def test_a_wrong_fault_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'drop'"), running(tmp_path, faults=["drup=0.1"]):
        pass
    assert not list(tmp_path.iterdir())


def test_the_process_that_runs_it_does_not_load_its_libraries() -> None:
    heavy = "grpc boto3 sqlalchemy starlette uvicorn alembic"
    script = (
        f"import sys, prodgate.rehearsal.site.process as p; print([x for x in '{heavy}'.split() if x in sys.modules])"
    )
    assert subprocess.run((sys.executable, "-c", script), capture_output=True, check=True).stdout == b"[]\n"
