"""A failed journey keeps no body, page or storage: text from a site or a journey is only in the raw trace."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .stage import Answer, Origin, html, origin, plain, results, settings, travelled

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

#: Ways in which a page emits a text: JavaScript in which $ stands for it.
IN_PAGES: Mapping[str, str] = {
    "a text": "show('$')",
    "an attribute": "show('x').title = '$'",
    "a title": "document.title = '$'",
    "a fragment": "location.hash = 'access_token=$'",
    "a cookie": "document.cookie = 'seen=$'; show('$')",
    "localStorage": "localStorage.plain = '$'; show('$')",
    "Authorization": "await ask('/', {headers: {Authorization: 'Bearer $'}})",
    "a header of any name": "await ask('/', {headers: {'X-Anything': '$'}})",
    "a parameter": "await ask('/?page=$')",
    "a link for once": "await ask('/reset-password/$')",
    "a parameter of a path": "await ask('/a;jsessionid=$?x=1')",
    "JSON that is sent": "await ask('/', {method: 'POST', body: JSON.stringify({a: '$'})})",
    "a form": "await ask('/', {method: 'POST', body: new URLSearchParams({a: '$'})})",
    "a way to a socket": "await new Promise((done) => { new WebSocket(location.origin.replace('http', 'ws') + '/w?t=$').onerror = done; })",
    "the console": "console.log('so', {a: '$'})",
    "an exception": "setTimeout(() => { throw new Error('no: $'); })",
    "an answer": "await ask('/told')",
}  # fmt: skip
#: Ways in which a journey does: Python.
TYPED: Mapping[str, str] = {
    "a field": "page.locator('#one').fill('$')",
    "keys one after the other": "page.locator('#two').press_sequentially('$')",
    "the keyboard": "page.locator('#three').focus(); page.keyboard.type('$')",
    "a field in a frame": "page.frame_locator('iframe').locator('#framed').fill('$')",
    "a question of the page": "page.once('dialog', lambda each: each.accept('$')); page.evaluate('void prompt()')",
    "a cookie of the journey": "page.context.add_cookies([{'name': 'given', 'value': '$', 'url': base_url}])",
    "a script of the journey": "page.evaluate(\"void '$'\")",
    "a context of its own": "page.context.browser.new_context(base_url=base_url).new_page().goto('/?a=$')",
}
SECRETS = {name: f"cv{number:03}Xq9{number:03}" for number, name in enumerate((*IN_PAGES, *TYPED))}
PAGE = f"""<input id="one"><input id="two" type="password"><input id="three"><iframe src="/framed"></iframe><p id="shown"></p>
<script type="module">
const show = (text) => {{ const each = document.createElement("i"); each.textContent = text; shown.append(each, " "); return each; }};
const ask = async (path, given = {{}}) => {{ await (await fetch(path, given)).arrayBuffer(); }};
{chr(10).join(way.replace("$", SECRETS[name]) + ";" for name, way in IN_PAGES.items())}
shown.dataset.done = "1";
</script>"""
JOURNEY = f"""
import pytest


@pytest.mark.mutates
def test_tells(page, base_url):
    page.goto("/page")
    page.wait_for_selector("[data-done]", state="attached")
    {f"{chr(10)}    ".join(way.replace("$", SECRETS[name]) for name, way in TYPED.items())}
    page.get_by_role("button", name="Pay now").click(timeout=300)


def test_looks(page):
    page.goto("/")
    page.get_by_role("button", name="Pay now").click(timeout=300)


@pytest.mark.mutates
def test_quotes(page):
    page.goto("/")
    page.locator("#q").fill("{SECRETS["a field"]}")
    raise AssertionError("it was {SECRETS["a field"]}, with " + str({{"status": 404, "session_token": "{SECRETS["an answer"]}"}}))
"""
#: Keeps the traces as Playwright wrote them, so that a test can see that they contained each secret.
ASIDE = """
import os
import shutil
from pathlib import Path

