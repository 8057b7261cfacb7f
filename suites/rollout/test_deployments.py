"""Did the last deployment of every service succeed as a release?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.deployments import Deployment

SUCCEEDED = "succeeded"


@check(
    "service-deployments-completed",
    remedy="Find out from its stages and from the service's events why it did not complete, and deploy again.",
)
def test_deployments_completed(deployment: Deployment, criterion: Criterion) -> None:
    """Did the last deployment of the service complete, and was it a release rather than a rollback?"""
    state = deployment.state
    criterion.hold(state == SUCCEEDED, expected=SUCCEEDED, observed=f"{state} {deployment.reason}".strip())
    taken = deployment.takes_back
    criterion.hold(not taken, expected="a release", observed=f"a rollback of {taken}", held="a release")
