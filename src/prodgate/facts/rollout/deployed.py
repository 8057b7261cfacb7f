"""The result of a deployment: running tasks, their versions and scans, and responses to readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable, read_document
from ...aws.recording import to_plain
from ...estimates import Estimate
from ...quantities import Quantity
from ...semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS
from .. import Fact
from ..live.cloudwatch import Query, read_series, total
from ..live.ecs_services import (
    LEAVING,
    UNCHECKED,
    Image,
    is_same_image,
    list_containers,
    list_services,
    list_tasks,
    list_variants,
    parse_image,
    read_task_definition,
    repository_name,
)
from ..live.load_balancers import list_application_balancers, metric_name
from .deployments import Revision, count_names, deployment_facts, read_or_say
from .watched import Route
from .windows import Window


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedService(Fact):
    """A service after its deployment; ``subject`` is its ARN."""

    desired: Quantity
    running: Quantity
    healthy: Quantity
    """Healthy targets in its target groups."""
    unwell: tuple[str, ...]
    """Targets that are neither healthy nor leaving, as state and number."""
    strange: tuple[str, ...]
    """Tasks that run another version than the deployed one, or another image than it names."""


def read_deployed(account: Account, routes: tuple[Route, ...]) -> Iterator[Mapping[str, Any]]:
    """Yield the state of each service, as plain JSON values; for an unreadable one ``{"service", "unreadable"}``."""
    known = {service["serviceArn"]: service for service in account.once(list_services)}
    for route in routes:
        found: Mapping[str, Any] = {"unreadable": f"{route.name} is not active any more"}
        if route.service in known:
            found = read_or_say("unreadable", _read_one, account, route, known[route.service])
        plain: Mapping[str, Any] = to_plain({"service": route.service, **found})
        yield plain


def _read_one(account: Account, route: Route, service: Mapping[str, Any]) -> Mapping[str, Any]:
    states: dict[str, int] = {}
    for group in route.groups:
        for row in account.get("elbv2", "DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]:
            states[row["TargetHealth"]["State"]] = states.get(row["TargetHealth"]["State"], 0) + 1
    counts = {"desired": service["desiredCount"], "running": service["runningCount"]}
    return {**counts, "targets": states, "tasks": [_read_task(account, one) for one in list_tasks(account, service)]}


def _read_task(account: Account, task: Mapping[str, Any]) -> Mapping[str, Any]:
    definition = read_task_definition(account, task["taskDefinitionArn"])
    images = {one["name"]: parse_image(one["image"]) for one in definition["containerDefinitions"]}
    containers = [
        {
            "name": one["name"],
            "digest": one.get("imageDigest", ""),
            "wanted": images[one["name"]].digest,
            "same": bool(one.get("imageDigest")) and is_same_image(account, images[one["name"]], one["imageDigest"]),
        }
        for one in task["containers"]
        if one["name"] in images  # AWS adds others, such as GuardDuty's
    ]
    return {"task": task["taskArn"], "definition": task["taskDefinitionArn"], "containers": containers}


def deployed_facts(value: Mapping[str, Any], deployments: tuple[Mapping[str, Any], ...]) -> Iterator[DeployedService]:
    """Yield the service in a stored response; ``deployments`` are the responses about the deployments."""
    if reason := value.get("unreadable"):
        yield DeployedService.unread(value["service"], reason)
        return
    states = value["targets"]
    well = ("healthy", UNCHECKED, *LEAVING)
    unwell = tuple(f"{count} {state}" for state, count in sorted(states.items()) if state not in well)
    unchecked: Any = Unread(f"the first health checks of {states.get(UNCHECKED)} targets go on; look again in minutes")
    yield DeployedService(
        subject=value["service"],
        desired=Quantity.of(value["desired"]),
        running=Quantity.of(value["running"]),
        healthy=Quantity.of(states.get("healthy", 0)),
        unwell=unwell if unwell or UNCHECKED not in states else unchecked,
        strange=_find_strange(value, deployments),
    )


def _find_strange(value: Mapping[str, Any], deployments: tuple[Mapping[str, Any], ...]) -> Any:
    own = [one for one in deployments if one["service"]["serviceArn"] == value["service"]]
    target = next(
        (fact.peek("target") for one in own for fact in deployment_facts(one)), Unread("its deployment is unknown")
    )
    if isinstance(target, Unread):
        return target
    if not value["tasks"]:
        return Unread("no task runs, so nobody knows which image one would use")
    try:
        return tuple(line for task in value["tasks"] for line in _compare(task, target))
    except Unreadable as error:
        return Unread(error.reason)


def _compare(task: Mapping[str, Any], target: Revision) -> Iterator[str]:
    """Yield how a task differs from the deployed version. Raises Unreadable for an image without a digest."""
    name = f"task {task['task'].rpartition('/')[2][:8]}"
    if task["definition"] != target.definition:
        yield f"{name} runs {_short(task['definition'])}, not {_short(target.definition)}"
        return
    for one in task["containers"]:
        wanted = target.digests.get(one["name"]) or one["wanted"]
        if not wanted or not one["digest"]:
            raise Unreadable(f"{name}: the digest of {one['name']} is not known; name images by digest")
        if one["digest"] != wanted and not one["same"]:
            yield f"{name} runs {one['name']} {one['digest'][:19]}…, not {wanted[:19]}…"


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


# ── Security scans of a release: of the configuration of its commit, and of its images


#: States of a scan with a result: of a basic scan, and of Inspector, which continues.
_SCANNED: Final = ("COMPLETE", "ACTIVE")
_GRAVE: Final = ("CRITICAL", "HIGH")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConfigurationScan(Fact):
    """A scan of the declared infrastructure; ``subject`` is its root and the run of the gate that scanned it."""

    open: Estimate
    """Findings that nobody accepted. The scanner rates none of them, so each counts as severe."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageScan(Fact):
    """A scan of an image; ``subject`` is registry, name and digest."""

    open: Estimate
    """Vulnerabilities that are critical or high, and were known when the deployment began."""


