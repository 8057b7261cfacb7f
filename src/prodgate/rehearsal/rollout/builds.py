"""The builds that a rehearsal deploys: one that is as it should be, and those that a deployment must take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...criteria import UsageError, suggest


@dataclass(frozen=True, slots=True)
class Build:
    """A build of the sample site."""

    name: str
    faults: tuple[str, ...] = ()
    """Of the site, as `python -m prodgate.rehearsal.site --help` lists them."""


#: What serves before the first deployment.
BLUE: Final = Build("blue")
#: By name: the good one; never healthy; well but for what the hook asks; well but for what readers ask.
BUILDS: Final = {
    each.name: each
    for each in (
        Build("green"),
        Build("never-healthy", ("never-ready",)),
        Build("failing-hook", ("errors=1",)),
        Build("failing-in-public", ("errors-in-public=1",)),
    )
}


def find_build(name: str) -> Build:
    """Return the build of this name; one that is unknown is a good one. Raises UsageError for what looks like a slip.

    A good build may have any name of its own, so that several can be told apart.
    """
    if name in BUILDS:
        return BUILDS[name]
    if hint := suggest(name, BUILDS):
        raise UsageError(f"build {name!r}: none is named so{hint}")
    return Build(name)
