"""The public pages: the same for every reader, so that a shared cache may keep them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import wraps
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import queries
from .content import read
from .database import Database
from .queries import CATEGORIES

# ── Words and times as readers of each language expect them

JAPAN: Final = timezone(timedelta(hours=9))
#: The fixed words of the pages, by language and name.
WORDS: Final[Mapping[str, Mapping[str, str]]] = read("words.toml")


def format_time(time: datetime, language: str) -> str:
    """Return a time as readers of a language expect it: in UTC in English, in Japan's time in Japanese."""
    if language == "ja":
        there = time.astimezone(JAPAN)
        return f"{there.month}月{there.day}日 {there:%H:%M}"
    return f"{time:%b} {time.day}, {time:%H:%M} UTC"


# ── Pages from templates: every template is compiled once, when the site starts

HERE: Final = Path(__file__).parent
#: Types by the ending of a static file; no other file is served.
TYPES: Final = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
#: A shared cache may keep a public page five minutes, a browser one; after that both may use it while they revalidate.
SHARED: Final = "public, max-age=60, s-maxage=300, stale-while-revalidate=30"
PERSONAL: Final = "private, no-store"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file in memory; its digest is part of its URL, so that it can be cached for ever."""

    content: bytes
    type: str
    digest: str


def read_assets() -> Mapping[str, Asset]:
    """Return the static files by name."""
    files = [path for path in sorted((HERE / "static").iterdir()) if path.suffix in TYPES]
    contents = {path: path.read_bytes() for path in files}
    return {
        path.name: Asset(content, TYPES[path.suffix], sha256(content).hexdigest()[:12])
        for path, content in contents.items()
    }


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages of one build."""

    environment: Environment
    build: str

    def __call__(
        self, request: Request, template: str, *, status: int = 200, caching: str = SHARED, **values: Any
    ) -> Response:
        """Return a page in the language of its address."""
        text = self.environment.get_template(template).render(self._context(request), **values)
        return Response(text, status, {"cache-control": caching}, media_type="text/html")

    def _context(self, request: Request) -> dict[str, Any]:
        """The context of every page: its language, and its address in both."""
        language, path = edition(request), request.url.path.removeprefix("/ja")
        # other pages are the same for every query, and cacheable
        query = f"?{request.url.query}" if path == "/search" and request.url.query else ""
        return {
            "language": language,
            "words": WORDS[language],
            "prefix": "/ja" if language == "ja" else "",
            "addresses": {"en": path + query, "ja": f"/ja{path}{query}"},
            "path": path,
            "categories": CATEGORIES,
        }


def compile_pages(build: str, files: Mapping[str, Asset]) -> Pages:
    """Compile the templates."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "build": build,
        "assets": {name: f"/static/{name}?v={asset.digest}" for name, asset in files.items()},
        "format_time": format_time,
        "query": urlencode,
    }
    for name in environment.list_templates():
        environment.get_template(name)
    return Pages(environment, build)


def edition(request: Request) -> str:
    """Return the language of a path."""
    return "ja" if f"{request.url.path}/".startswith("/ja/") else "en"


FRONT_STORIES: Final = 19
RELATED_STORIES: Final = 4
RESULTS: Final = 20
#: Seconds for which a response is reused without a query, and how many are kept at most.
CACHE_SECONDS: Final = 2.0
CACHE_SIZE: Final = 512


@dataclass(frozen=True, slots=True)
class Site:
    """The shared state of request handlers."""

    database: Database
    pages: Pages
    assets: Mapping[str, Asset]
    teams: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By code; they change once in a decade, and a new build loads them again."""
    kept: dict[str, tuple[float, Response]] = field(default_factory=dict)

    async def load(self) -> None:
        """Load the data that stays the same while the site runs."""
        self.teams.update({row["code"]: row for row in await self.database.ask(queries.all_teams)})


def site_of(request: Request) -> Site:
    """Return the site that serves a request."""
    site: Site = request.app.state.site
    return site


