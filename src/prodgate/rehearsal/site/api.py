"""The JSON API: stories for other programs, and the site's health."""

import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import queries
from .database import current_revision
from .pages import Site, cache_briefly, read_filter, site_of

CACHED: Final = {"cache-control": "public, max-age=30, s-maxage=60"}
NOT_CACHED: Final = {"cache-control": "no-store"}
#: A key that identifies a repeated request.
KEY: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
#: The migration that adds the minutes of a story.
MINUTES: Final = "0004"


@cache_briefly(query=True)
async def stories(request: Request) -> Response:
    """List stories that match a filter, newest first, page by page."""
    site, given = site_of(request), request.query_params
    language = _parse_language(request)
    page, size = (
        _parse_number(given.get("page", "1"), "page", 10_000),
        _parse_number(given.get("per_page", "20"), "per_page", 100),
    )
    question = queries.with_teams(queries.matching_stories(language, read_filter(request), page, size))
    found = await site.database.ask(queries.with_minutes(question) if _knows_minutes(site) else question)
    listed = [_render_story(each, language) for each in found.stories]
    pages = -(-found.total // size)
    return JSONResponse({"total": found.total, "page": page, "pages": pages, "stories": listed}, headers=CACHED)


@cache_briefly(query=True)
async def story(request: Request) -> Response:
    """Show one story with its text."""
    language = _parse_language(request)
    site, slug = site_of(request), request.path_params["slug"]
    told = await site.database.ask(queries.story(language, slug, minutes=_knows_minutes(site)))
    if told is None:
        raise HTTPException(404, f"no story {request.path_params['slug']!r}")
    return JSONResponse(_render_story(told, language) | {"body": told["body"].split("\n\n")}, headers=CACHED)


async def applaud(request: Request) -> Response:
    """Add applause for a story, once for each key: 201 for a new one, 200 for a repeated one."""
    key, slug = request.headers.get("idempotency-key", ""), request.path_params["slug"]
    if not KEY.fullmatch(key):
        raise HTTPException(400, f"Idempotency-Key: {key!r} is no key; send 8 to 64 letters, digits or '-'")
    site = site_of(request)
    number = await site.database.ask(queries.story_number(slug))
    if number is None:
        raise HTTPException(404, f"no story {slug!r}")
    try:
        await site.database.tell(queries.applaud(number, key))
    except IntegrityError:
        return JSONResponse({"given": True}, 200, NOT_CACHED)
    return JSONResponse({"given": True}, 201, NOT_CACHED)


async def applause(request: Request) -> Response:
    """Return how often applause with a key was added; 404 if never."""
    times = await site_of(request).database.ask(queries.count_applause(request.path_params["key"]))
    return JSONResponse({"times": times}, 200 if times else 404, NOT_CACHED)


async def health(request: Request) -> Response:
    """Report that the process is alive. Checks nothing else, so that a slow database causes no restarts."""
    return JSONResponse({"status": "ok", "build": site_of(request).pages.build}, headers=NOT_CACHED)


async def ready(request: Request) -> Response:
    """Report whether requests should come here: the database responds, its schema is current, and no drain is on."""
    site = site_of(request)
    told: dict[str, Any] = {"build": site.pages.build, "migration": None, "expected": site.database.head}
    try:
        told["migration"] = await site.database.ask(current_revision)
        wrong = "" if told["migration"] in site.database.fitting else "the schema is not at the newest migration"
    except SQLAlchemyError:
        wrong = "the database does not answer"
    if request.app.state.draining:
        wrong = "draining"
    return JSONResponse({"status": wrong or "ready", **told}, 503 if wrong else 200, NOT_CACHED)


def error(status: int, detail: str) -> Response:
    """Return an error as JSON."""
    return JSONResponse({"status": status, "error": detail}, status, NOT_CACHED)


def _render_story(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    address = f"{'/ja' if language == 'ja' else ''}/stories/{row['slug']}"
    kept = ("slug", "title", "summary", "category", "teams", "source", "language", "minutes")
    return {name: row[name] for name in kept if name in row} | {
        "published": row["published_at"].isoformat(),
        "url": address,
    }


def _knows_minutes(site: Site) -> bool:
    """Whether this build knows the column: an older one works without it, whatever the schema."""
    return site.database.head >= MINUTES


def _parse_language(request: Request) -> str:
    language = request.query_params.get("lang", "en")
    if language not in queries.LANGUAGES:
        raise HTTPException(400, f"lang: {language!r} is no language of this site; write en or ja")
    return language


def _parse_number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= most):
        raise HTTPException(400, f"{name}: {text!r} is no number from 1 to {most}")
    return int(text)
