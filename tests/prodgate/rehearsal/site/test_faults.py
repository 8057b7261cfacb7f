"""Each fault is visible, and none is reachable in a site that was started without it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, RemoteDisconnected
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from prodgate.criteria import UsageError
from prodgate.rehearsal.site.content.stories import PASSWORD, READER, seed
from prodgate.rehearsal.site.database import Database, migrate, open_database
from prodgate.rehearsal.site.defects import DISTURBANCES, HEADERS, TEXTS, chances
from prodgate.rehearsal.site.faults import KINDS, Fault, parse_faults, render_faults
from prodgate.rehearsal.site.logs import AccessLog
from prodgate.rehearsal.site.process import running
from tests.prodgate.rehearsal.site.client import UNTIL, Answer, ask, asked, served

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path_factory.mktemp('news') / 'news.sqlite'}")
    migrate(made, then=lambda connection: seed(connection, UNTIL))
    yield made
    made.engine.dispose()


def test_every_fault_is_done_by_something() -> None:
    done = set(DISTURBANCES) | set(HEADERS) | {name for name, _ in TEXTS}
    assert done | {"naive-deploy", "never-ready", "wrong-build"} == set(KINDS)
    examples = [line.split()[0] for line in render_faults().splitlines()]
    assert [parse_faults([example])[0].name for example in examples] == list(KINDS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("latency=0.3@0.1", Fault("latency", (0.3, 0.1))),
        ("latency=2", Fault("latency", (2, 1))),
        ("stall=1/10", Fault("stall", (1, 10))),
        ("drop=.01", Fault("drop", (0.01,))),
        ("errors=1", Fault("errors", (1,))),
        ("uncacheable", Fault("uncacheable")),
    ],
)
def test_faults_are_read(text: str, fault: Fault) -> None:
    assert parse_faults([text]) == (fault,)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["latncy=1"], "fault 'latncy=1': no fault is named 'latncy'; did you mean 'latency'?"),
        (["qqq"], "fault 'qqq': no fault is named 'qqq'; there are latency, stall, drop,"),
        (["latency"], "fault 'latency': latency needs SECONDS[@SHARE]; write e.g. latency=0.3@0.1"),
        (["latency=300ms"], "fault 'latency=300ms': latency needs SECONDS[@SHARE]; write e.g. latency=0.3@0.1"),
        (["latency=1@2"], "fault 'latency=1@2': latency needs SECONDS[@SHARE]"),
        (["drop=1%"], "fault 'drop=1%': drop needs SHARE; write e.g. drop=0.01"),
        (["drop=0"], "fault 'drop=0': drop needs SHARE"),
        (["overflow=yes"], "fault 'overflow=yes': overflow takes no value; write e.g. overflow"),
        (["overflow="], "fault 'overflow=': overflow takes no value"),
        (["stall=2/1"], "fault 'stall=2/1': the period must be longer than 2 s; write e.g. stall=1/10"),
        (["drop=0.1", "drop=0.2"], "fault 'drop' was given more than once; give it once"),
    ],
)
def test_a_fault_that_is_written_wrong_is_told(texts: list[str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_faults(texts)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(("share", "block"), [(0.01, 1000), (0.3, 1000), (1, 1000), (0.0001, 10_000)])
def test_a_share_is_exact_and_its_places_are_not_regular(share: float, block: int) -> None:
    due = chances(share, "seed")
    first, second = (list(islice(due, block)) for _ in range(2))
    assert sum(first) == sum(second) == round(share * block)
    assert share == 1 or first != second
    assert list(islice(chances(share, "seed"), block)) == first


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def logged(news: Database, tmp_path: Path, fault: str, paths: Sequence[str]) -> list[dict[str, object]]:
    """Request all paths at once; return the lines of the access log."""
    file = tmp_path / "access.jsonl"
    log = AccessLog(os.open(file, os.O_WRONLY | os.O_CREAT))
    asyncio.run(served(news, paths, faults=[fault], log=log))
    log.flush()
    os.close(log.descriptor)
    return told(file)


def test_latency_is_in_the_access_log(news: Database, tmp_path: Path) -> None:
    lines = logged(news, tmp_path, "latency=0.4@0.1", ["/teams"] * 1000)
    slow = [each for each in lines if float(str(each["seconds"])) >= 0.4]
    assert len(lines) == 1000
    assert len(slow) >= 100
    assert {each["status"] for each in lines} == {200}


def test_errors_are_answers_of_the_site_and_exactly_so_many(news: Database) -> None:
    answers = asyncio.run(served(news, ["/ja/teams"] * 500 + ["/api/stories?per_page=1"] * 500, faults=["errors=0.02"]))
    assert Counter(answer.status for answer in answers) == {200: 980, 500: 20}
    for answer in answers:
        if answer.status == 500:
            assert "ターンオーバー" in answer.text or answer.json == {"status": 500, "error": "internal error"}
            assert answer.headers["x-build"] == "blue"
            assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("fault", "port", "statuses"),
    [
        ("errors-in-public=1", "443", [200, 200, 500]),
        ("errors-in-public=1", "8443", [200, 200, 200]),
        ("never-ready", "443", [500, 200, 200]),
    ],
    ids=["errors are seen by readers", "and at no other port", "what is never ready is alive and answers"],
)
def test_a_fault_of_some_requests_spares_the_others(news: Database, fault: str, port: str, statuses: list[int]) -> None:
    answers = asyncio.run(served(news, ["/api/ready", "/api/health", "/"], faults=[fault], x_forwarded_port=port))
    assert [answer.status for answer in answers] == statuses


def test_during_a_stall_nothing_is_answered(news: Database, tmp_path: Path) -> None:
    # the longest stall within this period: whatever is asked waits for the end of the period
    lines = logged(news, tmp_path, "stall=0.39/0.4", ["/teams", "/", "/api/health"])
    seconds = {str(each["path"]): float(str(each["seconds"])) for each in lines}
    assert seconds["/api/health"] < min(seconds["/teams"], seconds["/"])
    assert max(seconds.values()) < 5


def test_a_slow_start_holds_pages_and_not_health(news: Database, tmp_path: Path) -> None:
    for fault in ("slow-start=1", "slow-page=1"):
        (tmp_path / fault).mkdir()
        lines = logged(news, tmp_path / fault, fault, ["/", "/api/health", "/static/site.css"])
        seconds = {str(each["path"]): float(str(each["seconds"])) for each in lines}
        assert seconds["/api/health"] < seconds["/"]
        assert seconds["/"] > 0.3
        assert (seconds["/static/site.css"] > 0.3) == (fault == "slow-start=1")


def test_dropped_connections_are_counted_exactly(tmp_path: Path) -> None:
    with running(tmp_path, faults=["drop=0.05"]) as site:
        connection, dropped = HTTPConnection(urlsplit(site.url).netloc), 0
        for _ in range(1000):
            try:
                connection.request("GET", "/static/court.svg")
                connection.getresponse().read()
            except (RemoteDisconnected, ConnectionResetError):
                connection.close()
                dropped += 1
        connection.close()
        assert ask(site.url, "/api/health").status == 200
    assert dropped == 50
    assert Counter(each["status"] for each in told(site.access_log)) == {200: 951, 0: 50}


def test_lost_writes_are_acknowledged_and_not_there(tmp_path: Path) -> None:
    keys = [f"key-{number:08d}" for number in range(40)]
    with running(tmp_path, faults=["lost-writes=0.25"]) as site:
        path = "/api/stories/latest/applause"
        assert {ask(site.url, path, method="POST", idempotency_key=key).status for key in keys} == {201}
        found = Counter(ask(site.url, f"/api/applause/{key}").status for key in keys)
    assert set(found) == {200, 404}


def test_a_stale_build_says_so(tmp_path: Path) -> None:
    with running(tmp_path, build="new", faults=["wrong-build"]) as site:
        answer = ask(site.url, "/")
        assert answer.headers["x-build"] == "stale"
        assert '<meta name="build" content="stale">' in answer.text


#: Where each defect shows, and the text that appears only with it, or only without it (a leading !).
SHOWN = {
    "unlabeled-button": ("/search", r"<button[^>]*></button>"),
    "unlabeled-field": ("/search", "!<label"),
    "no-language": ("/ja/", '!<html lang="'),
    "no-alternative": ("/", '!alt="'),
    "low-contrast": ("/static/site.css", "#ccc"),
    "hidden-focus": ("/static/site.css", "none !important"),
    "overflow": ("/", r"<main[^>]*><pre>overtime "),
    "script-error": ("/static/site.js", "throw new Error"),
    "broken-link": ("/ja/", 'href="/ja/benches"'),
    "broken-image": ("/", 'src="/static/missing.svg'),
    "mouse-only": ("/", '<span role="button">'),
    "shifting": ("/static/site.js", "40vh"),
    "slow-keys": ("/static/site.js", "keydown"),
    "third-party": ("/", "https://ads.example/"),
    "plain-form": ("/", 'action="http://polls.example/vote"'),
}


@pytest.mark.parametrize("fault", SHOWN)
def test_a_defect_of_a_page_is_there_when_asked_for(news: Database, fault: str) -> None:
    path, pattern = SHOWN[fault]
    for given, defective in ([], False), ([fault], True):
        answer = asked(news, path, faults=given)
        assert bool(re.search(pattern.removeprefix("!"), answer.text)) == (defective != pattern.startswith("!"))
        assert int(answer.headers["content-length"]) == len(answer.body)


def test_defects_of_headers_are_there_when_asked_for(news: Database) -> None:
    assert asked(news, "/", faults=["uncacheable"]).headers["cache-control"] == "private, no-store"
    bare = asked(news, "/", faults=["no-csp"])
    assert "content-security-policy" not in bare.headers
    assert "x-content-type-options" in bare.headers

    def session(*given: str) -> Answer:
        form = {"email": READER, "password": PASSWORD}
        return asked(news, "/sign-in", faults=given, form=form, x_forwarded_proto="https")

    assert re.search("HttpOnly.*Secure|Secure.*HttpOnly", session().headers["set-cookie"])
    assert not re.search("HttpOnly|Secure", session("insecure-cookie").headers["set-cookie"])


@pytest.mark.slow
def test_a_site_without_faults_does_not_even_load_them() -> None:
    script = (
        "import sys, prodgate.rehearsal.site.server as s\n"
        "from prodgate.rehearsal.site.application import build_application\n"
        "made = build_application(None, 'x')\n"
        "s.compose(made, s.Settings(database='', build='b', secret='x', faults=(FAULTS)), None, tuple)\n"
        "print(sorted(n.rpartition('.')[2] for n in sys.modules if n.endswith('.defects')))"
    )
    for given, loaded in (("", "[]\n"), ("s.Fault('drop', (1,)),", "['defects']\n")):
        done = subprocess.run(
            (sys.executable, "-c", script.replace("FAULTS", given)), capture_output=True, text=True, check=True
        )
        assert done.stdout == loaded


@pytest.mark.parametrize("path", ["/?fault=errors=1", "/api/health?fault=drop=1", "/faults", "/api/faults", "/_faults"])
def test_a_request_cannot_ask_for_a_fault(news: Database, path: str) -> None:
    assert asked(news, path, x_fault="errors=1").status == (404 if "faults" in path else 200)
