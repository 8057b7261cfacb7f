"""What a process with a browser is told: never by a file or an argument, since passwords are among it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

from ..processes.lifeline import end_with_parent

#: The environment variable that holds the settings, as JSON.
VARIABLE: Final = "PRODGATE_BROWSER"
#: Files that the processes leave in the folder of results: one record of all visits, and a line for each journey.
VISITS: Final = "visits.json"
JOURNEYS: Final = "journeys.jsonl"
#: Methods of requests that change nothing.
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """Where the site is, and what is opened there with which browser."""

    base_url: str
    hosts: Sequence[str] = ()
    """Further hosts of the site's own."""
    third_parties: Sequence[str] = ()
    partners: Sequence[str] = ()
    """Hosts of others to which redirects may lead, such as one where readers sign in."""
    reads: Sequence[str] = ()
    """Requests such as ``POST /graphql`` that change nothing."""
    pages: Sequence[Mapping[str, Any]] = ()
    """Each with ``name``, ``path``, ``follow`` and ``regions``: pairs of role and name."""
    build_header: str = ""
    build_meta: str = ""
    mutates: bool = False
    """Whether journeys that are marked so may change something."""
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unresolved: Mapping[str, str] = field(default_factory=dict)
    """Why nobody can sign in under a name."""
    program: str = ""
    """Path of Chromium; empty for the one that Playwright keeps."""
    pin: str = ""
    """Digest of a key whose certificate is trusted besides those of known authorities."""
    ca_file: str = ""
    """The same as a certificate, for requests that no page makes."""
    patience: float = 15.0
    """Seconds that a page may take to load."""
    results: str = ""
    """The folder that results are written to."""
    lifeline: int = -1
    """A descriptor that is closed when the parent ends."""

    def to_environment(self) -> dict[str, str]:
        """Return the variables that hand the settings over."""
        trusted = {"NODE_EXTRA_CA_CERTS": self.ca_file} if self.ca_file else {}
        return {VARIABLE: json.dumps(asdict(self)), **trusted}

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings that this process was started with. Raises KeyError when there are none."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def end_with_parent(self) -> None:
        """End this process when the parent ends, and the browser with it, which nobody drives any more."""
        end_with_parent(self.lifeline, lambda: os.kill(os.getpid(), signal.SIGKILL))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in no file."""
        return tuple(each["password"] for each in self.credentials.values())

    @property
    def host(self) -> str:
        """The name of the site's host."""
        return urlsplit(self.base_url).hostname or ""

    def is_own(self, url: str) -> bool:
        """Whether an address is one of the site."""
        there, here = urlsplit(url), urlsplit(self.base_url)
        return there.netloc == here.netloc or there.hostname in self.hosts

    def is_allowed(self, url: str) -> bool:
        """Whether a page may ask for what is at an address."""
        parts, others = urlsplit(url), (*self.third_parties, *self.partners)
        return parts.scheme not in ("http", "https", "ws", "wss") or self.is_own(url) or parts.hostname in others

    def may_change(self, method: str, url: str) -> bool:
        """Whether a request may change something."""
        return method not in SAFE and f"{method} {urlsplit(url).path}" not in self.reads


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signs in, and the password, which is shown nowhere."""

    user: str
    password: str = field(repr=False)


#: What the fixture ``credentials`` is: ``credentials("reader")`` returns who [e2e.credentials] calls so.
Credentials = Callable[[str], Credential]
