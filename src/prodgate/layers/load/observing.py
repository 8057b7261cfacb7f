"""Observes a site under load: opens it, tests the generator first, and reads the account afterwards."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import cycle, takewhile
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Absent, Unreadable
from ...criteria import UsageError
from ...evidence import runs
from ...evidence.artifacts import load_json
from ...facts.load.measurements import SLOWEST
from ...facts.load.runs import LoadChange, find_p95
from ...facts.load.server_view import (
    ACCOUNT_PROFILES,
    MARK,
    IngressCounts,
    account_at,
    count_at_ingress,
    find_whole_minutes,
    host_of,
    summarise_log,
    view_through,
)
from ...facts.load.soundness import find_other_load, run_name, why_no_more_load, why_not_comparable, why_unsound
from ...findings import Outcome
from ...load.profile import Profile
from ...processes.regular_files import read_measured
from ...sections.criteria_file import CriteriaFile
from ...sections.load import PROFILES, LoadSection
from ...semantics.json_texts import read_json
from ..e2e.observing import build_under_test
from ..layer import LayerContext
from ..named_site import find_authority, require_answering, require_near
from ..observing_layer import Evidence, StoredEvidence, list_previous
from ..own_site import is_sample, open_own_site
from ..rehearsal import Site, load_rehearsal
from .facts import ACCOUNT, BEFORE, BY_PROFILE, JUDGED_FROM_THE_START, LIMITED_BY, RECORD, SELF_TEST, find_missing

# ── The site that is put under load: that of a rehearsal, or the one host that a person allowed

#: Seconds that a site may take to answer a request, to name its build and to write its log, and between two reads of
#: the log.
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
    """Whether this is a rehearsal; it is too short for the criteria of a real run."""
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
        with _rehearsal_site(context.make_folder("load", "site"), build=_BUILD) as site:
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
        with _rehearsal_site(context.make_folder("load", "green"), build="green") as site:
            yield site.url


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


# ── How often the same version was put under the same load: who tries until it passes, passes in the end

#: Values that must be the same, so that an earlier pass answers today's question.
_ASKED = ("criteria", "included", "inputs", "moment")
#: How many runs of other commits, the newest first, are searched for the build that answered.
_MOST_LOOKED_UP: Final = 50


def count_attempts(context: LayerContext, profile: str, *, place: str = "", served: str = "") -> int:
    """Return which attempt this is on its version, from 1 on; 0 in a rehearsal, which is a screen and promotes nothing.

    Every run in the same folder that began the load counts, whatever its result: somebody saw an interrupted one as
    well. The same load has the same ``place``, whatever its account. The same version is the same commit,
    with changes or without, or the same build, if the site names the ``served`` one. A pass of the same questions
    ends the series: repeating after a pass is not trying until it passes.
    """
    if context.target.rehearsal:
        return 0
    own = _read_about(context.run)
    began = (
        path
        for path in runs.list_paths(context.run.parent, before=context.run)
        if _is_same_site(own, path, profile, place)
    )
    same = (path for path in _list_same_version(own, began, profile, served) if _has_begun(path, profile))
    return 1 + sum(1 for _ in takewhile(lambda path: not _has_passed(own, path), same))


def _is_same_site(own: Mapping[str, Any], path: Path, profile: str, place: str) -> bool:
    other = _read_about(path)
    if other.get("rehearsal") or own.get("system") != other.get("system"):
        return False
    return own.get("target") == other.get("target") or (bool(place) and _find_place(path, profile) == place)


def _find_place(path: Path, profile: str) -> str:
    """Return where a run sent a load, "" where it does not say: its log does, and what it stored."""
    with suppress(OSError, ValueError, KeyError):
        return str(read_json(read_measured(path / "logs" / "load" / profile / "settings.json"))["host"])
    with suppress(runs.RunError):
        said = (str(fact["subject"]) for fact in runs.read(path).facts_of("load", RECORD))
        return next((each.removeprefix(f"{profile} at ") for each in said if each.startswith(f"{profile} at ")), "")
    return ""


def _list_same_version(own: Mapping[str, Any], earlier: Iterator[Path], profile: str, served: str) -> Iterator[Path]:
    """Yield the runs of the same commit and, among those of other commits that are searched, of the same build."""
    looked_up = 0
    for path in earlier:
        if _name_commit(own) == _name_commit(_read_about(path)):
            yield path
        elif served and looked_up < _MOST_LOOKED_UP:
            looked_up += 1
            if _find_served(path, profile) == served:
                yield path


def _name_commit(about: Mapping[str, Any]) -> str:
    """Return the commit without the mark of changed files: otherwise each edit would begin a new series."""
    return str(about.get("commit") or "").partition("+")[0]


def _find_served(path: Path, profile: str) -> str:
    with suppress(runs.RunError, LookupError):
        for fact in runs.read(path).facts_of("load", RECORD):
            if str(fact["subject"]).startswith(f"{profile} at "):
                return str(load_json(path, fact["digest"])["build"]["served"])
    return ""


def _has_begun(path: Path, profile: str) -> bool:
    if (path / "logs" / "load" / profile).exists():
        return True
    try:
        facts = runs.read(path).facts_of("load", RECORD)
    except runs.RunError:
        return True
    return any(str(fact["subject"]).startswith(f"{profile} at ") for fact in facts)


def _has_passed(own: Mapping[str, Any], path: Path) -> bool:
    """Whether every question of the load layer passed in a run with the same questions."""
    try:
        run = runs.read(path)
    except runs.RunError:
        return False
    outcomes = {finding.outcome for finding in run.findings if finding.layer == "load"}
    passed = Outcome.SATISFIED in outcomes <= {Outcome.SATISFIED, Outcome.NOT_APPLICABLE}
    return passed and run.finished is not None and all(own.get(key) == run.about.get(key) for key in _ASKED)


def _read_about(path: Path) -> Mapping[str, Any]:
    """Return what a run was made from; nothing for one that can't be read, which then counts as another system's."""
    try:
        found = read_json(read_measured(path / "run.json"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


# ── The earlier runs of the same load to compare this one with: the last good one, and one that stays the same


def find_earlier(
    context: LayerContext, kind: str, stored: Mapping[str, Any], release: str = ""
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield stored records of the same load, each with its run and why it is compared.

    These are the last run in which the load layer failed nothing, and the run of ``release``, or else the earliest of
    the good ones: a site that becomes a little slower each night is never much slower than the night before. A
    rehearsal only screens, and is compared with the last alone. Raises Unreadable when the run of the release holds
    no such load.
    """
    listed = list_previous(context, "load", kind)
    good = ({**before, "run": run} for run, before in listed if _is_like(before, stored))
    last, earliest = next(good, None), None
    kept = [find_p95(last["record"])] if last and not context.target.rehearsal else []
    for earliest in good if kept else ():
        kept.append(find_p95(earliest["record"]))
    if last:
        yield {**last, "kept": kept}, "the last good run"
    if context.target.rehearsal:
        return
    if release:
        yield {**_find_release(context, kind, stored, release), "kept": kept}, "the run of the release"
    elif earliest:
        yield {**earliest, "kept": kept}, "the earliest good run"


