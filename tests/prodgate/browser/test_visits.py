"""Visits: if a browser ends early, earlier ones are kept and the others are undetermined by name; and a visit is
repeated if this machine was not well meanwhile, whatever its result."""

import base64
import io
import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, cast
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from playwright.sync_api import APIRequestContext

from prodgate.browser import processes as module
from prodgate.browser.engine import __main__ as engine_program, __main__ as links
from prodgate.browser.engine.__main__ import Tour
from prodgate.browser.engine.plugin import find_typed, keep_trace, only_looks, read_events
from prodgate.browser.processes import BrowserError, run_process, run_visits
from prodgate.browser.settings import VARIABLE, VISITS, BrowserSettings, Credential
from prodgate.facts import Facts
from prodgate.facts.e2e.pages import KeyboardWalk, PageLinks, VisitedPage, page_facts
from prodgate.findings import Undetermined
from prodgate.layers.e2e import observing
from prodgate.load.health import Window
from prodgate.redaction import Redaction, redact_address
from tests.prodgate.ending import ended
from tests.prodgate.facts.e2e.browser_records import BROWSER, WALK, unreachable, visit, visits
from tests.prodgate.facts.e2e.probe_records import Why, expect

PAGES = [{"name": "front", "path": "/"}, {"name": "shop", "path": "/shop"}]
FIRST = {"started": "2026-11-27T00:00:00+00:00", "browser": BROWSER, "widths": {"desktop": 1280, "telephone": 360}}


def run(place: Path, lines: list[Any], *, cut: str = "", code: int | None = -9) -> dict[str, Any]:
    """Return the record of a process that wrote these lines before its end."""

    def end(*_: Any, **__: Any) -> int | None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines) + cut
        if text:
            (place / VISITS).write_text(text, "utf-8")
        return code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run_process", end)
        told = BrowserSettings(base_url="https://www.shop.example", results=str(place), pages=PAGES)
        return run_visits(told, cwd=place, log=place / "logs" / "visits.txt", limit=3, progress=lambda _: None)


def facts(record: dict[str, Any], kind: type) -> Any:
    about = {"build": {"how": "", "expected": "", "unread": "-"}, "place": "the shop"}
    return Facts(tuple(page_facts({**record, **about}))).of(kind)


@pytest.mark.parametrize(("code", "how"), [(-9, "(exit code -9)"), (None, "within 3 s")])
def test_what_was_seen_by_then_is_kept(tmp_path: Path, code: int | None, how: str) -> None:
    record = run(tmp_path, [FIRST, {"page": visit()}], cut='{"page": {"na', code=code)
    seen, *left = facts(record, VisitedPage)
    assert (seen.subject, seen.complete, seen.errors) == ("front at 1280 px", True, ())
    assert [each.subject for each in left] == ["front at 360 px", "shop at 1280 px", "shop at 360 px"]
    for each in left:
        with pytest.raises(Undetermined, match="did not come to the end of the pages") as told:
            each.complete  # noqa: B018
        assert how in told.value.conclusion.reason
    for each in facts(record, PageLinks):
        with pytest.raises(Undetermined):
            each.broken  # noqa: B018


def test_a_run_that_came_to_its_end_is_whole(tmp_path: Path) -> None:
    asked = {"asked": {"https://www.shop.example/a": {"status": 200, "why": ""}}, "left_out": 0}
    pages = [visit(name=each["name"], size=size) for each in PAGES for size in ("desktop", "telephone")]
    record = run(tmp_path, [FIRST, *({"page": each} for each in pages), {"links": asked}], code=0)
    assert (record["pages"], record["links"], record["browser"]) == (pages, asked, BROWSER)


def test_a_browser_that_did_not_come_up_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(BrowserError, match="did not come to the end"):
        run(tmp_path, [])


# ── Links

URL = "https://a.example/page"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]


@dataclass
class Busy:
    """Stands for a site that returns 429 to the first requests."""

    headers: Mapping[str, str]
    times: int = 10_000
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, **_given: Any) -> Answer:
        self.asked.append(url)
        return Answer(200, {}) if len(self.asked) > self.times else Answer(429, self.headers)


