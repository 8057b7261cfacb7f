"""Deploys while load runs: one after another, so that as many requests as possible meet one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final

from ..rehearsal import Site

#: Seconds between two deploys, in which the site can be seen to have settled.
PAUSE: Final = 1.0
#: What is deployed in turn; the site starts with the last.
_BUILDS: Final = ("green", "blue")


@dataclass(slots=True)
class Deploys:
    """What was deployed while load ran: each build with its start and end, in seconds since 1970."""

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
        if over.wait(PAUSE):
            return
        started = time.time()
        try:
            site.deploy(build)
        except Exception as error:  # noqa: BLE001  however a deploy fails, it is a finding and no crash
            deploys.failed = f"{build}: {error}"
            return
        deploys.done.append({"build": build, "started": started, "ended": time.time()})
        progress(f"deploy: {build} is in place after {time.time() - started:.1f} s")
