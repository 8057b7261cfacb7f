"""Web ACLs in front of CloudFront: what each rule does to a request, and what is logged of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import GLOBAL, list_distributions

reads("rds", "DescribeDBClusters")
reads("wafv2", "GetLoggingConfiguration", "GetWebACL", "ListWebACLs")

#: Actions that stop a request.
_STOPS = ("Block", "Captcha", "Challenge")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAclRule:
    """A rule of a web ACL."""

    name: str
    stops: bool
    """Whether it stops what it matches; for a group, whether the group's own rules may."""
    counts: bool
    """Whether it only counts what it matches, or what its group would stop."""
    labels: bool
    """Whether it adds a label for a later rule to act on."""
    group: str
    """The managed rule group that it includes, as ``VENDOR/NAME``, with ``in part`` if it has a scope-down statement;
    ``*`` for a rule group of the account; else empty."""
    softened: tuple[str, ...] = ()
    """Rules of the group whose action is overridden to count or allow."""
    limits_everything: bool = False
    """Whether it is a rate limit on all requests, without a scope-down statement."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebAcl(Fact):
    """The web ACL of a distribution; ``subject`` is its ARN."""

    rules: tuple[WebAclRule, ...]
    needs_sql_rules: bool
    """Whether the account runs a relational database."""
    logs_to: tuple[str, ...]
    """ARNs of the log groups, buckets and streams to which it logs."""
    drops_blocked: bool
    """Whether its log leaves blocked requests out."""


@observes(WebAcl)
def observe_web_acls(account: Account) -> Iterator[WebAcl]:
    """Look at every web ACL that is attached to a distribution."""
    attached = {site.get("WebACLId") for site in list_distributions(account)}
    known = account.list("wafv2", "ListWebACLs", "WebACLs", region=GLOBAL, Scope="CLOUDFRONT")
    # one of which WAF states no ARN may be any
    own = [one for one in known if one.get("ARN") in {None, *attached}]
    yield from map(apart(WebAcl, partial(_acl, account), "ARN", "Name"), own)


def _acl(account: Account, listed: Mapping[str, Any]) -> WebAcl:
    wanted = {"Name": listed["Name"], "Id": listed["Id"], "Scope": "CLOUDFRONT"}
    acl = account.get("wafv2", "GetWebACL", region=GLOBAL, **wanted)["WebACL"]
    return WebAcl(
        subject=listed["ARN"],
        rules=tuple(_rule(rule) for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"]))),
        needs_sql_rules=account.attempt(_has_database, account),
        logs_to=account.attempt(_logs_to, account, listed["ARN"]),
        drops_blocked=account.attempt(_drops_blocked, account, listed["ARN"]),
    )


def _rule(rule: Mapping[str, Any]) -> WebAclRule:
    statement = rule["Statement"]
    managed = statement.get("ManagedRuleGroupStatement", {})
    group = managed or statement.get("RuleGroupReferenceStatement", {})
    rate = statement.get("RateBasedStatement")
    overrides = {one["Name"]: next(iter(one["ActionToUse"])) for one in group.get("RuleActionOverrides", ())}
    softened = [name for name, action in overrides.items() if action not in _STOPS]
    excluded = [one["Name"] for one in group.get("ExcludedRules", ())]  # deprecated by AWS, still in force
    return WebAclRule(
        name=rule["Name"],
        stops="None" in rule.get("OverrideAction", {}) or any(action in rule.get("Action", {}) for action in _STOPS),
        counts="Count" in {**rule.get("OverrideAction", {}), **rule.get("Action", {})},
        labels=bool(rule.get("RuleLabels")),
        group=_group(managed) if managed else "*" * bool(group),
        softened=(*softened, *excluded),
        limits_everything=rate is not None and not rate.get("ScopeDownStatement"),
    )


def _group(managed: Mapping[str, Any]) -> str:
    """Name a managed group; one with a scope-down statement is not the whole group, and is named with ``in part``."""
    name = f"{managed['VendorName']}/{managed['Name']}"
    return f"{name} in part" if managed.get("ScopeDownStatement") else name


def _has_database(account: Account) -> bool:
    return bool(account.list("rds", "DescribeDBClusters", "DBClusters"))


def _logging(account: Account, arn: str) -> Mapping[str, Any]:
    found = account.find("wafv2", "GetLoggingConfiguration", region=GLOBAL, ResourceArn=arn)
    return found["LoggingConfiguration"] if found else {}


def _logs_to(account: Account, arn: str) -> tuple[str, ...]:
    return tuple(_logging(account, arn).get("LogDestinationConfigs", ()))


def _drops_blocked(account: Account, arn: str) -> bool:
    chosen = _logging(account, arn).get("LoggingFilter", {})
    blocked = {"ActionCondition": {"Action": "BLOCK"}}
    said = {one["Behavior"] for one in chosen.get("Filters", ()) if blocked in one["Conditions"]}
    return "DROP" in said or (chosen.get("DefaultBehavior") == "DROP" and "KEEP" not in said)
