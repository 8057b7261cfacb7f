"""Load goes where it is expected, and the site's log is read when it is whole."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.layers.load import target as load_target
from prodgate.rehearsal.site.process import running


def answers(address: str, canonical: str = "") -> Callable[..., list[Any]]:
    return lambda *_given, **_named: [(socket.AF_INET, socket.SOCK_STREAM, 6, canonical, (address, 443))]


def nameless(_address: str) -> tuple[str, list[str], list[str]]:
    raise socket.herror("no name")


@pytest.mark.parametrize(
    ("address", "canonical", "name", "strangers"),
    [
        ("203.0.113.7", "", None, ()),
        ("198.51.100.7", "", None, ("198.51.100.7",)),
        ("198.51.100.7", "d111.cloudfront.net.", None, ()),
        ("198.51.100.7", "", "server-198-51-100-7.nrt57.r.cloudfront.net", ()),
        ("198.51.100.7", "www.shop.example", "host.elsewhere.example", ("198.51.100.7",)),
        ("2001:db8::7", "", None, ("2001:db8::7",)),
    ],
)
def test_an_address_is_expected_by_its_network_or_by_a_name_of_it(
    address: str, canonical: str, name: str | None, strangers: tuple[str, ...]
) -> None:
    places = ("203.0.113.0/24", "*.cloudfront.net")
    reverse = (lambda _address: (name, [], [])) if name else nameless
    found = load_target.find_unexpected_addresses(
        "www.shop.example", places, resolve=answers(address, canonical), reverse=reverse
    )
    assert found == strangers


def test_a_name_that_does_not_resolve_is_said() -> None:
    def refuse(*_given: Any, **_named: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreadable, match=r"www\.shop\.example does not resolve: Name or service not known"):
        load_target.find_unexpected_addresses("www.shop.example", ("203.0.113.0/24",), resolve=refuse)


@pytest.mark.slow
def test_the_log_of_the_site_is_read_when_all_of_it_is_written(tmp_path: Path) -> None:
    with running(tmp_path) as own:
        target, address = load_target.LoadTarget(own.url, "here", own), own.url.partition("//")[2]
        for number in range(2):
            since = target.log_size()
            with closing(HTTPConnection(address, timeout=60)) as connection:
                connection.request("GET", f"/nothing-{number}")
                assert connection.getresponse().status == 404
            paths = [line["path"] for line in target.lines(since) or ()]
            assert f"/nothing-{number}" in paths
        own.deploy("green")
        assert "/nothing-0" in [line["path"] for line in target.lines(0) or ()]


def test_a_log_that_is_not_written_to_its_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_target, "_PATIENCE", 0.2)
    with running(tmp_path) as own:
        elsewhere = SimpleNamespace(url=own.url, access_log=tmp_path / "nobody-writes-here", deploy=own.deploy)
        elsewhere.access_log.touch()
        with pytest.raises(Unreadable, match=r"wrote no more into its access log within 0\.2 s"):
            load_target.LoadTarget(own.url, "here", elsewhere).lines(0)
