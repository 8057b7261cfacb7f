"""Listeners of load balancers: their protocols, and what they answer in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .load_balancers import list_doors

reads("elbv2", "DescribeListeners", "DescribeRules", "DescribeSSLPolicies")

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


@observes(Listener)
def observe_listeners(account: Account) -> Iterator[Listener]:
    """Look at every listener that clients connect to."""
    look = apart(Listener, partial(_listener, account), "ListenerArn", "LoadBalancerArn", "LoadBalancerName")
    yield from map(look, list_listeners(account))


def _listener(account: Account, listener: Mapping[str, Any]) -> Listener:
    policy = listener.get("SslPolicy", "") if listener["Protocol"] in _TLS else ""
    return Listener(
        subject=listener["ListenerArn"],
        protocol=listener["Protocol"],
        tls_policy=policy,
        accepts=account.attempt(_list_accepted_tls, account, policy),
        answers=account.attempt(_list_answers, account, listener),
    )


def list_listeners(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the listeners of every load balancer that clients connect to.

    One without an ARN can't be asked for its listeners, and stands for them itself.
    """

    def of(balancer: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        if "LoadBalancerArn" not in balancer:
            return (balancer,)
        arn = balancer["LoadBalancerArn"]
        return account.list("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)

    return tuple(listener for found in account.each(of, list_doors(account)) for listener in found)


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
