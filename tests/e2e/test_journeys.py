"""Journeys are read-only, are never saved by a second try, and leave evidence without secrets."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e import Journey
from prodgate.facts.e2e.journeys import journey_facts
from prodgate.layers.e2e.kinds import JOURNEYS
from prodgate.testing import Outcome

from .origin import Answer, Origin, html, origin
from .stage import ROOT, judged, results, settings, travelled

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

PASSWORD = "canary-of-a-password/1"
SESSION = "canary-of-a-session-1234"
TOKEN = "canary-of-a-token-5678"
TYPED = "canary-that-was-typed-9"
TESTS = f'''
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

TRIES = Path(os.environ["TRIES"])


def test_good(page: Page):
    """Somebody reads."""
    page.goto("/")
    expect(page.get_by_text("The news")).to_be_visible()


def test_flaky(page: Page):
    page.goto("/")
    TRIES.write_text(TRIES.read_text() + "x" if TRIES.exists() else "x")
    assert len(TRIES.read_text()) > 1


def test_sends(page: Page):
    page.goto("/")
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)


def test_sends_without_a_page(page: Page):
    page.request.post("/form")


def test_sends_by_playwright(playwright: Playwright, base_url: str):
    playwright.request.new_context(base_url=base_url).post("/form")


def test_sends_in_a_context_of_its_own(browser: Browser, base_url: str):
    page = browser.new_page()
    page.goto(base_url)
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)


@pytest.mark.mutates
def test_signs_in(page: Page, credentials):
    """Somebody signs in, and it fails."""
    reader = credentials("reader")
    page.goto("/sign-in?token={TOKEN}")
    page.get_by_label("Password").fill(reader.password)
    page.get_by_role("button", name="Send").click()
    page.goto("/sign-in?token={TOKEN}")
    page.get_by_label("Password").fill("{TYPED}")
    print(reader)
    page.context.request.get("/", headers={{"Authorization": "Bearer {TOKEN}"}})
    expect(page.get_by_text("Hello " + reader.password)).to_be_visible(timeout=300)


def test_of_nobody(page: Page, credentials):
    credentials("editor")
'''
ALONE = """
import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def context(browser):
    context = browser.new_context()
    yield context
    context.close()


def test_reads(page: Page, base_url: str):
    page.goto(base_url)
    expect(page.get_by_text("The news")).to_be_visible()


