"""Pages from templates: every template is compiled once, when the site starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from .queries import CATEGORIES
from .words import WORDS, format_time

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
        headers = {"cache-control": caching}
        return Response(text, status, headers, media_type="text/html")

    def _context(self, request: Request) -> dict[str, Any]:
        """What every page needs: its language, and its address in both."""
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