from prodgate.browser.engine import plugin

reading = plugin.read_events


def read_events(path):
    aside = Path(os.environ["ASIDE"])
    shutil.copy(path, aside / f"{len(os.listdir(aside))}.zip")
    return reading(path)


plugin.read_events = read_events
"""


def pages(_site: Origin) -> Mapping[str, Answer]:
    return {
        "/": html("front <input id=q>"),
        "/page": html(PAGE),
        "/framed": html('<input id="framed">'),
        "/told": plain(f'{{"any": "{SECRETS["an answer"]}"}}', "application/json"),
    }


def said(folder: Path) -> dict[str, bytes]:
    """The content of each file below a folder, and of each within its archives."""
    files = {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    for name, data in list(files.items()):
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files |= {f"{name}/{inner}": archive.read(inner) for inner in archive.namelist()}
    return files


Told = tuple[Mapping[str, Any], Mapping[str, bytes], Mapping[str, bytes]]


@pytest.fixture(scope="module", params=[False, True], ids=["listed", "bodies"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Each journey by its name, the content of the raw traces, and the kept content."""
    folder, aside = tmp_path_factory.mktemp("journeys"), tmp_path_factory.mktemp("aside")
    (folder / "test_them.py").write_text(JOURNEY, "utf-8")
    (folder / "conftest.py").write_text(ASIDE, "utf-8")
    with pytest.MonkeyPatch.context() as patch, results() as place, origin(pages) as site:
        patch.setenv("ASIDE", str(aside))
        stated = settings(site.url, place, mutates=True, patience=30, keep_bodies=request.param)
        record = travelled(folder, stated)
        journeys = {each["id"].partition("::test_")[2].partition("[")[0]: each for each in record["journeys"]}
        yield journeys, said(aside), {"record": repr(record).encode(), **said(place)}


def test_each_secret_is_in_the_raw_trace_and_kept_where_bodies_are(told: Told) -> None:
    _, raw, kept = told
    assert [name for name, secret in SECRETS.items() if secret.encode() not in b"".join(raw.values())] == []
    bodies = any("resources/" in name for name in kept)
    held = {name for name, secret in SECRETS.items() if any(secret.encode() in data for data in kept.values())}
    assert held == (set(SECRETS) if bodies else set()), held


def test_what_is_kept_explains_the_failure(told: Told) -> None:
    journey, _, kept = told[0]["tells"], *told[1:]
    assert 'waited for get_by_role("button", name="Pay now")' in journey["why"]
    (name, *_) = [each for each in journey["evidence"] if each.endswith("zip")]
    logs = {path.rpartition(".")[2]: data for path, data in kept.items() if f"/{name}/" in path}
    assert b'"version"' in logs["trace"].splitlines()[0]
    for wanted in (b'"goto"', b"Pay now", b"waiting for get_by_role", b"Timeout 300ms"):
        assert wanted in logs["trace"]
    for wanted in (b"/reset-password/", b"?page=", b'"status":404', b'"POST"', b"x-anything"):
        assert wanted in logs["network"].replace(b": ", b":").lower().replace(b'"post"', b'"POST"')


def test_a_picture_is_kept_of_what_a_stranger_sees_or_with_bodies(told: Told) -> None:
    pictures = {name: sum(file.endswith("png") for file in each["evidence"]) for name, each in told[0].items()}
    bodies = any("resources/" in name for name in told[2])
    assert pictures == {"looks": 1, "tells": 2 * bodies, "quotes": bodies}
    assert bool(told[0]["tells"]["withheld"]) is not bodies


def test_a_message_says_neither_what_was_typed_nor_what_a_name_calls_secret(told: Told) -> None:
    assert (
        "it was (redacted: what was typed), with {'status': 404, 'session_token': '(redacted: "
        in told[0]["quotes"]["why"]
    )
