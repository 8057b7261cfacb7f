"""The pages of signed-in readers: they join, sign in, follow a team, and sign out. No cache may keep them."""

import asyncio
import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from . import queries
from .pages import PERSONAL, edition, site_of
from .passwords import dummy_hash, hash_password, matches

COOKIE: Final = "reader"
#: Seconds that a reader stays signed in.
SESSION_SECONDS: Final = 14 * 24 * 3600
SHORTEST: Final = 10
#: Bytes of a form; hashing a longer password would only cost time.
LARGEST: Final = 4096
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")


async def sign_in(request: Request) -> Response:
    """Show the form, or sign in: correct credentials get a session, others the form again."""
    if request.method != "POST":
        return _show_form(request, "sign in")
    given = await _read_form(request)
    known = await site_of(request).database.ask(queries.reader_by_email(given["email"]))
    right = await asyncio.to_thread(matches, given["password"], known.password if known else dummy_hash())
    if known is None or not right:
        return _show_form(request, "sign in", wrong="wrong sign-in", email=given["email"])
    return _start_session(request, known.id)


async def join(request: Request) -> Response:
    """Show the form, or create the reader."""
    if request.method != "POST":
        return _show_form(request, "join")
    given, site = await _read_form(request), site_of(request)
    wrong = _find_mistake(given, site.teams)
    if not wrong:
        password = await asyncio.to_thread(hash_password, given["password"])
        try:
            number = await site.database.tell(queries.join(given["email"], password, given["team"]))
        except IntegrityError:
            wrong = "taken"
    if wrong:
        return _show_form(request, "join", wrong=wrong, email=given["email"], team=given["team"])
    return _start_session(request, number)


async def my_team(request: Request) -> Response:
    """Show the stories of the team that a reader follows, or follow another."""
    site, reader = site_of(request), await _find_reader(request)
    if reader is None:
        return _redirect(request, "/sign-in")
    if request.method == "POST":
        team = (await _read_form(request))["team"]
        if team in site.teams:
            await site.database.tell(queries.follow(reader.id, team))
            return _redirect(request, "/my-team")
    stories = await site.database.ask(queries.latest(edition(request), 10, reader.team))
    return site.pages(
        request,
        "my_team.html",
        caching=PERSONAL,
        email=reader.email,
        team=site.teams[reader.team],
        stories=stories,
        teams=site.teams,
    )


async def sign_out(request: Request) -> Response:
    """End the session."""
    await _read_form(request)
    response = _redirect(request, "/")
    response.delete_cookie(COOKIE, secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return response


def session_serializer(secret: str) -> URLSafeTimedSerializer:
    """Return the serializer that signs and reads session cookies."""
    return URLSafeTimedSerializer(secret, salt="reader")


async def _find_reader(request: Request) -> Any | None:
    try:
        number = request.app.state.sessions.loads(request.cookies.get(COOKIE, ""), max_age=SESSION_SECONDS)
    except BadSignature:
        return None
    return await site_of(request).database.ask(queries.reader_by_number(number))


async def _read_form(request: Request) -> dict[str, str]:
    """Read a form. Raises HTTPException if it is too long, or came from another site."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413)
    given = parse_qs(body.decode("utf-8", "replace"))
    form = {name: given.get(name, [""])[0] for name in ("email", "password", "team")}
    return form | {"email": form["email"].strip().lower()}


def _find_mistake(given: dict[str, str], teams: Any) -> str:
    """Return the name of the message for the first mistake, or an empty text."""
    if not _EMAIL.fullmatch(given["email"]) or len(given["email"]) > 254:
        return "bad email"
    if len(given["password"]) < SHORTEST:
        return "short password"
    return "" if given["team"] in teams else "no team"


def _show_form(request: Request, name: str, *, wrong: str = "", email: str = "", team: str = "") -> Response:
    site, status = site_of(request), 422 if wrong else 200
    shown = {"name": name, "wrong": wrong, "email": email, "chosen": team, "teams": site.teams}
    return site.pages(request, "account.html", status=status, caching=PERSONAL, **shown)


def _start_session(request: Request, number: int) -> Response:
    response = _redirect(request, "/my-team")
    response.set_cookie(
        COOKIE,
        request.app.state.sessions.dumps(number),
        max_age=SESSION_SECONDS,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def _redirect(request: Request, path: str) -> Response:
    prefix = "/ja" if edition(request) == "ja" else ""
    return RedirectResponse(prefix + path, 303, {"cache-control": PERSONAL})
