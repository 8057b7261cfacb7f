"""A small site on loopback behind an edge: sound, until a test changes one of its responses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..prodgate.load.servers import answer, serving

CSP = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
HTML = {"Content_Type": "text/html; charset=utf-8", "Content_Security_Policy": CSP}
PUBLIC = HTML | {"Cache_Control": "public, max-age=60, s-maxage=300"}
PRIVATE = HTML | {"Cache_Control": "private, no-store"}
COOKIE = "reader=hunter2; Path=/; Secure; HttpOnly; SameSite=Lax"

#: The response of each path; any other path is not found.
SOUND: Mapping[str, bytes] = {
    "/": answer(b"news", **PUBLIC),
    "/teams": answer(b"teams", **PUBLIC),
    "/mine": answer(b"mine", **PRIVATE, Set_Cookie=COOKIE),
    "/health": answer(b"{}", Cache_Control="no-store"),
}


@contextmanager
def origin(changes: Mapping[str, bytes]) -> Iterator[str]:
    """Serve the small site with some responses changed; yield its address. ``*`` is the response of any other path."""
    answers = {**SOUND, **changes}
    missing = answers.get("*", answer(b"no such page", status="404 Not Found", **HTML))

    async def answering(target: str, _count: int) -> bytes | None:
        return answers.get(target.partition("?")[0], missing)

    with serving(answering) as server:
        yield server.url.replace("localhost", "127.0.0.1")
