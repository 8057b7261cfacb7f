"""[e2e] says which site is opened and which pages; each mistake is one line that says what to write."""

from __future__ import annotations

import tomllib

import pytest

from prodgate.sections.e2e import Account, BuildMark, DeclaredPage, Region, e2e_mistakes, parse_e2e_section
from prodgate.sections.e2e_before import BeforeVisits

VALID = """
base_url = "https://www.shop.example/"
hosts = ["shop.example"]
third_parties = ["fonts.example"]
partners = ["login.example"]
reads = ["POST /graphql"]
lasting = ["GET /updates"]
reviewed = ["color-contrast"]
sockets = ["live.shop.example"]
health = "/health"
journeys = "tests/journeys"
mutates = true
build = { meta = "build", expected = "env:RELEASE" }

[before]
cookies = { consent = "all" }
headers = { X-Consent = "all" }
click = ["button: Accept all"]

[credentials]
buyer = { user = "env:BUYER", password = "secret:shop/buyer#password" }

[pages]
front = { path = "/", regions = ["banner", "navigation: Main menu"], cache = "public" }
item = { path = "/", follow = "article" }
"""


def test_a_valid_section_is_read_whole() -> None:
    table = tomllib.loads(VALID)
    assert list(e2e_mistakes(table)) == []
    section = parse_e2e_section(table)
    assert (section.base_url, section.hosts, section.third_parties, section.partners, section.reads) == (
        "https://www.shop.example", ("shop.example",), ("fonts.example",), ("login.example",), ("POST /graphql",),
    )  # fmt: skip
    assert section.before == BeforeVisits(
        cookies={"consent": "all"}, headers={"X-Consent": "all"}, click=(("button", "Accept all"),)
    )
    assert (section.lasting, section.reviewed) == (("GET /updates",), ("color-contrast",))
    assert section.sockets == ("live.shop.example",)
    assert (section.health, section.journeys, section.mutates) == ("/health", "tests/journeys", True)
    assert section.build == BuildMark(meta="build", expected="env:RELEASE")
    assert section.credentials == {"buyer": Account(user="env:BUYER", password="secret:shop/buyer#password")}
    assert section.pages == (
        DeclaredPage(
            name="front", path="/", regions=(Region("banner"), Region("navigation", "Main menu")), cache="public"
        ),
        DeclaredPage(name="item", path="/", follow="article"),
    )


def test_what_is_left_out_changes_nothing_at_the_site() -> None:
    section = parse_e2e_section({})
    assert list(e2e_mistakes({})) == []
    assert (section.mutates, section.journeys, section.build, section.pages) == (False, "e2e/journeys", None, ())


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("base = 'x'", "e2e.base: is not a key; did you mean 'base_url'?"),
        ("base_url = 'http://shop.example'", "e2e.base_url: is 'http://shop.example'; write https:// and a host, as 'https://shop.example'"),
        ("base_url = 'https://shop.example/a'", "e2e.base_url: is 'https://shop.example/a'; write https:// and a host, as 'https://shop.example'"),
        ("base_url = 'https://['", "e2e.base_url: is 'https://['; write https:// and a host, as 'https://example.com'"),
        ("base_url = 'https://shop.example:web'", "e2e.base_url: is 'https://shop.example:web'; write https:// and a host, as 'https://example.com'"),
        ("base_url = 1", "e2e.base_url: is 1; write a text, e.g. 'https://www.example.com'"),
        ("hosts = 'shop.example'", "e2e.hosts: is 'shop.example'; write a list of texts, e.g. ['example.com']"),
        ("partners = ['https://login.example']", "e2e.partners: 'https://login.example' is not the name of a host; write e.g. 'www.example.com'"),
        ("reads = ['graphql']", "e2e.reads: 'graphql' is not a method and a path; write e.g. 'POST /graphql'"),
        ("lasting = ['/updates']", "e2e.lasting: '/updates' is not a method and a path; write e.g. 'GET /updates'"),
        ("reviewed = ['Contrast?']", "e2e.reviewed: 'Contrast?' is not the id of a rule of axe; write e.g. 'color-contrast'"),
        ("mutates = 'yes'", "e2e.mutates: is 'yes'; write true or false"),
        ("health = 'health'", "e2e.health: is 'health'; write a path, e.g. '/health'"),
        ("build = 'x-build'", "e2e.build: is 'x-build'; write { header = \"x-build\" }"),
        ("build = { header = 'a', meta = 'b' }", "e2e.build: says not in one way how a page names its build; write header = \"x-build\" or meta = \"build\""),
        ("build = { header = 'a', expected = '1.2' }", "e2e.build.expected: is '1.2'; write 'commit', 'env:NAME' or 'text:BUILD'"),
        ("build = { heder = 'a', meta = 'b' }", "e2e.build.heder: is not a key; did you mean 'header'?"),
        ("before = 'consent'", "e2e.before: is 'consent'; write [e2e.before] with click = [\"button: Accept all\"]"),
        ("[before]\ncookie = {}", "e2e.before.cookie: is not a key; did you mean 'cookies'?"),
        ("[before]\ncookies = 'all'", "e2e.before.cookies: is 'all'; write { consent = \"all\" }"),
        ("[before]\ncookies = { consent = 'a; b' }", "e2e.before.cookies: consent = 'a; b' can't be sent; write a name and a text of one line, e.g. consent = \"all\""),
        ("[before]\nheaders = { X-Consent = 1 }", "e2e.before.headers: X-Consent = 1 can't be sent; write a name and a text of one line, e.g. X-Consent = \"all\""),
        ("[before]\nclick = ['Accept all']", "e2e.before.click: is ['Accept all']; write roles with names, e.g. ['button: Accept all']"),
        ("[credentials]\nbuyer = { user = 'env:U' }", "e2e.credentials.buyer: has not exactly user and password; write { user = \"env:USER\", password = \"secret:ID\" }"),
        ("[credentials]\nbuyer = { user = 'env:U', password = 'hunter22' }", "e2e.credentials.buyer.password: is no reference; write 'env:NAME' or 'secret:ID', and never the value itself"),
        ("[pages]\nfront = '/'", "e2e.pages.front: is '/'; write { path = \"/\", regions = [\"main\"] }"),
        ("[pages]\nfront = { path = '/', region = [] }", "e2e.pages.front.region: is not a key; did you mean 'regions'?"),
        ("[pages]\nfront = { path = '/', regions = ['.main'] }", "e2e.pages.front.regions: is ['.main']; write roles, e.g. ['main', 'navigation: Main menu']"),
        ("[pages]\nfront = { path = '/', cache = 'no' }", "e2e.pages.front.cache: is 'no'; write 'public' or 'private'"),
        ("[pages]\nfront = { path = '/', follow = '.card' }", "e2e.pages.front.follow: is '.card'; write the role of a region, e.g. 'article'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(text: str, mistake: str) -> None:
    assert list(e2e_mistakes(tomllib.loads(text))) == [mistake]


def test_something_that_is_no_table_is_refused() -> None:
    assert list(e2e_mistakes("https://shop.example")) == [
        'e2e: is not a table; write [e2e] with base_url = "https://www.example.com"'
    ]


@pytest.mark.parametrize(
    "given",
    [
        "https://WWW.Example.com",
        "https://www.example.com:443",
        "https://www.example.com/",
        "https://www.EXAMPLE.com:443/",
    ],
)
def test_an_address_is_written_as_browsers_write_it(given: str) -> None:
    assert parse_e2e_section({"base_url": given}).base_url == "https://www.example.com"
    assert parse_e2e_section({"base_url": "https://www.example.com:4430"}).base_url.endswith(":4430")
