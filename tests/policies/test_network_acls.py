"""Which rules of network ACLs stand beside one another, also in a plan that knows no ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def _admitted(lists: tuple[str, ...], *rules: Resource, ingress: Sequence[Mapping[str, object]] = ()) -> list[int]:
    values = {"ingress": list(ingress)}
    tiers = [Resource(address=each, type="aws_network_acl", name="tier", values=values) for each in lists]
    Configuration(root="plan.json", engine="none", resources=(*tiers, *rules))
    return list_admitted(rules[0])


def test_a_lower_number_of_the_same_list_decides() -> None:
    assert _admitted(LISTS[:1], _rule("allow", 200, "allow"), _rule("deny", 100, "deny")) == []
    assert _admitted(LISTS[:1], _rule("allow", 100, "allow"), _rule("deny", 200, "deny")) == [22]


def test_what_another_list_may_deny_leaves_it_open() -> None:
    with pytest.raises(Unresolved, match="one of several lists"):
        _admitted(LISTS, _rule("allow", 200, "allow"), _rule("deny", 100, "deny"))
    assert _admitted(LISTS, _rule("allow", 200, "allow"), _rule("other", 100, "deny", first=23)) == [22]


def test_what_a_list_denies_itself_decides_where_it_is_the_one() -> None:
    denied = {"rule_no": 100, "action": "deny", "protocol": "-1", "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "",
              "from_port": 0, "to_port": 0}  # fmt: skip
    assert _admitted(LISTS[:1], _rule("allow", 200, "allow"), ingress=[denied]) == []
    assert _admitted(LISTS[:1], _rule("allow", 50, "allow"), ingress=[denied]) == [22]
    with pytest.raises(Unresolved, match="one of several lists"):
        _admitted(LISTS, _rule("allow", 200, "allow"), ingress=[denied])


def test_what_is_beside_a_rule_that_admits_nobody_is_not_read() -> None:
    later = _rule("later", 100, "deny")
    later.values["rule_number"] = LATER  # type: ignore[index]
    assert _admitted(LISTS[:1], _rule("deny", 200, "deny"), later) == []
    with pytest.raises(Unresolved, match="rule_number"):
        _admitted(LISTS[:1], _rule("allow", 200, "allow"), later)
