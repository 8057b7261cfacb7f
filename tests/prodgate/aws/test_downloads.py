"""A document at a signed address: fetched in place of the address, only from AWS, and only if it is the right one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.aws.downloads import MAX_BODY, document_fetcher
from prodgate.aws.plain_json import to_plain
from prodgate.semantics.secret_forms import credential_form
from tests.prodgate.aws.stubbed_calls import Answering, Sent

URL = "https://layers.s3.ap-northeast-1.amazonaws.com/it?X-Amz-Signature=abc"


class Server(ThreadingHTTPServer):
    """Stands for the rehearsal account's endpoint."""

    body = b""
    asked: str = ""
    busy: int = 0
    """How often it answers that it is busy, before it answers."""


class Handler(BaseHTTPRequestHandler):
    """Answers with what the server holds."""

    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked = self.path
        if self.server.busy:
            self.server.busy -= 1
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def fetched(server: Server, body: bytes, digest: str = "") -> dict[str, Any]:
    server.body = body
    stated = digest or f"sha256:{hashlib.sha256(body).hexdigest()}"
    answer: dict[str, Any] = {"downloadUrl": URL, "layerDigest": stated}
    document_fetcher(f"http://127.0.0.1:{server.server_port}")(parsed=answer)
    return answer


def test_the_document_takes_the_place_of_its_address(server: Server) -> None:
    answer = fetched(server, b'{"config": {}}')
    assert answer["document"] == {"config": {}}
    assert "downloadUrl" not in answer
    assert server.asked == URL.replace("https", "http")


@pytest.mark.parametrize(
    ("body", "digest"),
    [(b"{}", "sha256:" + "0" * 64), (b"\x1f\x8b not JSON", ""), (b'"' + b"x" * MAX_BODY + b'"', "")],
)
def test_what_is_not_the_document_is_none(server: Server, body: bytes, digest: str) -> None:
    assert fetched(server, body, digest)["document"] is None


@pytest.mark.parametrize(
    "url", ["http://x.s3.amazonaws.com/it", "https://amazonaws.com.evil.example/it", "file:///etc/passwd"]
)
def test_only_aws_is_asked(url: str) -> None:
    with pytest.raises(OSError, match="no address of AWS's"):
        document_fetcher("")(parsed={"downloadUrl": url, "layerDigest": ""})


def test_an_answer_without_an_address_stays_as_it_is() -> None:
    answer: dict[str, Any] = {"Error": {"Code": "LayersNotFoundException"}}
    document_fetcher("")(parsed=answer)
    assert answer == {"Error": {"Code": "LayersNotFoundException"}}


def test_what_an_image_gives_away_is_not_kept_as_evidence() -> None:
    config = {"Env": ["A=b", "DB_PASSWORD=hunter2"], "Labels": {"token": "kq83hf02"}}
    history = [{"created_by": "RUN |1 NPM_TOKEN=kq83hf02 npm ci"}]
    kept = to_plain({"document": {"config": config, "history": history}})
    assert "hunter2" not in str(kept)
    assert "kq83hf02" not in str(kept)
    assert credential_form(kept["document"]["config"]["Env"][1])


def test_clients_that_read_follow_the_addresses_of_image_settings() -> None:
    said = {"downloadUrl": "https://elsewhere.example/it", "layerDigest": "sha256:x"}
    asked = {"repositoryName": "news/api", "layerDigest": "sha256:x"}
    with pytest.raises(Unreadable, match="no address of AWS's"):
        Answering(lambda _: Sent(said)).pages("ecr", "GetDownloadUrlForLayer", whole=False, **asked)


def test_a_keeper_that_is_busy_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.aws.downloads._PAUSES", (0.0, 0.0))
    server.busy = 2
    assert fetched(server, b"{}")["document"] == {}


def test_a_keeper_that_stays_busy_is_no_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.aws.downloads._PAUSES", (0.0, 0.0))
    server.busy = 3
    with pytest.raises(OSError, match="503"):
        fetched(server, b"{}")
