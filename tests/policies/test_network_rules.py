"""What security groups let in means the same in each of its three forms."""

from __future__ import annotations

from typing import Any

import pytest
from policies.network_rules import list_egress, list_ingress

from prodgate import Configuration, Resource, Unknown
from prodgate.semantics.network_rules import NetworkRule

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