Handler = Callable[[Request], Awaitable[Response]]


def cache_briefly(*, query: bool = False) -> Callable[[Handler], Handler]:
    """Reuse a handler's response for some seconds for the same path, and the same query where that matters.

    Many readers request few pages, so most of them cost next to nothing.
    """

    def kept(handler: Handler) -> Handler:
        @wraps(handler)
        async def answer(request: Request) -> Response:
            answers, now = site_of(request).kept, monotonic()
            asked = f"{request.url.path}?{request.url.query if query else ''}"
            until, response = answers.get(asked, (0.0, None))
            if response is None or until < now:
                response = await handler(request)
                if len(answers) >= CACHE_SIZE:
                    answers.clear()
                answers[asked] = (now + CACHE_SECONDS, response)
            return response

        return answer

    return kept


@cache_briefly()
async def front(request: Request) -> Response:
    """Show the newest stories."""
    site = site_of(request)
    stories = await site.database.ask(queries.latest(edition(request), FRONT_STORIES))
    return site.pages(request, "front.html", stories=stories, teams=site.teams)


@cache_briefly()
async def story(request: Request) -> Response:
    """Show a story, and others about its teams."""
    site, language, slug = site_of(request), edition(request), request.path_params["slug"]
    told = await site.database.ask(queries.story(language, slug))
    if told is None:
        raise HTTPException(404)
    related: Sequence[Mapping[str, Any]] = []
    if told["teams"]:
        others = await site.database.ask(queries.latest(language, RELATED_STORIES + 1, told["teams"][0]))
        related = [each for each in others if each["slug"] != slug][:RELATED_STORIES]
    return site.pages(request, "story.html", story=told, related=related, teams=site.teams)


@cache_briefly()
async def team_list(request: Request) -> Response:
    """Show all teams."""
    site = site_of(request)
    return site.pages(request, "teams.html", teams=site.teams)


@cache_briefly()
async def team(request: Request) -> Response:
    """Show a team and its stories."""
    site, code = site_of(request), request.path_params["team"]
    if code not in site.teams:
        raise HTTPException(404)
    stories = await site.database.ask(queries.latest(edition(request), RESULTS, code))
    return site.pages(request, "team.html", team=site.teams[code], stories=stories, teams=site.teams)


@cache_briefly(query=True)
async def search(request: Request) -> Response:
    """Show the stories that match a filter, page by page."""
    site, asked = site_of(request), read_filter(request)
    stated = request.query_params.get("page", "")
    page = max(1, int(stated)) if stated.isascii() and stated.isdigit() and len(stated) < 7 else 1
    found = await site.database.ask(queries.matching_stories(edition(request), asked, page, RESULTS))
    last = max(1, -(-found.total // RESULTS))
    return site.pages(
        request, "search.html", asked=asked, found=found, page=min(page, last), last=last, teams=site.teams
    )


def read_filter(request: Request) -> queries.Filter:
    """Read the filter from a query; unknown categories and teams are ignored."""
    given, teams = request.query_params, site_of(request).teams
    category, team = given.get("category", ""), given.get("team", "")
    return queries.Filter(
        words=given.get("q", "")[:80].strip(),
        category=category if category in queries.CATEGORIES else "",
        team=team if team in teams else "",
    )


async def static(request: Request) -> Response:
    """Serve a static file, cacheable for ever where the query has its digest, briefly elsewhere."""
    asset = site_of(request).assets.get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    same = request.query_params.get("v") == asset.digest
    caching = "public, max-age=31536000, immutable" if same else "public, max-age=300"
    return Response(asset.content, headers={"cache-control": caching}, media_type=asset.type)


def error_page(request: Request, status: int) -> Response:
    """Return the site's error page."""
    shown = 500 if status >= 500 else status if status in (403, 404) else 405
    caching = "public, max-age=10" if status == 404 else PERSONAL
    return site_of(request).pages(request, "error.html", status=status, caching=caching, shown=str(shown))
