"""Do the audit records of the account arrive where they are kept?"""

from prodgate import Criterion, check
from prodgate.facts.live.security_services import ConfigDelivery, TrailDelivery


@check("audit-trail", remedy="Let the policy and the key of the trail's bucket admit CloudTrail.", population=0)
def test_trails_deliver(trail: TrailDelivery, criterion: Criterion) -> None:
    """Does the bucket accept the logs of this trail? A trail goes on logging if not, and the logs are lost."""
    criterion.exclude(trail.failures, expected="log files arrive")


@check(
    "configuration-recorder",
    remedy="Let the policy and key of the channel's bucket admit AWS Config.",
    population=0,
)
def test_configurations_are_delivered(delivery: ConfigDelivery, criterion: Criterion) -> None:
    """Did AWS Config's last recordings and deliveries succeed?"""
    criterion.exclude(delivery.failures, expected="no failure")
