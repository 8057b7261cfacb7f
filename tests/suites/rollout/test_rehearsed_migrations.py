"""Migrations of releases that are carried out for real: what holds when all goes well, and what each fault breaks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from prodgate.aws.clients import rehearsal_clients
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout.deployment import AFTER_MIGRATIONS, BEFORE_MIGRATIONS, observe_failed_migration
from prodgate.layers.rollout.kinds import FAILED_MIGRATION, OLD_JOURNEYS
from prodgate.layers.rollout.observing import DURING, Part, observe_part
from prodgate.layers.rollout.resting import observe_old_journeys
from prodgate.layers.rollout.target import Scene, looking
from prodgate.sections.criteria_file import CriteriaFile
from prodgate.sections.targets import Target
from prodgate.testing import Outcome, load_criteria
from tests.prodgate.rehearsal.rollout.staged import staged
from tests.suites.judging import Findings, listed, told

from .harness import Stored, judged_evidence
from .migrations import JOURNEYS, OLD, RAN, SHOWN

pytestmark = pytest.mark.xdist_group("rollout")
ROOT = Path(__file__).parents[3]
PARTS = (
    *BEFORE_MIGRATIONS,
    DURING[0],
    *AFTER_MIGRATIONS,
    Part(observe=observe_old_journeys, kinds=(OLD_JOURNEYS,)),
    Part(observe=observe_failed_migration, kinds=(FAILED_MIGRATION,)),
)


@dataclass(frozen=True)
class Release:
    """The faults of a release, the criteria that they break, and those that become undetermined."""

    faults: tuple[str, ...]
    breaks: frozenset[str] = frozenset()
    unsettles: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.faults[0] if self.faults else "good"


RELEASES = (
    Release(()),
    Release(("no-backup",), frozenset({"migration-backup-first"})),
    Release(("late-backup",), frozenset({"migration-backup-first"})),
    Release(
        ("no-migration",),
        frozenset({"migration-schema-at-head"}),
        frozenset({*RAN, OLD, JOURNEYS, SHOWN, "migration-backup-first"}),
    ),
    Release(("late-migration",), frozenset({"during-migration-first", SHOWN}), frozenset({OLD, JOURNEYS})),
    Release(("breaking-migration",), frozenset({JOURNEYS})),
)


def stated() -> CriteriaFile:
    """Return the worked example, whose migration is run by a task of the small account."""
    found = load_criteria(ROOT / "criteria.toml")
    assert found.rollout.migrations is not None
    migrations = replace(found.rollout.migrations, task="shop-migration")
    return replace(found, rollout=replace(found.rollout, migrations=migrations))


def new_context(tmp_path: Path) -> LayerContext:
    about = {"system": "shop", "target": "rehearsal://", "rehearsal": True, "layers": ["rollout"], "commit": ""}
    run = runs.create(tmp_path / "runs", about, ROOT / "criteria.toml", ROOT / "waivers.toml")
    (run / "logs" / "rollout").mkdir(parents=True)
    return LayerContext(
        run=run,
        target=Target("rehearsal://"),
        project=ROOT,
        stated=stated(),
        journal=Journal.of(run),
        progress=lambda _step: None,
    )


@contextmanager
def scene(context: LayerContext, *faults: str) -> Iterator[Scene]:
    assert context.stated.rollout is not None
    with staged(context.run / "logs" / "rollout", *faults, connections=1) as running, ThreadPoolExecutor(4):
        account = running.rollout.account
        clients = rehearsal_clients(account.endpoint, account.region, reads=True)
        with looking(context, clients, account.id, account.region) as look:
            yield Scene(
                place="the rehearsal",
                look=look,
                url=running.rollout.url,
                watching=context.stated.rollout.rehearsal,
                rollout=running.rollout,
            )


def judge_release(context: LayerContext, faults: tuple[str, ...]) -> Findings:
    unreadable: dict[str, str] = {}
    values: Stored = {}
    with scene(context, *faults) as opened:
        for part in PARTS:
            for seen in observe_part(part, context, opened, unreadable):
                values.setdefault(seen.kind, []).append(seen.value)
    return judged_evidence(values, ("migrations",), unreadable)


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_a_release_breaks_what_it_must_and_nothing_else(release: Release, tmp_path: Path) -> None:
    found = judge_release(new_context(tmp_path), release.faults)
    assert listed(found, Outcome.NOT_SATISFIED) == release.breaks, told(found)
    assert listed(found, Outcome.UNDETERMINED) == release.unsettles, told(found)
