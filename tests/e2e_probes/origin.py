"""A small site on loopback for an edge to stand in front of: sound, until a test changes one of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..prodgate.load.servers import answer, serving

CSP = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
HTML = {"Content_Type": "text/html; charset=utf-8", "Content_Security_Policy": CSP}
PUBLIC = HTML | {"Cache_Control": "public, max-age=60, s-maxage=300"}
PRIVATE = HTML | {"Cache_Control": "private, no-store"}
COOKIE = "reader=hunter2; Path=/; Secure; HttpOnly; SameSite=Lax"

#: What each path answers; any other path is not found.
SOUND: Mapping[str, bytes] = {
    "/": answer(b"news", **PUBLIC),
    "/teams": answer(b"teams", **PUBLIC),
    "/mine": answer(b"mine", **PRIVATE, Set_Cookie=COOKIE),
    "/health": answer(b"{}", Cache_Control="no-store"),
}


@contextmanager
def origin(changes: Mapping[str, bytes]) -> Iterator[str]:
    """Serve the small site with some answers changed; yield where. ``*`` is what any other path answers."""
    answers = {**SOUND, **changes}
    missing = answers.get("*", answer(b"no such page", status="404 Not Found", **HTML))

    async def answering(target: str, _count: int) -> bytes | None:
        return answers.get(target.partition("?")[0], missing)

    with serving(answering) as server:
        yield server.url.replace("localhost", "127.0.0.1")
