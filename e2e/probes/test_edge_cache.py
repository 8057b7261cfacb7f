"""Does the edge cache public pages, and nothing that belongs to one reader?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import PrivatePage, PublicPage


@check(
    "public-pages-cached", remedy="Send Cache-Control with public and s-maxage, without cookies; mind the cache key."
)
def test_public_pages_come_from_the_edge(page: PublicPage, criterion: Criterion) -> None:
    """Does a cache serve this page at the second request, whatever cookies come with it?"""
    if not page.said:
        raise criterion.undetermined("no answer says whether a cache gave it (X-Cache, Age, Cache-Status)")
    criterion.hold(page.hit, expected="an answer from a cache", observed="; ".join(page.said))
    alone = [*(f"none for {kind}" for kind in page.varies), *(f"gives everybody {name}" for name in page.given)]
    criterion.hold(not alone, expected="one answer from it for all readers", observed="; ".join(alone or page.said))


@check(
    "private-pages-not-cached",
    remedy="Send Cache-Control: private, no-store, and give the path a cache policy that keeps nothing.",
    population=0,
)
def test_private_pages_are_kept_nowhere(page: PrivatePage, criterion: Criterion) -> None:
    """Is every response at this address kept out of shared caches?"""
    observed = "; ".join(page.keepable) or "private answers"
    criterion.hold(not page.keepable, expected="answers that no shared cache keeps", observed=observed, held=observed)
