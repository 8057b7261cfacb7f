"""What can be made to go wrong with a deployment, to see what notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...criteria import UsageError, suggest

#: By name: what then happens.
FAULTS: Final = {
    "naive-restart": "the old tasks are ended before the new ones start, at the same place",
    "kill-at-switch": "the old tasks are killed, and only then all traffic moves",
    "early-shift": "traffic moves before the new tasks start",
    "wrong-health-path": "the target group of the new tasks checks a path that the site does not have",
    "slow-drain": "requests to blue take long, and the old tasks are killed as soon as traffic has moved",
    "lost-writes": "the old tasks acknowledge some of what readers send, and don't keep it",
    "wrong-weights": "half of the traffic moves at the first step, whatever is declared",
    "strange-weights": "before anything is deployed, one percent of the traffic goes to the other target group",
    "silent-alarms": "no metric of the load balancer is reported",
    "short-bake": "the old tasks stay for no more than a minute",
    "leftover-group": "after a rollback, some of the traffic still goes to the target group of the new tasks",
    "no-backup": "no snapshot of the database is taken",
    "late-backup": "the snapshot is taken after the migration",
    "no-migration": "the migration is left out",
    "failing-migration": "the migration fails half way",
    "breaking-migration": "the migration moves the passwords of readers to where only a later build looks for them",
    "late-migration": "traffic moves before the migration",
}


def check_faults(names: Sequence[str]) -> frozenset[str]:
    """Return the faults of these names. Raises UsageError for a name that is none."""
    for name in names:
        if name not in FAULTS:
            hint = suggest(name, FAULTS) or f"; there are {', '.join(FAULTS)}"
            raise UsageError(f"fault {name!r}: no fault of a deployment is named so{hint}")
    return frozenset(names)
