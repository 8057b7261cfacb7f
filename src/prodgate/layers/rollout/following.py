"""Following a deployment that somebody else carries out on a real account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.plain_json import to_plain
from ...facts.live.ecs_services import list_services
from ...facts.rollout.deployments import deployment_facts
from ...facts.rollout.reading import read_by_id, read_newest_deployments
from ...facts.rollout.requests import WatchedRequests, request_facts
from ...facts.rollout.states import State
from ...facts.rollout.watched import state_of
from ...facts.rollout.writes import write_facts
from ..layer import LayerContext
from ..load.target import require_allowed_host
from .budget import find_budget
from .deployment import build_header
from .records import ids_of
from .target import Scene, open_scene, require_section
from .watching import Deploy, Watch, make_plan, watch_deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deployments to follow: those with ids, or else the newest of each service, or the next one of each."""

    ids: tuple[str, ...] = ()
    next: bool = False
    services: tuple[str, ...] = ()
    """Names of the services that count, where no ids are given; none for every one behind a load balancer."""


def follow(context: LayerContext, wanted: Wanted) -> Mapping[str, Any]:
    """Follow deployments to their end, and return the record of the watch. Raises Unreadable and UsageError."""
    with open_scene(context) as scene:
        account = scene.look()
        only = _find_services(account, wanted.services)
        ids, began = ({}, None) if wanted.next else _find_ids(account, wanted.ids, only)
        watch = make_following(context, scene)
        watch = replace(watch, waits=wanted.next, only=only, acted=began.isoformat() if began else "")
        what = ", ".join(id_.rpartition("/")[2] for id_ in ids.values()) or "the next deployment of each service"
        context.progress(f"watching {what}, for {watch.watching.limit} at most")
        return watch_deployment(watch, None, ids)


def watch_own(context: LayerContext, scene: Scene, deploy: Deploy) -> Mapping[str, Any]:
    """Let a deployment begin on a real account, and follow it to its end. Raises Unreadable, and as ``deploy``."""
    return watch_deployment(make_following(context, scene), deploy, {})


def make_following(context: LayerContext, scene: Scene) -> Watch:
    """Return how a real account is watched, with requests where they are allowed."""
    silent = _why_silent(context)
    section = require_section(context)
    return Watch(
        place=scene.place,
        look=scene.look,
        watching=scene.watching,
        plan=None if silent else make_plan(section, scene.watching, _url(context), build_header(context)),
        silent=silent,
        folder=context.run,
        tell=context.progress,
        budget=find_budget(context.stated),
        family=section.migrations.task if section.migrations else "",
    )


def _find_services(account: Account, names: tuple[str, ...]) -> frozenset[str]:
    """Return the ARNs of services by their names; none for none. Raises Unreadable for a name that none has."""
    known = {one["serviceName"]: one["serviceArn"] for one in account.once(list_services) if one.get("loadBalancers")}
    for name in names:
        if name not in known:
            said = ", ".join(sorted(known)) or "none"
            raise Unreadable(f"--service {name}: is behind no load balancer of {account.region}; these are: {said}")
    return frozenset(known[name] for name in names)


def _find_ids(
    account: Account, wanted: tuple[str, ...], only: frozenset[str]
) -> tuple[dict[str, str], datetime | None]:
    """Return the deployments by their services, and when the first of them began. Raises Unreadable."""
    newest = read_newest_deployments(account) if not wanted else ()
    found = [one for one in newest if not only or one["service"]["serviceArn"] in only]
    found += [_read_wanted(account, id_) for id_ in dict.fromkeys(wanted)]
    ids = ids_of(found)
    if wanted and len(ids) < len(found):
        raise Unreadable(f"{' and '.join(wanted)}: two of them are of one service; name the one that goes on")
    if not wanted and ids and len(ids) < len(found):
        reasons = "; ".join(dict.fromkeys(one["unreadable"] for one in found if "unreadable" in one))
        raise Unreadable(f"{reasons}; or watch the others: --service NAME")
    if not ids:
        reasons = "; ".join(dict.fromkeys(one.get("unreadable", "") for one in found))
        raise Unreadable(reasons or "no service stands behind a load balancer, so nothing is deployed")
    return ids, min(_list_beginnings(found), default=None)


