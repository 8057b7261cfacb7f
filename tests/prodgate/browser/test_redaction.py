"""What must be in no file is taken out, however it is written there."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.browser.redacting.bodies import find_in_body
from prodgate.browser.redacting.places import find_named
from prodgate.browser.redacting.redaction import Redaction, worst_last
from prodgate.browser.redacting.traces import read_trace
from prodgate.browser.redacting.writing import UnreadableDataError

SECRET = 'a"secret/of ours'
KNOWN = Redaction().with_secrets([SECRET])


@pytest.mark.parametrize(
    "written",
    [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), base64.b64encode(SECRET.encode()).decode(), base64.b64encode(b"ab:" + SECRET.encode()).decode(), base64.b64encode(b"u:" + SECRET.encode() + b"!!").decode()],
)  # fmt: skip
def test_a_known_secret_is_found_in_any_form(written: str) -> None:
    clean = KNOWN.redact_text(f"before {written} after")
    assert SECRET not in clean
    assert "(redacted: a secret)" in clean
    assert clean.startswith("before ")


@pytest.mark.parametrize("numbers", [[*b"xx" + SECRET.encode() + b"yy"], dict(enumerate(SECRET.encode()))])
@pytest.mark.parametrize("deep", [1, 2])
def test_numbers_of_bytes_hide_nothing(numbers: Any, deep: int) -> None:
    written = json.dumps(numbers)
    for _ in range(1, deep):
        written = json.dumps(written)
    clean = KNOWN.redact_text(written)
    assert "(redacted: a secret)" in clean
    assert "115" not in clean


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4, 5, 6, 7, 300], [1.5, 2.25, 97, 98, 99, 100, 101, 102]])
def test_other_numbers_stay(numbers: list[float]) -> None:
    assert KNOWN.redact_text(json.dumps(numbers)) == json.dumps(numbers)


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_base64_hides_nothing_wherever_it_begins(before: bytes, after: bytes) -> None:
    clean = KNOWN.redact_text(base64.b64encode(before + SECRET.encode() + after).decode())
    assert "(redacted: a secret)" in clean


def test_what_stands_under_a_secret_name_in_an_address_is_taken_out() -> None:
    clean = Redaction().redact_text("https://www.example.com/a?token=abc&page=2#access_token=xyz")
    assert clean == "https://www.example.com/a?token=(redacted: its name)&page=2#access_token=(redacted: its name)"


def test_a_text_that_is_too_short_to_be_a_secret_takes_nothing_out() -> None:
    assert Redaction().with_secrets(["abc"]).redact_text("abcdef") == "abcdef"


def made(tmp_path: Path, trace: list[Any], network: list[Any], resources: dict[str, bytes]) -> Path:
    path = tmp_path / "trace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.trace", "\n".join(map(json.dumps, trace)))
        archive.writestr("trace.network", "\n".join(map(json.dumps, network)))
        for name, data in resources.items():
            archive.writestr(f"resources/{name}", data)
    return path


def redacted(path: Path) -> bytes:
    trace = read_trace(path)
    return trace.redact(trace.teach(Redaction()))


def test_a_trace_tells_nobody_who_was_there(tmp_path: Path) -> None:
    trace = [
        {
            "type": "before",
            "method": "fill",
            "params": {"selector": 'internal:label="Password"i', "value": "typed-secret"},
        },
        {"type": "before", "method": "fill", "params": {"selector": 'internal:label="City"i', "value": "Tokyo"}},
        {"snapshot": {"html": ["INPUT", {"type": "password", "__playwright_value_": "typed-again"}]}},
    ]
    headers = [
        {"name": "Cookie", "value": "session=cookie-value; theme=dark"},
        {"name": "Accept", "value": "text/html"},
    ]
    answer = {
        "headers": [{"name": "Set-Cookie", "value": "session=new-cookie-value; Path=/"}],
        "cookies": [{"name": "session", "value": "new-cookie-value"}],
    }
    network = [{"snapshot": {"request": {"headers": headers, "cookies": []}, "response": answer}}]
    network += [{"headers": {"authorization": "Bearer the-bearer-token"}}]
    page = b"<p>cookie-value, new-cookie-value, the-bearer-token, typed-secret, typed-again, dark</p>"
    picture = b"\x89PNG\xff\xfe"
    data = redacted(made(tmp_path, trace, network, {"1.html": page, "2.png": picture}))
    (tmp_path / "clean.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "clean.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for secret in (b"cookie-value", b"new-cookie-value", b"the-bearer-token", b"typed-secret", b"typed-again"):
        assert [name for name, text in files.items() if secret in text] == [], secret
    assert files["resources/2.png"] == picture
    lines = [json.loads(line) for line in files["trace.trace"].splitlines()]
    assert lines[1]["params"] == {**trace[1]["params"], "value": "(redacted: what was typed)"}
    assert json.loads(files["trace.network"].splitlines()[0])["snapshot"]["request"]["headers"][1] == headers[1]


def test_pictures_of_what_was_typed_are_left_out(tmp_path: Path) -> None:
    frame = {"type": "screencast-frame", "file": "resources/page-1.jpeg"}
    typed = {"type": "before", "method": "fill", "params": {"selector": "#pwd", "value": "typed-secret"}}
    for trace, there in (([frame], True), ([frame, typed], False)):
        data = redacted(made(tmp_path, trace, [], {"page-1.jpeg": b"\xff\xd8\xff"}))
        (tmp_path / "clean.zip").write_bytes(data)
        with zipfile.ZipFile(tmp_path / "clean.zip") as archive:
            assert ("resources/page-1.jpeg" in archive.namelist()) is there
            assert (b"page-1" in archive.read("trace.trace")) is there


def test_a_trace_that_nobody_can_read_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "trace.zip").write_bytes(b"PK broken")
    with pytest.raises(UnreadableDataError, match=r"^the trace can't be read: BadZipFile$"):
        read_trace(tmp_path / "trace.zip")
    path = made(tmp_path, [], [], {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.trace", "no JSON")
    with pytest.raises(UnreadableDataError, match=r"^other\.trace of the trace can't be read: it is no JSON$"):
        read_trace(path)


def test_a_short_secret_is_taken_out_where_it_is_a_word() -> None:
    known = Redaction().with_secrets(["471"], certain=True)
    mark = "(redacted: a secret)"
    assert known.redact_text("471, x=471&y, 4711, a471") == f"{mark}, x={mark}&y, 4711, a471"
    assert known.redact_text(f"pin {base64.b64encode(b'471').decode()}") == f"pin {mark}"
    assert known.redact_json({"pin": 471, "at": 4711}) == {"pin": 0, "at": 4711}


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [("password", "letmein", True), ("otp", "471", True), ("tokenType", "bearer", False), ("expires_in", "3600", False),
     ("key", "ArrowLeft", False), ("key", "4f1a-9c", True), ("state", "open", False), ("id", "9f86d081884c7d659a2feaa0c55ad015", False),
     ("session", "s1f9c02", True), ("title", "A night to remember", False), ("x", "9f86d081884c7d659a2feaa0c55ad015", True)],
)  # fmt: skip
def test_a_member_is_a_secret_by_its_name_or_its_form(name: str, value: str, secret: bool) -> None:
    assert bool([*find_named(name, value, sent=True)]) is secret


@pytest.mark.parametrize(
    "body",
    ['{"csrfToken": "q7secret"}', '{"password": "q7secret"}', "cb({'session':'q7secret'})", 'data: {"token":"q7secret"}\n\n', "Authorization: Bearer q7secret",
     "Set-Cookie: a=q7secret; Path=/", "token: q7secret\n", 'fetch(u, {headers: {Authorization: "Bearer q7secret"}})', '<a token="q7secret"/>',
     '{"url":"https:\\/\\/x.example\\/k?X-Amz-Signature=q7secret"}', '<a href="/b?a=1&amp;sig=q7secret">', "sid=q7secret&x=1"],
)  # fmt: skip
def test_what_a_body_says_is_secret(body: str) -> None:
    for data in (body.encode(), body.encode("utf-16"), gzip.compress(body.encode())):
        assert ("q7secret", False) in {(text, False) for text, _ in find_in_body(data, sent=False)}


def test_a_label_of_a_form_is_no_password() -> None:
    assert [*find_named("password", "Your password")] == []
    assert [*find_named("password", "Your password", sent=True)] == [("Your password", True)]


def test_a_bad_link_is_not_lost_behind_a_good_one_that_differs_in_a_secret() -> None:
    asked = {"https://a.example/?code=BOS": {"status": 404}, "https://a.example/?code=LAL": {"status": 200}}
    (answer,) = Redaction().redact_json(worst_last(asked)).values()
    assert answer == {"status": 404}