def ask(site: Busy, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[float]]:
    """Return the kept status of the address, and the wait of each time."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        assert len(waits) < 100, "it would never end"
        waits.append(seconds)

    monkeypatch.setattr(links.time, "sleep", wait)
    answers = links._ask_each(cast("APIRequestContext", site), BrowserSettings(base_url="https://a.example"), [URL])
    return answers[URL]["status"], waits


@pytest.mark.parametrize(
    ("stated", "waits"),
    [
        ({}, [1.0] * 10),
        ({"retry-after": "0"}, [1.0] * 10),
        ({"retry-after": "4"}, [4.0] * 2),
        ({"retry-after": "3600"}, []),
        ({"retry-after": "Fri, 27 Nov 2026 22:00:00 GMT"}, [1.0] * 10),
    ],
)
def test_a_site_that_never_answers_is_left_alone(
    stated: Mapping[str, str], waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Busy(stated)
    assert ask(site, monkeypatch) == (429, waits)
    assert len(site.asked) == len(waits) + 1


def test_a_site_that_answers_later_is_no_broken_link(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(Busy({"retry-after": "0"}, times=2), monkeypatch) == (200, [1.0, 1.0])


def test_a_bad_link_is_not_lost_behind_a_good_one_that_differs_in_a_secret() -> None:
    asked = {"https://a.example/?code=BOS": {"status": 404}, "https://a.example/?code=LAL": {"status": 200}}
    (answer,) = Redaction().redact_json(links.worst_last(asked)).values()
    assert answer == {"status": 404}


# ── Settings

SHOP = BrowserSettings(
    base_url="https://www.shop.example:8443",
    pages=[],
    partners=["localhost:9000", "login.example:443"],
    hosts=["shop.example"],
    third_parties=["fonts.example"],
    reads=["POST /graphql"],
    untouched=[],
    lasting=["GET /updates", "GET /live/*"],
    sockets=["live.shop.example", "live.example:8443"],
    credentials={"buyer": {"user": "b", "password": "hunter22"}},
)


@pytest.mark.parametrize(
    ("url", "own", "allowed"),
    [
        ("https://www.shop.example:8443/a", True, True),
        ("https://www.shop.example/a", False, False),
        ("https://shop.example/", True, True),
        ("https://me:word@www.shop.example:8443/a", True, True),
        ("https://www.shop.example:8443@evil.example/", False, False),
        ("https://fonts.example/a.woff2", False, True),
        ("https://ads.example/", False, False),
        ("http://localhost:9000/enter", False, True),
        ("http://localhost/enter", False, False),
        ("https://login.example/", False, True),
        ("https://login.example:8443/", False, False),
        ("wss://ads.example/", False, False),
        ("https://www.shop.example.evil.example/", False, False),
        ("data:image/png;base64,AA", False, True),
    ],
)
def test_who_may_be_asked(url: str, own: bool, allowed: bool) -> None:
    assert (SHOP.is_own(url), SHOP.is_allowed(url)) == (own, allowed)


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("GET", "/", False),
        ("HEAD", "/", False),
        ("POST", "/", True),
        ("POST", "/graphql?a", False),
        ("DELETE", "/graphql", True),
        ("get", "/", False),
    ],
)
def test_what_may_change_something(method: str, path: str, changes: bool) -> None:
    assert SHOP.may_change(method, f"https://www.shop.example:8443{path}") is changes


@pytest.mark.parametrize(
    ("method", "path", "lasts"),
    [
        ("GET", "/updates?since=1", True),
        ("POST", "/updates", False),
        ("GET", "/updates/1", False),
        ("GET", "/live/1.ts", True),
        ("GET", "/", False),
    ],
)
def test_what_stays_open(method: str, path: str, lasts: bool) -> None:
    assert SHOP.is_lasting(method, f"https://www.shop.example:8443{path}") is lasts


def test_what_only_reads_at_the_site_may_change_something_elsewhere() -> None:
    assert SHOP.may_change("POST", "https://fonts.example/graphql")


@pytest.mark.parametrize(
    ("host", "port", "reading", "mutating"),
    [
        ("www.shop.example", 8443, False, True),
        ("www.shop.example", 443, False, False),
        ("shop.example", 443, False, True),
        ("live.shop.example", 443, True, True),
        ("fonts.example", 443, False, False),
        ("live.example", 8443, True, True),
        ("live.example", 443, False, False),
    ],
)
def test_which_sockets_may_be_opened(host: str, port: int, reading: bool, mutating: bool) -> None:
    found = [SHOP.allows_socket(host, port, mutates=mutates) for mutates in (False, True)]
    assert found == [reading, mutating]


def test_settings_are_handed_over_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = SHOP.to_environment()
    assert set(handed) == {VARIABLE}
    monkeypatch.setenv(VARIABLE, handed[VARIABLE])
    assert BrowserSettings.from_environment() == SHOP
    assert SHOP.secrets == ("hunter22",)


def test_a_password_is_not_shown() -> None:
    assert repr(Credential("b", "hunter22")) == "Credential(user='b')"


# ── Processes

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


# ── Redaction

SECRET = 'a"secret/of ours'
LOOKED: list[dict[str, Any]] = [
    {"type": "context-options", "version": 10, "options": {"viewport": {}, "locale": "ja"}, "title": "unlisted"},
    {"type": "before", "method": "goto", "params": {"url": "https://me:word@a.example/x?token=abc#f", "referer": "unlisted"}},
    {"type": "after", "callId": "1", "result": {"a": "unlisted"}, "error": {"name": "Error", "message": "no\nunlisted"}},
    {"type": "log", "message": 'waiting for get_by_text("Hi")'}, {"type": "log", "message": "  locator resolved to <b>unlisted</b>"},
    {"type": "console", "text": "unlisted"}, {"type": "frame-snapshot", "snapshot": {"html": ["unlisted"]}}, {"type": "new", "a": "unlisted"},
]  # fmt: skip


@pytest.mark.parametrize("write", [str, lambda s: quote(s, safe=""), json.dumps, *(lambda s, by=by: base64.b64encode(b"x" * by + s.encode() + b"yz").decode() for by in range(3))])  # fmt: skip
def test_a_known_secret_is_found_in_each_usual_form(write: Any) -> None:
    clean = Redaction().with_secrets([SECRET]).redact_text(f"before {write(SECRET)} after")
    assert clean.startswith("before ")
    assert "(redacted: a secret)" in clean
    assert SECRET not in clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://a.example/?token=abc&page=2#access_token=x", "https://a.example/?token=(redacted: its name)&page=2#access_token=(redacted: its name)"),
        ("{'csrfToken': 'q7', \"status\": \"open\"}", "{'csrfToken': '(redacted: its name)', \"status\": \"open\"}"),
        ("pin 471, 4711, a471", "pin (redacted: a secret), 4711, a471"),
        ("they searched for overtime", "they searched for (redacted: what was typed)"),
        ("?expires_in=3600&tokenType=bearer", "?expires_in=3600&tokenType=bearer"),
        ("GET /search?q=x&code=BOS", "GET /search?q=x&code=(redacted: its name)"),
        ("{'code': 'NOT_FOUND'}", "{'code': 'NOT_FOUND'}"),
    ],
)  # fmt: skip
def test_texts(text: str, clean: str) -> None:
    known = Redaction(frozenset({"471", "ab"}), frozenset({"overtime", "o"}))
    assert known.redact_text(text) == clean
    assert known.redact_json({"a": [text, 471, None]}) == {"a": [clean, 471, None]}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:word@a.example:8443/x/y?page=2&q=#f", "https://a.example:8443/x/y?page=(redacted: a value)&q=(redacted: a value)"),
        ("https://a.example/reset-password/abc123x", "https://a.example/reset-password/(redacted: a secret)"),
        ("https://a.example/d/9f86d081884c7d659a2feaa0c55ad015;jsessionid=1", "https://a.example/d/(redacted: a secret)"),
        ("https://[", "(redacted: no address)"),
    ],
)  # fmt: skip
def test_addresses_say_where_they_lead(url: str, kept: str) -> None:
    assert redact_address(url) == kept


def test_a_trace_keeps_what_is_listed() -> None:
    with zipfile.ZipFile(io.BytesIO(keep_trace({"trace.trace": LOOKED}, Redaction()))) as archive:
        lines = [json.loads(line) for line in archive.read("trace.trace").splitlines()]
    assert lines == [
        {"type": "context-options", "version": 10, "options": {"viewport": {}}},
        {"type": "before", "method": "goto", "params": {"url": "https://a.example/x?token=(redacted: a value)"}},
        {"type": "after", "callId": "1", "error": {"name": "Error", "message": "no"}},
        {"type": "log", "message": 'waiting for get_by_text("Hi")'},
    ]


@pytest.mark.parametrize(
    ("more", "typed"),
    [
        ([], []),
        ([{"type": "before", "method": "fill", "params": {"value": "x"}}], ["x"]),
        ([{"type": "before", "method": "keyboardPress", "params": {"key": key}} for key in ("a", "Tab", "b")], ["ab"]),
        ([{"type": "before", "method": "addCookies", "params": {}}], []),
        ([{"type": "context-options", "options": {"storageState": {}}}], []),
    ],
)
def test_who_only_looks_shows_nothing_private(more: list[dict[str, Any]], typed: list[str]) -> None:
    events = {"trace.trace": [*LOOKED, *more]}
    assert [*filter(None, find_typed(events))] == typed
    assert only_looks(events) is not bool(more)


@pytest.mark.parametrize("lines", [b"PK broken", b"no JSON"])
def test_a_trace_that_nobody_can_read_is_an_error(tmp_path: Path, lines: bytes) -> None:
    path = tmp_path / "trace.zip"
    path.write_bytes(lines)
    if not lines.startswith(b"PK"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("trace.trace", lines)
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        read_events(path)


@pytest.mark.parametrize("part", ["a", "?", "?a", "/s", "'a", "/a1", "%25", "http://a", ";a=", "a_"])
def test_long_texts_are_read_in_time_that_grows_with_them(part: str) -> None:
    begun, text = time.process_time(), part * (60_000 // len(part))
    Redaction(frozenset({SECRET})).redact_message(text)
    redact_address(f"https://a.example/{text}")
    assert time.process_time() - begun < 5


# ── A visit is repeated if this machine was not well meanwhile, whatever its result, and never because of it

CROWD, LATE = {"others": 3.5}, "3.5 threads of other programs wanted each core, at most 2 leave room"
SICK = f"{LATE}; run it on a machine with less other work"


MOST, KEYS = "at most 90 ms (1 visits)", "at most 16 ms (1 visits)"


def fast(**changes: Any) -> dict[str, Any]:
    return visit(vitals={"lcp": 90.0, "fcp": 90.0, "cls": 0, "ttfb": 9.0}, keyboard={**WALK, "slowest": 16}, **changes)


def slow(**changes: Any) -> dict[str, Any]:
    return visit(
        vitals={"lcp": 2900.0, "fcp": 2900.0, "cls": 0.3, "ttfb": 9.0}, keyboard={**WALK, "slowest": 400}, **changes
    )


SETTINGS = BrowserSettings(base_url="https://shop.example", pages=[{"name": "front", "path": "/"}])
TIMEOUT = unreachable("timeout", "Timeout 15000ms exceeded.")


def stage(monkeypatch: pytest.MonkeyPatch, *made: tuple[Mapping[str, Any], bool]) -> list[bool]:
    """Let the visits of one page have these results, each on a machine that is well or not; return which are timed."""
    come, timed = iter(made), list[bool]()
    well = iter([sound for _, sound in made])

    def meet(*_: Any, **how: bool) -> dict[str, Any]:
        timed.append(how["timed"])
        return dict(next(come)[0])

    @contextmanager
    def watching() -> Iterator[list[Window]]:
        found: list[Window] = []
        yield found
        ended = next(well)
        found.append(Window(place=0, second=0, seconds=2 if ended else 20, sick={} if ended else CROWD))

    for name, value in {
        "SIZES": ("desktop",), "visit": meet, "await_health": lambda _until: True, "watching": watching, "find_address": lambda *_: "/",
    }.items():  # fmt: skip
        monkeypatch.setattr(engine_program, name, value)
    return timed


def tour(
    monkeypatch: pytest.MonkeyPatch, *made: tuple[Mapping[str, Any], bool]
) -> tuple[Mapping[str, Any], list[bool]]:
    """Return the record of one page whose visits have these results, each on a machine that is well or not.

    The list says of each visit whether it was one of times alone.
    """
    timed = stage(monkeypatch, *made)
    made_by = Tour(Mock(), Mock(settings=SETTINGS))
    seen = list(made_by.visit_pages())
    later = list(made_by.visit_again(seen))
    aside, much = engine_program.describe_loss(made_by.windows)
    return visits(*(later or seen), health={"aside": aside, "sick": much}), timed


@pytest.mark.parametrize(
    ("made", "timed", "page", "keys"),
    [
        # health alone decides, before the result is looked at
        ([(slow(), True)], [False], {"largest_paint": "2900 ms", "shift": "0.3"}, "400 ms"),
        ([(fast(), True)], [False], {"largest_paint": "90 ms"}, "16 ms"),
        ([(fast(), False), (slow(), True)], [False, True], {"largest_paint": "2900 ms", "shift": "0.3"}, "400 ms"),
        ([(slow(), False), (fast(), True)], [False, True], {"largest_paint": "90 ms"}, "16 ms"),
        # what is sick to the end, or for more than half, is true at most, and what does not depend on time is not
        (
            [(fast(console=["it threw"]), False)] * 4, [False, True, True, True],
            {"largest_paint": MOST, "shift": Why(SICK), "complete": True, "errors": ("it threw",), "too_wide": 0}, KEYS,
        ),
        (
            [(fast(), False), (fast(), False), (fast(), True)], [False, True, True],
            {"largest_paint": MOST, "shift": Why(f"2 of 3 visits had to be set aside, more than half: {SICK}")}, KEYS,
        ),
        # contents stay as they were seen first, and what may be missing only because it was late does not
        (
            [(slow(exceptions=["no"], regions_missing=["main"]), False), (fast(), True)], [False, True],
            {"errors": ("no",), "complete": True}, "16 ms",
        ),
        ([(fast(), False), (fast(regions_missing=["main"]), True)], [False, True], {"complete": False}, "16 ms"),
        ([(fast(regions_missing=["main"]), False)] * 4, [False, True, True, True], {"complete": Why(SICK)}, KEYS),
        # a page that was not seen is visited again whole, and one that is gone is gone
        ([(TIMEOUT, False), (fast(), True)], [False, False], {"complete": True, "largest_paint": "90 ms"}, "16 ms"),
        # what was there in its place did not depend on time, and stays
        ([(unreachable("elsewhere", "led away"), False), (fast(), True)], [False, False], {"complete": False}, Why("led away")),
        ([(TIMEOUT, False)] * 4, [False] * 4, {"complete": Why(LATE)}, Why("Timeout")),
        ([(TIMEOUT, True)], [False], {"complete": False}, Why("Timeout")),
        ([(fast(), False), (TIMEOUT, True)], [False, True], {"complete": False}, Why("Timeout")),
    ],
)  # fmt: skip
def test_health_decides_and_the_first_sound_visit_counts(
    monkeypatch: pytest.MonkeyPatch,
    made: list[tuple[Mapping[str, Any], bool]],
    timed: list[bool],
    page: Mapping[str, object],
    keys: object,
) -> None:
    record, met = tour(monkeypatch, *made)
    assert met == timed
    facts = Facts(tuple(page_facts(record)))
    for kind, fields in ((VisitedPage, page), (KeyboardWalk, {"slowest": keys})):
        (found,) = facts.of(kind)
        for name, value in fields.items():
            if isinstance(value, str):
                assert str(getattr(found, name)) == value
            else:
                expect(found, name, value)
    assert bool(record["health"]["aside"]) == (not made[0][1])


def test_the_links_of_a_page_that_was_seen_late_are_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stage(monkeypatch, (TIMEOUT, False), (fast(), True))
    told, followed = replace(SETTINGS, results=str(tmp_path)), list[str]()
    monkeypatch.setattr(BrowserSettings, "from_environment", lambda: told)
    monkeypatch.setattr(BrowserSettings, "end_with_parent", lambda _self: None)

    def follow(_browser: object, _guard: object, pages: list[dict[str, Any]]) -> dict[str, Any]:
        followed.extend(link["url"] for page in pages for link in page.get("links", ()))
        return {"asked": {}, "left_out": 0}

    for name, value in {
        "open_socket_gate": nullcontext, "sync_playwright": lambda: nullcontext(Mock()), "launch": Mock(),
        "describe_browser": lambda _browser: {}, "follow_links": follow,
        "describe_sizes": lambda _playwright: {"desktop": {"viewport": {"width": 1280}}},
    }.items():  # fmt: skip
        monkeypatch.setattr(engine_program, name, value)
    engine_program.main()
    assert followed == ["https://www.shop.example/a"]
    lines = [json.loads(line) for line in (tmp_path / VISITS).read_text("utf-8").splitlines()]
    assert [next(iter(line)) for line in lines] == ["started", "page", "page", "health", "links"]


def test_visits_that_are_made_again_take_no_time_from_the_others_and_from_links() -> None:
    assert observing._VISITS - engine_program._WITHIN >= 300


def test_who_stood_still_during_a_visit_was_not_well() -> None:
    with engine_program.watching() as found:
        sum(range(30_000_000))  # lets no other thread run
    (window,) = found
    assert "still" in window.sick
    assert 0.1 < window.seconds < 60


@pytest.mark.parametrize(("sick", "looks"), [([], 1), ([CROWD, CROWD], 3)])
def test_a_visit_is_made_again_once_the_machine_is_well(
    monkeypatch: pytest.MonkeyPatch, sick: list[dict[str, float]], looks: int
) -> None:
    seen = iter([*sick, {}])
    made: list[int] = []

    @contextmanager
    def watching() -> Iterator[list[Window]]:
        made.append(1)
        yield [Window(place=0, second=0, seconds=1, sick=next(seen))]

    monkeypatch.setattr(engine_program, "watching", watching)
    monkeypatch.setattr(engine_program, "_CALM", 0.0)
    assert engine_program.await_health(monotonic() + 60)
    assert len(made) == looks
    assert not engine_program.await_health(monotonic())
