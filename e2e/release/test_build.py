"""Do readers see the release under test?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import ServedBuild


@check(
    "build-under-test-served",
    remedy="Wait until the deploy is done everywhere, invalidate what the edge keeps, then observe again.",
)
def test_the_build_under_test_is_served(build: ServedBuild, criterion: Criterion) -> None:
    """Did the build under test answer every visit, and no other build?"""
    observed = ", ".join(build.strangers) or build.expected
    criterion.hold(not build.strangers, expected=build.expected, observed=observed, held=observed)
