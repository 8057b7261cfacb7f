"""Writes stories from patterns, with a fixed random seed, so that all machines write the same."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import product
from random import Random
from typing import Any, Final

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


def write_stories(until: datetime, count: int = STORIES) -> Iterator[dict[str, Any]]:
    """Yield rows of ``stories``, newest first from ``until`` back, each with the codes of its ``teams``."""
    random, slugs = Random("stories"), set[str]()  # noqa: S311  not a secret: the same everywhere
    slots = int(timedelta(days=DAYS) / SLOT)
    for number, (pattern, codes) in zip(range(count), _choose_subjects(random), strict=False):
        slot = until - SLOT * (number * slots // count)
        published = slot - timedelta(minutes=random.randrange(5, 350))
        story = _write_story(random, pattern, codes, published)
        story["slug"] = unused_slug(story["title_en"], slugs)
        slugs.add(story["slug"])
        yield story | {"collected_at": slot, "external_id": f"{count - number:05d}"}


def _choose_subjects(random: Random) -> Iterator[tuple[Any, Sequence[str]]]:
    """Yield patterns and teams so that neither neighbouring stories nor those of one team repeat each other."""
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
