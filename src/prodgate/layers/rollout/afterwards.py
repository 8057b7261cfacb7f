"""What is looked at when a deployment is over: the site as a reader meets it, logs, security findings, scans."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unreadable
from ...facts.rollout.alerts import observe_alerts
from ...facts.rollout.scans import observe_image_scans
from ...facts.rollout.service_logs import observe_logs
from ...facts.rollout.windows import find_window
from ...probes.reader import Reader
from ...sections.e2e import E2eSection
from ..e2e.credentials import build_under_test
from ..e2e.observing import carry_out_journeys, make_settings
from ..e2e.target import E2eTarget, open_behind_edge
from ..layer import LayerContext
from ..observing_layer import Evidence
from .deployment import GOOD
from .kinds import ALERTS, IMAGES, JOURNEYS, LOGS, VISIT
from .target import Scene

#: Seconds that a page may take.
_PATIENCE: Final = 10.0


def observe_site(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield a reader's visit. Raises Unreadable."""
    section = _require_site(context)
    with _open_site(context, scene, section) as target:
        context.progress(f"rollout: reading an article at {target.place}")
        scene.visit = _visit(target, section)
        yield Evidence(kind=VISIT, value=scene.visit, subject=target.place, source="a request without a browser")


def carry_out_journeys_after(context: LayerContext, scene: Scene) -> Evidence:
    """Carry the journeys out on what a rehearsal has deployed. Raises Unreadable."""
    section = _require_site(context)
    with open_behind_edge(context, section, scene.url, GOOD) as target:
        record = _carry_out_journeys(target, section, context)
    return Evidence(kind=JOURNEYS, value=record, subject=target.place, source="a browser")


def _require_site(context: LayerContext) -> E2eSection:
    if context.stated.e2e is None:
        raise Unreadable(f"{context.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
    return context.stated.e2e


def _open_site(context: LayerContext, scene: Scene, section: E2eSection) -> AbstractContextManager[E2eTarget]:
    if scene.rollout is not None:
        return open_behind_edge(context, section, scene.url, GOOD)
    return _open_real(context, section)


@contextmanager
def _open_real(context: LayerContext, section: E2eSection) -> Iterator[E2eTarget]:
    if not section.base_url:
        raise Unreadable(f'{context.stated.path}: [e2e] names no site; write base_url = "https://www.example.com"')
    _refuse_private(section.base_url)
    build, why = build_under_test(context, section)
    yield E2eTarget(
        url=section.base_url,
        place=section.base_url,
        mutates=False,
        credentials={},
        unresolved={},
        build=build,
        no_build=why,
    )


def _refuse_private(url: str) -> None:
    """Raise Unreadable for a name that leads somewhere inside from here: a reader comes from outside."""
    host = urlsplit(url).hostname or ""
    try:
        found = sorted({str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})
    except OSError as error:
        raise Unreadable(f"{host} does not resolve: {error.strerror or error}; look up its name in DNS") from error
    if inside := [each for each in found if not ipaddress.ip_address(each.partition("%")[0]).is_global]:
        raise Unreadable(f"{host} leads to {inside[0]} from here, which no reader can reach; ask from outside")


def _visit(target: E2eTarget, section: E2eSection) -> Mapping[str, Any]:
    told = {"place": target.place, "at": datetime.now(UTC).isoformat(), "build": target.build}
    if section.build is None:
        return {**told, "unread": "[e2e] says not how pages name their build; write build", "pages": []}
    if target.no_build:
        return {**told, "unread": target.no_build, "pages": []}
    reader = Reader(
        base_url=target.url,
        ca_file=target.ca_file,
        header=section.build.header,
        meta=section.build.meta,
        timeout=_PATIENCE,
    )
    return {**told, "pages": reader.visit()}


def _carry_out_journeys(target: E2eTarget, section: E2eSection, context: LayerContext) -> Mapping[str, Any]:
    """Carry out all journeys. Raises Unreadable when there is no browser."""
    at = datetime.now(UTC).isoformat()
    with TemporaryDirectory(prefix="prodgate-browser-") as folder:
        settings = make_settings(target, section, context, Path(folder))
        record = carry_out_journeys(settings, target, section, context, layer="rollout")
    return {"place": target.place, "at": at, "record": record, "seen": None}


def observe_service_logs(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what the services logged while they were deployed. Raises Unreadable."""
    context.progress("rollout: reading the logs of the services")
    found = list(observe_logs(scene.look(), find_window(scene.deployments)))
    if not found:
        raise Unreadable("no service writes to a log group, so that its errors can't be read; set a log driver")
    for value in found:
        yield Evidence(kind=LOGS, value=value, subject=value["group"], source=scene.place)


def observe_security_alerts(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what was found since the deployment began. Raises Unreadable."""
    context.progress("rollout: asking for security findings since the deployment began")
    for value in observe_alerts(scene.look(), find_window(scene.deployments)):
        yield Evidence(kind=ALERTS, value=value, subject=value["service"], source=scene.place)


def observe_images(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what scans have found in the deployed images. Raises Unreadable."""
    context.progress("rollout: asking for the scans of the deployed images")
    for value in observe_image_scans(scene.look()):
        yield Evidence(kind=IMAGES, value=value, subject=value["image"], source=scene.place)
