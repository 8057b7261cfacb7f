"""Responses with 200 that are no success: empty ones, error pages, and those without the stated content."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prodgate.load.contents import CONSTANT, MOST_PARSED, Contents, came_from_cache, explain_unshareable, read_stated
from prodgate.load.record import STAND_IN, offered_protocol
from prodgate.load.runner import run_load

from .records import a_locustfile, a_profile, count, doubtful, failed, latencies
from .servers import answer, fine, serving

PAGE = b"<!DOCTYPE html><html><head><title>News</title></head><body>" + b"<p>a story</p>" * 40 + b"</body></html>"
ERROR_PAGE = b"<html><body><h1>Something went wrong</h1></body></html>"
CUT = PAGE[: len(PAGE) // 2]
STORIES = b'{"stories": [{"slug": "a"}], "next": 2}'
STYLE = b"body { color: black }"


def unsaid(_name: str) -> None:
    """A response without headers."""


def faults(
    request: str, *bodies: bytes, type_: str = "", status: int = 200, held: str | int | None = None
) -> list[str]:
    """Return the faults of responses in this order."""
    contents = Contents({} if held is None else {request: held})
    header = {"content-type": type_}.get
    return [contents.find_fault(request, status, header, body).partition("; ")[0] for body in bodies]


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (PAGE, b"", "it is no HTML, as the first good answer was"),
        (PAGE, ERROR_PAGE, "it has 55 bytes, where the first good answer had 633"),
        (PAGE, CUT, "it lacks '</html>', which the first good answer had"),
        (PAGE, b'{"error": "busy"}', "it is no HTML, as the first good answer was"),
        (STORIES, b"{}", "it has none of the first good answer's members, which were next, stories"),
        (STORIES, b'{"error": "busy"}', "it has an 'error' of its own, as the first good answer did not"),
        (
            STORIES,
            b'{"stories": null, "errors": [{}]}',
            "it has an 'error' of its own, as the first good answer did not",
        ),
        (STORIES, b"[]", "it is an array, where the first good answer was an object"),
        (STORIES, b"null", "it is no JSON, as the first good answer was"),
        (STORIES, STORIES[:-5], "it is no JSON, as the first good answer was"),
        (STORIES, PAGE, "it is no JSON, as the first good answer was"),
        (STYLE, ERROR_PAGE, "it is a page of HTML, as the first good answer was not"),
        (STYLE, b"", "it is empty, as the first good answer was not"),
    ],
    ids=lambda told: told[:20].decode() if isinstance(told, bytes) else None,
)
def test_an_answer_that_is_not_like_the_first_good_one_is_no_success(first: bytes, then: bytes, said: str) -> None:
    assert faults("GET /", first, then) == ["", said]
    assert faults("POST /", first, then) == ["", said]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (PAGE, PAGE.replace(b"<p>a story</p>" * 20, b"", 1)),
        (PAGE, PAGE * 30),
        (STORIES, b'{"stories": []}'),
        (b'[{"slug": "a"}]', b"[]"),
        (b'{"a": "' + b"x" * MOST_PARSED + b'"}', b'{"b": 1}'),
        (STYLE, b"x"),
        (b"ok", b"degraded"),
    ],
    ids=lambda body: body[:20].decode(),
)
def test_answers_may_differ(first: bytes, then: bytes) -> None:
    assert faults("GET /", first, then) == ["", ""]


def doubts(request: str, *answers: bytes | tuple[bytes, str], held: int | None = None) -> list[str]:
    """Return the ambiguities of faultless responses in this order, each with the target of redirects."""
    contents, said = Contents({} if held is None else {request: held}), []
    for each in answers:
        body, landed = each if isinstance(each, tuple) else (each, "")
        assert contents.find_fault(request, 200, unsaid, body, landed) == ""
        said.append(contents.find_doubt(request, 200, unsaid, body, landed))
    return said


FULL = b"<html><body><a href=/>Home</a>" + b"<article><a href=/stories/a>A story</a> of some length</article>" * 20
FULL += b"</body></html>"
FRAME = b"<html><body><a href=/>Home</a>" + b" " * 300 + b"<p>There is nothing here.</p></body></html>"
SIGN_IN = b"<html><body><form><input name=who><input type='password'></form>" + b" " * 1300 + b"</body></html>"
TEAMS = b'{"data": {"teams": [' + b'{"name": "Celtics"}, ' * 9 + b'{"name": "Lakers"}], "page": 1}, "errors": []}'
STORY = b'{"slug": "a", "tags": ["finals"], "text": "%s"}' % (b"word " * 40)


WORDS = b"<p>a story</p>" * 20
SHELL = b"<!doctype html><html><head><title>%s</title></head><body>%s<noscript>Allow scripts.</noscript></body></html>"


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (b'[{"slug": "a"}]', b"[]", "its lists hold nothing, as those of the first good answer did"),
        (b'["' + b"x" * MOST_PARSED + b'"]', b"[ ]", "its lists hold nothing, as those of the first good answer did"),
        (STORIES, b'{"stories": []}', "its lists hold nothing, as those of the first good answer did"),
        (
            TEAMS,
            b'{"data": {"teams": [], "page": 1}, "errors": []}',
            "its lists hold nothing, as those of the first good answer did",
        ),
        (b'{"1": {"a": 1}}', b'{"2": {"a": 1}}', "it has none of the first good answer's members, which were 1"),
        (FULL, FRAME, "it has 373 bytes, where the first good answer had 1,324, and 1 links of 21"),
        (PAGE, PAGE[:93] + b"</body></html>", "it has 107 bytes, where the first good answer had 633"),
        (STYLE * 9, STYLE, "it has 21 bytes, where the first good answer had 189"),
        (FULL, SIGN_IN, "it asks for a password, as the first good answer did not"),
        (FULL, (FULL, "/home"), "it came from /home after a redirect, as the first good answer did not"),
    ],
    ids=lambda told: str(told)[:20],
)
def test_an_answer_of_which_nobody_can_tell_is_doubtful(first: bytes, then: bytes, said: str) -> None:
    assert doubts("GET /", first, then, first) == ["", said, ""]
    assert doubts("GET /", first, then, held=1) == ["", ""]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (STORY, STORY.replace(b'["finals"]', b"[]")),
        (TEAMS, TEAMS.replace(b'{"name": "Celtics"}, ', b"")),
        (b'{"story": {"slug": "a"}, "count": 3}', b'{"story": {"slug": "b"}, "count": 0}'),
        (b'{"error": null, "n": [1]}', b'{"error": false, "n": [2]}'),
        (FULL, FULL.replace(b" of some length", b"")),
        (FULL, FULL * 9),
        (SIGN_IN, SIGN_IN),
        ((FULL, "/en/"), (FULL, "/ja/")),
        (STYLE, STYLE[:6]),
    ],
    ids=lambda told: str(told)[:20],
)
def test_answers_that_vary_as_sound_ones_do_are_not_doubtful(first: bytes, then: bytes) -> None:
    assert doubts("GET /", first, then) == ["", ""]


@pytest.mark.parametrize(
    ("hollow", "said"),
    [
        (b"[]", "it is an array that holds nothing"),
        (b"{}", "it is an object that holds nothing"),
        (b'{"stories": [], "next": null, "total": 0}', "it is an object that holds nothing"),
        (b'{"error": "busy"}', "it has an 'error' of its own"),
        (b'{"status": "error", "data": [1]}', "its 'status' is 'error'"),
        (b'{"data": {"Status-Code": 503, "n": [1]}}', "its 'Status-Code' is 503"),
        (b'{"success": false, "n": 1}', "its 'success' is False"),
        (b'{"n": [1], "meta": {"error_message": "no database"}}', "its 'error_message' is 'no database'"),
        (b'[{"errors": [{"message": "x"}]}, 3]', "its 'errors' is [{'message': 'x'}]"),
        (b'{"message": "Internal server error"}', "it holds nothing but a message"),
        (b'{"detail": "Not Found", "status": 1}', "it holds nothing but a message"),
        (b"upstream connect error or disconnect/reset before headers", "it says 'error'"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "it says 'Error'"),
        (SHELL % (b"Down for maintenance", b"<p>We are busy.</p>"), "its title or heading says 'maintenance'"),
        (SHELL % (b"News", b"<h1>404 \xe2\x80\x93 lost</h1>"), "its title or heading says '404'"),
        (SHELL % (b"News", b"<p>Sorry. Please try again later</p>"), "it says 'try again later'"),
        (SHELL % (b"News", b"<script>boot()</script><div id='x'></div>"), "it is a page with hardly any text"),
        (SHELL % (b"News", WORDS + b"<main class=wide>\n</main>"), "its <main> is empty"),
        (SHELL % (b"News", WORDS + b'<div id="root"></div>'), 'its <div id="root"> is empty'),
        ((SIGN_IN, "/login"), "it came from /login after a redirect, and asks for a password"),
    ],
    ids=lambda told: str(told)[:20],
)
def test_what_is_doubtful_teaches_nothing(hollow: bytes | tuple[bytes, str], said: str) -> None:
    assert doubts("GET /", hollow, hollow) == [said, said]
    assert doubts("GET /", hollow, b'{"stories": [{"slug": "a"}]}')[1] == ""
    assert doubts("GET /", hollow, held=0) == [""], "what is stated decides alone"


@pytest.mark.parametrize(
    ("usual", "other", "said"),
    [
        (b'{"status": "ok", "n": 1}', b'{"status": "1", "n": 1}', "its 'status' is '1', which was 'ok'"),
        (b'{"ok": true, "n": 1}', b'{"n": 1}', "its 'ok' is missing, which was True"),
        (SHELL % (b"News", WORDS), SHELL % (b"Welcome", WORDS), "its title is 'Welcome', which was 'News'"),
    ],
    ids=lambda told: str(told)[:20],
)
def test_a_scalar_that_was_constant_and_changes_is_doubtful(usual: bytes, other: bytes, said: str) -> None:
    assert doubts("GET /", *[usual] * CONSTANT, other, usual) == [
        *[""] * CONSTANT,
        f"{said} in the first {CONSTANT} answers",
        "",
    ]
    assert doubts("GET /", usual, other, *[usual] * CONSTANT, other) == [""] * (CONSTANT + 3)


def test_what_was_written_may_be_acknowledged_by_nothing() -> None:
    assert doubts("POST /read", b"{}", b"{}") == ["", ""]


def test_an_empty_answer_never_teaches_what_a_page_holds() -> None:
    empty = "it is empty"
    assert faults("GET /", b"", PAGE, b"") == [empty, "", "it is no HTML, as the first good answer was"]
    assert faults("GET /", b"", b"", held=0) == ["", ""]
    assert faults("POST /read", b"", b"") == ["", ""]


@pytest.mark.parametrize(("request_", "status"), [("GET /", 204), ("GET /", 302), ("GET /", 404), ("HEAD /", 200)])
def test_what_has_no_body_holds_what_is_stated_and_teaches_nothing(request_: str, status: int) -> None:
    assert faults(request_, b"", status=status, held="a story") == ["it lacks 'a story', and has 0 bytes"]
    contents = Contents({})
    assert contents.find_fault(request_, status, unsaid, b"") == ""
    assert (contents.learned, contents.describe()) == ([request_], {request_: "its status alone"})


def test_an_answer_without_the_usual_content_or_with_a_bad_status_is_doubtful() -> None:
    contents, page = Contents({"GET /s": "a story"}), ("GET /", 200, unsaid, PAGE)
    without = "its status is 204, without the content that the first good answer had"
    assert (contents.find_fault(*page), contents.find_doubt("GET /", 204, unsaid, b"")) == ("", without)
    for request in ("GET /", "GET /s", "GET /new"):
        assert contents.find_doubt(request, 404, unsaid, PAGE) == "only the locustfile calls its status 404 a success"


def test_what_is_stated_counts_from_the_first_answer_on() -> None:
    assert faults("GET /", ERROR_PAGE, PAGE, held="a story") == ["it lacks 'a story', and has 55 bytes", ""]
    assert faults("GET /", b"short", PAGE, held=100) == ["it has 5 bytes, at least 100 are stated", ""]


def test_what_counts_is_said_by_request() -> None:
    contents = Contents({"GET /a": "x", "GET /b": 9})
    for request, body in (("GET /p", PAGE), ("GET /j", STORIES), ("POST /e", b"")):
        assert contents.find_fault(request, 200, unsaid, body) == ""
    assert contents.describe() == {
        "GET /a": "'x'",
        "GET /b": "at least 9 bytes",
        "GET /p": "HTML of 64 bytes or more, to its end",
        "GET /j": "JSON, an object with any of next, stories",
        "POST /e": "anything",
    }
    assert contents.learned == ["GET /j", "GET /p", "POST /e"]


@pytest.mark.parametrize(
    "stated",
    [
        *(["/"], {"/": None}, {"/": True}, {"/": -1}, {1: "x"}, {"/": {}}, {"/": {"texts": "x"}}, {"/": {"text": []}}),
        *({"/": {"status": 20}}, {"/": {"json": {"a": [1]}}}, {"/": {"schema": {"a": "text"}}}, {"/": {"json": {}}}),
    ],
)
def test_a_statement_that_says_nothing_is_refused(stated: object) -> None:
    with pytest.raises(ValueError, match="has holds = .*; write a text or a number of bytes by name"):
        read_stated(stated)


@pytest.mark.parametrize(
    ("held", "status", "body", "said"),
    [
        ({"status": [200, 404], "text": ["story", "</html>"]}, 404, PAGE, ""),
        ({"status": 200}, 204, b"", "its status is 204, and 200 is stated"),
        ({"text": ["story", "</body>x"]}, 200, PAGE, "it lacks '</body>x', and has 633 bytes"),
        ({"json": {"stories[0].slug": "a", "next": 2}}, 200, STORIES, ""),
        ({"json": {"next": 3}}, 200, STORIES, "its next is 2, and 3 is stated"),
        ({"json": {"next": True}}, 200, STORIES.replace(b"2", b"1"), "its next is 1, and True is stated"),
        ({"json": {"stories[1].slug": "a"}}, 200, STORIES, "it has no stories[1].slug"),
        ({"schema": {"stories[].slug": "string", "next": "number"}}, 200, STORIES, ""),
        ({"schema": {"stories[].slug": "string"}}, 200, b'{"stories": []}', "it has no stories[].slug"),
        ({"schema": {"stories": "object"}}, 200, STORIES, "its stories is an array, and object is stated"),
        ({"schema": {"next": "number"}}, 200, b'{"next": true}', "its next is a boolean, and number is stated"),
        ({"schema": {"next": "number"}}, 200, PAGE, "it is no JSON, as is stated"),
        ({"bytes": 700, "text": "story"}, 200, PAGE, "it has 633 bytes, at least 700 are stated"),
    ],
)
def test_a_status_texts_and_json_may_be_stated(held: dict[str, object], status: int, body: bytes, said: str) -> None:
    contents = Contents(read_stated({"/": held}))
    assert contents.find_fault("GET /", status, unsaid, body).partition("; ")[0] == said
    assert contents.expects("GET /", status) is (status in (200, 404) and "status" in held)
    assert contents.learned == []


def test_a_name_alone_is_that_of_a_get() -> None:
    assert read_stated({"/": "x", "POST /a": 0}) == {"GET /": "x", "POST /a": 0}


@pytest.mark.once
def test_a_site_that_answers_with_nothing_does_not_succeed(tmp_path: Path) -> None:
    """Through Locust: every second answer is an empty 200, and one name is read as a stream."""
    text = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    holds = {"/stated": "news", "/streamed": "news"}

    @task
    def all(self):
        for path in ("/learnt", "/stated"):
            self.client.get(path)
        self.client.get("/streamed", stream=True)
        with self.client.get("/sworn", catch_response=True) as page:
            page.success()
        with self.client.get("/checked", catch_response=True) as page:
            self.client.get("/then")
"""

    async def hollow(path: str, count: int) -> bytes | None:
        if path == "/sworn":
            return answer(b"lost", status="404 Not Found")
        return answer(b"" if count % 2 == 0 else PAGE if path == "/learnt" else b"news")

    with serving(hollow) as server:
        record = run_load(
            a_profile(rate=40.0, duration=1.0),
            server.url,
            locustfile=a_locustfile(tmp_path, text),
            directory=tmp_path / "run",
        )
    for path in ("learnt", "stated", "checked", "then"):
        assert failed(record, f"GET /{path}") == {"wrong content": 20}, path
        assert len(latencies(record, f"GET /{path}")) == 20
    assert count(record, "GET /streamed") == len(latencies(record, "GET /streamed")) == 40
    said = {each["name"]: (each["holds"], "learned" in each) for each in record["requests"]}
    assert (said["GET /stated"], said["GET /streamed"]) == (("'news'", False), ("its status alone", True))
    assert doubtful(record, "GET /sworn") == len(latencies(record, "GET /sworn")) == 40