def _find_release(context: LayerContext, kind: str, stored: Mapping[str, Any], release: str) -> Mapping[str, Any]:
    try:
        run = runs.read(context.run.parent / release)
    except runs.RunError as error:
        raise Unreadable(f"[load] release: {error}; name a run in {context.run.parent}") from error
    for fact in run.facts_of("load", kind):
        with suppress(LookupError):
            if _is_like(before := load_json(run.path, fact["digest"]), stored):
                return {**before, "run": release}
    raise Unreadable(f"[load] release: the run {release} holds no load like this one, so that nothing can be compared")


def _is_like(before: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    with suppress(LookupError):
        earlier = before["record"]
        told = earlier["complete"] and not (why_unsound(earlier) or why_not_comparable(earlier))
        return told and not [*find_other_load(before, stored)]
    return False


# ── Which build was under load: what the site says itself, beside the one that was meant


def read_build(target: LoadTarget, context: LayerContext) -> dict[str, Any]:
    """Return ``{"served", "expected", "unread"}``: which build answers and which should, or why one is not known."""
    mark = context.stated.e2e.build if context.stated.e2e else None
    header = mark.header if mark else ""
    served, why = _ask_for_build(target, header) if header else ("", "[e2e] build names no header that says it")
    return {"served": served, "expected": target.build, "unread": target.no_build or why}


def _ask_for_build(target: LoadTarget, header: str) -> tuple[str, str]:
    url, parts = target.url, urlsplit(target.url)
    connection: HTTPConnection = (
        HTTPSConnection(parts.netloc, timeout=_PATIENCE, context=_trusting(target.ca_file))
        if parts.scheme == "https"
        else HTTPConnection(parts.netloc, timeout=_PATIENCE)
    )
    try:
        with closing(connection):
            connection.request("GET", "/")
            found = connection.getresponse().getheader(header) or ""
    except (OSError, HTTPException) as error:
        return "", f"{url} did not answer: {error}"
    return found, "" if found else f"{url} sends no header {header}"


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT  # as the load itself does, on every version of Python
    return context


# ── Deploys while load runs: one after another, so that as many requests as possible meet one

#: Seconds between two deploys, in which the site can be seen to have settled.
BETWEEN: Final = 1.0
#: The builds that are deployed in turn; the site starts with the last.
_BUILDS: Final = ("green", "blue")


@dataclass(slots=True)
class Deploys:
    """The deployments during a load: each build with its start and end, in seconds since 1970."""

    done: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ""
    """Why a deploy did not succeed; none was tried after it."""


@contextmanager
def deploying(deploys: Deploys, site: Site | None, progress: Callable[[str], None]) -> Iterator[None]:
    """Deploy to a site again and again while the context is open, and wait for the last; do nothing without a site."""
    if site is None:
        yield
        return
    over = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="deploys") as thread:
        work = thread.submit(_deploy, deploys, site, over, progress)
        try:
            yield
        finally:
            over.set()
            work.result()