def scan_facts(value: Mapping[str, Any], why: str) -> Iterator[ConfigurationScan]:
    """Yield the scan of a configuration; ``value`` holds its open findings, ``why`` why it proves nothing."""
    subject = f"{value['root']} in {value['run']}"
    if why:
        yield ConfigurationScan.unread(subject, why)
        return
    yield ConfigurationScan(subject=subject, open=count_names(value["open"], "scan", unfinished=value["unread"]))


def observe_image_scans(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the scan findings of each declared or running image. Raises Unreadable."""
    running = {pair for service in account.once(list_services) for pair in _list_running(account, service)}
    declared = set(account.once(_list_declared))
    for reference, digest in sorted(running | declared):
        image = parse_image(reference)
        told: dict[str, Any] = {
            "image": f"{image.repository}@{digest}" if digest else reference,
            "declared": (reference, digest) in declared,
        }
        yield {**told, **read_or_say("unread", _read_scans, account, image, digest)}


def _list_running(account: Account, service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in list_containers(account, service):
        yield one["image"], one.get("imageDigest") or parse_image(one["image"]).digest


def _list_declared(account: Account) -> Iterator[tuple[str, str]]:
    """Yield the images that the task definitions of the commit name by digest."""
    for stated in account.declared("aws_ecs_task_definition").values():
        text = stated.get("container_definitions")
        for one in read_document(text, "container_definitions") if isinstance(text, str) else ():
            if digest := parse_image(str(one.get("image", ""))).digest:
                yield one["image"], digest


def _read_scans(account: Account, image: Image, digest: str) -> Mapping[str, Any]:
    name = repository_name(account, image)
    scans = account.each(partial(_read_scan, account, name), list_variants(account, image, digest))
    return {"grave": [row for rows in scans for row in rows]}


def _read_scan(account: Account, name: str, digest: str) -> list[Mapping[str, Any]]:
    """Return the severe vulnerabilities that a scan has left open. Raises Unreadable unless the scan completed."""
    asked: dict[str, Any] = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    try:
        answer = account.get("ecr", "DescribeImageScanFindings", maxResults=1, **asked)
        rows = account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.findings", **asked)
        rows += account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.enhancedFindings", **asked)
    except Absent as error:
        raise Unreadable(f"{name}@{digest}: was never scanned ({error.code}); scan it") from None
    if (state := answer["imageScanStatus"]["status"]) not in _SCANNED:
        raise Unreadable(f"{name}@{digest}: its scan has the state {state}, and did not complete; scan it again")
    return [_shorten(row) for row in rows if row["severity"] in _GRAVE and row.get("status", "ACTIVE") == "ACTIVE"]


def _shorten(row: Mapping[str, Any]) -> Mapping[str, Any]:
    first = row.get("firstObservedAt")
    title = row.get("title") or row.get("name") or "a vulnerability"
    return {"title": f"{title} ({row['severity'].lower()})", "first": first.isoformat() if first else ""}


def image_facts(value: Mapping[str, Any], before: datetime | None) -> Iterator[ImageScan]:
    """Yield the scan of an image of the release, as it was when its deployment began at ``before``.

    A vulnerability first found later could not be known then; the image itself does not change. Until the release is
    deployed another image runs, and only the declared one belongs to it.
    """
    if before is None and not value["declared"]:
        return
    if "unread" in value:
        yield ImageScan.unread(value["image"], value["unread"])
        return
    known = [
        one["title"]
        for one in value["grave"]
        if not one["first"] or before is None or datetime.fromisoformat(one["first"]) < before
    ]
    yield ImageScan(subject=value["image"], open=count_names(known, "scan"))


# ── Readers' experience during a deployment, as the load balancers counted it

#: How long CloudWatch may still add to a minute.
SETTLED: Final = timedelta(minutes=5)
_MINUTE: Final = timedelta(minutes=1)
_METRICS: Final = (
    "RequestCount",
    BALANCER_ERRORS,
    TARGET_ERRORS,
    "TargetConnectionErrorCount",
    "RejectedConnectionCount",
)
#: Metrics that count a failed request or connection. A connection error is among the balancer's own errors.
_FAILED: Final = (BALANCER_ERRORS, TARGET_ERRORS, "RejectedConnectionCount")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadersDuringDeployment(Fact):
    """A load balancer's responses to readers in the minutes of the last deployment; ``subject`` is its ARN."""

    requests: int
    failed: Quantity
    """Requests with a 5xx response, and refused connections."""
    settling: str
    """Why the count may still grow; empty if it is final."""


def read_readers(account: Account, window: Window) -> Iterator[Mapping[str, Any]]:
    """Yield the counts of each application load balancer in the minutes of a deployment. Raises Unreadable."""
    if window.ended is None:
        raise Unreadable("the deployment still goes on; run again when it is over")
    start = window.began.replace(second=0, microsecond=0)
    minutes = int((window.ended - start) / _MINUTE) + 1
    then = replace(account, now=start + minutes * _MINUTE)
    for balancer in list_application_balancers(account):
        arn = balancer["LoadBalancerArn"]
        queries = {n: Query("AWS/ApplicationELB", n, (("LoadBalancer", metric_name(arn)),), "Sum") for n in _METRICS}
        found = read_series(then, queries.values(), window=minutes * _MINUTE, period=_MINUTE)
        counts = {name: int(total(found[query])) for name, query in queries.items()}
        yield {"balancer": arn, "counts": counts, "settled": account.now - window.ended >= SETTLED}


def readers_facts(value: Mapping[str, Any]) -> Iterator[ReadersDuringDeployment]:
    """Yield the facts in a stored count."""
    counts = value["counts"]
    minutes = int(SETTLED / _MINUTE)
    yield ReadersDuringDeployment(
        subject=value["balancer"],
        requests=counts["RequestCount"] + counts[BALANCER_ERRORS],
        failed=Quantity.of(sum(counts[name] for name in _FAILED)),
        settling=""
        if value["settled"]
        else f"CloudWatch still counts; run again {minutes} minutes after the deployment",
    )
