"""The team's own site for a rehearsal: the gate starts it, or finds it running, as [rehearsal] states."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from ..aws.answers import Unreadable
from ..processes.child import Process, clean_environment, ending_with_input, ends_within, running
from ..processes.web import find_free_port
from ..sections.e2e import SAMPLE, RehearsalSection
from .layer import LayerContext

#: Seconds in which a site that was started must be ready.
_READY: Final = 60.0
#: Seconds in which it must answer one request.
_PATIENCE: Final = 5.0
#: Seconds between two requests.
_PAUSE: Final = 0.1
#: Whether the gate started the site -> the advice if the site does not answer.
_HINTS: Final = {False: "start it, or write [rehearsal] start", True: "let it listen at {port}, which $PORT says, too"}


def is_sample(context: LayerContext) -> bool:
    """Whether ``[rehearsal] site`` is the sample site, as in the worked example."""
    return _require_section(context).site == SAMPLE


def require_sample(context: LayerContext, what: str) -> None:
    """Raise Unreadable unless the sample site is the team's own: only there can ``what`` be rehearsed."""
    if context.stated.rehearsal is None or not is_sample(context):
        raise Unreadable(
            f"{what} of the sample site alone can be rehearsed, and this is not your site: "
            f"it would say nothing of {context.stated.system}; ask it of a real account"
        )


@contextmanager
def open_own_site(context: LayerContext) -> Iterator[str]:
    """Yield the URL of the team's own site once it is ready; a site that was started ends with the ``with`` block.

    Raises Unreadable if the site is not ready, or if none is stated.
    """
    section = _require_section(context)
    if section.site:
        _wait_until_ready(section.site, section, context)
        yield section.site
        return
    port = find_free_port()
    words = [word.replace("{port}", str(port)) for word in section.start]
    environment = {**clean_environment("PRODGATE_"), "PORT": str(port)}
    # the site gets SIGTERM when this process ends, too: then its input ends
    command = ending_with_input(words, signal.SIGTERM)
    with running(command, cwd=context.project, environment=environment) as (process, _):
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, section, context, process)
        yield url


def _require_section(context: LayerContext) -> RehearsalSection:
    section = context.stated.rehearsal
    if section is None or not (section.site or section.start):
        raise Unreadable(
            "a rehearsal has only the sample site, and this is not your site: it would say nothing of "
            f"{context.stated.system}; write [rehearsal] in {context.stated.path} with "
            'site = "http://127.0.0.1:8077", or start = "uvicorn app:app --port {port}"'
        )
    return section


def _wait_until_ready(
    url: str, section: RehearsalSection, context: LayerContext, process: Process | None = None
) -> None:
    """Wait for a site that was started; ask only once if it was running already. Raises Unreadable."""
    until = monotonic() + _READY
    while (why := _ask(url, section.health)) and process is not None and monotonic() < until:
        if ends_within(process.child, _PAUSE):
            said = process.describe_failure(process.child.wait(), " before the site was ready")
            raise Unreadable(f"{context.stated.path}: [rehearsal] start {said}")
    if why:
        hint = "write another [rehearsal] health" if "HTTP" in why else _HINTS[process is not None]
        raise Unreadable(f"your site at {url} is not ready: {section.health} {why}; {hint}")


def _ask(url: str, path: str) -> str:
    """Return why a site is not ready; empty if it is."""
    try:
        with closing(HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)) as connection:
            connection.request("GET", path)
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"has no answer ({error or type(error).__name__})"
    return f"answers with HTTP {status}" if status >= 400 else ""