def _read_wanted(account: Account, id_: str) -> Mapping[str, Any]:
    try:
        answers = read_by_id(account, id_)
    except Absent as error:
        raise Unreadable(f"{id_}: AWS answers {error.code}; look it up: aws deploy list-deployments") from error
    plain: Mapping[str, Any] = to_plain({"service": _find_service(account, id_, answers), **answers})
    return plain


def _find_service(account: Account, id_: str, answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the service of a deployment. Raises Unreadable when it is none of this account and region."""
    named = {(target.get("ecsTarget") or {}).get("targetId", "") for target in answers.get("targets", ())}
    for service in account.once(list_services):
        own = f"{service['clusterArn'].rpartition('/')[2]}:{service['serviceName']}"
        if answers["deployment"].get("serviceArn") == service["serviceArn"] or own in named:
            return {name: value for name, value in service.items() if name != "events"}
    raise Unreadable(f"{id_}: is of no ECS service in {account.region}; look which region it is in")


def _list_beginnings(found: list[Mapping[str, Any]]) -> Iterator[datetime]:
    for answers in found:
        for fact in deployment_facts(answers):
            began = object.__getattribute__(fact, "began")
            if not isinstance(began, Unread):
                yield began


def _why_silent(context: LayerContext) -> str:
    """Return why no request may be sent; empty when it may."""
    if context.stated.load is None:
        return f"{context.stated.path}: says nothing of [load], so nobody knows who may be sent requests"
    try:
        require_allowed_host(context.stated.load, context)
    except Unreadable as error:
        return error.reason.replace("run with", "watch with")
    return ""


def _url(context: LayerContext) -> str:
    return f"https://{context.load_allowed}"


def summarise(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of it: ``outcome`` is good, bad or unknown, ``lines`` say why."""
    lines = [*_describe_ends(record), *_describe_requests(record), *_describe_writes(record)]
    outcomes = {outcome for outcome, _ in lines}
    outcome = "bad" if "bad" in outcomes else "unknown" if "unknown" in outcomes or not lines else "good"
    return {"outcome": outcome, "ids": dict(record["ids"]), "lines": [line for _, line in lines]}


def _describe_ends(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for route in record["routes"]:
        id_ = record["ids"].get(route["service"])
        if id_ is None:
            yield "unknown", f"{route['name']}: no deployment of it began while it was watched"
            continue
        seen = [one["services"][route["service"]].get("deployment") for one in record["samples"]]
        last = next((one for one in reversed(seen) if one), None)
        yield _describe_end(f"{route['name']}: {id_.rpartition('/')[2]}", last, record["why"])
    if record["why"]:
        yield "unknown", record["why"]


def _describe_end(named: str, last: Mapping[str, Any] | None, why: str) -> tuple[str, str]:
    if last is None:
        return "unknown", f"{named} was never seen"
    try:
        state = state_of(last)
    except Unreadable as error:
        return "unknown", f"{named}: {error.reason}"
    if state == State.SUCCEEDED:
        return "good", f"{named} {state}"
    return ("unknown" if why else "bad"), f"{named} {state}"


def _describe_requests(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for fact in request_facts(record):
        if isinstance(fact, WatchedRequests):
            failed = object.__getattribute__(fact, "failed")
            if isinstance(failed, Unread):
                # that nobody may send any was said when it began; the deployment's end is what was asked for
                yield "good" if record["stream"] is None else "unknown", f"requests: {failed.reason}"
            else:
                yield "bad" if failed.value.base else "good", f"requests that failed: {failed}"


def _describe_writes(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say what became of acknowledged writes, where the criteria state how one is read back."""
    if (record["stream"] or {}).get("writes") is None:
        return
    for fact in write_facts(record, "it"):
        wrong = object.__getattribute__(fact, "wrong")
        if isinstance(wrong, Unread):
            yield "unknown", f"writes: {wrong.reason}"
        elif wrong.value.base:
            yield "bad", f"writes that were acknowledged and not kept once: {wrong}"
        elif wrong.unfinished:
            yield "unknown", f"writes: {wrong.unfinished}"
        else:
            yield "good", f"writes: {wrong}"
