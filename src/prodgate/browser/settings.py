"""The settings of a process with a browser, passed by an environment variable since passwords are among them."""

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

from ..processes.lifeline import end_with_parent
from ..sections.changing import find_in_attributes, find_in_name, is_at, why_untouched

#: The environment variable that holds the settings, as JSON.
VARIABLE: Final = "PRODGATE_BROWSER"
#: Files in the folder of results: lines about each visit, and about each journey.
VISITS: Final = "visits.jsonl"
JOURNEYS: Final = "journeys.jsonl"
#: Methods of requests that change nothing.
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """The address of the site, the pages to open there, and the browser."""

    base_url: str
    hosts: Sequence[str] = ()
    """Further hosts of the site's own."""
    third_parties: Sequence[str] = ()
    partners: Sequence[str] = ()
    """Foreign hosts to which redirects may lead, such as one where readers sign in."""
    reads: Sequence[str] = ()
    """Requests to the site such as ``POST /graphql`` that change nothing."""
    untouched: Sequence[str] = ()
    """Paths that only journeys request; ``*`` stands for anything."""
    sockets: Sequence[str] = ()
    """Hosts to which WebSockets may be opened, since their messages change nothing."""
    lasting: Sequence[str] = ()
    """Requests such as ``GET /updates`` that stay open while a page is used; ``*`` at the end stands for any rest."""
    pages: Sequence[Mapping[str, Any]] = ()
    """Each with ``name``, ``path``, ``follow`` and ``regions``: pairs of role and name."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    """Cookies and headers that a visitor brings, by name."""
    headers: Mapping[str, str] = field(default_factory=dict)
    clicks: Sequence[Sequence[str]] = field(default_factory=list)
    """Controls to press once a page is at rest, each a role and a name."""
    build_header: str = ""
    build_meta: str = ""
    keep_bodies: bool = False
    """Whether traces and pictures of failed journeys are kept whole, with all requests, responses and typed texts."""
    mutates: bool = False
    """Whether journeys marked ``mutates`` may change something."""
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unresolved: Mapping[str, str] = field(default_factory=dict)
    """Why a declared credential can't be used, by its name."""
    program: str = ""
    """Path of Chromium; empty for Playwright's own."""
    pin: str = ""
    """Digest of a key whose certificate is trusted in addition to the known authorities."""
    ca_file: str = ""
    """The certificate itself, for requests outside of pages."""
    patience: float = 15.0
    """Seconds that a page may take to load."""
    results: str = ""
    """The folder that results are written to."""
    lifeline: int = -1
    """A pipe whose other end the parent holds as long as it lives."""

    def to_environment(self) -> dict[str, str]:
        """Return the environment variables that carry the settings."""
        trusted = {"NODE_EXTRA_CA_CERTS": self.ca_file} if self.ca_file else {}
        return {VARIABLE: json.dumps(asdict(self)), **trusted}

    @classmethod
    def from_environment(cls) -> Self:
        """Read this process's settings. Raises KeyError when there are none."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def end_with_parent(self) -> None:
        """End this process and its browser when the parent ends, since nothing drives them any more."""
        end_with_parent(self.lifeline, lambda: os.kill(os.getpid(), signal.SIGKILL))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not be in any file."""
        return tuple(each["password"] for each in self.credentials.values())

    @property
    def host(self) -> str:
        """The name of the site's host."""
        return urlsplit(self.base_url).hostname or ""

    def is_own(self, url: str) -> bool:
        """Whether an address belongs to the site."""
        there, here = urlsplit(url), urlsplit(self.base_url)
        same = there.netloc.rpartition("@")[2] == here.netloc  # a name and a password do not change the target
        return same or is_at(url, self.hosts)

    def is_allowed(self, url: str) -> bool:
        """Whether a page may request an address."""
        known = self.is_own(url) or is_at(url, (*self.third_parties, *self.partners))
        return known or urlsplit(url).scheme not in ("http", "https", "ws", "wss")

    def may_change(self, method: str, url: str) -> bool:
        """Whether a request may change something."""
        declared = f"{method} {urlsplit(url).path}" in self.reads and self.is_own(url)
        return method.upper() not in SAFE and not declared

    def why_untouched(self, url: str) -> str:
        """Return why the gate itself does not request an address, or nothing."""
        return why_untouched(url, self.untouched, self.reads)

    def why_unused(self, told: Sequence[Mapping[str, Any]], *, control: bool = False) -> str:
        """Return why the gate itself does not use an element, or nothing.

        ``told`` is the description from scripts/watch.js: the element, its surroundings and its contents.
        """
        for each in told:
            if said := find_in_attributes(each["attributes"]):
                return f"it has {said}"
            names = each["names"] if each["used"] else ()
            if said := next(filter(None, (find_in_name(name, control=control) for name in names)), ""):
                return f"its name says {said}"
            if (there := each["leads"]) and (why := self.why_untouched(there)):
                return why
        return ""

    def allows_socket(self, host: str, port: int, *, mutates: bool) -> bool:
        """Whether a WebSocket may be opened: to a declared host, or to the site if changes are allowed."""
        parts = urlsplit(self.base_url)
        here = (parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme))
        return not {host, f"{host}:{port}"}.isdisjoint(self.sockets) or (
            mutates and ((host, port) == here or host in self.hosts)
        )

    def is_lasting(self, method: str, url: str) -> bool:
        """Whether a request stays open intentionally."""
        asked = f"{method} {urlsplit(url).path}"
        return any(asked.startswith(each[:-1]) if each.endswith("*") else asked == each for each in self.lasting)


@dataclass(frozen=True, slots=True)
class Credential:
    """A user and a password, which is never shown."""

    user: str
    password: str = field(repr=False)


#: Type of the fixture ``credentials``: ``credentials("reader")`` returns that entry of [e2e.credentials].
Credentials = Callable[[str], Credential]
