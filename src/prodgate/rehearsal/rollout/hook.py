"""What the declared verifier asks of a new version before readers reach it, by the listener for tests."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from typing import Final
from urllib.error import HTTPError

from .builds import Build
from .colours import Stage
from .deployments import Release

#: What is asked of a service with path patterns, and of the one that takes the rest.
_PATHS: Final = ("/api/stories?per_page=1", "/")
#: Seconds that an answer may take.
_LIMIT: Final = 5.0


def find_failure(stage: Stage, releases: Sequence[Release], build: Build) -> str:
    """Return what is wrong with the new version, "" if nothing is."""
    for release in releases:
        path = _PATHS[not release.service.live.patterns]
        try:
            with urllib.request.urlopen(f"{stage.proxy.test_url}{path}", timeout=_LIMIT) as answer:  # noqa: S310
                served = answer.headers.get("x-build", "")
        except HTTPError as error:
            error.close()
            return f"{path} is answered with {error.code}"
        except OSError as error:
            return f"{path} is not answered: {error}"
        if served != build.name:
            return f"{path} is answered by build {served!r}, not by {build.name!r}"
    return ""
