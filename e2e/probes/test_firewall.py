"""Does the firewall stop attacks, and nothing else?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import AttackAnswered, OrdinaryAnswered


@check("waf-refuses-attacks", remedy="Attach the web ACL, and let its managed groups block rather than count.")
def test_attacks_are_refused(attack: AttackAnswered, criterion: Criterion) -> None:
    """Is this attack refused, while ordinary requests to the same page are not?"""
    criterion.hold(attack.refused, expected="refused", observed=attack.answer)


@check(
    "waf-refuses-attacks", remedy="Find the rule that refuses it in the log of the web ACL, and except what it hits."
)
def test_ordinary_requests_are_served(ordinary: OrdinaryAnswered, criterion: Criterion) -> None:
    """Does this page serve an ordinary request of the same form as the attacks, before them and after?"""
    criterion.hold(ordinary.served, expected="served", observed=ordinary.answer)