@pytest.mark.once
def test_of_answers_that_are_none_it_is_said_what_they_are(tmp_path: Path) -> None:
    """Through Locust: lists that are emptied, visits sent to a page to sign in, challenges, and what can't be decoded."""
    text = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def all(self):
        for path in ("/emptied", "/moved", "/challenged", "/blocked", "/torn", "/unknown"):
            try:
                self.client.get(path)
            except Exception:  # of what can't be decoded there is nothing to go on with
                pass
"""
    said = {
        "/challenged": answer(PAGE, status="202 Accepted", x_amzn_waf_action="challenge"),
        "/blocked": answer(PAGE, status="403 Forbidden", cf_mitigated="challenge"),
        "/torn": answer(b"\x1b\x9f\x01 torn", Content_Encoding="br"),
        "/unknown": answer(b"(\xb5/\xfd", Content_Encoding="zstd"),
        "/sign-in": answer(SIGN_IN),
    }

    async def hollow(path: str, count: int) -> bytes | None:
        odd = count % 2 == 1
        if path == "/emptied":
            return answer(b'[{"slug": "a"}]' if odd else b"[]")
        if path == "/moved" and not odd:
            return answer(status="302 Found", Location="/sign-in?next=/moved")
        return said.get(path, answer(PAGE))

    with serving(hollow) as server:
        record = run_load(
            a_profile(rate=30.0, duration=1.0),
            server.url,
            locustfile=a_locustfile(tmp_path, text),
            directory=tmp_path / "run",
        )
    for path, kind in (
        ("challenged", STAND_IN),
        ("blocked", STAND_IN),
        ("torn", "wrong content"),
        ("unknown", "wrong content"),
    ):
        assert failed(record, f"GET /{path}") == {kind: 30}, path
    assert count(record) == record["sent"] + record["followed"] == 180
    assert (doubtful(record, "GET /emptied"), doubtful(record, "GET /moved")) == (15, 15)
    assert {each["name"]: each["doubt"] for each in record["requests"] if "doubt" in each} == {
        "GET /emptied": "its lists hold nothing, as those of the first good answer did",
        "GET /moved": "it came from /sign-in after a redirect, as the first good answer did not",
    }


# ── Cacheability


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"cache-control": "public, max-age=60, s-maxage=300"}, ""),
        ({"cache-control": "max-age=60", "vary": "Accept-Encoding"}, ""),
        ({"cache-control": 'public, s-maxage="60"'}, ""),
        ({}, "no lifetime in Cache-Control"),
        ({"cache-control": "public"}, "no lifetime in Cache-Control"),
        ({"cache-control": "no-store"}, "Cache-Control: no-store"),
        ({"cache-control": "Private, max-age=60"}, "Cache-Control: private"),
        ({"cache-control": "no-cache, max-age=60"}, "Cache-Control: no-cache"),
        ({"cache-control": "max-age=0"}, "Cache-Control: lifetime 0"),
        ({"cache-control": "max-age=60, s-maxage=0"}, "Cache-Control: lifetime 0"),
        ({"cache-control": "max-age=soon"}, "Cache-Control: lifetime soon"),
        ({"cache-control": "max-age=60", "set-cookie": "session=1"}, "Set-Cookie"),
        ({"cache-control": "max-age=60", "vary": "Accept, Cookie"}, "Vary: cookie"),
        ({"cache-control": "max-age=60", "vary": "*"}, "Vary: *"),
    ],
)
def test_a_shared_cache_may_keep_an_answer_or_not(headers: dict[str, str], reason: str) -> None:
    assert explain_unshareable(headers.get) == reason


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "TCP_MEM_HIT from a23-45.deploy.example (AkamaiGHost)"}, True),
        ({"x-cache": "MISS, HIT", "age": "0"}, True),
        ({"x-cache": "HIT, MISS", "age": "0"}, True),
        ({"x-cache-status": "HIT"}, True),
        ({"x-proxy-cache": "UPDATING"}, True),
        ({"x-vercel-cache": "STALE"}, True),
        ({"cf-cache-status": "HIT"}, True),
        ({"cache-status": "origin-shield; hit, edge; fwd=miss"}, True),
        ({"cache-status": "edge; fwd=stale; fwd-status=200"}, False),
        ({"x-cache": "Miss from cloudfront"}, False),
        ({"x-cache": "RefreshHit from cloudfront", "age": "9"}, False),
        ({"x-cache": "TCP_REFRESH_HIT", "age": "9"}, False),
        ({"cf-cache-status": "REVALIDATED", "age": "9"}, False),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"age": "9"}, True),
        ({}, False),
    ],
)
def test_what_a_cache_gives_the_origin_is_not_asked_for(headers: dict[str, str], given: bool) -> None:
    assert came_from_cache(headers.get) is given


# ── Certificates and names

#: Locust's processes run in one Python as in another, and take their time.


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, bytes]:
    """Return a server's context with a certificate it signed itself, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, (folder / "cert.pem").read_bytes()


