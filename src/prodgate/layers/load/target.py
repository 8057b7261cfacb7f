"""Opening what is put under load: the rehearsal's site, or the one host that a person allowed."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unreadable
from ...facts.load.server_view import MARK
from ...sections.load import LoadSection
from ..e2e.credentials import build_under_test
from ..layer import LayerContext
from ..named_site import find_authority, require_answering, require_near
from ..own_site import is_sample, open_own_site
from ..rehearsal import Site, load_rehearsal

#: Seconds that a site may take to answer a request and to write its log, and between two reads of the log.
_PATIENCE: Final = 5.0
_PAUSE: Final = 0.05
#: The build of the rehearsal's site that is put under load.
_BUILD: Final = "blue"


@dataclass(frozen=True, slots=True)
class LoadTarget:
    """A site that may be put under load."""

    url: str
    place: str
    """How a person calls it; the same in every run."""
    site: Site | None = None
    """The site, where it is our own."""
    build: str = ""
    """The build that is to be put under load; empty when nobody knows it."""
    no_build: str = ""
    """Why the build is not known; empty when it is."""
    screen: bool = False
    """Whether this is a rehearsal, which is too short for what is asked of a real run."""
    ca_file: str = ""
    """The file of authorities that are trusted instead of the system's."""

    def log_size(self) -> int:
        """Return the size of the access log, in bytes."""
        return self.site.access_log.stat().st_size if self.site and self.site.access_log.exists() else 0

    def lines(self, since: int) -> Iterator[Mapping[str, Any]] | None:
        """Return the lines of the access log from a byte on, up to now; None for a site that is not our own.

        Raises Unreadable when the site does not write its log to the end.
        """
        if self.site is None:
            return None
        if not _wait_for_log(self.site):
            raise Unreadable(
                f"the site wrote no more into its access log within {_PATIENCE:g} s; run it again with less other work "
                "on the machine, or look why it stands still"
            )
        return _read_lines(self.site.access_log, since)


@contextmanager
def open_target(context: LayerContext, section: LoadSection) -> Iterator[LoadTarget]:
    """Open what is put under load while the context is open. Raises Unreadable with what to do."""
    if context.target.rehearsal:
        with _open_rehearsal(context) as target:
            yield target
        return
    host = require_allowed_host(section, context)
    stated = context.stated.e2e
    build, why = build_under_test(context, stated) if stated else ("", f"{context.stated.path}: says nothing of [e2e]")
    url, ca_file = context.target.site or f"https://{host}", find_authority(context)
    require_answering(url, ca_file)
    yield LoadTarget(url, url, build=build, no_build=why, ca_file=ca_file)


@contextmanager
def _open_rehearsal(context: LayerContext) -> Iterator[LoadTarget]:
    if is_sample(context):
        with _rehearsal_site(_make_folder(context, "site"), build=_BUILD) as site:
            yield LoadTarget(site.url, "the rehearsal's site", site, build=_BUILD, screen=True)
        return
    with open_own_site(context) as url:
        stated = context.stated.e2e
        build, why = build_under_test(context, stated) if stated else ("", f"{context.stated.path}: no [e2e] names it")
        yield LoadTarget(url, "your site on this machine", build=build, no_build=why, screen=True)


@contextmanager
def green_build(target: LoadTarget, section: LoadSection, context: LayerContext, profile: str) -> Iterator[str]:
    """Yield the URL of the next build, beside the one that serves; empty for a profile that compares nothing."""
    if profile != "compare":
        yield ""
    elif target.site is None:
        yield f"{target.url}:{section.port_of_green}"
    else:
        with _rehearsal_site(_make_folder(context, "green"), build="green") as site:
            yield site.url


def _make_folder(context: LayerContext, name: str) -> Path:
    """Return a folder for the files and the log of a site."""
    scratch = context.run / "logs" / "load" / name
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def require_allowed_host(section: LoadSection, context: LayerContext) -> str:
    """Return the host that load may be sent to. Raises Unreadable when nobody allowed it or it is elsewhere."""
    if not section.hosts:
        raise Unreadable(f'{context.stated.path}: [load] names no host; write hosts = ["www.example.com"]')
    site = context.target.site
    host = (urlsplit(site).hostname or "") if site else section.hosts[0]
    if host not in section.hosts:
        raise Unreadable(f"{context.stated.path}: [load] hosts does not name {host}; nothing else is put under load")
    require_near(site, context)
    if context.load_allowed != host:
        raise Unreadable(f"nobody said that {host} may be put under load; run with --i-am-allowed-to-load {host}")
    if strangers := find_unexpected_addresses(host, section.resolves_to):
        raise Unreadable(
            f"{host} resolves to {', '.join(strangers)}, which is not of {', '.join(section.resolves_to)}; "
            "look where its name leads, or mend [load] resolves_to"
        )
    return host


def find_unexpected_addresses(
    host: str,
    places: Sequence[str],
    *,
    resolve: Callable[..., Iterable[Any]] = socket.getaddrinfo,
    reverse: Callable[[str], tuple[str, list[str], list[str]]] = socket.gethostbyaddr,
) -> tuple[str, ...]:
    """Return the addresses of a host that are in no network and match no pattern of names. Raises Unreadable."""
    try:
        found = list(resolve(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME))
    except OSError as error:
        raise Unreadable(f"{host} does not resolve: {error.strerror or error}; look up its name in DNS") from error
    names = {str(one[3]).rstrip(".") for one in found if one[3]} - {host}
    addresses = sorted({str(one[4][0]) for one in found})
    return tuple(each for each in addresses if not _is_expected(each, names, places, reverse))


def _is_expected(
    address: str,
    names: Iterable[str],
    places: Sequence[str],
    reverse: Callable[[str], tuple[str, list[str], list[str]]],
) -> bool:
    own = list(names)
    with suppress(OSError):
        own.append(reverse(address)[0])
    return any(_contains(place, address) or any(fnmatchcase(name.lower(), place) for name in own) for place in places)


def _contains(place: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(place)
    except ValueError:
        return False


@contextmanager
def _rehearsal_site(scratch: Path, build: str) -> Iterator[Site]:
    """Start the rehearsal's site. Raises Unreadable when a library that it needs is not installed."""
    rehearsal = load_rehearsal()
    # its database stays out of the run: it is the same every time, and no evidence
    with (
        TemporaryDirectory(prefix="prodgate-site-") as folder,
        rehearsal.open_site(scratch, build=build, database=f"sqlite:///{Path(folder) / 'news.sqlite'}") as site,
    ):
        yield site


def _wait_for_log(site: Site) -> bool:
    """Wait until the log holds all requests before now, and return whether it does.

    A site writes it some moments after it answers; one that answers nobody any more has written what it will.
    """
    mark, log = f"{MARK}{token_hex(8)}", site.access_log
    try:
        with closing(HTTPConnection(site.url.partition("//")[2], timeout=_PATIENCE)) as connection:
            connection.request("GET", mark)
            connection.getresponse().read()
    except TimeoutError:
        return False
    except (OSError, HTTPException):
        return True
    until = monotonic() + _PATIENCE
    while not (written := log.exists() and mark.encode() in log.read_bytes()) and monotonic() < until:
        sleep(_PAUSE)
    return written


def _read_lines(log: Path, since: int) -> Iterator[Mapping[str, Any]]:
    """Yield the complete lines from a byte on; one that is still being written is left out."""
    with log.open("rb") as file:
        file.seek(since)
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)
