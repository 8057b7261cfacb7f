"""Do the site's addresses lead where they should?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import HealthEndpoint, MissingPage, Redirects

HEALTHY = 200
GONE = ("404", "410")


@check("redirects-arrive", remedy="Follow the way by hand, and mend the rule that leads on from its last good step.")
def test_redirects_arrive_at_a_page(redirects: Redirects, criterion: Criterion) -> None:
    """Does this address lead to a page of the site, without a loop, a foreign host or a way back to plain HTTP?"""
    observed = f"{redirects.flaw}: {redirects.way}" if redirects.flaw else redirects.way
    criterion.hold(not redirects.flaw, expected="a page of the site", observed=observed, held=observed)


@check("health-endpoint", remedy="Let it answer 200 while the site can serve, with Cache-Control: no-store.")
def test_the_site_says_that_it_is_well(health: HealthEndpoint, criterion: Criterion) -> None:
    """Does the health endpoint return 200, from the site itself rather than from a cache?"""
    criterion.hold(health.status == HEALTHY, expected="200", observed=health.status)
    criterion.hold(not health.cached, expected="200 from the site itself", observed="200 from a cache")


@check("missing-page-says-so", remedy="Answer 404 where there is no page; a page that explains it may come with it.")
def test_a_missing_page_is_not_found(page: MissingPage, criterion: Criterion) -> None:
    """Does an address without a page return "not found"?"""
    criterion.hold(str(page.status) in GONE, expected=" or ".join(GONE), observed=page.status)
