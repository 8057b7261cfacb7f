"""Turns ordinary pytest-playwright tests into journeys of the gate: read-only, watched, with evidence free of secrets.

Also of use while writing a journey:  pytest e2e/journeys --base-url https://www.example.com
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Playwright

from ...engines.chromium import find_chromium
from ..settings import VARIABLE, BrowserSettings, Credential, Credentials
from .journey_evidence import JourneyEvidence
from .journey_writer import OUTCOME, JourneyWriter
from .launch import CONTEXT, describe_browser, guard, launch_arguments

_SETTINGS = pytest.StashKey[BrowserSettings]()
_WRITER = pytest.StashKey[JourneyWriter]()
_KEEPING = pytest.StashKey[JourneyEvidence]()
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


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Guard the values of pytest-playwright's and the project's fixtures, in whatever order they are set up."""
    value = yield
    settings, writer = request.config.stash[_SETTINGS], request.config.stash[_WRITER]
    if fixturedef.argname == "browser_type_launch_args":
        ours = launch_arguments(settings)
        value |= {**ours, "args": [*value.get("args", ()), *ours["args"]]}
    elif fixturedef.argname == "browser_context_args":
        value |= {**CONTEXT, **value}
    elif isinstance(value, Playwright):
        _guard_requests(value)
    elif isinstance(value, Browser):
        _guard_contexts(value, writer, settings)
    return value


def _guard_requests(playwright: Playwright) -> None:
    """Limit Playwright's own request contexts to reading."""
    made = playwright.request.new_context

    def new_context(**given: Any) -> APIRequestContext:
        return _make_read_only(made(**given))

    setattr(playwright.request, "new_context", new_context)  # noqa: B010  tests may call it themselves


def _guard_contexts(browser: Browser, writer: JourneyWriter, settings: BrowserSettings) -> None:
    """Guard and watch every context of a browser, however a test obtains it."""
    made = browser.new_context
    if made.__name__ == "guarded":  # through another fixture with the same browser
        return
    writer.write_line(browser=describe_browser(browser))
    # a context of a session fixture belongs to no single test
    unwatched = JourneyEvidence(settings=settings, name="all")

    def guarded(**given: Any) -> BrowserContext:
        context = made(**given)
        _watch_context(context, writer.current or unwatched, settings)
        return context

    setattr(browser, "new_context", guarded)  # noqa: B010
    setattr(browser, "new_page", lambda **given: guarded(**given).new_page())  # noqa: B010


@pytest.fixture(autouse=True)
def _watched_journey(request: pytest.FixtureRequest, settings: BrowserSettings) -> Iterator[None]:
    """Watch a journey until every context that it opened is closed."""
    item, writer = request.node, request.config.stash[_WRITER]
    mutates = item.get_closest_marker("mutates") is not None
    keeping = JourneyEvidence(
        settings=settings,
        mutates=mutates,
        signs_in="credentials" in item.fixturenames,
        failed=lambda: item.stash.get(OUTCOME, "passed") == "failed",
        name=f"{writer.begun:03}",
    )
    writer.begun += 1
    writer.current = item.stash[_KEEPING] = keeping
    yield
    keeping.close()


def _watch_context(context: BrowserContext, keeping: JourneyEvidence, settings: BrowserSettings) -> None:
    guard(context, settings, keeping.record_refusal, mutates=keeping.mutates)
    if not keeping.mutates:
        _make_read_only(context.request)
    keeping.watch(context)


def _make_read_only(requests: APIRequestContext) -> APIRequestContext:
    """Refuse requests outside of pages that may change something."""

    def refuse(url: str, **_: Any) -> None:
        pytest.fail(f"{url}: was to be sent something by a test that is not marked mutates; mark it")

    def fetch(url: Any, **given: Any) -> Any:
        if str(given.get("method", "GET")).upper() not in ("GET", "HEAD", "OPTIONS"):
            refuse(str(url))
        return fetched(url, **given)

    fetched: Callable[..., Any] = requests.fetch
    for name in ("post", "put", "patch", "delete"):
        setattr(requests, name, refuse)
    setattr(requests, "fetch", fetch)  # noqa: B010  it takes what the other takes
    return requests
