"""Evidence holds no secret, whatever the way on which it got there, and however it is written."""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from .origin import Answer, Origin, origin, plain
from .origin import html as page_of
from .secrets_told import SECRETS, TYPED, answers, script
from .stage import results, settings, travelled

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

#: A short one, in a field for passwords; and what the journey's own message quotes.
PIN = "q7Zw"
#: What only the journey itself is told, and its message quotes.
ANSWERED = "gives9Wq3"
FIELDS = """<input id="pwd"><input id="plain"><input id="slow"><input id="keys" type="password"><input id="inserted">
<input id="single"><input id="code" autocomplete="one-time-code"><input id="pin" type="password"><div id="edited" contenteditable>.</div>
<div id="host"></div><iframe src="/framed"></iframe><p id="shown"></p>"""
PAGE = f"""{FIELDS}<script type="module">
host.attachShadow({{mode: "open"}}).innerHTML = '<input id="shadowed" type="password">';
const show = (text) => {{ const each = document.createElement("i"); each.textContent = text; shown.append(each, " "); return each; }};
const ask = async (path, given = {{}}) => {{ await (await fetch(path, given)).arrayBuffer(); }};
const send = (path, body) => ask(path, {{method: "POST", body}});
const hex = (text, sign) => [...text].map((each) => sign + each.charCodeAt(0).toString(16)).join("");
const store = (value, key) => new Promise((done) => {{
  const opening = indexedDB.open("kept", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("all");
  opening.onsuccess = () => {{
    const change = opening.result.transaction("all", "readwrite");
    change.objectStore("all").put({{ a: [value] }}, key);
    change.oncomplete = () => {{ opening.result.close(); done(); }};
  }};
}});
{script()}
document.title = "told";
</script>"""
JOURNEY = f"""
import pytest
from playwright.sync_api import expect


def show(page, text):
    page.evaluate("text => document.body.append(text)", text)


@pytest.mark.mutates
def test_tells(page, base_url):
    page.goto("/told")
    expect(page).to_have_title("told", timeout=60_000)
    {f"{chr(10)}    ".join(way.replace("$", SECRETS[name]) for name, way in TYPED.items())}
    page.locator("#pin").fill("{PIN}")
    show(page, "the number is {PIN}.")
    told = page.request.get("/session").json()
    raise AssertionError("it was " + page.locator("#shown").inner_text()[:60] + f" and {PIN}, with {{told}}")
"""
#: Keeps what would be kept without any redaction, so that the test can see that each secret got there.
ASIDE = """
import os
import shutil
from prodgate.browser.engine import journey_evidence

reading = journey_evidence.read_trace


def read_trace(path):
    shutil.copy(path, os.environ["ASIDE"])
    return reading(path)


journey_evidence.read_trace = read_trace
"""


def pages(_site: Origin) -> Mapping[str, Answer]:
    framed = '<input id="framed" name="password">'
    return {
        "/": page_of("front"),
        "/blank": page_of("nothing"),
        "/told": page_of(PAGE),
        "/session": plain(f'{{"a": 1, "session_token": "{ANSWERED}"}}', "application/json"),
        "/framed": page_of(framed),
        **dict(answers()),
    }


def plainer(data: bytes) -> Iterator[bytes]:
    """What data say if they are encoded, by other means than those of the gate."""
    yield data
    numbers = (re.findall(rb"(?<![\d\\\"])\d{2,3}(?![\d\\\"])", run) for run in re.findall(rb"[\d\s,:\\\"]{20,}", data))
    yield b"\n".join(bytes(int(each) % 256 for each in run) for run in numbers) + b"\n" + data.replace(b"\0", b"")
    for charset in ("utf-16-le", "utf-16-be"):
        for shifted in (data, data[1:]):
            yield shifted.decode(charset, "ignore").encode("utf-8", "ignore")
    text = unquote_to_bytes(unquote_to_bytes(data)).decode("latin-1")
    text = html.unescape(re.sub(r"\\+u00([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text))
    yield text.encode("utf-8", "ignore")
    for run in re.findall(rb"(?:[A-Za-z0-9+/_-]{60,}\r?\n)*[A-Za-z0-9+/_-]{8,}", data.replace(b"\\n", b"\n")):
        tidy = run.replace(b"\n", b"").replace(b"-", b"+").replace(b"_", b"/")
        yield from (base64.b64decode(tidy[by:] + b"A" * (-len(tidy[by:]) % 4)) for by in range(4))
        if re.fullmatch(rb"(?:[0-9a-f]{2})+", run):
            yield bytes.fromhex(run.decode())


def said(data: bytes, depth: int = 2) -> bytes:
    """All that data say, in archives and encodings within each other."""
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return b"\n".join(said(archive.read(name)) for name in archive.namelist())
    if data.startswith(b"\x1f\x8b\x08"):
        return said(gzip.decompress(data))
    found = [*plainer(data)]
    if depth:
        found += [said(each, depth - 1) for each in found[6:] if each.startswith(b"\x1f\x8b\x08")]
        found.append(said(b"\n".join(found[5:]), depth - 1))
    return b"\n".join(found)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mapping[str, Any], bytes, bytes, Path]]:
    """The record of the journey, all that its trace said at first, and all that its evidence says."""
    folder = tmp_path_factory.mktemp("journeys")
    (folder / "test_them.py").write_text(JOURNEY, "utf-8")
    (folder / "conftest.py").write_text(ASIDE, "utf-8")
    aside = tmp_path_factory.mktemp("aside") / "trace.zip"
    with pytest.MonkeyPatch.context() as patch, results() as place, origin(pages) as site:
        patch.setenv("ASIDE", str(aside))
        record = travelled(folder, settings(site.url, place, mutates=True, patience=30))
        files = [each for each in place.rglob("*") if each.is_file()]
        kept = b"\n".join(said(each.read_bytes()) for each in files) + said(repr(record).encode())
        yield record, said(aside.read_bytes()), kept, folder


def test_each_secret_gets_there(told: tuple[Mapping[str, Any], bytes, bytes, Path]) -> None:
    assert len(SECRETS) >= 60
    assert [name for name, secret in SECRETS.items() if secret.encode() not in told[1]] == []


def test_none_is_kept(told: tuple[Mapping[str, Any], bytes, bytes, Path]) -> None:
    (journey,) = told[0]["journeys"]
    assert (journey["withheld"], [each for each in journey["evidence"] if each.endswith(".zip")]) == (
        [],
        ["000-1.zip"],
    ), journey
    left = [name for name, secret in SECRETS.items() if secret.encode() in told[2]]
    assert left == [], left
    assert PIN.encode() in told[1]
    assert PIN.encode() not in told[2]
    assert ANSWERED.encode() not in told[2]
    assert "it was (redacted" in journey["why"]
    assert "'session_token': '(redacted: a secret)'" in journey["why"]
