"""Does the site withstand the load: usual, in a surge, and during a deploy?"""

from prodgate import Criterion, check
from prodgate.facts.load import (
    CacheableResponse,
    DeployUnderLoad,
    LoadChange,
    RequestLoad,
    ServerView,
    Standstill,
    SteadyLoad,
    SurgeLoad,
)


@check(
    "latency-p95",
    remedy="Find the slow twentieth in the record and the traces; cache it, or make what it waits for faster.",
    measures="time",
)
def test_readers_are_answered_fast(load: SteadyLoad, criterion: Criterion) -> None:
    """Is the 95th percentile of response time under load within the objective?

    Measured from the moment a request was due, so that one that waited for its turn does not look fast. A failed
    request counts as slower than any other.
    """
    criterion.require(load.measured.p95(criterion))


@check(
    "error-rate",
    remedy="Look up the classes of failure in the record, and the same seconds in the log of the site.",
    measures="ratio",
)
def test_few_requests_under_load_fail(load: SteadyLoad, criterion: Criterion) -> None:
    """Is the share of requests under load that fail within the objective?"""
    criterion.require(load.measured.failed_share(criterion))


@check(
    "standstill-under-load",
    remedy="Look at that second in the site's log: a pause of its runtime, a lock, tasks that start, a full pool.",
    measures="time",
)
def test_somebody_is_always_served(standstill: Standstill, criterion: Criterion) -> None:
    """Are readers never left without service for longer than allowed?

    A share of all requests reveals little of this: in ten minutes, a standstill of 20 s is 3 %.
    """
    criterion.require(standstill.measured.longest_standstill(criterion))


@check(
    "latency-p95-by-name",
    remedy="Make this kind of request faster; where it is rare in the locustfile, give its task more weight.",
    measures="time",
)
def test_each_kind_of_request_is_answered_fast(load: RequestLoad, criterion: Criterion) -> None:
    """Is the 95th percentile of response time of each kind of request within the objective?"""
    criterion.require(load.measured.p95(criterion))


@check(
    "error-rate-by-name",
    remedy="Look up the classes of failure of this kind of request in the record, and its log.",
    measures="ratio",
)
def test_few_requests_of_each_kind_fail(load: RequestLoad, criterion: Criterion) -> None:
    """Is the share of requests of each kind that fail, or time out, within the objective?"""
    criterion.require(load.measured.failed_share(criterion))


@check(
    "surge-served",
    remedy="Keep more tasks in place, or let the cache answer more: scaling takes minutes to help.",
    measures="time",
)
def test_a_surge_is_served(load: SurgeLoad, criterion: Criterion) -> None:
    """Does the 95th percentile of response time stay within the objective in a surge?"""
    criterion.require(load.measured.p95(criterion))


@check(
    "cacheable-responses-say-so",
    remedy="Send Cache-Control with public and s-maxage, and neither Set-Cookie nor a Vary that divides readers.",
)
def test_a_cache_may_keep_what_is_public(response: CacheableResponse, criterion: Criterion) -> None:
    """May a shared cache keep every answer to this cacheable request?"""
    if not response.answers:
        raise criterion.undetermined("no request of this kind succeeded")
    reasons = ", ".join(f"{count} with {reason}" for reason, count in sorted(response.unshareable.items()))
    observed = reasons or f"all of {response.answers:,}"
    criterion.hold(not reasons, expected="answers that a cache may keep", observed=observed, held=observed)


@check(
    "zero-downtime-deploy",
    remedy="Wait until the new tasks are healthy, then let the old ones finish what they began before they end.",
    measures="count",
)
def test_no_reader_notices_a_deploy(deploy: DeployUnderLoad, criterion: Criterion) -> None:
    """Did no request fail while a deploy was carried out under load?"""
    criterion.require(deploy.failed)


@check(
    "deploys-unnoticed",
    remedy="Look which deploy lost requests, and what it did otherwise than those that lost none.",
    measures="count",
)
def test_no_deploy_is_noticed(deploy: DeployUnderLoad, criterion: Criterion) -> None:
    """Did readers notice none of the deploys? However many requests there are, each deploy is one trial."""
    criterion.require(deploy.noticed)


@check(
    "deploy-standstill",
    remedy="Start the new tasks, and warm them, before the old ones leave; hand over connections one after another.",
    measures="time",
)
def test_somebody_is_served_while_a_deploy_goes_on(deploy: DeployUnderLoad, criterion: Criterion) -> None:
    """During a deploy, are readers never left without service for longer than allowed, even if all are served later?"""
    criterion.require(deploy.measured.longest_standstill(criterion))


@check(
    "load-counts-agree",
    remedy="Look for retries on the way that nobody stated, for a proxy that answers by itself, or for lost log lines.",
    measures="ratio",
    population=0,
)
def test_what_was_sent_has_arrived(view: ServerView, criterion: Criterion) -> None:
    """Do the generator and the server's own log record the same requests?

    Does not apply to a target whose log can't be read here.
    """
    criterion.require(view.unmatched, samples=view.sent)


@check(
    "load-latency-agrees",
    remedy="Find where requests wait before the application sees them: accept queue, proxy, connection pool, network.",
    measures="time",
    population=0,
)
def test_the_server_knows_how_long_readers_wait(view: ServerView, criterion: Criterion) -> None:
    """Does the server's own log show the response times that readers see?

    Does not apply to a target whose log can't be read here.
    """
    criterion.require(view.apart)


@check(
    "load-p95-regression",
    remedy="Compare the traces of both builds; what is slower is what was changed between them.",
    measures="time",
    population=0,
)
def test_answers_have_not_become_slower(change: LoadChange, criterion: Criterion) -> None:
    """Is the 95th percentile above the previous one by no more than allowed?

    Applies if there is something to compare with: an earlier good run, or two builds in one run.
    """
    criterion.require(change.p95(criterion))


@check(
    "load-p95-growth",
    remedy="Compare the traces of both builds; what is slower is what was changed between them.",
    measures="ratio without limit",
    population=0,
)
def test_answers_have_not_become_slower_by_much_of_what_they_took(change: LoadChange, criterion: Criterion) -> None:
    """Is the 95th percentile above the previous one by no greater share than allowed?

    Twenty milliseconds more double the response time of a site that needs twenty.
    """
    criterion.require(change.growth(criterion))
