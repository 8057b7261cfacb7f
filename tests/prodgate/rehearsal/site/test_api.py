"""The JSON API."""

import pytest

from prodgate.rehearsal.site.process import Site
from tests.prodgate.rehearsal.site.client import ask

pytestmark = pytest.mark.xdist_group("site")


def test_stories_come_in_pages_newest_first(site: Site) -> None:
    pages = [ask(site.url, f"/api/stories?per_page=100&page={page}").json for page in (1, 2, 3, 4)]
    listed = [story for page in pages for story in page["stories"]]
    assert [(page["total"], page["page"], page["pages"], len(page["stories"])) for page in pages] == [
        (240, 1, 3, 100),
        (240, 2, 3, 100),
        (240, 3, 3, 40),
        (240, 4, 3, 0),
    ]
    assert len({each["slug"] for each in listed}) == 240
    assert [each["published"] for each in listed] == sorted((each["published"] for each in listed), reverse=True)
    assert set(listed[0]) == {
        "slug", "title", "summary", "category", "teams", "source", "language", "minutes", "published", "url",
    }  # fmt: skip


def test_stories_are_filtered(site: Site) -> None:
    found = ask(site.url, "/api/stories?team=bos&category=games&per_page=100").json
    assert 0 < found["total"] < 60
    assert all("bos" in each["teams"] and each["category"] == "games" for each in found["stories"])
    japanese = ask(site.url, "/api/stories?lang=ja&q=%E6%8D%BB%E6%8C%AB").json
    assert japanese["total"] > 0
    assert all("捻挫" in each["title"] + each["summary"] for each in japanese["stories"])
    assert japanese["stories"][0]["url"].startswith("/ja/stories/")


def test_a_story_has_its_text(site: Site) -> None:
    listed = ask(site.url, "/api/stories?per_page=1").json["stories"][0]
    story = ask(site.url, f"/api/stories/{listed['slug']}").json
    assert {name: story[name] for name in listed} == listed
    assert len(story["body"]) == 4


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/stories?page=0", 400, "page: '0' is no number from 1 to 10000"),
        ("/api/stories?page=x", 400, "page: 'x' is no number"),
        ("/api/stories?per_page=101", 400, "per_page: '101' is no number from 1 to 100"),
        ("/api/stories?lang=fr", 400, "lang: 'fr' is no language of this site; write en or ja"),
        ("/api/stories/none", 404, "no story 'none'"),
        ("/api/nowhere", 404, "Not Found"),
    ],
)
def test_mistakes_are_told(site: Site, path: str, status: int, says: str) -> None:
    answer = ask(site.url, path)
    assert answer.status == answer.json["status"] == status
    assert says in answer.json["error"]


def test_it_says_how_it_is(site: Site) -> None:
    assert ask(site.url, "/api/health").json == {"status": "ok", "build": "blue"}
    assert ask(site.url, "/api/ready").json == {
        "status": "ready",
        "build": "blue",
        "migration": "0004",
        "expected": "0004",
    }


def test_applause_that_is_sent_twice_counts_once(site: Site) -> None:
    slug = ask(site.url, "/api/stories?per_page=1").json["stories"][0]["slug"]
    sent = [
        ask(site.url, f"/api/stories/{slug}/applause", method="POST", idempotency_key=key).status
        for key in ("key-00000001", "key-00000001", "key-00000002")
    ]
    again = ask(site.url, "/api/stories/latest/applause", method="POST", idempotency_key="key-00000002")
    assert [*sent, again.status] == [201, 200, 201, 200]


def test_applause_is_read_back_by_its_key(site: Site) -> None:
    assert ask(site.url, "/api/applause/key-00000007").status == 404
    for _ in range(2):
        ask(site.url, "/api/stories/latest/applause", method="POST", idempotency_key="key-00000007")
        answer = ask(site.url, "/api/applause/key-00000007")
        assert (answer.status, answer.json) == (200, {"times": 1})


@pytest.mark.parametrize(
    ("slug", "key", "status", "says"),
    [("none", "key-00000003", 404, "no story 'none'"), ("none", "", 400, "'' is no key; send 8 to 64 letters")],
)
def test_applause_needs_a_story_and_a_key(site: Site, slug: str, key: str, status: int, says: str) -> None:
    answer = ask(site.url, f"/api/stories/{slug}/applause", method="POST", **({"idempotency_key": key} if key else {}))
    assert (answer.status, says in answer.json["error"]) == (status, True)
