"""What a target may be: an account, a rehearsal, or the address of a site and nothing in it."""

from __future__ import annotations

import pytest

from prodgate.criteria import UsageError
from prodgate.sections.site import site_mistakes
from prodgate.sections.targets import parse_account, parse_target, require_account


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://staging.shop.example", "https://staging.shop.example"),
        ("https://Staging.Shop.example:443/", "https://staging.shop.example"),
        ("https://staging.shop.example:8443", "https://staging.shop.example:8443"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("http://127.0.0.1:8077", "http://127.0.0.1:8077"),
        ("http://[::1]:8077/", "http://[::1]:8077"),
        ("http://10.20.0.7:80", "http://10.20.0.7"),
        ("http://shop.internal", "http://shop.internal"),
        ("aws://prod@ap-northeast-1", ""),
        ("rehearsal://", ""),
    ],
)
def test_the_address_of_a_site_is_read_as_browsers_write_it(url: str, site: str) -> None:
    assert parse_target(url).site == site
    assert parse_target(url).rehearsal == (url == "rehearsal://")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://", "is no address of a site alone"),
        ("https://shop.example:0", "is no address of a site alone"),
        ("https://shop.example:65536", "is no address of a site alone"),
        ("https://shop.example/news", "write https://HOST or https://HOST:PORT"),
        ("https://shop.example?a=b", "is no address of a site alone"),
        ("https://-shop.example", "is no address of a site alone"),
        ("http://8.8.4.4", "write https://8.8.4.4"),
        ("http://8.8.8.8:8080", "http:// is for this machine and for private networks"),
        ("htps://shop.example", "did you mean 'https'?"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(url: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(url)
    assert why in str(refused.value)


def test_a_password_in_an_address_is_not_said_again() -> None:
    with pytest.raises(UsageError) as refused:
        parse_target("https://ana:open-sesame@shop.example")
    assert "open-sesame" not in str(refused.value)


def test_what_needs_an_account_takes_no_site() -> None:
    with pytest.raises(UsageError, match=r"--via https://shop\.example: is a site, of which no account is known"):
        parse_account("https://shop.example", "which has no bucket")
    with pytest.raises(UsageError, match="drill: https://shop.example: is a site"):
        require_account(parse_target("https://shop.example"), "drill:")


@pytest.mark.parametrize(
    ("table", "mistakes"),
    [
        ({"ca": "ca.pem", "networks": ["10.20.0.0/16", "fd00::/8"]}, []),
        ("ca.pem", ["site: is 'ca.pem'; write [site] with ca = \"ca.pem\""]),
        ({"ca": ""}, ["site.ca: is ''; write the path of a file, e.g. 'ca.pem'"]),
        ({"networks": "10.20.0.0/16"}, ["site.networks: is '10.20.0.0/16'; write a list of networks, e.g. ['10.20.0.0/16']"]),
        ({"networks": ["8.8.8.0/24"]}, ["site.networks: '8.8.8.0/24' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"networks": ["0.0.0.0/0"]}, ["site.networks: '0.0.0.0/0' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"networks": ["10.20.0.7/16"]}, ["site.networks: '10.20.0.7/16' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"authority": "ca.pem"}, ["site.authority: is not a key; keys are ca, networks"]),
    ],
)  # fmt: skip
def test_a_mistake_in_the_section_is_one_line(table: object, mistakes: list[str]) -> None:
    assert list(site_mistakes(table)) == mistakes
