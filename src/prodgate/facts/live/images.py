"""Image repositories, and the images that run: how they are scanned, what was found, and credentials in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...quantities import Quantity
from ...semantics.secret_forms import find_assignments, find_secret
from .. import Fact
from ..observers import apart, observes, reads
from .ecs_services import list_containers, list_services
from .image_manifests import list_settings, list_variants, read_settings, repository_name
from .services import Image, parse_image

reads("ecr", "BatchGetRepositoryScanningConfiguration", "DescribeImageScanFindings", "DescribeRepositories")

#: Repositories of which one call describes the scanning.
_REPOSITORIES: Final = 25
#: Frequencies of automatic scanning; the other is manual.
_SCANS: Final = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
#: States of a scan with a result: of a basic scan, and of Inspector, which goes on.
_SCANNED: Final = ("COMPLETE", "ACTIVE")
_GRAVE: Final = ("CRITICAL", "HIGH")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageRepository(Fact):
    """A repository of images. ``subject`` is its ARN."""

    mutability: str
    """``IMMUTABLE``, ``MUTABLE``, or either with exclusions."""
    scanned: str
    """How often its images are scanned automatically; empty for never."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedImage(Fact):
    """An image that a task of a service runs. ``subject`` is registry, name and digest."""

    grave: Quantity
    """Open vulnerabilities that are critical or high."""
    scan_age: Quantity
    """Time since the oldest of the scans that found these; 0 while Inspector scans continuously."""
    secrets: tuple[str, ...]
    """Credentials in its configuration, as where and what; never the credential itself."""


@observes(ImageRepository)
def observe_repositories(account: Account) -> Iterator[ImageRepository]:
    """See every repository."""
    rows = account.list("ecr", "DescribeRepositories", "repositories")
    names = [row["repositoryName"] for row in rows if "repositoryName" in row]
    scans = account.attempt(_read_scan_frequencies, account, names)

    def look(row: Mapping[str, Any]) -> ImageRepository:
        return ImageRepository(
            subject=row["repositoryArn"],
            mutability=row["imageTagMutability"],
            scanned=scans.get(row["repositoryName"], "") if isinstance(scans, Mapping) else scans,
        )

    yield from map(apart(ImageRepository, look, "repositoryArn", "repositoryName"), rows)


def _read_scan_frequencies(account: Account, names: list[str]) -> Mapping[str, str]:
    """Return how often each repository is scanned, by its own settings or the registry's."""
    found: dict[str, str] = {}
    for first in range(0, len(names), _REPOSITORIES):
        some = names[first : first + _REPOSITORIES]
        answer = account.get("ecr", "BatchGetRepositoryScanningConfiguration", repositoryNames=some)
        if answer.get("failures"):
            raise Unreadable(f"ecr BatchGetRepositoryScanningConfiguration: {answer['failures'][0]}")
        for row in answer["scanningConfigurations"]:
            by_itself = row["scanFrequency"] in _SCANS
            found[row["repositoryName"]] = row["scanFrequency"] if by_itself else ""
    return found


@observes(DeployedImage)
def observe_images(account: Account) -> Iterator[DeployedImage]:
    """See every image that runs, or that a service would run."""
    services = account.once(list_services)
    of_each: tuple[Any, ...] = account.each(lambda service: account.defer(_list_deployed, account, service), services)
    unread = [(service, one) for service, one in zip(services, of_each, strict=True) if isinstance(one, Unread)]
    for service, why in unread:
        yield DeployedImage.unread(f"the images of {service.get('serviceArn') or service['serviceName']}", why.reason)
    listed = (pair for one in of_each if not isinstance(one, Unread) for pair in one)
    different = {(found.repository, digest): (found, digest) for found, digest in listed}
    yield from account.each(lambda pair: _image(account, *pair), sorted(different.values(), key=str))


def _list_deployed(account: Account, service: Mapping[str, Any]) -> list[tuple[Image, str]]:
    """Return the images of a service, with the digest that runs, else the one that is named; empty for neither."""
    listed = []
    for one in list_containers(account, service):
        found = parse_image(one.get("image") or f"image of {one.get('containerArn', 'a container')}, not stated")
        listed.append((found, one.get("imageDigest") or found.digest))
    return listed


def _image(account: Account, found: Image, digest: str) -> DeployedImage:
    return DeployedImage(
        subject=f"{found.repository}@{digest}" if digest else found.reference,
        grave=account.attempt(_count_grave, account, found, digest),
        scan_age=account.attempt(_find_scan_age, account, found, digest),
        secrets=account.attempt(_list_secrets, account, found, digest),
    )


def _count_grave(account: Account, found: Image, digest: str) -> Quantity:
    """Count over all variants; a vulnerability in two of them counts twice."""
    name = repository_name(account, found)
    return Quantity.of(sum(_count_open(account, name, one) for one in list_variants(account, found, digest)))


def _find_scan_age(account: Account, found: Image, digest: str) -> Quantity:
    """Return the age of the oldest scan of a variant.

    A basic scan knows the vulnerabilities of its day, and is COMPLETE for ever:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html
    """
    name = repository_name(account, found)
    scans = [_read_scan(account, name, one) for one in list_variants(account, found, digest)]
    once = [scan for scan in scans if scan["imageScanStatus"]["status"] == "COMPLETE"]
    ages = [account.age(scan["imageScanFindings"]["imageScanCompletedAt"]) for scan in once]
    return max(ages, key=lambda age: age.base, default=Quantity.seconds(0))


def _read_scan(account: Account, name: str, digest: str) -> Mapping[str, Any]:
    """Return the first page of what a scan that has a result found. Raises Unreadable."""
    asked: dict[str, Any] = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    try:
        scan: Mapping[str, Any] = account.get("ecr", "DescribeImageScanFindings", maxResults=1, **asked)
    except Absent as error:
        raise Unreadable(f"{name}@{digest}: was never scanned ({error.code})") from None
    if (state := scan["imageScanStatus"]["status"]) not in _SCANNED:
        raise Unreadable(f"{name}@{digest}: its scan has the state {state}")
    return scan


def _count_open(account: Account, name: str, digest: str) -> int:
    _read_scan(account, name, digest)
    asked: dict[str, Any] = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    rows = account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.findings", **asked)
    rows += account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.enhancedFindings", **asked)
    return sum(row["severity"] in _GRAVE and row.get("status", "ACTIVE") == "ACTIVE" for row in rows)


def _list_secrets(account: Account, found: Image, digest: str) -> tuple[str, ...]:
    documents = [read_settings(account, found, one) for one in list_variants(account, found, digest)]
    return tuple(dict.fromkeys(hit for document in documents for hit in _find_secrets(document)))


def _find_secrets(document: Mapping[str, Any]) -> Iterator[str]:
    for where, name, text in list_settings(document):
        for inner, value in [(name, text), *find_assignments(text)]:
            if why := find_secret(inner, value):
                yield f"{where}: {inner or 'a text'} (by {why})"