def _deploy(deploys: Deploys, site: Site, over: threading.Event, progress: Callable[[str], None]) -> None:
    for build in cycle(_BUILDS):
        if over.wait(BETWEEN):
            return
        started = time.time()
        try:
            site.deploy(build)
        except Exception as error:  # noqa: BLE001  however a deploy fails, it is a finding and no crash
            deploys.failed = f"{build}: {error}"
            return
        deploys.done.append({"build": build, "started": started, "ended": time.time()})
        progress(f"deploy: {build} is in place after {time.time() - started:.1f} s")


# ── Running a load test: the generator's self-test, then each profile, each in a process of its own


def require_section(context: LayerContext) -> LoadSection:
    """Return the [load] section. Raises Unreadable when there is none, or when it can't be run here."""
    section = context.stated.load
    if section is None:
        raise Unreadable(
            f"{context.stated.path}: says nothing of load; write [load.steady] with "
            'rate = "100 /s" and duration = "40 s", and most = { … } under [load]'
        )
    if importlib.util.find_spec("locust") is None:
        raise Unreadable("Locust is not installed; write: pip install 'prod-gate[load]'")
    if not (context.project / section.locustfile).is_file():
        raise Unreadable(f"{context.project / section.locustfile}: there is no such file; write what users do there")
    if context.target.rehearsal:
        return replace(section, profiles={**section.profiles, **section.rehearsal})
    return section


