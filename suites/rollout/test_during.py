"""Did anything beside the requests go wrong during the deployment?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.checklists import AirflowAfterDeploy
from prodgate.facts.rollout.windows import LogsDuringDeploy


@check(
    "during-logs",
    measures="count",
    remedy="Read the log around the deployment: find what the new version does that the old one did not, and mend it.",
)
def test_no_new_kind_of_error(log: LogsDuringDeploy, criterion: Criterion) -> None:
    """Did every kind of error in the log exist before the deployment?"""
    criterion.require(log.new_kinds)


@check(
    "during-mwaa-up",
    remedy="Read the reason of its last update (aws mwaa get-environment) and its scheduler's log, and mend that.",
)
def test_airflow_came_up(environment: AirflowAfterDeploy, criterion: Criterion) -> None:
    """Is the Airflow environment available, and each of its components healthy?"""
    flaws = environment.flaws
    criterion.hold(
        not flaws,
        expected="AVAILABLE, every component healthy",
        observed="; ".join(flaws),
        held=flaws or environment.seen,
    )
