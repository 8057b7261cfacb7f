"""The sections about sites: [e2e], its pages and who signs in; [site], whom it may trust; [rehearsal], which it is."""

import ipaddress
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from .changing import why_untouched
from .fields import HOST, Kind, flag, key, keys_of, many, named, one_of, secret, table, text

# ── [e2e.before]


def _pairs(form: re.Pattern[str], example: str) -> Kind[Any]:
    """Return the kind of cookies or headers: names, each with a text of a form."""

    def find(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: is {value!r}; write {{ {example} }}"
            return
        for name, each in value.items():
            if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name) or not isinstance(each, str) or not form.fullmatch(each):
                said = f"{name} = {each!r} can't be sent"
                yield f"{where}: {said}; write a name and a text of one line, e.g. {example}"

    return Kind(find=find, read=dict, schema={"type": "object", "additionalProperties": {"type": "string"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeVisits:
    """The section [e2e.before]."""

    cookies: Mapping[str, str] = key(
        _pairs(re.compile(r"[!#-+\--:<-\[\]-~]*"), 'consent = "all"'),  # RFC 6265
        "Cookies that a visitor brings, by name.",
        {},
    )
    headers: Mapping[str, str] = key(
        _pairs(re.compile(r"[ -~]*"), 'X-Consent = "all"'),
        "Headers that are sent with every request of a visit.",
        {},
    )
    click: tuple[tuple[str, str], ...] = key(
        many(
            text(
                "a role with a name, e.g. 'button: Accept all'",
                re.compile(r"[a-z]+: ?\S.*").fullmatch,
                read=lambda pair: tuple(map(str.strip, pair.split(":", 1))),
            ),
            "roles with names, e.g. ['button: Accept all']",
        ),
        "Elements that are pressed once a page is at rest: each a role and a name, as `button: Accept all`.",
        [],
    )


# ── [e2e]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page as assistive technology knows it: a role, and a name where more than one has that role."""

    role: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPage:
    """A page that is opened, and what must be on it."""

    name: str
    path: str = key(
        text("a path, e.g. '/'", lambda path: path.startswith("/")), "The page, without the site.", example="'/'"
    )
    follow: str = key(
        text("the role of a region, e.g. 'article'", re.compile(r"[a-z]+").fullmatch),
        "A role: the page meant is the first link of the first region that has it.",
        "",
    )
    regions: tuple[Region, ...] = key(
        many(
            text(
                "e.g. 'main' or 'navigation: Main menu'",
                re.compile(r"[a-z]+(: ?\S.*)?").fullmatch,
                "{} is no role",
                lambda region: Region(*map(str.strip, region.split(":", 1))),
            ),
            "roles, e.g. ['main', 'navigation: Main menu']",
        ),
        "Parts that must be on it, as assistive technology knows them: a role, and a name where several have it.",
        [],
    )
    cache: str = key(
        one_of("public", "private"),
        "`public` where a shared cache may keep it, `private` where none may; left out where nothing is asked.",
        "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildMark:
    """How a page says which build served it, and which one is under test."""

    header: str = key(text("the name of a header, e.g. 'x-build'"), "The header with the build.", "")
    meta: str = key(text("the name of a <meta>, e.g. 'build'"), "The `<meta>` element, where no header says it.", "")
    expected: str = key(
        text("'commit', 'env:NAME' or 'text:BUILD'", re.compile(r"commit|env:\w+|text:.+").fullmatch),
        "`commit` for the one that is judged, `env:NAME`, or `text:BUILD`.",
        "commit",
    )


def _find_marks(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    if ("header" in stated) == ("meta" in stated):
        yield f'{where}: says not in one way how a page names its build; write header = "x-build" or meta = "build"'


_REFERENCE: Final = secret(
    "'env:NAME' or 'secret:ID', and never the value itself",
    re.compile(r"env:\w+|secret:[\w/+=.@:-]+(#[\w-]+)?").fullmatch,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Credentials by reference: ``env:NAME`` or ``secret:ID``, with ``#KEY`` for one value of a secret."""

    user: str = key(
        _REFERENCE, "The name to sign in with: `env:NAME`, or `secret:ID` with `#KEY`.", example="'env:USER'"
    )
    password: str = key(_REFERENCE, "The password, by reference.", example="'secret:ID'")


def _read_site(url: str) -> tuple[bool, str]:
    """Return whether a URL names a site and nothing in it, and its host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets that hold no address, a port that is no number
        return False, ""
    inside = parts.path.strip("/") or parts.query or "@" in url
    return bool(parts.scheme == "https" and host and port != 0 and not inside), host


def _normalise(base_url: str) -> str:
    """Return the address of a site as browsers write it: the host in lower case, no port that goes without saying."""
    parts = urlsplit(base_url.rstrip("/"))
    return parts._replace(netloc=parts.netloc.lower().removesuffix(":443")).geturl()


def _hosts(form: str) -> Kind[Any]:
    each = text("e.g. 'www.example.com'", re.compile(form).fullmatch, "{} is not the name of a host")
    return many(each, "a list of texts, e.g. ['example.com']")


#: Hosts of others: also this machine, and with a port.
_OTHERS: Final = _hosts(rf"(localhost|{HOST.pattern})(:[1-9][0-9]{{0,4}})?")


def _requests(example: str, words: str = "") -> Kind[Any]:
    form = re.compile(rf"(?<![A-Z])[A-Z]+ /\S*{words}")
    each = text(f"e.g. {example!r}", form.fullmatch, "{} is not a method and a path")
    return many(each, f"a list of texts, e.g. [{example!r}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class E2eSection:
    """The section [e2e]."""

    base_url: str = key(
        text(
            lambda url: f"https:// and a host, as 'https://{_read_site(str(url))[1] or 'example.com'}'",
            lambda url: not url or _read_site(url)[0],
            read=_normalise,
        ),
        "Where the site is, without a path; a rehearsal has a site of its own.",
        "",
    )
    hosts: tuple[str, ...] = key(
        _hosts(HOST.pattern), "Further hosts that are the site's own: redirects and links may lead there.", []
    )
    third_parties: tuple[str, ...] = key(
        _OTHERS, "Hosts of others from which pages may load files; one with a port stands for this port alone.", []
    )
    partners: tuple[str, ...] = key(
        _OTHERS,
        "Hosts of others to which redirects may lead, such as one where readers sign in; one with a port, such as "
        "`localhost:9000`, stands for this port alone.",
        [],
    )
    reads: tuple[str, ...] = key(
        _requests("POST /graphql"),
        "Requests such as `POST /graphql` that change nothing though their method could.",
        [],
    )
    lasting: tuple[str, ...] = key(
        _requests("GET /updates", "|timers|frames|idle|animations|workers"),
        "Requests such as `GET /updates` that stay open while a page is used, and `timers`, `frames`, `idle`, "
        "`animations` or `workers` that go on: none of them changes what was measured.",
        [],
    )
    reviewed: tuple[str, ...] = key(
        many(
            text(
                "e.g. 'color-contrast'",
                re.compile(r"[a-z0-9]+(-[a-z0-9]+)*").fullmatch,
                "{} is not the id of a rule of axe",
            ),
            "a list of texts, e.g. ['color-contrast']",
        ),
        "Rules of axe such as `color-contrast` whose undecided places a person has reviewed.",
        [],
    )
    untouched: tuple[str, ...] = key(
        many(
            text("e.g. '/account/*'", lambda path: path.startswith(("/", "*")), "{} is not a path"),
            "a list of texts, e.g. ['/account/*']",
        ),
        "Paths such as `/account/*` that only journeys request, besides those that announce a change.",
        [],
    )
    sockets: tuple[str, ...] = key(
        _OTHERS, "Hosts to which WebSockets may be opened, because messages there change nothing.", []
    )
    health: str = key(
        text(
            lambda health: f"a path, e.g. '/{health if isinstance(health, str) else 'api/health'}'",
            lambda health: not health or health.startswith("/"),
        ),
        "The path that answers whether the site is well.",
        "",
    )
    journeys: str = key(
        text("a text, e.g. 'e2e/journeys'", lambda _: True),
        "Folder with what a person must be able to do; relative to the criteria file.",
        "e2e/journeys",
    )
    ca_file: str = key(
        text("a text, e.g. 'ca.pem'", lambda _: True),
        "File of a private authority's certificates, in PEM, which are trusted instead of the system's; "
        "relative to the criteria file.",
        "",
    )
    mutates: bool = key(flag(), "Whether journeys that are marked so may change something on a real site.", False)
    keep_bodies: bool = key(
        flag(),
        "Whether traces and pictures of failed journeys are kept whole, with all that was sent, received and typed.",
        False,
    )
    build: BuildMark | None = key(
        table(BuildMark, '{ header = "x-build" }', keys_of(BuildMark), _find_marks),
        "How a page says which build served it, and which one is under test.",
        None,
    )
    before: BeforeVisits = key(
        table(BeforeVisits, '[e2e.before] with click = ["button: Accept all"]', keys_of(BeforeVisits)),
        "Headers, cookies and storage of a visitor, and elements that are pressed first.",
        {},
    )
    credentials: Mapping[str, Account] = key(
        named(
            table(Account, '{ user = "env:USER", password = "secret:ID" }', keys_of(Account), wrong="is no table"),
            'reader = { user = "env:USER", password = "secret:ID" }',
        ),
        "Users who sign in, each by a name of yours.",
        {},
    )
    pages: tuple[DeclaredPage, ...] = key(
        named(
            table(dict[str, Any], '{ path = "/", regions = ["main"] }', keys_of(DeclaredPage)),
            '[e2e.pages] with front = { path = "/" }',
            lambda pages: tuple(DeclaredPage(name=name, **page) for name, page in pages.items()),
        ),
        "Pages that are opened, by a name of yours.",
        {},
    )


def _find_untouched(where: str, _: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    """Yield which pages are among those that nobody but a journey may ask for."""
    for name, page in sound.get("pages", {}).items() if sound.get("untouched") else ():
        path = page["path"]
        if why := why_untouched(path, sound["untouched"], [f"GET {urlsplit(path).path}"]):
            yield f"{where}.pages.{name}.path: is {path!r}, and {why}; take it out of one of them"


E2E: Final = table(E2eSection, '[e2e] with base_url = "https://www.example.com"', keys_of(E2eSection), _find_untouched)


# ── [site]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSection:
    """The section [site]."""

    ca: str = key(
        text("the path of a file, e.g. 'ca.pem'"),
        "File of a private authority's certificates, in PEM, which are trusted instead of the system's; a path "
        "relative to the criteria file.",
        "",
    )
    networks: tuple[str, ...] = key(
        many(
            text(
                "e.g. '10.20.0.0/16'",
                lambda network: ipaddress.ip_network(network).is_private,
                "{} is no private network",
            ),
            "a list of networks, e.g. ['10.20.0.0/16']",
        ),
        "Private networks in which a site may be requested over `http://`, besides this machine itself.",
        [],
    )


SITE: Final = table(SiteSection, '[site] with ca = "ca.pem"', keys_of(SiteSection))


# ── [rehearsal]: which site a rehearsal puts under load, opens in a browser and deploys

#: What ``site`` says for the sample site that comes with the gate; it is the worked example's.
SAMPLE: Final = "sample"
#: An address with a port and nothing else: anything behind it would become a part of every requested path.
_HERE: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost):([1-9][0-9]{0,4})/?")
_EXAMPLE: Final = 'site = "http://127.0.0.1:8077", or start = "uvicorn app:app --port {port}"'


def _is_on_this_machine(site: str) -> bool:
    here = _HERE.fullmatch(site)
    return site == SAMPLE or (here is not None and int(here[1]) < 2**16)


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSection:
    """The section [rehearsal]: a site, or the command that starts one."""

    site: str = key(
        text(
            "an address on this machine, e.g. 'http://127.0.0.1:8077'",
            _is_on_this_machine,
            read=lambda site: site.rstrip("/"),
        ),
        "`sample`, or the address of a site that runs on this machine, such as `http://127.0.0.1:8077`.",
        "",
    )
    start: tuple[str, ...] = key(
        text(
            "a command, e.g. 'uvicorn app:app --port {port}'",
            shlex.split,
            read=lambda command: tuple(shlex.split(command)),
        ),
        "A command that serves the site at a free port, which the gate puts in place of `{port}` and into `$PORT`.",
        "",
    )
    health: str = key(
        text("a path, e.g. '/healthz'", re.compile(r"/[!\"$-~]*").fullmatch),
        "The path that answers with less than 400 once the site is ready.",
        "/",
    )
    past: str = key(
        text("the path of a file beside this one, e.g. 'past.toml'", lambda path: path.endswith(".toml")),
        "A file that states the history of the account; left out, the history follows from the plan.",
        "",
    )


def _find_ways(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    """Yield the mistake that there is not one site: a file that states a past alone need name none."""
    if ("site" in stated) == ("start" in stated) and ("site" in stated or "past" not in stated):
        yield f"{where}: says not in one way which site there is; write either {_EXAMPLE}"


REHEARSAL: Final = table(RehearsalSection, f"[rehearsal] with {_EXAMPLE}", keys_of(RehearsalSection), _find_ways)


def name_past(section: RehearsalSection | None, project: Path) -> str:
    """Return which past a rehearsal account has: a file of the team, ``sample``, or empty for what the plan says."""
    if section is not None and section.past:
        return str(project / section.past)
    return SAMPLE if section is not None and section.site == SAMPLE else ""
