"""Opening the site that is observed: the one that the criteria name, or the rehearsal's behind an edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from ...aws.answers import Unreadable
from ...criteria import UsageError
from ...facts.e2e.tls import list_pins
from ...sections.e2e import E2eSection
from ...terraform.diagnostics import TerraformError
from ...terraform.resources import Configuration
from ..layer import LayerContext
from ..named_site import find_authority, require_near
from ..own_site import is_sample, open_own_site
from ..rehearsal import Edge, Site, load_rehearsal
from ..static.repository import evaluate_root, find_configuration
from .credentials import build_under_test, find_commit, read_credentials

#: Seconds that the rehearsal's site may take to let a reader join.
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class E2eTarget:
    """A site, and what is needed to observe it."""

    url: str
    place: str
    """How a person calls it; the same in every run."""
    hosts: tuple[str, ...] = ()
    """Further hosts of its own; a rehearsal has none."""
    plain_url: str = ""
    """URL for requests without TLS; empty when that is the same host."""
    ca_file: str = ""
    pin: str = ""
    mutates: bool
    credentials: Mapping[str, Mapping[str, str]]
    unresolved: Mapping[str, str]
    """Name -> why its credentials are not known."""
    build: str
    """The build under test."""
    no_build: str = ""
    """Why the build is not known; empty when it is."""


@contextmanager
def open_target(context: LayerContext, section: E2eSection) -> Iterator[E2eTarget]:
    """Open the site while the context is open. Raises Unreadable with what to do."""
    if context.target.rehearsal:
        with _open_rehearsal(context, section) as target:
            yield target
        return
    url = context.target.site or section.base_url
    if not url:
        raise Unreadable(f'{context.stated.path}: [e2e] names no site; write base_url = "https://www.example.com"')
    require_near(url, context)
    known, unresolved = read_credentials(context, section)
    build, why = build_under_test(context, section)
    ca_file = find_authority(context, section.ca_file)
    # further hosts are those of the site that is stated; another one has none of them
    hosts = section.hosts if url == section.base_url else ()
    yield E2eTarget(
        url=url,
        place=url,
        hosts=hosts,
        ca_file=ca_file,
        pin=_list_pins(url, hosts, ca_file) if ca_file and url.startswith("https:") else "",
        mutates=section.mutates,
        credentials=known,
        unresolved=unresolved,
        build=build,
        no_build=why,
    )


def _list_pins(url: str, hosts: Sequence[str], ca_file: str) -> str:
    """Return what the browser is to trust: the keys of each host for which the private authority vouches.

    Chromium takes no file of authorities, and nothing else would make it trust a page that its readers' machines do.
    """
    from ...probes.certificates import inspect_certificates  # noqa: PLC0415  judging needs nothing of it

    parts, now = urlsplit(url), datetime.now(UTC).timestamp()
    pins: list[str] = []
    for host in (parts.hostname or "", *hosts):
        shown = inspect_certificates(host, parts.port or 443, ca_file=ca_file, timeout=_PATIENCE)
        pins += list_pins(shown, host, now)
    return ",".join(dict.fromkeys(pins))


@contextmanager
def _open_rehearsal(context: LayerContext, section: E2eSection) -> Iterator[E2eTarget]:
    """Run the site behind an edge that does what is declared. Raises Unreadable."""
    build = find_commit(context) or "rehearsal"
    # the site's files and keys stay out of the run: they are new every time, and no evidence
    with TemporaryDirectory(prefix="prodgate-e2e-") as folder:
        try:
            if is_sample(context):
                with _site_behind_edge(context, Path(folder), build) as (site, front):
                    yield _make_target(front, section, join_at=site.url, build=build)
            else:
                with _own_site_behind_edge(context, section, Path(folder)) as target:
                    yield target
        except UsageError as error:
            raise Unreadable(str(error)) from error


@contextmanager
def _own_site_behind_edge(context: LayerContext, section: E2eSection, scratch: Path) -> Iterator[E2eTarget]:
    """Put an edge before the team's own site; people sign in there as on a real one. Raises Unreadable."""
    known, unresolved = read_credentials(context, section)
    build, why = build_under_test(context, section)
    with (
        open_own_site(context) as url,
        load_rehearsal().open_edge(url, scratch, _declare_edge(context)) as front,
    ):
        yield E2eTarget(
            url=front.url,
            place="your site on this machine",
            plain_url=front.plain_url,
            ca_file=str(front.ca_file),
            pin=front.pin,
            mutates=section.mutates,
            credentials=known,
            unresolved=unresolved,
            build=build,
            no_build=why,
        )


@contextmanager
def open_behind_edge(context: LayerContext, section: E2eSection, url: str, build: str) -> Iterator[E2eTarget]:
    """Put an edge that does what is declared before a site that runs already in a rehearsal. Raises Unreadable."""
    with (
        TemporaryDirectory(prefix="prodgate-edge-") as folder,
        load_rehearsal().open_edge(url, Path(folder), _declare_edge(context)) as front,
    ):
        yield _make_target(front, section, join_at=url, build=build)


def _make_target(front: Edge, section: E2eSection, *, join_at: str, build: str) -> E2eTarget:
    return E2eTarget(
        url=front.url,
        place="the rehearsal's site",
        plain_url=front.plain_url,
        ca_file=str(front.ca_file),
        pin=front.pin,
        mutates=True,
        credentials=_join_readers(join_at, section),
        unresolved={},
        build=build,
    )


@contextmanager
def _site_behind_edge(context: LayerContext, scratch: Path, build: str) -> Iterator[tuple[Site, Edge]]:
    """Start both; the declared edge is read while the site starts. Raises Unreadable, and UsageError."""
    rehearsal = load_rehearsal()
    with ThreadPoolExecutor(1, thread_name_prefix="declared") as thread:
        declared = thread.submit(_declare_edge, context)
        with (
            rehearsal.open_site(scratch, build=build) as site,
            rehearsal.open_edge(site.url, scratch, declared.result()) as front,
        ):
            yield site, front


def _declare_edge(context: LayerContext) -> Configuration | None:
    """Return the configuration that declares the distribution, None without a Terraform root. Raises Unreadable."""
    if not context.stated.terraform_root:
        context.note("e2e", "no Terraform root is stated, so that the edge of the rehearsal adds nothing to the site")
        return None
    return _require_configuration(context)


def _require_configuration(context: LayerContext) -> Configuration:
    """Return the configuration that the static layer of this run stored, else evaluate it now. Raises Unreadable."""
    if (stored := find_configuration(context)) is not None:
        return stored[1]
    try:
        return evaluate_root(context, "e2e")
    except TerraformError as error:
        raise Unreadable(f"the edge can't be rehearsed: {error}") from error


def _join_readers(url: str, section: E2eSection) -> dict[str, dict[str, str]]:
    """Sign up a reader for each declared name, with a new password. Raises Unreadable."""
    made = {
        name: {"user": f"{name}-{token_hex(4)}@rehearsal.example", "password": token_hex(16)}
        for name in section.credentials
    }
    for each in made.values():
        form = urlencode({"email": each["user"], "password": each["password"], "team": "bos"})
        connection = HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
        try:
            connection.request("POST", "/join", form, {"Content-Type": "application/x-www-form-urlencoded"})
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise Unreadable(f"the rehearsal's site let nobody join: {error}; run it again") from error
        finally:
            connection.close()
        if status >= 400:
            raise Unreadable(f"the rehearsal's site let {each['user']} not join: HTTP {status}; see its log")
    return made
