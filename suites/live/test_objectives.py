"""Were the objectives met in production, over the windows that they are stated for?"""

from prodgate import Criterion, check, estimate_rate
from prodgate.facts.live import BalancerTraffic, CacheInSurge, CanaryVisits, ServiceInSurge, WorkerUse
from prodgate.facts.live.traffic import EdgeTraffic


@check(
    "latency-p95-in-production",
    remedy="Find the slow twentieth in the traces, and make it fast before promoting more of it.",
    measures="time",
)
def test_response_times_kept_the_objective(balancer: BalancerTraffic, criterion: Criterion) -> None:
    """Was the 95th percentile of response times within the objective, over the whole window?"""
    criterion.cover(balancer.days)
    if balancer.p95 is None:
        raise criterion.undetermined("CloudWatch has no response time")
    criterion.require(balancer.p95, samples=balancer.requests)


@check(
    "error-rate-in-production",
    remedy="Find what answers with 5xx in the access log and mend it before promoting more of it.",
    measures="ratio",
)
def test_few_requests_failed(balancer: BalancerTraffic, criterion: Criterion) -> None:
    """Was the share of requests answered with 5xx within the objective, over the whole window?"""
    criterion.cover(balancer.days)
    criterion.require(balancer.failed, samples=balancer.requests)


@check(
    "availability",
    remedy="Find the outages in the alarm history; the error budget is spent, so mend before you promote.",
    measures="ratio",
)
def test_requests_were_answered(balancer: BalancerTraffic, criterion: Criterion) -> None:
    """Was the site available, as the share of requests answered without 5xx?"""
    criterion.cover(balancer.days)
    criterion.require(balancer.answered, samples=balancer.requests)


@check(
    "availability",
    remedy="Find what the canary met in its failed runs: names and the edge fail before a request arrives.",
    measures="ratio",
)
def test_visits_succeeded(canary: CanaryVisits, criterion: Criterion) -> None:
    """Was the site available from outside, as the share of the canary's visits that succeeded?

    If nobody reaches the load balancer, no request fails there.
    """
    criterion.cover(canary.days)
    criterion.require(canary.succeeded, samples=canary.visits)


@check(
    "availability",
    remedy="Find in CloudFront's logs which requests got 502, 503 or 504, and why it could not reach the origin.",
    measures="ratio",
)
def test_requests_were_answered_at_the_edge(site: EdgeTraffic, criterion: Criterion) -> None:
    """Was the site available at the edge, as the share of requests without 5xx?

    If CloudFront itself answers because no origin does, no load balancer counts the request.
    """
    criterion.cover(site.days)
    criterion.require(site.answered, samples=site.requests)


@check(
    "mwaa-worker-use",
    remedy="Raise the greatest number of workers or the class, or spread the schedules.",
    measures="ratio",
)
def test_workers_had_room(environment: WorkerUse, criterion: Criterion) -> None:
    """Did the CPU use of Airflow's workers stay low enough, in every hour of the window?"""
    criterion.cover(environment.days)
    criterion.require(environment.highest)


@check(
    "surge-cache-hit-rate",
    remedy="Raise the cache's times to live, or take headers, cookies and query strings out of the cache key.",
    measures="ratio",
)
def test_the_cache_answers_in_a_surge(site: CacheInSurge, criterion: Criterion) -> None:
    """Did the cache answer enough of the cacheable requests in the busiest hour of two weeks?"""
    if site.hit_rate is None or criterion.bound is None:
        raise criterion.undetermined("CloudFront published no hit rate for the busiest hour")
    criterion.require(
        estimate_rate(site.hit_rate, site.requests, bound=criterion.bound, confidence=criterion.confidence)
    )


@check(
    "surge-scales-out",
    remedy="Let the scaling policy follow a metric that moves in a surge; compare its activities with the traffic.",
)
def test_services_grow_in_a_surge(service: ServiceInSurge, criterion: Criterion) -> None:
    """Did this service start more tasks in the last two weeks, and did they take traffic?"""
    if not service.grown:
        raise criterion.undetermined("it was not given more tasks: there was no surge, or nothing answered it")
    times = f"{service.served} of {service.grown} times"
    criterion.hold(service.served == service.grown, expected="the new tasks took traffic", observed=times)
