"""The DAGs' partners: sources with feeds, and the queue and topic for failures, on one loopback port."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

NOTHING: dict[str, Any] = {}


@dataclass
class World:
    """`feeds` by source; a list of responses is used up one by one, the last one stays. `broken` names AWS services."""

    port: int = 0
    feeds: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    letters: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def home(self, source: str) -> str:
        return f"http://127.0.0.1:{self.port}/{source}/"

    def forget(self) -> None:
        for each in (self.feeds, self.letters, self.notices, self.broken, self.asked):
            each.clear()

    def answer_feed(self, source: str) -> tuple[int, str]:
        self.asked.append(source)
        answers = self.feeds.get(source, [(404, "")])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def take(self, target: str, body: str) -> tuple[int, str]:
        """SQS speaks JSON, SNS forms."""
        if target.startswith("AmazonSQS.") and "sqs" not in self.broken:
            self.letters.append(json.loads(json.loads(body)["MessageBody"]))
            return 200, json.dumps({"MessageId": "1"})
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if form.get("Action") == "Publish" and "sns" not in self.broken:
            self.notices.append({"subject": form["Subject"], **json.loads(form["Message"])})
            return 200, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
        return 403, json.dumps({"__type": "AccessDeniedException", "message": "refused"})


def feed(*items: str) -> str:
    spaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:ja="https://nba-news.example/ns/ja"'
    )  # fmt: skip
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {spaces}><channel><title>News</title>{"".join(items)}</channel></rss>'


def item(guid: str, title: str = "A beat B", date: str = "Tue, 06 Jan 2026 02:00:00 GMT", more: str = "") -> str:
    told = {"guid": guid, "title": title, "pubDate": date, "description": "What happened."}
    return "<item>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in told.items() if v) + more + "</item>"


@contextmanager
def serving() -> Iterator[World]:
    world = World()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*world.answer_feed(self.path.split("/")[1]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(*world.take(self.headers.get("x-amz-target", ""), body))

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
