"""Security scans of what is released: of the configuration of its commit, and of its images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.documents import read_document
from ...estimates import Estimate
from .. import Fact
from ..live.ecs_services import list_containers, list_services
from ..live.image_manifests import list_variants, repository_name
from ..live.services import Image, parse_image
from ..observers import reads
from .counts import count_names

reads("ecr", "DescribeImageScanFindings")

#: States of a scan with a result: of a basic scan, and of Inspector, which goes on.
_SCANNED: Final = ("COMPLETE", "ACTIVE")
_GRAVE: Final = ("CRITICAL", "HIGH")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConfigurationScan(Fact):
    """A scan of the declared infrastructure; ``subject`` is its root and the run of the gate that scanned it."""

    open: Estimate
    """Findings that nobody accepted. The scanner rates none of them, so that each counts as a grave one."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageScan(Fact):
    """A scan of an image; ``subject`` is registry, name and digest."""

    open: Estimate
    """Vulnerabilities that are critical or high, and were known when the deployment began."""


def scan_facts(value: Mapping[str, Any], why: str) -> Iterator[ConfigurationScan]:
    """Yield the scan of a configuration; ``value`` says what is open of it, ``why`` why that is no proof."""
    subject = f"{value['root']} in {value['run']}"
    if why:
        yield ConfigurationScan.unread(subject, why)
        return
    yield ConfigurationScan(subject=subject, open=count_names(value["open"], "scan", unfinished=value["unread"]))


def observe_image_scans(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield what scans have found in each image that is declared, or that runs. Raises Unreadable."""
    running = {pair for service in account.once(list_services) for pair in _list_running(account, service)}
    declared = set(account.once(_list_declared))
    for reference, digest in sorted(running | declared):
        image = parse_image(reference)
        told: dict[str, Any] = {
            "image": f"{image.repository}@{digest}" if digest else reference,
            "declared": (reference, digest) in declared,
        }
        try:
            found = _read_scans(account, image, digest)
        except (Absent, Unreadable) as error:
            yield {**told, "unread": getattr(error, "reason", f"AWS answers {error}")}
        else:
            yield {**told, "grave": found}


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


def _read_scans(account: Account, image: Image, digest: str) -> list[Mapping[str, Any]]:
    name = repository_name(account, image)
    scans = account.each(partial(_read_scan, account, name), list_variants(account, image, digest))
    return [row for rows in scans for row in rows]


def _read_scan(account: Account, name: str, digest: str) -> list[Mapping[str, Any]]:
    """Return the grave vulnerabilities that a scan has left open. Raises Unreadable unless the scan completed."""
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

    What was first found later was not to be known then; an image does not change, so that nothing else was. While the
    release is not deployed, what runs is another one, and only what is declared is of it.
    """
    if before is None and not value["declared"]:
        return
    if "unread" in value:
        yield ImageScan.unread(value["image"], value["unread"])
        return
    known = [one["title"] for one in value["grave"] if _was_known(one["first"], before)]
    yield ImageScan(subject=value["image"], open=count_names(known, "scan"))


def _was_known(first: str, before: datetime | None) -> bool:
    return not first or before is None or datetime.fromisoformat(first) < before
