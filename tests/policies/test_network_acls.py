"""Which rules of network ACLs stand beside one another, also in a plan that knows no ids."""

from __future__ import annotations

import pytest
from policies.network_acls import list_admitted

from prodgate import Configuration, Resource, Unknown, Unresolved

LATER = Unknown("is known only after an apply")
LISTS = ('aws_network_acl.tier["front"]', 'aws_network_acl.tier["back"]')


def _rule(name: str, number: int, action: str, first: int = 22) -> Resource:
    values = {"network_acl_id": LATER, "rule_number": number, "rule_action": action, "protocol": "tcp",
              "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": None, "from_port": first, "to_port": 22, "egress": False}  # fmt: skip
    kind = "aws_network_acl_rule"
    named = {"network_acl_id": ("aws_network_acl.tier",)}
    return Resource(address=f"{kind}.{name}", type=kind, name=name, values=values, references=named)


def _admitted(lists: tuple[str, ...], *rules: Resource) -> list[int]:
    tiers = [Resource(address=each, type="aws_network_acl", name="tier", values={"ingress": []}) for each in lists]
    Configuration(root="plan.json", engine="none", resources=(*tiers, *rules))
    return list_admitted(rules[0])


def test_a_lower_number_of_the_same_list_decides() -> None:
    assert _admitted(LISTS[:1], _rule("allow", 200, "allow"), _rule("deny", 100, "deny")) == []
    assert _admitted(LISTS[:1], _rule("allow", 100, "allow"), _rule("deny", 200, "deny")) == [22]


def test_what_another_list_may_deny_leaves_it_open() -> None:
    with pytest.raises(Unresolved, match="one of several lists"):
        _admitted(LISTS, _rule("allow", 200, "allow"), _rule("deny", 100, "deny"))
    assert _admitted(LISTS, _rule("allow", 200, "allow"), _rule("other", 100, "deny", first=23)) == [22]
