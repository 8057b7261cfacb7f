"""Rules of networks: ingress in each of its three forms, the neighbours of ACL rules, and an instance's subnet
in a plan."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from policies.network import list_admitted, list_egress, list_ingress

from prodgate import Configuration, Resource, Unknown, Unresolved
from prodgate.semantics.network_rules import NetworkRule
from prodgate.testing import POLICIES, Finding, Outcome, apply, load_criteria

INLINE = {"cidr_blocks": [], "ipv6_cidr_blocks": [], "self": False}


def declared(type_: str, **values: Any) -> Resource:
    resource = Resource(address=f"{type_}.it", type=type_, name="it", values=values)
    Configuration(root="it", engine="none", resources=(resource,))
    return resource


def single(direction: str = "ingress", **values: Any) -> Resource:
    stated = {"cidr_ipv4": None, "cidr_ipv6": None, "referenced_security_group_id": None, "security_group_id": "sg-1"}
    return declared(f"aws_vpc_security_group_{direction}_rule", **{**stated, **values})


def opening(cidr: str) -> NetworkRule:
    (found,) = list_ingress(single(ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4=cidr))
    return found


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8", "2000::/3"])
def test_the_world_is_the_world_in_parts_too(cidr: str) -> None:
    assert opening(cidr).world


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24", "100.64.0.0/10", "fd00::/8"])
def test_a_private_range_is_not_public(cidr: str) -> None:
    assert opening(cidr).public == ()


def test_a_small_public_range_is_public_but_not_the_world() -> None:
    assert opening("203.0.113.0/24").public
    assert opening("203.0.113.0/24").world == ()


@pytest.mark.parametrize(
    "holder",
    [
        declared(
            "aws_security_group", ingress=[{**INLINE, "protocol": "6", "from_port": 22, "to_port": 22}], egress=[]
        ),
        declared("aws_security_group_rule", type="ingress", protocol="tcp", from_port=22, to_port=22, **INLINE),
        single(ip_protocol="tcp", from_port=22, to_port=22),
    ],
)
def test_each_form_says_the_same(holder: Resource) -> None:
    (found,) = list_ingress(holder)
    assert (found.protocol, found.first, found.last) == ("tcp", 22, 22)
    assert list(list_egress(holder)) == []


@pytest.mark.parametrize("ports", [{"from_port": None, "to_port": None}, {"from_port": -1, "to_port": -1}])
def test_all_protocols_are_all_ports(ports: dict[str, Any]) -> None:
    (found,) = list_ingress(single(ip_protocol="-1", **ports))
    assert found.touches(22, 5432) == (22, 5432)


def test_icmp_touches_no_port() -> None:
    (found,) = list_ingress(single(ip_protocol="icmp", from_port=-1, to_port=-1, cidr_ipv4="0.0.0.0/0"))
    assert found.touches(22) == ()
    assert found.world


@pytest.mark.parametrize("protocol", ["ssh", "TCP", "6", "256"])
def test_a_protocol_that_aws_refuses_is_judged_by_its_ports(protocol: str) -> None:
    (found,) = list_ingress(single(ip_protocol=protocol, from_port=22, to_port=22, cidr_ipv4="0.0.0.0/0"))
    assert (found.protocol, found.touches(22)) == ("tcp", (22,))


def test_of_which_group_a_rule_is_does_not_matter_to_what_it_lets_in() -> None:
    later = Unknown("is decided later")
    stated = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}
    (found,) = list_ingress(single(**stated, security_group_id=later))
    assert found.world


# ── The neighbours of network ACL rules, even in a plan without ids

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


DENIED = {"rule_no": 100, "action": "deny", "protocol": "-1", "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "",
          "from_port": 0, "to_port": 0}  # fmt: skip
DENY = _rule("deny", 100, "deny")


@pytest.mark.parametrize(
    ("lists", "rules", "ingress", "admitted"),
    [
        (1, [_rule("allow", 200, "allow"), DENY], [], []),  # a lower number in the same list decides
        (1, [_rule("allow", 50, "allow"), DENY], [], [22]),
        (2, [_rule("allow", 200, "allow"), DENY], [], None),  # another list may deny it
        (2, [_rule("allow", 200, "allow"), _rule("other", 100, "deny", first=23)], [], [22]),
        (1, [_rule("allow", 200, "allow")], [DENIED], []),  # the list itself denies it, if it is the one
        (1, [_rule("allow", 50, "allow")], [DENIED], [22]),
        (2, [_rule("allow", 200, "allow")], [DENIED], None),
    ],
)
def test_the_lower_number_decides_where_the_list_is_known(
    lists: int, rules: list[Resource], ingress: list[dict[str, object]], admitted: list[int] | None
) -> None:
    if admitted is None:
        with pytest.raises(Unresolved, match="one of several lists"):
            _admitted(LISTS[:lists], *rules, ingress=ingress)
    else:
        assert _admitted(LISTS[:lists], *rules, ingress=ingress) == admitted


def test_what_is_beside_a_rule_that_admits_nobody_is_not_read() -> None:
    later = _rule("later", 100, "deny")
    later.values["rule_number"] = LATER  # type: ignore[index]
    assert _admitted(LISTS[:1], _rule("deny", 200, "deny"), later) == []
    with pytest.raises(Unresolved, match="rule_number"):
        _admitted(LISTS[:1], _rule("allow", 200, "allow"), later)


# ── An instance's subnet is known even in a plan, where the ids of new resources are not

importlib.import_module("policies.network")
CRITERION = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria["network-no-public-addresses"]


def _judge(subnet: object, *named: str, address: object = None) -> Finding:
    values = {
        "subnet_id": subnet,
        "network_interface": [],
        "launch_template": [],
        "associate_public_ip_address": address,
    }
    references = {"subnet_id": named} if named else {}
    kind = "aws_instance"
    machine = Resource(address=f"{kind}.a", type=kind, name="a", values=values, references=references)
    (finding,) = apply(POLICIES["PG_NET_7"], Configuration(root="plan", engine="none", resources=[machine]), CRITERION)
    return finding


@pytest.mark.parametrize(
    ("subnet", "named", "outcome"),
    [
        ("subnet-1", (), Outcome.SATISFIED),
        (LATER, ("aws_subnet.private",), Outcome.SATISFIED),
        (None, (), Outcome.NOT_SATISFIED),
        (LATER, (), Outcome.UNDETERMINED),
    ],
)
def test_an_instance_stands_in_a_subnet_that_the_plan_makes(
    subnet: object, named: tuple[str, ...], outcome: Outcome
) -> None:
    found = _judge(subnet, *named)
    assert found.outcome is outcome
    assert outcome is not Outcome.UNDETERMINED or "aws_instance.a.subnet_id is known only after" in found.reason


def test_whether_it_gets_an_address_is_asked_in_any_subnet() -> None:
    assert _judge(LATER, "aws_subnet.private", address=True).outcome is Outcome.NOT_SATISFIED
    assert _judge(LATER, "aws_subnet.private", address=LATER).outcome is Outcome.UNDETERMINED
