"""Observing a site: how it is opened, its pages and journeys in a browser, and what it answers without one."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode, urlsplit

from ...aws.answers import Unreadable
from ...collected.references import Secret, resolve, secret_reader
from ...criteria import UsageError
from ...engines.environments import EngineError
from ...engines.programs import Chromium, has_japanese_fonts, require_chromium
from ...evidence import artifacts, runs
from ...facts.e2e.journeys import FORMAT, browser_of
from ...facts.e2e.probes import list_pins
from ...sections.e2e import DeclaredPage, E2eSection
from ...semantics.json_texts import read_json
from ...terraform.diagnostics import TerraformError
from ...terraform.resources import Configuration
from ..layer import LayerContext
from ..named_site import find_authority, require_near, why_no_account
from ..observing_layer import Evidence
from ..own_site import is_sample, open_own_site
from ..rehearsal import Edge, Site, load_rehearsal
from ..static.repository import evaluate_root, find_configuration
from .facts import JOURNEYS, PROBES, VISITS

# ── The site as a person meets it: what is opened, and who signs in

# ── Credentials for a site, and the build under test: a criteria file refers to both and holds neither

Logins = dict[str, dict[str, str]]


def read_credentials(context: LayerContext, section: E2eSection) -> tuple[Logins, dict[str, str]]:
    """Return the credentials by name, and why others can't be resolved. None of it is recorded."""
    known: Logins = {}
    unresolved: dict[str, str] = {}
    secret = _make_secret_reader(context)
    for name, account in section.credentials.items():
        try:
            pair = {"user": account.user, "password": account.password}
            known[name] = {key: resolve(reference, os.environ, secret) for key, reference in pair.items()}
        except Unreadable as error:
            unresolved[name] = error.reason
    return known, unresolved


def build_under_test(context: LayerContext, section: E2eSection) -> tuple[str, str]:
    """Return the build under test, or an empty one and why nobody knows it."""
    stated = section.build.expected if section.build else "commit"
    kind, _, text = stated.partition(":")
    if kind == "text":
        return text, ""
    if kind == "env":
        found = os.environ.get(text, "")
        return found, "" if found else f"the environment has no {text}; set it to the build under test"
    found = find_commit(context)
    return found, "" if found else "no commit is known of what is judged; run it in its repository"


def find_commit(context: LayerContext) -> str:
    """Return the commit that this run judges, if that is known."""
    return str(runs.read(context.run).about.get("commit", ""))


def _make_secret_reader(context: LayerContext) -> Secret:
    """Return a function that reads a secret, or one value of it for ``ID#KEY``; the account is opened on first use."""
    asked: dict[str, str] = {}

    def secret(name: str) -> str:
        id_, _, key = name.partition("#")
        if id_ not in asked:
            asked[id_] = _open_secrets(context)(id_)
        if not key:
            return asked[id_]
        try:
            return str(read_json(asked[id_])[key])
        except (ValueError, KeyError, TypeError):
            raise Unreadable(f"secret:{name}: is no JSON object with {key!r}; name another key") from None

    return secret


def _open_secrets(context: LayerContext) -> Callable[[str], str]:
    from ...aws.sessions import open_for_drill  # noqa: PLC0415  it takes a second, and few need it

    if reason := why_no_account(context):
        raise Unreadable(f"{reason}, or name an environment variable instead of the secret")
    if not context.stated.account:
        raise Unreadable(f'{context.stated.path}: names no account to ask; write [account] with id = "123456789012"')
    try:
        return secret_reader(open_for_drill(context.target.profile, context.target.region, context.stated.account))
    except UsageError as error:
        raise Unreadable(str(error)) from error


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

    Chromium takes no file of authorities: without these keys it would refuse a page that readers' machines trust.
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


if TYPE_CHECKING:
    from ...browser.settings import BrowserSettings
    from ...probes.site import ProbedSite

#: Returns a record. Raises Unreadable.
Way: TypeAlias = Callable[[], dict[str, Any]]
#: Seconds that all visits, with those that are made again, and all journeys may take.
_VISITS: Final = 450.0
_JOURNEYS: Final = 900.0
#: Seconds for each page, where there are so many that all visits together would have too few.
_EACH: Final = 15.0
#: The criterion that asks for attacks.
_ATTACKS: Final = "waf-refuses-attacks"
#: The note in a run that keeps bodies.
_BODIES: Final = "[e2e] keep_bodies: traces and pictures of failed journeys hold whatever was sent, answered and typed"
#: Modules that drive the browser -> the name to ask for.
_LIBRARIES: Final = {
    "playwright": "Playwright",
    "pytest_playwright": "pytest-playwright",
    "axe_playwright_python": "axe",
}


