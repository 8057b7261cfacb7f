"""Observing a rollout: what there is before it, the deployment itself, and what it left, each a part of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeAlias

from ...aws.answers import Unreadable
from ..layer import LayerContext
from ..observing_layer import Evidence
from .afterwards import observe_images, observe_security_alerts, observe_service_logs, observe_site
from .before_shift import observe_old_journeys
from .deployment import observe_deployed, observe_deployment, observe_readers
from .drills import observe_drills
from .failed_migration import observe_failed_migration
from .kinds import (
    ALERTS,
    CONFIGURATION,
    DAG_FILES,
    DAG_RELEASE,
    DEPLOYED,
    DEPLOYMENT,
    DRILL,
    FAILED_MIGRATION,
    IMAGES,
    JOURNEYS,
    LOAD,
    LOGS,
    OLD_JOURNEYS,
    READERS,
    TESTS,
    UNASKED,
    VISIT,
    WATCH,
)
from .migrations import AFTER_MIGRATIONS, BEFORE_MIGRATIONS
from .parts import Part
from .resting import (
    observe_configuration_scan,
    observe_dag_files,
    observe_dag_release,
    observe_journeys,
    observe_load_tests,
)
from .target import Scene, open_scene
from .tests import observe_tests

#: What is looked at before the first stage of the deployment.
BEFORE: Final[tuple[Part, ...]] = (
    Part(observe=observe_tests, kinds=(TESTS,), moments=("before",), needs_scene=False),
    *BEFORE_MIGRATIONS,
)
#: The deployment, and what is watched while it goes on.
DURING: Final[tuple[Part, ...]] = (
    Part(observe=observe_deployment, kinds=(DEPLOYMENT, WATCH), moments=("during", "after")),
    Part(observe=observe_deployed, kinds=(DEPLOYED,), moments=("after",)),
)
#: What is looked at when the clean-up is over.
AFTER: Final[tuple[Part, ...]] = (
    *AFTER_MIGRATIONS,
    Part(observe=observe_old_journeys, kinds=(OLD_JOURNEYS,), moments=("during",)),
    Part(observe=observe_site, kinds=(VISIT,), moments=("after",)),
    Part(observe=observe_readers, kinds=(READERS,), moments=("during",)),
    Part(observe=observe_service_logs, kinds=(LOGS,), moments=("during",)),
    Part(observe=observe_security_alerts, kinds=(ALERTS,), moments=("after",)),
    Part(observe=observe_dag_release, kinds=(DAG_RELEASE,), moments=("during", "after")),
    # what was observed before the deployment is looked for when its time and its build are known
    Part(observe=observe_configuration_scan, kinds=(CONFIGURATION,), moments=("before",)),
    Part(observe=observe_images, kinds=(IMAGES,), moments=("before",)),
    Part(observe=observe_load_tests, kinds=(LOAD,), moments=("before",)),
    Part(observe=observe_dag_files, kinds=(DAG_FILES,), moments=("before",)),
    # nothing is measured any more, and the rest of this group is read from the account and from files
    Part(observe=observe_journeys, kinds=(JOURNEYS,), moments=("after",), beside=True),
)
#: Releases that must be taken back; last, since they leave the earlier build where it was.
DRILLS: Final[tuple[Part, ...]] = (
    Part(observe=observe_failed_migration, kinds=(FAILED_MIGRATION,), moments=("before",)),
    Part(observe=observe_drills, kinds=(DRILL,), moments=("before",)),
)
#: Evidence, and why the rest of it is missing, by kind.
_Seen: TypeAlias = tuple[list[Evidence], dict[str, str]]
#: One group after another.
GROUPS: Final = (BEFORE, DURING, AFTER, DRILLS)


def observe_rollout(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the evidence of every part, in order. Raises Unreadable when there is nothing to look at."""
    groups = [[part for part in group if _is_asked(part, context.moment)] for group in GROUPS]
    kinds = {kind for group in groups for part in group for kind in part.kinds}
    unreadable |= {kind: UNASKED for group in GROUPS for part in group for kind in part.kinds if kind not in kinds}
    with ThreadPoolExecutor(1, thread_name_prefix="without-scene") as early:
        begun = {part: early.submit(_look, part, context) for group in groups for part in group if not part.needs_scene}
        with open_scene(context) as scene, ThreadPoolExecutor(1, thread_name_prefix="beside") as thread:
            for group in groups:
                begun |= {part: thread.submit(_look, part, context, scene) for part in group if part.beside}
                for part in group:
                    if part in begun:
                        yield from _await(begun[part], unreadable)
                    else:
                        yield from observe_part(part, context, scene, unreadable)


def _is_asked(part: Part, moment: str) -> bool:
    return not moment or moment in part.moments


def _look(part: Part, context: LayerContext, scene: Scene | None = None) -> _Seen:
    """Return the evidence of a part, and why the rest of it is missing."""
    unreadable: dict[str, str] = {}
    return list(observe_part(part, context, scene, unreadable)), unreadable


def _await(looking: Future[_Seen], unreadable: dict[str, str]) -> Iterator[Evidence]:
    seen, missing = looking.result()
    unreadable |= missing
    yield from seen


def observe_part(
    part: Part, context: LayerContext, scene: Scene | None, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Yield the evidence of one part; why the rest of it is missing is noted in ``unreadable``."""
    missing = dict.fromkeys(part.kinds)
    try:
        for seen in part.observe(context, scene, unreadable):
            missing.pop(seen.kind, None)
            yield seen
    except Unreadable as error:
        unreadable |= {kind: error.reason for kind in missing if kind not in unreadable}
