"""Load balancers as AWS describes them, for observers of their access, logs, metrics and targets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import observes_each


def list_balancers(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return every application, network or gateway load balancer."""
    return account.list("elbv2", "DescribeLoadBalancers", "LoadBalancers")


def list_doors(account: Account) -> list[Mapping[str, Any]]:
    """Return those that clients connect to: a gateway load balancer leads packets of networks to appliances.

    It has neither scheme nor security groups, and its listener states neither port nor protocol.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/gateway-load-balancers.html
    """
    return [one for one in list_balancers(account) if one.get("Type") != "gateway"]


def list_application_balancers(account: Account) -> list[Mapping[str, Any]]:
    """Return every application load balancer, including those without a stated type."""
    return [one for one in list_balancers(account) if one.get("Type", "application") == "application"]


def metric_name(arn: str) -> str:
    """Return CloudWatch's name of a load balancer: ``app/NAME/ID``."""
    return arn.partition(":loadbalancer/")[2]


def read_attributes(account: Account, arn: str) -> Mapping[str, str]:
    """Return the attributes of a load balancer. Raises Absent and Unreadable."""
    listed = account.get("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)["Attributes"]
    return {one["Key"]: one.get("Value", "") for one in listed}


def list_balancer_attributes(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each load balancer, else its name, with its attributes, which may be deferred."""
    rows = list_balancers(account)
    unnamed = "a load balancer without LoadBalancerArn and LoadBalancerName"
    names = [row.get("LoadBalancerArn") or row.get("LoadBalancerName", unnamed) for row in rows]
    look = partial(account.defer, lambda row: read_attributes(account, row["LoadBalancerArn"]))
    yield from zip(names, account.each(look, rows), strict=True)


# ── Listeners of load balancers: their protocols, and their responses in plain text


_TLS = ("HTTPS", "TLS")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Listener(Fact):
    """A listener of a load balancer; ``subject`` is its ARN."""

    protocol: str
    """``HTTP``, ``HTTPS``, ``TLS``, ``TCP``, …"""
    tls_policy: str
    """Name of the security policy, which decides the accepted TLS versions; empty without TLS."""
    accepts: tuple[str, ...]
    """The TLS versions that the policy accepts, such as ``TLSv1.2``; empty without TLS."""
    answers: tuple[str, ...]
    """Its default action and those of its rules: ``redirect to HTTPS``, or the type of the action."""


def list_listeners(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the listeners of every load balancer that clients connect to.

    The listeners of one without an ARN can't be requested; it stands for them itself.
    """

    def of(balancer: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        if "LoadBalancerArn" not in balancer:
            return (balancer,)
        arn = balancer["LoadBalancerArn"]
        return account.list("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)

    return tuple(listener for found in account.each(of, list_doors(account)) for listener in found)


@observes_each(Listener, list_listeners, "ListenerArn", "LoadBalancerArn", "LoadBalancerName")
def observe_listeners(account: Account, listener: Mapping[str, Any]) -> Listener:
    """Observe every listener that clients connect to."""
    policy = listener.get("SslPolicy", "") if listener["Protocol"] in _TLS else ""
    return Listener(
        subject=listener["ListenerArn"],
        protocol=listener["Protocol"],
        tls_policy=policy,
        accepts=account.attempt(_list_accepted_tls, account, policy),
        answers=account.attempt(_list_answers, account, listener),
    )


def _list_accepted_tls(account: Account, policy: str) -> tuple[str, ...]:
    if not policy:
        return ()
    found = account.list("elbv2", "DescribeSSLPolicies", "SslPolicies", Names=[policy])
    return tuple(protocol for one in found for protocol in one["SslProtocols"])


def _list_answers(account: Account, listener: Mapping[str, Any]) -> tuple[str, ...]:
    rules = account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener["ListenerArn"])
    actions = [*listener["DefaultActions"], *(action for rule in rules for action in rule["Actions"])]
    return tuple(dict.fromkeys(_answer(action) for action in actions))


def _answer(action: Mapping[str, Any]) -> str:
    redirect = action.get("RedirectConfig", {})
    kept = redirect.get("Protocol", "#{protocol}")
    return "redirect to HTTPS" if redirect and kept == "HTTPS" else str(action["Type"])
