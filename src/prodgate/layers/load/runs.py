"""Running a load test: the generator's self-test, then each profile, each in a process of its own."""

from __future__ import annotations

import importlib.util
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...aws.answers import Unreadable
from ...criteria import UsageError
from ...facts.load.changes import LoadChange
from ...facts.load.measurements import SLOWEST
from ...facts.load.server_view import summarise_log
from ...facts.load.soundness import run_name, why_no_more_load
from ...load.profile import Profile
from ...sections.criteria_file import CriteriaFile
from ...sections.load import PROFILES, LoadSection
from ...semantics.json_texts import read_json
from ..layer import LayerContext
from ..observing_layer import Evidence
from .attempts import count_attempts
from .baseline import find_earlier
from .builds import read_build
from .deploys import Deploys, deploying
from .kinds import BEFORE, JUDGED_FROM_THE_START, KINDS, LIMITED_BY, RECORD, SELF_TEST
from .target import LoadTarget, green_build, require_allowed_host


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


def _find_broken(name: str, section: LoadSection, broken: Mapping[str, str]) -> str:
    """Return which load, no stronger than that of a profile, did not go well already; or an empty string.

    ``broken`` holds the reason by profile.
    """
    rate = section.profiles[name].rate if name in section.profiles else None
    worst = [each for each in broken if rate and section.profiles[each].rate.base <= rate.base]
    if not worst:
        return ""
    before = f"{worst[0]} at {section.profiles[worst[0]].rate} went wrong ({broken[worst[0]]})"
    return f"{before}, so {name} at {rate} was not sent to the same site; find out what broke, and run the load again"


def _leave_unreadable(profile: str, reason: str, section: LoadSection) -> dict[str, str]:
    """Leave open what a profile would have shown; of one that is not stated, what no stated one shows either."""
    shown = () if profile in section.profiles else [kind for each in section.profiles for kind in KINDS[each]]
    return {kind.__name__: reason for kind in KINDS[profile] if kind not in shown}


def _find_hindrance(name: str, target: LoadTarget, section: LoadSection, context: LayerContext) -> str:
    """Return why a required profile can't be run; empty when it can."""
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
    from ...load.selftest import self_test  # noqa: PLC0415  judging needs nothing of it

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
    given["ca_file"] = target.ca_file
    beside, progress = target.site if name == "deploy" else None, context.progress_of("load")
    try:
        with green_build(target, section, context, name) as other, deploying(deploys, beside, progress):
            record = run_load(profile, target.url, other_host=other, directory=directory, progress=progress, **given)
    except KeyboardInterrupt:
        if (written := directory / "record.json").exists():
            yield _make_evidence(read_json(written.read_text("utf-8")), deploys, since, target, about)
        raise
    seen = _make_evidence(record, deploys, since, target, about)
    yield seen


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
    subject = f"{record['profile']['name']} at {target.place}"
    return Evidence(kind=RECORD, value=stored, subject=subject, source=f"Locust {record['versions']['locust']}")


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
    slow, failed = (_find_limit(id_, stated) for id_ in LIMITED_BY.get(name, ("", "")))
    return Profile(
        name=name,
        rate=float(given.rate.base),
        duration=lasting + climb,
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


def _find_limit(criterion: str, stated: CriteriaFile) -> float | None:
    found = stated.criteria.get(criterion)
    return float(found.bound.limit.base) if found and found.bound and found.bound.limit else None
