"""The seeded stories."""

import re
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise

import pytest

from prodgate.rehearsal.site.content import read
from prodgate.rehearsal.site.content.stories import DAYS, STORIES, players, unused_slug, write_stories
from prodgate.rehearsal.site.pages import WORDS
from prodgate.rehearsal.site.queries import CATEGORIES
from tests.prodgate.rehearsal.site.client import UNTIL

TOLD = list(write_stories(UNTIL))


def test_they_are_the_same_wherever_they_are_written() -> None:
    assert list(write_stories(UNTIL)) == TOLD
    titles = "\n".join(each["title_en"] + each["title_ja"] for each in write_stories(UNTIL + timedelta(hours=6)))
    assert (
        sha256(titles.encode()).hexdigest()[:12]
        == sha256("\n".join(each["title_en"] + each["title_ja"] for each in TOLD).encode()).hexdigest()[:12]
    )


def test_there_are_enough_about_everybody_and_everything() -> None:
    assert len(TOLD) == STORIES == 240
    assert set(Counter(each["category"] for each in TOLD)) == set(CATEGORIES)
    about = Counter(code for each in TOLD for code in each["teams"])
    assert set(about) == set(read("teams.toml"))
    assert min(about.values()) >= 4
    assert len({each["slug"] for each in TOLD}) == 240
    assert {each["source"] for each in TOLD} == set(read("stories.toml")["sources"])


def test_they_come_from_the_last_month_in_order_of_their_slots() -> None:
    assert all(earlier["collected_at"] >= later["collected_at"] for earlier, later in pairwise(TOLD))
    for each in TOLD:
        assert UNTIL - timedelta(days=DAYS, hours=6) < each["published_at"] < each["collected_at"] <= UNTIL


@pytest.mark.parametrize("language", ["en", "ja"])
def test_they_read_like_news(language: str) -> None:
    for each in TOLD:
        title, summary, body = (each[f"{part}_{language}"] for part in ("title", "summary", "body"))
        assert not re.search(r"[{}]|None", title + summary + body)
        assert len(title) < len(summary) < len(body)
        assert len(body.split("\n\n")) == 4
        assert bool(re.search(r"[ぁ-ん]", title)) == (language == "ja"), title
    assert len({each[f"title_{language}"] for each in TOLD}) > 230


def test_neighbours_are_of_different_kinds_and_scores_make_sense() -> None:
    for each in TOLD:
        if score := re.search(r"(\d+)-(\d+)", each["title_en"]):
            assert int(score[1]) > int(score[2])
            assert score[0] in each["title_ja"]
    kinds = [(each["category"], each["title_ja"][-6:]) for each in TOLD]
    assert not [pair for pair in pairwise(kinds) if pair[0] == pair[1]]


def test_nobody_plays_for_two_teams() -> None:
    names = [name for team in players().values() for name in team]
    assert len(names) == len(set(names))
    assert min(map(len, players().values())) >= 5


def test_a_title_that_was_taken_gets_a_number() -> None:
    assert unused_slug("Magic's night: 101-99!", set()) == "magics-night-101-99"
    assert unused_slug("A b", {"a-b", "a-b-2"}) == "a-b-3"


def test_both_languages_have_all_words() -> None:
    assert WORDS["en"].keys() == WORDS["ja"].keys()
    for name, text in WORDS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", WORDS["ja"][name]))
