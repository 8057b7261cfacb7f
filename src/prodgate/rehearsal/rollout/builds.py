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
GOOD: Final = "green"
#: By name: the good one; never healthy; well but for what the hook asks; well but for its migration; well but for what
#: readers ask.
BUILDS: Final = {
    each.name: each
    for each in (
        Build(GOOD),
        Build("never-healthy", ("never-ready",)),
        Build("failing-hook", ("errors=1",)),
        Build("failing-migration"),
        Build("failing-in-public", ("errors-in-public=1",)),
    )
}


def find_build(name: str) -> Build:
    """Return the build of this name; good ones may be told apart by whatever follows ``green``. Raises UsageError."""
    if name in BUILDS:
        return BUILDS[name]
    if name.startswith(GOOD):
        return Build(name)
    hint = suggest(name, BUILDS) or f"; there are {', '.join(BUILDS)}"
    raise UsageError(f"build {name!r}: none is named so{hint}")