def observe(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Open the site and observe it."""
    if context.stated.e2e is None:
        raise Unreadable(f"{context.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
    with open_target(context, context.stated.e2e) as target:
        yield from observe_site(target, context.stated.e2e, context, unreadable)


def observe_site(
    target: E2eTarget, section: E2eSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Yield evidence of each kind; note in ``unreadable`` what can't be had. Probes mostly wait, so they run beside."""
    context.progress(f"e2e: probing {target.place}")
    with (
        TemporaryDirectory(prefix="prodgate-browser-") as folder,
        ThreadPoolExecutor(1, thread_name_prefix="probes") as thread,
    ):
        probing = thread.submit(_probe_site, target, section)
        try:
            settings = make_settings(target, section, context, Path(folder))
        except Unreadable as error:
            unreadable |= dict.fromkeys((VISITS, JOURNEYS), error.reason)
        else:
            yield from _observe_with_browser(settings, target, section, context, unreadable)
        probed = attack_site(target, section, context, probing.result())
        yield Evidence(kind=PROBES, value=probed, subject=target.place, source="sockets")


def _observe_with_browser(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    with ThreadPoolExecutor(1, thread_name_prefix="journeys") as thread:
        carry_out: Way = lambda: carry_out_journeys(settings, target, section, context)  # noqa: E731
        # a rehearsal's own site is met by two browsers at once; a real one, whose pages are heavier, by one at a time
        journeys = thread.submit(carry_out).result if context.target.rehearsal else carry_out
        ways: dict[str, Way] = {VISITS: lambda: _visit_pages(settings, target, section, context), JOURNEYS: journeys}
        for kind, way in ways.items():
            try:
                found = way()
            except Unreadable as error:
                unreadable[kind] = error.reason
                continue
            yield Evidence(kind=kind, value=found, subject=target.place, source=browser_of(found))
            if kind == VISITS and found["pages"] and all(_is_silent(page) for page in found["pages"]):
                said = found["pages"][0]["unreachable"]["text"]
                unreadable[JOURNEYS] = f"no page was answered, so that no journey counts: {said}"
                return


def _is_silent(page: Mapping[str, Any]) -> bool:
    return page["unreachable"] is not None and page["unreachable"]["kind"] in (
        "connection",
        "timeout",
        "name",
        "unasked",
    )


def make_settings(target: E2eTarget, section: E2eSection, context: LayerContext, results: Path) -> BrowserSettings:
    """Return the settings of the browser's processes. Raises Unreadable when there is no browser."""
    for module, name in _LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            raise Unreadable(f"{name} is not installed; write: pip install 'prod-gate[e2e]'")
    from ...browser.settings import BrowserSettings  # noqa: PLC0415  judging needs nothing of it

    found, build = _find_browser(context), section.build
    return BrowserSettings(
        base_url=target.url,
        hosts=target.hosts,
        third_parties=section.third_parties,
        lasting=section.lasting,
        untouched=section.untouched,
        keep_bodies=section.keep_bodies,
        sockets=section.sockets,
        pages=[_page_json(page) for page in section.pages],
        **_visitor_json(section),
        build_header=build.header if build else "",
        build_meta=build.meta if build else "",
        mutates=target.mutates,
        credentials=target.credentials,
        unresolved=target.unresolved,
        program=found.program,
        pin=target.pin,
        ca_file=target.ca_file,
        results=str(results),
    )


def _visitor_json(section: E2eSection) -> dict[str, Any]:
    before = {"cookies": section.before.cookies, "headers": section.before.headers, "clicks": section.before.click}
    return {"partners": section.partners, "reads": section.reads, **before}


def _page_json(page: DeclaredPage) -> dict[str, Any]:
    regions = [[each.role, each.name] for each in page.regions]
    return {"name": page.name, "path": page.path, "follow": page.follow, "regions": regions}


def _find_browser(context: LayerContext) -> Chromium:
    try:
        found = require_chromium()
    except EngineError as error:
        raise Unreadable(str(error)) from error
    if not has_japanese_fonts():
        context.note("e2e", "no font here draws Japanese, so that pictures show boxes; install fonts-noto-cjk")
    return found


def _visit_pages(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext
) -> dict[str, Any]:
    """Open every page. Raises Unreadable when the browser failed before the end."""
    from ...browser.processes import BrowserError, run_visits  # noqa: PLC0415  judging needs nothing of it

    log = context.run / "logs" / "e2e" / "visits.txt"
    limit, progress = max(_VISITS, _EACH * len(settings.pages)), context.progress_of("e2e")
    try:
        record = run_visits(settings, cwd=context.project, log=log, limit=limit, progress=progress)
    except BrowserError as error:
        raise Unreadable(str(error)) from error
    if aside := record.get("health", {}).get("aside"):
        context.note("e2e", f"visits to pages: {aside}")
    marked = section.build
    how = f"the header {marked.header}" if marked and marked.header else f"<meta name={marked.meta}>" if marked else ""
    unread = (
        target.no_build if marked else f"{context.stated.path}: [e2e] says not how pages name their build; write build"
    )
    build = {"how": how, "expected": target.build, "unread": unread}
    if left := list(dict.fromkeys(_list_untouched(record))):
        said = "; ".join(left)
        context.note("e2e", f"{len(left)} things say that they change something, and were left untouched: {said}")
    private = [page.path for page in section.pages if page.cache == "private"]
    about = {"place": target.place, "base_url": target.url, "build": build}
    return {**record, **about, "private": private, "reviewed": list(section.reviewed)}


def _list_untouched(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield each link, control and field that was left untouched, and what in it announces a change."""
    for page in record["pages"]:
        for link in page.get("links", ()):
            if why := link.get("untouched") or record["links"]["asked"].get(link["url"], {}).get("untouched"):
                yield f"the link to {link['url']}: {why}"
        yield from (page.get("keyboard") or {}).get("untouched", ())


def carry_out_journeys(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext, layer: str = "e2e"
) -> dict[str, Any]:
    """Run every journey, and store pictures and traces of those that failed. A site may be judged without any."""
    from ...browser.processes import run_journeys  # noqa: PLC0415  judging needs nothing of it

    folder = context.project / section.journeys
    if not folder.is_dir():
        missing = f"{section.journeys}: there is no such folder; write there what a person must be able to do"
        return {"format": FORMAT, "place": target.place, "browser": None, "journeys": [], "broken": [missing]}
    context.progress(f"{layer}: journeys at {target.place}")
    log = context.run / "logs" / layer / "journeys.txt"
    progress = context.progress_of(layer)
    found = run_journeys(folder, settings, project=context.project, log=log, limit=_JOURNEYS, progress=progress)
    for journey in found["journeys"]:
        journey["evidence"] = [_store_file(Path(settings.results, name), context) for name in journey["evidence"]]
    if section.keep_bodies and any(journey["evidence"] for journey in found["journeys"]):
        context.note(layer, _BODIES)
    return {**found, "place": target.place, "hosts": [urlsplit(target.url).hostname or "", *target.hosts]}


def _store_file(file: Path, context: LayerContext) -> str:
    """Store a picture or a trace, and return where, relative to the run."""
    digest = artifacts.store(context.run, file.read_bytes(), file.suffix)
    return f"{artifacts.FOLDER}/{digest}{file.suffix}"


def _probe_site(target: E2eTarget, section: E2eSection) -> dict[str, Any]:
    from ...probes.site import probe  # noqa: PLC0415  judging needs nothing of it

    return probe(_describe_site(target, section))


def attack_site(
    target: E2eTarget, section: E2eSection, context: LayerContext, probed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of the probes with attacks, which come last, or with the reason why none were sent."""
    from ...probes.site import attack  # noqa: PLC0415  judging needs nothing of it

    if reason := why_unattacked(target, context):
        return {**probed, "unattacked": reason}
    context.progress(f"e2e: sending attack strings to {target.place}")
    found = attack(_describe_site(target, section), probed)
    for page in (each for each in found["pages"] if "untouched" in each):
        context.note("e2e", f"no attack strings were sent to {page['path']}: {page['untouched']}")
    return found


def why_unattacked(target: E2eTarget, context: LayerContext) -> str:
    """Return why no attacks are sent: no criterion asks for them, or nobody allowed it; empty when they are."""
    criterion, host = context.stated.criteria.get(_ATTACKS), urlsplit(target.url).hostname
    if criterion is None or "e2e" not in criterion.layers:
        return f"no criterion {_ATTACKS} of the layer e2e asks for attacks, and none were sent"
    if context.target.rehearsal or context.attack_allowed == host:
        return ""
    return f"nobody said that attack strings may be sent to {host}; run with --i-am-allowed-to-attack {host}"


def _describe_site(target: E2eTarget, section: E2eSection) -> ProbedSite:
    from ...probes.site import Page, ProbedSite  # noqa: PLC0415  judging needs nothing of it

    return ProbedSite(
        base_url=target.url,
        place=target.place,
        pages=tuple(Page(page.path, page.cache) for page in section.pages if not page.follow),
        hosts=target.hosts,
        partners=section.partners,
        untouched=section.untouched,
        reads=section.reads,
        plain_url=target.plain_url,
        health=section.health,
        ca_file=target.ca_file,
    )
