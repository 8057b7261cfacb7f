"""The queries behind the pages: each takes a connection and returns plain rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, or_, select, update

from .tables import applause, readers, sources, stories, story_teams, teams

CATEGORIES: Final = ("games", "trades", "injuries", "draft", "league")
LANGUAGES: Final = ("en", "ja")
#: Stands for the newest story in an address.
LATEST: Final = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which stories to list; an empty text matches all."""

    words: str = ""
    category: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One page of stories, and the number of all of them."""

    total: int
    stories: Sequence[Mapping[str, Any]]


def latest(language: str, limit: int, team: str = "") -> Callable[[Connection], Sequence[Mapping[str, Any]]]:
    """Query the newest stories, all or about one team, as lists show them."""
    asked = _select_stories(language).where(*_conditions(language, Filter(team=team))).limit(limit)
    return lambda connection: _fetch_rows(connection, asked, language)


def matching_stories(language: str, asked: Filter, page: int, size: int) -> Callable[[Connection], StoryPage]:
    """Query one page (from 1) of the stories that match a filter, newest first."""
    conditions = _conditions(language, asked)

    def ask(connection: Connection) -> StoryPage:
        total = connection.scalar(select(func.count()).select_from(stories).where(*conditions)) or 0
        some = _select_stories(language).where(*conditions).limit(size).offset((page - 1) * size)
        return StoryPage(total, _fetch_rows(connection, some, language))

    return ask


def with_teams(question: Callable[[Connection], StoryPage]) -> Callable[[Connection], StoryPage]:
    """Also query the ``teams`` of each story."""

    def ask(connection: Connection) -> StoryPage:
        found = question(connection)
        about = _teams_of(connection, [row["id"] for row in found.stories])
        told = [{**row, "teams": teams} for row, teams in zip(found.stories, about, strict=True)]
        return StoryPage(found.total, told)

    return ask


def with_minutes(question: Callable[[Connection], StoryPage]) -> Callable[[Connection], StoryPage]:
    """Also query the ``minutes`` that each story takes to read; None if they were not counted."""

    def ask(connection: Connection) -> StoryPage:
        found = question(connection)
        counted = select(stories.c.id, stories.c.minutes).where(stories.c.id.in_([row["id"] for row in found.stories]))
        minutes = {row.id: row.minutes for row in connection.execute(counted)}
        return StoryPage(found.total, [{**row, "minutes": minutes[row["id"]]} for row in found.stories])

    return ask


def story(language: str, slug: str, *, minutes: bool = False) -> Callable[[Connection], Mapping[str, Any] | None]:
    """Query one story with its text and ``teams``, and its ``minutes`` if requested, or None."""
    asked = _select_stories(language, "body").where(stories.c.slug == slug)
    question = with_teams(lambda connection: StoryPage(1, _fetch_rows(connection, asked, language)))
    question = with_minutes(question) if minutes else question
    return lambda connection: next(iter(question(connection).stories), None)


def all_teams(connection: Connection) -> Sequence[Mapping[str, Any]]:
    """Query the teams, by city."""
    return [dict(row._mapping) for row in connection.execute(select(teams).order_by(teams.c.city_en, teams.c.name_en))]


def reader_by_email(email: str) -> Callable[[Connection], Row[Any] | None]:
    """Query the reader with an email address, or None."""
    return lambda connection: connection.execute(select(readers).where(readers.c.email == email)).first()


def reader_by_number(number: int) -> Callable[[Connection], Row[Any] | None]:
    """Query the reader with an id, or None."""
    return lambda connection: connection.execute(select(readers).where(readers.c.id == number)).first()


def join(email: str, password: str, team: str) -> Callable[[Connection], int]:
    """Add a reader with a hashed password; returns the id."""
    row = {"email": email, "password": password, "team": team, "joined_at": datetime.now(UTC)}
    return lambda connection: int(connection.execute(insert(readers).values(row).returning(readers.c.id)).scalar_one())


def follow(number: int, team: str) -> Callable[[Connection], Any]:
    """Let a reader follow another team."""
    return lambda connection: connection.execute(update(readers).where(readers.c.id == number).values(team=team))


def story_number(slug: str) -> Callable[[Connection], int | None]:
    """Query the id of a story, or None; ``latest`` is the newest."""
    asked = select(stories.c.id).where(stories.c.slug == slug)
    if slug == LATEST:
        asked = select(stories.c.id).order_by(stories.c.published_at.desc(), stories.c.id.desc()).limit(1)
    return lambda connection: connection.scalar(asked)


def applaud(number: int, key: str) -> Callable[[Connection], Any]:
    """Add applause for a story. The key must be new: SQLAlchemy raises IntegrityError if it was used before."""
    row = {"key": key, "story": number, "given_at": datetime.now(UTC)}
    return lambda connection: connection.execute(insert(applause).values(row))


def count_applause(key: str) -> Callable[[Connection], int]:
    """Count the applause with a key."""
    asked = select(func.count()).select_from(applause).where(applause.c.key == key)
    return lambda connection: int(connection.scalar(asked) or 0)


@cache
def _select_stories(language: str, *more: str) -> Select[Any]:
    """Select the columns that every list shows, in a language, or in English if there is no Japanese text yet."""
    columns: list[Any] = [stories.c.id, stories.c.slug, stories.c.category, stories.c.published_at]
    for part in ("title", "summary", *more):
        english = stories.c[f"{part}_en"]
        columns.append((func.coalesce(stories.c[f"{part}_ja"], english) if language == "ja" else english).label(part))
    columns += [sources.c.name.label("source"), stories.c.title_ja.is_not(None).label("translated")]
    return select(*columns).join(sources).order_by(stories.c.published_at.desc(), stories.c.id.desc())


def _conditions(language: str, asked: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.category:
        conditions.append(stories.c.category == asked.category)
    if asked.team:
        about = select(story_teams.c.story).where(story_teams.c.team == asked.team)
        conditions.append(stories.c.id.in_(about))
    for word in asked.words.split():
        parts = [stories.c[f"{part}_{language}"] for part in ("title", "summary")]
        conditions.append(or_(*(part.icontains(word, autoescape=True) for part in parts)))
    return conditions


def _fetch_rows(connection: Connection, asked: Select[Any], language: str) -> Sequence[Mapping[str, Any]]:
    rows: list[dict[str, Any]] = [dict(row._mapping) for row in connection.execute(asked)]
    for row in rows:
        row["language"] = language if row.pop("translated") else "en"
        time = row["published_at"]  # SQLite drops the zone of times, and PostgreSQL uses the server's
        row["published_at"] = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return rows


def _teams_of(connection: Connection, numbers: Sequence[int]) -> list[list[str]]:
    asked = select(story_teams.c.story, story_teams.c.team).where(story_teams.c.story.in_(numbers))
    codes: dict[int, list[str]] = {number: [] for number in numbers}
    for number, code in connection.execute(asked.order_by(story_teams.c.place)):
        codes[number].append(code)
    return list(codes.values())
