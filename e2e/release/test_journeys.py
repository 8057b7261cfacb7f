"""Can a person do what the release is for?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import Journey


@check(
    "journeys-succeed",
    remedy="Open the picture, and the trace by playwright show-trace FILE. What is flaky here is so for readers.",
)
def test_journeys_succeed(journey: Journey, criterion: Criterion) -> None:
    """Did this journey succeed at its first try?

    A failed journey is tried once more, only to tell constant failures from intermittent ones.
    """
    criterion.hold(journey.succeeded, expected="success at the first try", observed=journey.told, held=journey.told)
