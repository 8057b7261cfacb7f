"""Did readers get responses, in time, during the deployment and after it?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.deployed import ReadersDuringDeployment
from prodgate.facts.rollout.requests import AcknowledgedWrites, RequestsAfterwards, WatchedRequests


@check(
    "zero-downtime-deploy",
    remedy="Wait until the new tasks are healthy, then let the old ones finish what they began before they end.",
    measures="count",
)
def test_no_request_fails(requests: WatchedRequests, criterion: Criterion) -> None:
    """Did no request fail from before the first stage of the deployment to after its clean-up?"""
    criterion.require(requests.failed)


@check(
    "during-error-rate",
    remedy="Look up the classes of failure in the record of the watch, and the same seconds in the services' logs.",
    measures="ratio",
)
def test_few_requests_fail(requests: WatchedRequests, criterion: Criterion) -> None:
    """Did the share of failed requests stay within the objective during the deployment?"""
    criterion.require(requests.failed_share(criterion))


@check(
    "acknowledged-writes-kept",
    remedy="Acknowledge a write when it is stored, and keep its key beside it, where every build and task looks it up.",
    measures="count",
)
def test_what_was_acknowledged_is_kept(writes: AcknowledgedWrites, criterion: Criterion) -> None:
    """Is every acknowledged write there after the deployment, and none of them twice?"""
    criterion.require(writes.wrong)


@check(
    "zero-downtime-in-production",
    remedy="Look up the minutes of the errors in the load balancer's log, and what the deployment did in them.",
    measures="count",
)
def test_no_request_of_readers_fails(readers: ReadersDuringDeployment, criterion: Criterion) -> None:
    """Did the load balancer answer every reader in the minutes of the last deployment?"""
    if readers.settling:
        raise criterion.only_production(readers.settling)
    criterion.require(readers.failed, samples=readers.requests)


@check(
    "after-performance",
    remedy="Compare the traces of both versions: a cold cache gets better by itself, a new query plan does not.",
    measures="time",
)
def test_answers_are_fast_after_the_deploy(requests: RequestsAfterwards, criterion: Criterion) -> None:
    """Is the 95th percentile of response time within the objective after the deployment?"""
    criterion.require(requests.p95(criterion))
