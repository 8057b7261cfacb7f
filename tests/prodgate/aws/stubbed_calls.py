"""Answers calls of real boto3 clients without a network: the test states the server's response."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import Clients
from prodgate.facts.observers import import_all

import_all("prodgate.facts.live")  # allowed operations are declared there

REGION = "ap-northeast-1"
Answer = Callable[[Any], "Sent | Exception"]


class Sent:
    """A server's response."""

    def __init__(
        self, body: Any, status: int = 200, *, headers: Mapping[str, str] = {}, date: float | None = None
    ) -> None:
        self.data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.status = status
        self._headers, self._date = headers, date

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, dated as it is sent unless a date is stated."""
        return {"x-amzn-requestid": "r-1", "date": formatdate(self._date, usegmt=True), **self._headers}


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def refused(code: str, message: str = "no", status: int = 400) -> Sent:
    """An error of a JSON service."""
    return Sent({"__type": code, "message": message}, status)


class Answering:
    """Calls that a function answers; ``requests`` holds the requests sent."""

    def __init__(self, answer: Answer, *, attempts: int = 1, account: str = "") -> None:
        session = boto3.Session(aws_access_key_id="ASIAX", aws_secret_access_key="x")
        self.clients = Clients(session, REGION, reads=True, attempts=attempts)
        self.calls = LiveCalls(self.clients, account=account)
        self.requests: list[Any] = []
        self._answer = answer
        self._known: set[int] = set()

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a client whose requests are answered here."""
        made = self.clients(service, region)
        if id(made) not in self._known:
            self._known.add(id(made))
            made.meta.events.register("before-send", self._sent)
        return made

    def pages(self, service: str, operation: str, *, whole: bool = True, **parameters: Any) -> list[Any]:
        self.client(service)
        return list(self.calls.pages(service, operation, REGION, parameters, whole=whole))

    def _sent(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(request)
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer.data))