def test_sends(page: Page, base_url: str):
    page.goto(base_url)
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)
"""
FORM = f"""<p>The news</p><form method="post" action="/form"><label>Password <input type="password" name="password"></label>
<button>Send</button></form><script>localStorage.setItem("token", "{TOKEN}")</script>"""


def answers(_site: Origin) -> Mapping[str, Answer]:
    signed = {"Set-Cookie": f"session={SESSION}; HttpOnly; SameSite=Lax; Path=/"}
    return {"/": html(FORM), "/sign-in": html(FORM), "/form": html(FORM + "<p>Thanks</p>" + SESSION, headers=signed)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mapping[str, Any], Path, Origin]]:
    """The record of these journeys, the folder with all that was left of them, and the server."""
    folder = tmp_path_factory.mktemp("journeys")
    (folder / "test_them.py").write_text(TESTS, "utf-8")
    with pytest.MonkeyPatch.context() as patch, results() as place, origin(answers) as site:
        patch.setenv("TRIES", str(folder / "tries"))
        reader = {"user": "reader@example.com", "password": PASSWORD}
        told = settings(site.url, place, mutates=True, credentials={"reader": reader}, patience=5)
        yield {**travelled(folder, told), "place": "the site"}, place, site


def of(run: tuple[Mapping[str, Any], Path, Origin], test: str) -> Mapping[str, Any]:
    (found,) = [each for each in run[0]["journeys"] if each["id"].partition("::")[2].partition("[")[0] == test]
    return found


def test_what_became_of_each(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    found = judged(JOURNEYS, run[0])["journeys-succeed"]
    told = {
        re.sub(r".*\((test_\w+).*", r"\1", each.subject): (each.outcome, each.observed or each.reason) for each in found
    }
    assert told["test_good"] == (Outcome.SATISFIED, "success")
    assert told["test_flaky"][0] is Outcome.NOT_SATISFIED
    assert told["test_flaky"][1].startswith("flaky: failed, then succeeded when tried again")
    assert told["test_of_nobody"] == (
        Outcome.UNDETERMINED,
        "it was not carried out: [e2e.credentials] names no 'editor'",
    )
    failed = {
        name for name, (outcome, said) in told.items() if outcome is Outcome.NOT_SATISFIED and name != "test_flaky"
    }
    assert failed == {name for name in told if name.startswith(("test_sends", "test_signs"))}


def test_what_failed_says_what_it_waited_for_and_on_which_line(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    journeys = Facts(tuple(journey_facts(run[0]))).of(Journey)
    (found,) = [each for each in journeys if each.subject.endswith("(test_sends)")]
    assert 'waited for get_by_text("Thanks")' in found.told
    assert found.subject == "sends (test_sends)"
    line = TESTS.splitlines()[int(found.place.rpartition(":")[2]) - 1]
    assert line == '    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)'


@pytest.mark.parametrize("test", ["test_sends", "test_sends_in_a_context_of_its_own"])
def test_a_journey_that_does_not_say_so_changes_nothing(run: tuple[Mapping[str, Any], Path, Origin], test: str) -> None:
    assert of(run, test)["refused"] == [f"POST {run[2].url}/form"]


def test_only_the_journey_that_says_so_sent_something_and_it_was_not_run_again(
    run: tuple[Mapping[str, Any], Path, Origin],
) -> None:
    assert [each for each in run[2].asked if each[0] != "GET"] == [("POST", "/form")]
    assert of(run, "test_signs_in")["again"] == ""
    assert of(run, "test_sends_without_a_page")["again"] == "failed"
    assert "is not marked" in of(run, "test_sends_by_playwright")["why"]


@pytest.mark.slow
def test_no_file_holds_a_secret(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    record, place, _ = run
    trace = next(name for name in of(run, "test_signs_in")["evidence"] if name.endswith(".zip"))
    texts = {
        "record": repr(record).encode(),
        **{str(each): each.read_bytes() for each in place.rglob("*") if each.is_file()},
    }
    for name, data in list(texts.items()):
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                texts |= {f"{name}/{inner}": archive.read(inner) for inner in archive.namelist()}
    kept = b"".join(texts[each] for each in texts if f"{trace}/" in each)
    assert b"session=" in kept or b"Set-Cookie" in kept, "the trace does not hold what was to be taken out"
    for canary in (PASSWORD, SESSION, TOKEN, TYPED, "canary-of-a-password%2F1"):
        assert [name for name, data in texts.items() if canary.encode() in data] == [], canary


@pytest.mark.slow
def test_a_failure_leaves_a_picture_and_a_trace_that_can_be_played(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    picture, trace = of(run, "test_sends")["evidence"]
    assert (run[1] / picture).read_bytes().startswith(b"\x89PNG")
    with zipfile.ZipFile(run[1] / trace) as archive:
        assert {"trace.trace", "trace.network"} <= set(archive.namelist())
        played = archive.read("trace.trace")
    assert played.startswith(b'{"version":')
    assert b'"type":"frame-snapshot"' in played.replace(b" ", b""), "what the page was at each step"
    assert of(run, "test_good")["evidence"] == []


def test_cookies_are_kept_without_their_values(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    (cookie,) = of(run, "test_signs_in")["cookies"]
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"].lower()) == (
        "session",
        False,
        True,
        "lax",
    )
    assert "value" not in cookie


def test_what_the_site_answered_is_kept_with_the_names_of_what_was_sent(
    run: tuple[Mapping[str, Any], Path, Origin],
) -> None:
    answers = of(run, "test_signs_in")["answers"]
    assert {answer["status"] for answer in answers} <= {200, 302, 303}
    assert ["session"] in [answer["sent"] for answer in answers]
    assert not any("?" in answer["url"] for answer in answers)


def test_the_browser_is_told(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    assert re.fullmatch(r"\d+\.[\d.]+", run[0]["browser"]["version"])


@pytest.mark.slow
def test_whoever_runs_journeys_by_themselves_has_the_same_guard(tmp_path: Path) -> None:
    shutil.copy(ROOT / "e2e" / "journeys" / "pytest.ini", tmp_path)
    (tmp_path / "test_them.py").write_text(ALONE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    with origin(answers) as site:
        done = subprocess.run(
            [*command, "--base-url", site.url], cwd=tmp_path, check=False, capture_output=True, text=True
        )
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert {method for method, _ in site.asked} == {"GET"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == [
        "pytest.ini",
        "test_them.py",
    ]
