"""A reader's visit: the front page, an article, and what keeps a reader from either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from prodgate.probes.reader import Reader
from prodgate.rehearsal.edge import edge
from prodgate.rehearsal.edge_settings import EdgeSettings
from tests.prodgate.load.servers import answer, serving

FRONT = b"<main><article><h2><a href='/stories/1?from=front'>A story</a></h2></article></main>"
STORY = b"<main><h1>A story</h1><script>not read</script><article>one two three</article></main>"
PAGES = {"/": answer(FRONT, X_Build="b1"), "/stories/1": answer(STORY, X_Build="b1")}


@contextmanager
def site(tmp_path: Path, pages: Mapping[str, bytes]) -> Iterator[Reader]:
    async def answering(path: str, _: int) -> bytes | None:
        return pages.get(path)

    with serving(answering) as server, edge(server.url, tmp_path, EdgeSettings()) as front:
        yield Reader(base_url=front.url, ca_file=str(front.ca_file), header="x-build", meta="", timeout=60)


def visit(tmp_path: Path, pages: Mapping[str, bytes]) -> list[dict[str, Any]]:
    with site(tmp_path, pages) as reader:
        return reader.visit()


def test_an_article_is_read(tmp_path: Path) -> None:
    front, article = visit(tmp_path, PAGES)
    assert (front["status"], front["build"], front["words"]) == (200, "b1", 2)
    assert article == {"name": "article", "path": "/stories/1", "status": 200, "build": "b1", "words": 5}


def test_a_front_page_that_fails_ends_the_visit(tmp_path: Path) -> None:
    (front,) = visit(tmp_path, {"/": answer(b"no", status="503 Down")})
    assert front["status"] == 503


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (b"<main><a href='/teams'>no article</a></main>", "links to no article"),
        (b"<article><a href='https://elsewhere.example/1'>away</a></article>", "links to one elsewhere"),
    ],
)
def test_a_front_page_that_leads_to_no_article_of_its_own(tmp_path: Path, link: bytes, why: str) -> None:
    _, article = visit(tmp_path, {"/": answer(link)})
    assert why in article["failed"]


def test_a_certificate_that_nobody_trusts_keeps_readers_out(tmp_path: Path) -> None:
    with site(tmp_path, PAGES) as reader:
        (front,) = Reader(base_url=reader.base_url, ca_file="", header="x-build", meta="", timeout=60).visit()
    assert "certificate verify failed" in front["failed"]


def test_a_site_that_is_gone(tmp_path: Path) -> None:
    with site(tmp_path, PAGES) as reader:
        pass
    (front,) = reader.visit()
    assert "refused" in front["failed"]


def test_a_build_may_be_named_in_the_page(tmp_path: Path) -> None:
    pages = {"/": answer(b"<meta name=build content=b7>" + FRONT), "/stories/1": answer(STORY)}
    with site(tmp_path, pages) as reader:
        front, article = Reader(
            base_url=reader.base_url, ca_file=reader.ca_file, header="", meta="build", timeout=60
        ).visit()
    assert (front["build"], article["build"]) == ("b7", "")
