"""The public pages."""

import asyncio
import re
from html.parser import HTMLParser
from unittest.mock import Mock

import pytest
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from prodgate.rehearsal.site import pages
from prodgate.rehearsal.site.process import Site
from tests.prodgate.rehearsal.site.client import Answer, ask

pytestmark = pytest.mark.xdist_group("site")
PUBLIC = ("/", "/teams", "/teams/lal", "/search", "/search?q=overtime&category=games&team=bos")
PERSONAL = ("/sign-in", "/join")


class Outline(HTMLParser):
    """The parts of a page that matter to a reader's software."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "input", "path", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def slugs(site: Site, count: int = 3) -> list[str]:
    return [each["slug"] for each in ask(site.url, f"/api/stories?per_page={count}").json["stories"]]


@pytest.mark.parametrize("prefix", ["", "/ja"])
@pytest.mark.parametrize("path", [*PUBLIC, "/stories/", *PERSONAL, "/nowhere"])
def test_every_page_is_whole_and_says_what_it_is(site: Site, prefix: str, path: str) -> None:
    path = f"{path}{slugs(site)[0]}" if path == "/stories/" else path
    answer = ask(site.url, prefix + path)
    page = Outline(answer.text)
    assert answer.status == (404 if path == "/nowhere" else 200)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.endswith("</html>")
    assert page.open == []
    assert page.all("html") == [{"lang": "ja" if prefix else "en"}]
    assert [len(page.all(tag)) for tag in ("h1", "main", "header", "footer", "title")] == [1, 1, 1, 1, 1]
    assert {"name": "build", "content": "blue"} in page.all("meta")
    assert not [each for each in page.all("img") if "alt" not in each]
    labels = {each["for"] for each in page.all("label")}
    assert {each["id"] for each in page.all("input") + page.all("select")} == labels
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert all(later - earlier <= 1 for earlier, later in zip([0, *levels], levels, strict=False))
    assert not [
        tag for tag, attributes in page.tags if "style" in attributes or any(n.startswith("on") for n in attributes)
    ]


@pytest.mark.parametrize("prefix", ["", "/ja"])
def test_no_link_leads_nowhere_or_away(site: Site, prefix: str) -> None:
    seen: dict[str, Answer] = {}
    waiting = [f"{prefix}/", f"{prefix}/stories/{slugs(site)[0]}", f"{prefix}/search?q=overtime"]
    for link in {link for path in waiting for link in ask(site.url, path).links}:
        assert link.startswith("/")
        assert not link.startswith("//")
        seen[link] = ask(site.url, link)
    assert {answer.status for link, answer in seen.items() if not link.endswith("/my-team")} == {200}
    assert len(seen) > 60


def test_shared_caches_may_keep_public_pages_and_no_others(site: Site) -> None:
    for path in (*PUBLIC, "/ja/", "/api/stories", f"/stories/{slugs(site)[0]}", f"/api/stories/{slugs(site)[0]}"):
        answer = ask(site.url, path)
        assert re.match(r"public, max-age=\d+, s-maxage=\d+", answer.headers["cache-control"]), path
        assert {"set-cookie", "vary"} & set(answer.headers) == set(), path
    for path in (*PERSONAL, "/my-team", "/ja/sign-in"):
        assert ask(site.url, path).headers["cache-control"] == "private, no-store", path
    for path in ("/api/health", "/api/ready"):
        assert ask(site.url, path).headers["cache-control"] == "no-store", path


def test_static_files_last_for_ever_under_their_digest(site: Site) -> None:
    linked = [link for link in ask(site.url, "/").links if link.startswith("/static/")]
    assert len(set(linked)) == 3
    for link in linked:
        assert ask(site.url, link).headers["cache-control"] == "public, max-age=31536000, immutable"
        assert ask(site.url, link.partition("?")[0]).headers["cache-control"] == "public, max-age=300"
        assert ask(site.url, link + "0").headers["cache-control"] == "public, max-age=300"
    assert ask(site.url, "/static/site.css").headers["content-type"] == "text/css; charset=utf-8"
    for path in ("/static/..%2fpages.py", "/static/pages.py", "/static/"):
        assert ask(site.url, path).status == 404


def test_every_answer_carries_the_build_and_what_protects_the_reader(site: Site) -> None:
    for path in ("/", "/nowhere", "/static/site.js", "/api/health", "/api/nowhere", "/sign-in"):
        headers = ask(site.url, path).headers
        assert headers["x-build"] == "blue"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "strict-transport-security" not in headers
        assert "server" not in headers
    assert "strict-transport-security" in ask(site.url, "/", X_Forwarded_Proto="https").headers


def test_search_pages_through_everything_once(site: Site) -> None:
    link, seen = "/search", list[str]()
    while link:
        answer = ask(site.url, link)
        seen += re.findall(r'<h2><a href="/stories/([^"]+)', answer.text)
        onward = re.search(r'href="([^"]+)" rel="next"', answer.text)
        link = onward[1].replace("&amp;", "&") if onward else ""
    assert len(seen) == len(set(seen)) == 240
    assert 'rel="prev"' in answer.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("/search?q=overtime", "overtime"),
        ("/search?q=OVERTIME", "overtime"),
        ("/ja/search?q=%E5%BB%B6%E9%95%B7", "延長"),
        ("/search?category=injuries", "Injuries"),
        ("/search?team=tor", "Raptors"),
    ],
)
def test_search_finds_what_was_asked_for(site: Site, query: str, says: str) -> None:
    cards = re.findall(r"<article.*?</article>", ask(site.url, query).text, re.DOTALL)
    assert cards
    assert all(says in card for card in cards)


@pytest.mark.parametrize("query", ["q=zzz", "q=%25", "q=_", "page=99", "page=-1", "page=x", "team=xyz", "category=x"])
def test_search_takes_anything(site: Site, query: str) -> None:
    answer = ask(site.url, f"/search?{query}")
    assert answer.status == 200
    assert ("Nothing was found" in answer.text) == query.startswith("q=")


def test_what_a_reader_writes_stays_text(site: Site) -> None:
    text = ask(site.url, "/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in text
    assert "&#34;&gt;&lt;script&gt;alert" in text


def test_a_query_is_not_kept_for_the_next_reader(site: Site) -> None:
    assert "poison" not in ask(site.url, "/?q=poison").text
    assert "poison" not in ask(site.url, "/").text
    assert "poison" in ask(site.url, "/search?q=poison").text
    assert "poison" not in ask(site.url, "/search?q=other").text


def test_no_more_answers_are_kept_than_stated() -> None:
    site = pages.Site(Mock(), Mock(), {})
    asked = Mock(app=Mock(state=Mock(site=site)))

    @pages.cache_briefly(query=True)
    async def counted(request: Request) -> Response:
        return Response(str(request.url.query))

    for number in range(pages.CACHE_SIZE + 1):
        asked.url = URL(f"/search?q={number}")
        assert asyncio.run(counted(asked)).body == f"q={number}".encode()
        assert len(site.kept) <= pages.CACHE_SIZE


def test_both_languages_tell_the_same_story(site: Site) -> None:
    slug = slugs(site)[1]
    english, japanese = ask(site.url, f"/stories/{slug}"), ask(site.url, f"/ja/stories/{slug}")
    assert f"/ja/stories/{slug}" in english.links
    assert f"/stories/{slug}" in japanese.links
    assert re.search(r"<h1>[\x20-\x7e]+</h1>", english.text)
    assert re.search(r"<h1>[^<]*[ぁ-んァ-ン一-龥][^<]*</h1>", japanese.text)


@pytest.mark.parametrize(
    ("path", "says"), [("/stories/none", "out of bounds"), ("/ja/teams/xyz", "アウト・オブ・バウンズ")]
)
def test_what_is_not_there_is_a_page_of_the_site(site: Site, path: str, says: str) -> None:
    answer = ask(site.url, path)
    assert answer.status == 404
    assert says in answer.text
    assert 'class="menu"' in answer.text


def test_other_methods_are_refused(site: Site) -> None:
    answer = ask(site.url, "/teams", form={})
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert ask(site.url, "/", method="HEAD").body == b""
    assert ask(site.url, "/ja").headers["location"].endswith("/ja/")
