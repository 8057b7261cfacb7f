"""The DAGs' partners: sources with feeds, and the queue and topic for failures, on one loopback port."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests import servers

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

    class Answering(servers.Handler):
        def do_GET(self) -> None:
            self._answer(*world.answer_feed(self.path.split("/")[1]))

        def do_POST(self) -> None:
            self._answer(*world.take(self.headers.get("x-amz-target", ""), self.read_body().decode()))

        def _answer(self, status: int, text: str) -> None:
            self.reply(status, text.encode())

    with servers.serving(Answering) as url:
        world.port = urlsplit(url).port
        yield world
