"""Turns ordinary pytest-playwright tests into journeys of the gate: read-only, watched, with evidence free of secrets.

Also of use while writing a journey:  pytest e2e/journeys --base-url https://www.example.com
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext

from ...engines.chromium import find_chromium
from ..settings import VARIABLE, BrowserSettings, Credential, Credentials
from .journey_doors import guarded_doors
from .journey_evidence import JourneyEvidence
from .journey_writer import OUTCOME, JourneyWriter
from .launch import describe_browser
from .network_guard import NetworkGuard, forget_request, record_nothing
from .socket_gate import open_socket_gate

_SETTINGS = pytest.StashKey[BrowserSettings]()
_WRITER = pytest.StashKey[JourneyWriter]()
_KEEPING = pytest.StashKey[JourneyEvidence]()
_GUARD = pytest.StashKey[NetworkGuard]()
_MUTATES = "mutates: changes something at the site; other journeys make no request that could"


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings of this process."""
    config.addinivalue_line("markers", _MUTATES)
    if VARIABLE in os.environ:
        settings = BrowserSettings.from_environment()
        settings.end_with_parent()
    else:
        there = find_chromium()
        base_url = config.getoption("base_url") or ""
        settings = BrowserSettings(base_url=base_url, program=there.program if there else "", mutates=True)
    config.stash[_SETTINGS] = settings
    config.stash[_WRITER] = writer = JourneyWriter(settings)
    config.pluginmanager.register(writer)
    config.stash[_GUARD] = _guard_playwright(config, settings, writer)


def _guard_playwright(config: pytest.Config, settings: BrowserSettings, writer: JourneyWriter) -> NetworkGuard:
    """Guard and watch whatever tests open, until this process ends."""
    guard, opened = NetworkGuard(settings), ExitStack()
    config.add_cleanup(opened.close)
    gate = opened.enter_context(open_socket_gate(guard.admits_socket))
    unwatched = JourneyEvidence(settings=settings, name="all")

    def watch(context: BrowserContext) -> None:
        """Watch it for its test; a context of a session fixture belongs to none."""
        (writer.current or unwatched).watch(context)

    opened.enter_context(
        guarded_doors(
            guard,
            gate,
            on_browser=lambda browser: writer.write_line(browser=describe_browser(browser)),
            on_context=watch,
        )
    )
    return guard


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip journeys that change something where nothing may be changed."""
    if not config.stash[_SETTINGS].mutates:
        left_out = pytest.mark.skip(reason="it changes something, and [e2e] does not say mutates = true")
        for item in items:
            if item.get_closest_marker("mutates"):
                item.add_marker(left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect the evidence of a journey before its fixtures close what it opened."""
    if (keeping := item.stash.get(_KEEPING, None)) is not None:
        keeping.collect()


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> BrowserSettings:
    """The settings of this process."""
    return pytestconfig.stash[_SETTINGS]


@pytest.fixture
def credentials(settings: BrowserSettings) -> Credentials:
    """The declared credentials by name: ``credentials("reader").user``; a missing one skips the test."""

    def named(name: str) -> Credential:
        if name not in settings.credentials:
            pytest.skip(settings.unresolved.get(name) or f"[e2e.credentials] names no {name!r}")
        return Credential(**settings.credentials[name])

    return named


@pytest.fixture(autouse=True)
def _watched_journey(request: pytest.FixtureRequest, settings: BrowserSettings) -> Iterator[None]:
    """Watch a journey until every context that it opened is closed."""
    item, writer, guard = request.node, request.config.stash[_WRITER], request.config.stash[_GUARD]
    mutates = item.get_closest_marker("mutates") is not None
    keeping = JourneyEvidence(
        settings=settings,
        describing=writer.describing,
        failed=lambda: item.stash.get(OUTCOME, "passed") == "failed",
        name=f"{writer.begun:03}",
    )
    writer.begun += 1
    writer.current = item.stash[_KEEPING] = keeping
    guard.mutates, guard.refused, guard.asked = mutates, keeping.record_refusal, keeping.learn_request
    yield
    keeping.close()
    guard.mutates, guard.refused, guard.asked = False, record_nothing, forget_request
