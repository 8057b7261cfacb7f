"""Network firewalls: that they look into what passes, and stay where they stand."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

#: What happens to packets that no stateless rule knows, and to parts of packets.
DEFAULTS = ("stateless_default_actions", "stateless_fragment_default_actions")
REFERENCES = ("stateful_rule_group_reference", "stateless_rule_group_reference")


@policy(
    "PG_NET_18",
    criterion="network-firewall-filters",
    resources=("aws_networkfirewall_firewall_policy", "aws_networkfirewall_rule_group"),
    population=0,
    remedy="Name aws:drop or aws:forward_to_sfe as default actions, and refer to rule groups that hold rules.",
)
def firewalls_look_into_what_passes(holder: Resource, criterion: Criterion) -> None:
    """The policy of a network firewall has rules, drops or forwards what they don't know, and no group is empty."""
    if holder.type != "aws_networkfirewall_firewall_policy":
        criterion.hold(not _is_empty(holder), expected="rules in the group", observed="none")
        return
    policies = holder.blocks("firewall_policy")
    passing = [f"{name} = aws:pass" for one in policies for name in DEFAULTS if "aws:pass" in one.texts(name)]
    criterion.exclude(passing, expected="aws:drop or aws:forward_to_sfe")
    ruled = any(one.blocks(name) for one in policies for name in REFERENCES)
    criterion.hold(ruled, expected="rule groups", observed="none")


def _is_empty(holder: Resource) -> bool:
    """Whether a stateless rule group holds no rule. Stateful ones can't be made without."""
    if holder.text("type") != "STATELESS":
        return False
    sources = [one for group in holder.blocks("rule_group") for one in group.blocks("rules_source")]
    stated = [one for source in sources for one in source.blocks("stateless_rules_and_custom_actions")]
    return not any(one.blocks("stateless_rule") for one in stated)


@policy(
    "PG_REC_12",
    criterion="deletion-protection",
    resources=("aws_networkfirewall_firewall",),
    population=0,
    remedy="Set subnet_change_protection = true.",
)
def firewalls_stay_in_their_subnets(firewall: Resource, criterion: Criterion) -> None:
    """The subnets of a network firewall can't be changed by a slip: traffic would pass beside it."""
    kept = firewall.flag("subnet_change_protection")
    criterion.hold(kept, expected="subnet_change_protection = true", observed="unprotected")
