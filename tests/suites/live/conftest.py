"""One rehearsal account for all tests of the live suites; each sabotage has a copy of its own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.layers.layer import LayerContext
from prodgate.layers.static.repository import ProjectView
from prodgate.rehearsal.account import OriginalAccount
from prodgate.sections.project import load_policies, open_project
from prodgate.sections.targets import Target

from .harness import Observed, Stage, live_checks

ROOT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep everything that uses the account on one worker, which provisions it once; one Python is enough for it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("rehearsal"))
            item.add_marker(pytest.mark.once)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, production: OriginalAccount) -> Stage:
    """The healthy account."""
    project = open_project(ROOT / "criteria.toml")
    load_policies(project.policy_folders())
    stated = project.stated
    about = {"system": stated.system, "target": "rehearsal://", "rehearsal": True, "layers": ["live"], "commit": ""}
    run = runs.create(tmp_path_factory.mktemp("runs"), about, stated.path, project.waivers)
    at = LayerContext(
        run=run,
        target=Target("rehearsal://"),
        project=ROOT,
        stated=stated,
        journal=Journal.of(run),
        progress=lambda _step: None,
    )
    now = datetime.now(UTC).isoformat()
    return Stage(
        original=production,
        project=project,
        seen=ProjectView(at),
        about={"id": production.account.id, "region": production.account.region, "now": now, "foreign": stated.foreign},
        checks=live_checks(project),
    )


@pytest.fixture(scope="session")
def healthy(stage: Stage) -> Observed:
    """The healthy account, observed."""
    return stage.observed(stage.account.endpoint)
