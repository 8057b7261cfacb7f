"""Did the account that serves the site see the load that readers met there?"""

from prodgate import Criterion, check
from prodgate.facts.load import BalancerTimes, EntranceCount


@check(
    "load-counts-agree",
    remedy="Look where the host's name leads: another system, a cache or a proxy answers instead of this entrance.",
    measures="ratio",
    population=0,
)
def test_what_was_answered_has_entered(count: EntranceCount, criterion: Criterion) -> None:
    """Did the account count as many requests at its entrance as readers got responses?

    It may count more, from other readers. Does not apply if the server's own log can be read, or nothing counts
    requests.
    """
    criterion.require(count.unknown, samples=count.answered)


@check(
    "load-counts-agree",
    remedy="Look for what stands before the entrance, a proxy or another CDN: it makes errors that nobody counts.",
    measures="ratio",
    population=0,
)
def test_errors_that_readers_saw_were_counted(count: EntranceCount, criterion: Criterion) -> None:
    """Did the account count as many 5xx at its entrance as readers saw?

    Alarms watch the account's counts. Does not apply if the server's own log can be read, or nothing counts requests.
    """
    criterion.require(count.unknown_errors, samples=count.answered)


@check(
    "load-latency-agrees",
    remedy="Find where requests wait outside of what load balancers time: accept queue, CDN, network, a slow body.",
    measures="time",
    population=0,
)
def test_load_balancers_know_how_long_readers_wait(times: BalancerTimes, criterion: Criterion) -> None:
    """Is the 95th percentile that readers met consistent with the load balancers' own timing of the requests?

    Does not apply if the server's own log can be read, or a cache may answer every request of the load.
    """
    criterion.require(times.apart, samples=times.answers)
