"""Does CloudFront stand in front of the site, and does it cache whatever it can?"""

from prodgate import Criterion, check
from prodgate.facts.live import BucketOrigin, CacheBehaviour, Distribution
from prodgate.semantics.policy_documents import read_statements

SERVED = ("bucket", "load balancer")
NO_COOKIES = "none"


@check("cdn-distribution", remedy="Enable it, and give it an origin for the bucket and one for the load balancer.")
def test_files_and_application_are_served(distribution: Distribution, criterion: Criterion) -> None:
    """Does this distribution serve the static files from a bucket and the application from a load balancer?"""
    missing = [kind for kind in SERVED if kind not in distribution.origins]
    criterion.hold(not missing, expected=" and ".join(SERVED), observed=f"no {' or '.join(missing) or 'gap'}")
    criterion.hold(distribution.enabled, expected="enabled", observed="disabled")


@check("cdn-price-class", measures="text")
def test_edge_locations_are_near_the_readers(distribution: Distribution, criterion: Criterion) -> None:
    """Does this distribution use the edge locations that the readers need?"""
    criterion.require(distribution.price_class)


@check("cdn-origin-access", remedy="Sign with an origin access control, and admit the distribution's ARN alone.")
def test_only_the_distribution_reads_the_bucket(origin: BucketOrigin, criterion: Criterion) -> None:
    """Can only the distribution read its bucket?

    Access by the account's own roles is its owner's business. Another check judges public access to every bucket.
    """
    signing = origin.signing or "no origin access control"
    criterion.hold(signing == "always", expected="requests signed always", observed=signing, held=signing)
    readers = sorted(_readers(origin))
    expected = [origin.distribution]
    criterion.hold(
        readers == expected,
        expected=origin.distribution,
        observed=", ".join(readers) or "nobody",
        held=", ".join(readers),
    )


@check("cdn-caching", remedy="Use a cache policy with a default TTL above zero and without cookies.")
def test_public_content_is_cached_for_everybody(behaviour: CacheBehaviour, criterion: Criterion) -> None:
    """Are static files and public pages cached, and the same for every reader?"""
    if not behaviour.serves_files and behaviour.path != "default":
        raise criterion.not_applicable("serves neither static files nor the pages")
    criterion.hold(behaviour.cookies == NO_COOKIES, expected="no cookie in the key", observed=behaviour.cookies)
    kept = min(behaviour.default_ttl, behaviour.max_ttl)
    criterion.hold(kept > 0, expected="a time to live above zero", observed=f"{kept} s")


def _readers(origin: BucketOrigin) -> set[str]:
    """Return the outside principals that may read objects; a service without a condition lets in anybody."""
    account = origin.distribution.split(":")[4]
    found: set[str] = set()
    for one in read_statements(origin.policy, f"policy of {origin.bucket}"):
        for principal in one.principals if one.allows and one.covers("s3:GetObject") else ():
            if principal.name == "cloudfront.amazonaws.com":
                found |= set(one.pinned("aws:sourcearn")) or {"any distribution of anybody"}
            elif principal.account != account:
                found.add(principal.name)
    return found
