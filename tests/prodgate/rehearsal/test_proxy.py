"""The proxy forwards AWS's hosts to the emulator, and reaches nothing else."""

import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ProxyConnectionError, SSLError

from prodgate.rehearsal.proxy import Proxy, proxy
from tests.servers import Handler, serving


class Echo(Handler):
    """Responds with the request it received."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.read_body().decode()
        said = json.dumps({"host": self.headers["Host"], "path": self.path, "body": body, "was": self.command}).encode()
        self.reply(200, said)

    do_GET = do_POST = do_PUT = do_HEAD = answer


@pytest.fixture
def echoing() -> Iterator[Proxy]:
    with serving(Echo) as url, proxy(f"{url}/token") as running:
        yield running


@contextmanager
def through(running: Proxy, host: str, port: int = 443, password: str = "") -> Iterator[HTTPSConnection]:
    trusted = ssl.create_default_context(cafile=str(running.authority))
    place = urlsplit(running.endpoint)
    assert place.hostname
    connection = HTTPSConnection(place.hostname, place.port, context=trusted, timeout=60)
    shown = b64encode(f"{place.username}:{password or place.password}".encode()).decode()
    connection.set_tunnel(host, port, {"Proxy-Authorization": f"Basic {shown}"})
    with closing(connection):
        yield connection


def test_a_request_arrives_with_the_host_it_was_meant_for(echoing: Proxy) -> None:
    with through(echoing, "api.airflow.ap-northeast-1.amazonaws.com") as connection:
        connection.request("PUT", "/environments/news?a=b", body=b"{}")
        said = json.loads(connection.getresponse().read())
    assert said == {
        "host": "api.airflow.ap-northeast-1.amazonaws.com", "path": "/environments/news?a=b", "body": "{}", "was": "PUT"
    }  # fmt: skip


def test_a_connection_serves_several_requests_also_in_chunks(echoing: Proxy) -> None:
    with through(echoing, "s3.amazonaws.com") as connection:
        for number in range(3):
            connection.request("POST", "/", body=iter([b"part", str(number).encode()]), encode_chunked=True)
            assert json.loads(connection.getresponse().read())["body"] == f"part{number}"
        connection.request("HEAD", "/")
        assert connection.getresponse().read() == b""


@pytest.mark.parametrize(
    ("host", "port"),
    [("example.com", 443), ("amazonaws.com.evil.example", 443), ("evilamazonaws.com", 443), ("s3.amazonaws.com", 22)],
)
def test_any_other_host_is_refused(echoing: Proxy, host: str, port: int) -> None:
    with through(echoing, host, port) as connection, pytest.raises(OSError, match="403"):
        connection.request("GET", "/")
    assert echoing.refused == [f"{host}:{port}"]


def test_who_was_not_given_the_account_is_refused(echoing: Proxy) -> None:
    with through(echoing, "s3.amazonaws.com", password="x") as connection, pytest.raises(OSError, match="407"):
        connection.request("GET", "/")
    with closing(HTTPConnection("127.0.0.1", urlsplit(echoing.endpoint).port, timeout=60)) as connection:
        connection.request("GET", "/", headers={"Host": "s3.amazonaws.com"})
        assert connection.getresponse().status == 403


def test_a_host_smuggled_into_the_tunnel_is_refused(echoing: Proxy) -> None:
    with through(echoing, "s3.amazonaws.com") as connection:
        connection.request("GET", "/", headers={"Host": "example.com"})
        assert connection.getresponse().status == 403


def test_an_emulator_that_is_gone_is_a_bad_gateway() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}/token"
        with proxy(gone) as running, through(running, "sts.amazonaws.com") as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 502


def test_boto3_needs_nothing_but_the_environment(echoing: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in echoing.environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", region_name="ap-northeast-1", config=Config(s3={"addressing_style": "path"}))
    with closing(client), client.get_object(Bucket="news", Key="a")["Body"] as body:
        assert json.loads(body.read())["host"] == "s3.ap-northeast-1.amazonaws.com"


def test_nobody_trusts_it_who_was_not_told_to(echoing: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in echoing.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    once = Config(retries={"total_max_attempts": 1})
    with pytest.raises((SSLError, ProxyConnectionError)):
        boto3.client("sts", region_name="ap-northeast-1", config=once).get_caller_identity()
