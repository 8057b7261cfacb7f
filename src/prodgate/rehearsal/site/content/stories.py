"""Generates stories from patterns, with a fixed random seed, so that all machines get the same; fills a database."""

import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import product
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from .. import tables
from ..passwords import hash_password
from . import read

#: How many stories there are, and how many days they reach back.
STORIES: Final = 240
DAYS: Final = 30
#: The interval between collections; a story is collected at the end of its slot.
SLOT: Final = timedelta(hours=6)
EASTERN: Final = timezone(timedelta(hours=-5))
DAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: The key of players without a team.
PROSPECTS: Final = "prospects"


def write_stories(until: datetime) -> Iterator[dict[str, Any]]:
    """Yield rows of ``stories``, newest first from ``until`` back, each with the codes of its ``teams``."""
    random, slugs = Random("stories"), set[str]()  # noqa: S311  not a secret: the same everywhere
    slots = int(timedelta(days=DAYS) / SLOT)
    for number, (pattern, codes) in zip(range(STORIES), _choose_subjects(random), strict=False):
        slot = until - SLOT * (number * slots // STORIES)
        story = _write_story(random, pattern, codes, slot - timedelta(minutes=random.randrange(5, 350)))
        story["slug"] = unused_slug(story["title_en"], slugs)
        slugs.add(story["slug"])
        yield story | {"collected_at": slot, "external_id": f"{STORIES - number:05d}"}


def _choose_subjects(random: Random) -> Iterator[tuple[Any, Sequence[str]]]:
    """Yield patterns and teams so that no two stories in a row, overall or about one team, are alike."""
    patterns, told, recent = read("stories.toml")["stories"], set[tuple[str, str]](), deque[str](maxlen=6)
    while True:
        pattern = random.choices(patterns, [3 if each["category"] == "games" else 1 for each in patterns])[0]
        codes, kind = random.sample(list(read("teams.toml")), 2), pattern["en"]["title"]
        if kind not in recent and (kind, codes[0]) not in told:
            recent.append(kind)
            told.add((kind, codes[0]))
            yield pattern, codes


def _write_story(random: Random, pattern: Any, codes: Sequence[str], published: datetime) -> dict[str, Any]:
    filled = _fill(random, pattern, codes, published)
    texts = {
        f"{part}_{language}": text
        for language, ending in _choose_endings(random, pattern)
        for part, text in _render_texts(pattern, language, filled[language], ending).items()
    }
    return texts | {
        "source": random.choice(sorted(read("stories.toml")["sources"])),
        "category": pattern["category"],
        "published_at": published,
        "teams": codes[: pattern["teams"]],
    }


def _choose_endings(random: Random, pattern: Any) -> list[tuple[str, str]]:
    english, japanese = random.choice(read("stories.toml")["endings"][pattern["category"]])
    return [("en", english), ("ja", japanese)]


def _render_texts(pattern: Any, language: str, filled: Mapping[str, Any], ending: str) -> dict[str, str]:
    words = pattern[language]
    parts = {"title": words["title"], "summary": words["summary"], "body": "\n\n".join([*words["body"], ending])}
    return {name: text.format_map(filled) for name, text in parts.items()}


def _fill(random: Random, pattern: Any, codes: Sequence[str], published: datetime) -> dict[str, dict[str, Any]]:
    numbers: dict[str, Any] = {name: random.randint(*ends) for name, ends in read("stories.toml")["numbers"].items()}
    numbers |= {
        "games": numbers["wins"] + 4,
        "average": f"{random.uniform(9, 27):.1f}",
        "crowd": f"{numbers['crowd']:,}",
    }
    numbers["s2"] = random.randint(*pattern.get("low", (90, 110)))
    numbers["s1"] = numbers["s2"] + random.randint(*pattern.get("margin", (2, 20)))
    weekday = published.astimezone(EASTERN).weekday()
    english: dict[str, Any] = {"day": DAYS_EN[weekday]}
    japanese: dict[str, Any] = {"day": "月火水木金土日"[weekday] + "曜日"}
    for team, player, code in zip("ab", "pq", codes, strict=True):
        row = read("teams.toml")[code]
        name = random.choice(players()[PROSPECTS if player == "p" and "prospect" in pattern else code])
        english |= {team: row[1], f"{team}_city": row[0], player: name[0]}
        japanese |= {team: row[3], f"{team}_city": row[2], player: name[1]}
    return {"en": numbers | english, "ja": numbers | japanese}


@cache
def players() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return the players of each team and those without one, in English and Japanese; nobody plays for two."""
    people = read("people.toml")
    pairs = list(product(people["first"], people["last"]))
    Random("players").shuffle(pairs)  # noqa: S311  not a secret: the same everywhere
    names = [(f"{first[0]} {last[0]}", f"{first[1]}・{last[1]}") for first, last in pairs]
    codes = [*read("teams.toml"), PROSPECTS]
    each = len(names) // len(codes)
    return {code: names[place * each : (place + 1) * each] for place, code in enumerate(codes)}


def unused_slug(title: str, taken: set[str]) -> str:
    """Return a slug for a title that is not yet taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return next(each for each in (slug, *(f"{slug}-{n}" for n in range(2, 1000))) if each not in taken)


# ── Fills an empty database

#: The account that can sign in on a new site. This is a rehearsal: the password is no secret.
READER: Final = "reader@nba-news.example"
PASSWORD: Final = "full-court-press"  # noqa: S105


def last_slot(now: datetime) -> datetime:
    """Return the start of the collection slot that ``now`` is in."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return start + (now - start) // SLOT * SLOT


def seed(connection: Connection, until: datetime) -> bool:
    """Fill an empty database with stories up to a time; return whether it was empty."""
    if connection.scalar(select(func.count()).select_from(tables.teams)):
        return False
    written_stories = list(write_stories(until))
    sources = read("stories.toml")["sources"]
    connection.execute(insert(tables.sources), [{"key": key} | dict(source) for key, source in sources.items()])
    connection.execute(insert(tables.teams), _team_rows())
    connection.execute(insert(tables.collections), _collection_rows(written_stories))
    stories = [story | {"id": number} for number, story in enumerate(reversed(written_stories), 1)]
    connection.execute(insert(tables.stories), [{k: v for k, v in each.items() if k != "teams"} for each in stories])
    connection.execute(
        insert(tables.story_teams),
        [{"story": each["id"], "team": code, "place": n} for each in stories for n, code in enumerate(each["teams"])],
    )
    _reset_sequence(connection)
    reader = {"email": READER, "password": hash_password(PASSWORD), "team": "lal", "joined_at": until}
    connection.execute(insert(tables.readers), [reader])
    return True


def _team_rows() -> list[dict[str, Any]]:
    names = ("city_en", "name_en", "city_ja", "name_ja", "conference")
    return [{"code": code} | dict(zip(names, row, strict=True)) for code, row in read("teams.toml").items()]


def _collection_rows(stories: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for every source and slot, even where the source had nothing new."""
    counted = Counter((each["source"], each["collected_at"]) for each in stories)
    slots = sorted({slot for _, slot in counted})
    return [
        {"source": source, "slot": slot, "finished_at": slot, "rows": counted[source, slot]}
        for slot in slots
        for source in read("stories.toml")["sources"]
    ]


def _reset_sequence(connection: Connection) -> None:
    """Let PostgreSQL's sequence continue after the ids given here."""
    if connection.dialect.name == "postgresql":
        last = select(func.max(tables.stories.c.id)).scalar_subquery()
        connection.execute(select(func.setval("stories_id_seq", last)))