def test_a_certificate_nobody_vouches_for_and_a_name_nobody_has(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, "localhost")
    with serving(fine, context) as server:
        record = run_load(
            a_profile(),
            server.url,
            other_host="http://nowhere.invalid",
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert failed(record) == {"TLS": 45}
    assert failed(record, other=True) == {"DNS": 45}
    assert record["complete"]
    assert not server.asked


def test_a_certificate_that_is_vouched_for_is_accepted_for_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own, mine), (other, theirs) = (certificate(tmp_path, name) for name in ("localhost", "elsewhere.example"))
    (tmp_path / "trusted.pem").write_bytes(mine + theirs)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    with serving(fine, own) as server, serving(fine, other) as impostor:
        record = run_load(
            a_profile(duration=1.0),
            server.url,
            other_host=impostor.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert (failed(record), len(latencies(record))) == ({}, 30)
    assert failed(record, other=True) == {"TLS": 30}


@pytest.mark.parametrize(
    ("offered", "told"),
    [(["h2", "http/1.1"], "HTTP/2"), (["http/1.1"], "HTTP/1.1"), ([], "")],
    ids=["h2", "h1", "none"],
)
def test_what_a_host_offers_browsers_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: list[str], told: str
) -> None:
    context, _ = certificate(tmp_path, "localhost")
    context.set_alpn_protocols(offered)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with serving(fine, context) as server:
        assert offered_protocol(server.url) == told
        assert offered_protocol(server.url.replace("https", "http")) == ""
    assert offered_protocol(server.url) == "", "nobody is there to ask"