def run_profiles(
    target: LoadTarget, section: LoadSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Test the generator, then yield the evidence of each profile; note in ``unreadable`` what can't be run.

    Raises Unreadable when the generator measures something else than what is there.
    """
    yield from _test_generator(context)
    broken: dict[str, str] = {}
    for name in PROFILES:
        if reason := _find_hindrance(name, target, section, context) or _find_broken(name, section, broken):
            unreadable |= _leave_unreadable(name, reason, section)
        elif name in section.profiles:
            try:
                for seen in _run_profile(name, target, section, context):
                    if seen.kind == RECORD and (why := why_no_more_load(seen.value["record"])):
                        broken[name] = why
                    yield seen
                    if name == "steady":
                        yield from _find_previous(seen.value, section, context, unreadable)
            except UsageError as error:
                unreadable |= _leave_unreadable(name, str(error), section)
                if context.load_record:  # a load may have been sent, and nobody knows what it did to the site
                    broken[name] = str(error)


def _find_broken(name: str, section: LoadSection, broken: Mapping[str, str]) -> str:
    """Return a load that already went wrong and was no stronger than that of a profile, or an empty string.

    ``broken`` holds the reason by profile.
    """
    rate = section.profiles[name].rate if name in section.profiles else None
    worst = [each for each in broken if rate and section.profiles[each].rate.base <= rate.base]
    if not worst:
        return ""
    before = f"{worst[0]} at {section.profiles[worst[0]].rate} went wrong ({broken[worst[0]]})"
    return f"{before}, so {name} at {rate} was not sent to the same site; find out what broke, and run the load again"


def _leave_unreadable(profile: str, reason: str, section: LoadSection) -> dict[str, str]:
    """Leave open what a profile would have shown; if it is not stated, only what no stated profile shows."""
    shown = () if profile in section.profiles else [kind for each in section.profiles for kind in BY_PROFILE[each]]
    return {kind.__name__: reason for kind in BY_PROFILE[profile] if kind not in shown}


def _find_hindrance(name: str, target: LoadTarget, section: LoadSection, context: LayerContext) -> str:
    if name == "deploy" and target.site is None:
        return "no deploy was carried out while the load ran"
    if name not in section.profiles:
        return (
            "" if name == "compare" else f"{context.stated.path}: states no [load.{name}]; write its rate and duration"
        )
    rehearses_own = context.target.rehearsal and target.site is None
    if name == "compare" and rehearses_own:
        return "a rehearsal of your own site has one build, so there are no two to compare"
    if name == "compare" and target.site is None and not section.port_of_green:
        return f"{context.stated.path}: [load] names no port_of_green, so there are no two builds to compare; write it"
    return "" if target.site or rehearses_own else _find_stray_host(section, context)


def _find_stray_host(section: LoadSection, context: LayerContext) -> str:
    """Return why the host may no longer be put under load: its name may lead elsewhere by now."""
    try:
        require_allowed_host(section, context)
    except Unreadable as error:
        return error.reason
    return ""


def _test_generator(context: LayerContext) -> Iterator[Evidence]:
    """Let the generator measure a server whose faults are known. Raises Unreadable when it does not find them."""
    from ...load.runner import self_test  # noqa: PLC0415  judging needs nothing of it

    found: Mapping[str, Any] = self_test(
        directory=context.run / "logs" / "load" / "self-test", progress=context.progress_of("load")
    )
    yield Evidence(kind=SELF_TEST, value=found, subject="the load generator", source="its self-test")
    if not found["ok"]:
        raise Unreadable(f"the load generator failed its self-test, so nothing was measured: {found['reason']}")


def _run_profile(name: str, target: LoadTarget, section: LoadSection, context: LayerContext) -> Iterator[Evidence]:
    """Run one profile; its record is stored even when the run is interrupted. Raises UsageError."""
    from ...load.runner import run_load  # noqa: PLC0415  judging needs nothing of it

    profile = _make_profile(name, section, context.stated)
    build = read_build(target, context)
    attempt = count_attempts(context, name, place=target.url, served=build["served"])
    about = {"build": build, "attempt": attempt, "screen": target.screen}
    since, deploys = target.log_size(), Deploys()
    directory = context.run / "logs" / "load" / name
    context.progress(f"load: {name}: {profile.rate:g} arrivals per second for {profile.duration:g} s at {target.place}")
    given: dict[str, Any] = {"locustfile": context.project / section.locustfile, "workers": section.workers}
    given["holds"] = section.holds
    # what the sample site uses is known: it was begun here
    given |= {"ca_file": target.ca_file, "own": os.getpid() if target.site else 0}
    given |= {"elsewhere": f"{context.load_record.rstrip('/')}/{name}"} if context.load_record else {}
    beside, progress = target.site if name == "deploy" else None, context.progress_of("load")
    try:
        with green_build(target, section, context, name) as other, deploying(deploys, beside, progress):
            record = run_load(profile, target.url, other_host=other, directory=directory, progress=progress, **given)
        if context.load_record and not target.screen:
            _require_expected_addresses(record, section)
    except KeyboardInterrupt:
        if (written := directory / "record.json").exists():
            yield _make_evidence(read_json(written.read_text("utf-8")), deploys, since, target, about)
        raise
    yield _make_evidence(record, deploys, since, target, about)


def _require_expected_addresses(record: Mapping[str, Any], section: LoadSection) -> None:
    """Raise UsageError for a load of other machines that went where the criteria do not say: they ask another DNS."""
    told = [(0, 0, 0, "", (address, 443)) for address in record["addresses"]]
    host = urlsplit(record["host"]).hostname or ""
    resolve: Callable[..., Iterable[Any]] = lambda *given, **named: [*told, *socket.getaddrinfo(*given, **named)]  # noqa: E731
    if strangers := find_unexpected_addresses(host, section.resolves_to, resolve=resolve):
        raise UsageError(
            f"where the load was made, {host} resolves to {', '.join(strangers)}, which is not of "
            f"{', '.join(section.resolves_to)}; look where its name leads there, or mend [load] resolves_to"
        )


def _make_evidence(
    record: Mapping[str, Any], deploys: Deploys, since: int, target: LoadTarget, about: Mapping[str, Any]
) -> Evidence:
    stored = {
        "place": target.place,
        "record": record,
        "server": None if record["other"] else _read_server_log(record, since, target),
        "deploys": list(deploys.done),
        "undeployed": deploys.failed,
        **about,
    }
    subject, made = f"{record['profile']['name']} at {target.place}", f"Locust {record['versions']['locust']}"
    source = f"{made}, {record['elsewhere']}" if "elsewhere" in record else made
    return Evidence(kind=RECORD, value=stored, subject=subject, source=source)


def _read_server_log(record: Mapping[str, Any], since: int, target: LoadTarget) -> Mapping[str, Any] | None:
    """Return the summary of the site's log of a run, or why it can't be read; None for a site that is not our own."""
    try:
        lines = target.lines(since)
    except Unreadable as error:
        return {"unreadable": error.reason}
    return None if lines is None else summarise_log(lines, record)


def _find_previous(
    stored: Mapping[str, Any], section: LoadSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Yield the earlier runs that a load is compared with; note in ``unreadable`` that a stated one can't be had."""
    try:
        for before, why in find_earlier(context, RECORD, stored, section.release):
            yield Evidence(kind=BEFORE, value=before, subject=f"{run_name(stored)} in {before['run']}", source=why)
    except Unreadable as error:
        unreadable[LoadChange.__name__] = error.reason


def _make_profile(name: str, section: LoadSection, stated: CriteriaFile) -> Profile:
    """Return the profile to run; far beyond the limits of its criteria a run ends early.

    Without a limit of latency only failures are counted, and what is slow is what times out.
    """
    given = section.profiles[name]
    before, lasting = float(given.warm_up.base), float(given.duration.base)
    climb = before if name in JUDGED_FROM_THE_START else 0.0
    slow, failed = (find_limit(id_, stated) for id_ in LIMITED_BY.get(name, ("", "")))
    return Profile(
        name=name,
        rate=float(given.rate.base),
        duration=lasting + climb,
        within=float(given.within.base),
        warm_up=before - climb,
        climb=climb,
        timeout=float(given.timeout.base),
        returning=float(given.returning.base),
        uncached=float(given.uncached.base),
        seed=secrets.randbelow(2**31),
        slow=float(given.timeout.base) if slow is None else slow,
        slow_share=None if slow is None else float(SLOWEST),
        failed_share=failed,
    )


def find_limit(criterion: str, stated: CriteriaFile) -> float | None:
    """Return the limit of a criterion in its base unit, None where none is stated."""
    found = stated.criteria.get(criterion)
    return float(found.bound.limit.base) if found and found.bound and found.bound.limit else None


# ── CloudWatch's counts of a real site under load: awaited, and stored as evidence

if TYPE_CHECKING:
    from ..live.target import LiveTarget

#: How long CloudWatch may still add to a minute, how long it is waited for at most, and seconds between queries.
SETTLED: Final = timedelta(minutes=3)
LATEST: Final = timedelta(minutes=10)
PAUSE: Final = 20.0


def observe_account(all_runs: Iterable[Mapping[str, Any]], context: LayerContext) -> Iterator[Evidence]:
    """Yield what the account counted in the minutes of the runs; nothing in a rehearsal, where the site has a log."""
    runs = [run for run in all_runs if run["record"]["profile"]["name"] in ACCOUNT_PROFILES]
    if context.target.rehearsal or not runs:
        return
    from ..live.target import open_target  # noqa: PLC0415  boto3 takes as long to import as all the rest

    kept: dict[str, Any] = {"unreadable": "", "foreign": context.stated.foreign, "answers": []}
    try:
        with open_target(context) as target:
            kept |= {"id": target.id, "region": target.region, "library": target.library}
            for run in runs:
                _query_counts(target, run, kept, context)
            kept["answers"] = [
                {"service": service, "region": region, "calls": calls}
                for service, region, calls in target.calls.recording.by_place()
            ]
    except UsageError as error:
        kept["unreadable"] = str(error)
    source = f"CloudWatch, asked with {kept.get('library', 'nothing')}"
    yield Evidence(kind=ACCOUNT, value=kept, subject=context.stated.account or context.target.url, source=source)


def _query_counts(target: LiveTarget, run: Mapping[str, Any], about: Mapping[str, Any], context: LayerContext) -> None:
    """Wait for the counts of a run, then make every call that its facts need, so that the answers are recorded."""
    name, calls = run["record"]["profile"]["name"], target.calls
    with suppress(Absent, Unreadable):  # the code that makes the facts meets the same answer
        begun, ended = find_whole_minutes(run["record"])
        told = partial(
            context.progress, f"load: {name}: waiting until CloudWatch tells of the minutes before {ended:%H:%M} UTC"
        )

        def look() -> IngressCounts | None:
            with account_at(ended, calls, about) as account:
                return count_at_ingress(account, host_of(run["record"]), about["foreign"], begun)

        if wait_until_settled(look, begun, ended, told) is None:
            context.note("load", f"account {target.id} has no distribution and no load balancer that counts requests")
        tuple(view_through(calls, run, about))


def wait_until_settled(
    look: Callable[[], IngressCounts | None],
    begun: datetime,
    ended: datetime,
    told: Callable[[], object],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], object] = sleep,
) -> IngressCounts | None:
    """Query until every minute has a count and two answers agree, or until LATEST; return the last answer."""
    before: IngressCounts | None = None
    while True:
        seen = look()
        again = seen == before and seen is not None and not seen.missing(begun, ended)
        if seen is None or now() >= ended + LATEST or (again and now() >= ended + SETTLED):
            return seen
        told()
        before = seen
        wait(PAUSE)


def observe(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Test the generator, run each profile, then ask the account what it counted."""
    stored: list[StoredEvidence] = []
    try:
        section = require_section(context)
        with open_target(context, section) as target:
            for seen in run_profiles(target, section, context, unreadable):
                yield seen
                stored.append((seen.kind, seen.value))
        yield from observe_account([value for kind, value in stored if kind == RECORD], context)
    except Unreadable as error:
        for kind in find_missing(stored):
            unreadable.setdefault(kind.__name__, error.reason)
