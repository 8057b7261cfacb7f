"""Ways to disarm the web application firewall, and the checks that see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .harness import Sabotage
from .test_edge import GLOBAL, change

Aws = Callable[..., Any]
COMMON = "AWSManagedRulesCommonRuleSet"


def the_acl(aws: Aws) -> dict[str, Any]:
    (listed,) = aws("wafv2", GLOBAL).list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    found = aws("wafv2", GLOBAL).get_web_acl(Name=listed["Name"], Id=listed["Id"], Scope="CLOUDFRONT")
    return {**found["WebACL"], "LockToken": found["LockToken"]}


def change_rules(aws: Aws, how: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    acl = the_acl(aws)
    kept = {name: acl[name] for name in ("Name", "Id", "LockToken", "DefaultAction", "VisibilityConfig")}
    aws("wafv2", GLOBAL).update_web_acl(Scope="CLOUDFRONT", Rules=how(acl["Rules"]), **kept)


def only_count(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for rule in rules:
        if rule["Name"] == COMMON:
            rule["OverrideAction"] = {"Count": {}}
    return rules


def soften(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for rule in rules:
        if rule["Name"] == COMMON:
            override = {"Name": "CrossSiteScripting_BODY", "ActionToUse": {"Count": {}}}
            rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"] = [override]
    return rules


def log_no_blocked_request(aws: Aws) -> None:
    arn = the_acl(aws)["ARN"]
    config = aws("wafv2", GLOBAL).get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    condition = {"ActionCondition": {"Action": "BLOCK"}}
    dropped = {"Behavior": "DROP", "Requirement": "MEETS_ANY", "Conditions": [condition]}
    config["LoggingFilter"] = {"DefaultBehavior": "KEEP", "Filters": [dropped]}
    aws("wafv2", GLOBAL).put_logging_configuration(LoggingConfiguration=config)


SABOTAGES = (
    Sabotage(
        "a distribution without a web ACL",
        breaks={"waf-attached"},
        unsettles={"waf-blocks", "waf-rate-limit", "waf-logging"},
        by=lambda aws: change(aws, lambda config: config.update(WebACLId="")),
    ),
    Sabotage(
        "common attacks are only counted",
        breaks={"waf-blocks"},
        by=lambda aws: change_rules(aws, only_count),
    ),
    Sabotage("one rule of a group only counts", breaks={"waf-blocks"}, by=lambda aws: change_rules(aws, soften)),
    Sabotage(
        "no rules against SQL injection",
        breaks={"waf-blocks"},
        by=lambda aws: change_rules(aws, lambda rules: [r for r in rules if "SQLi" not in r["Name"]]),
    ),
    Sabotage(
        "a rate limit on the API alone",
        breaks={"waf-rate-limit"},
        by=lambda aws: change_rules(aws, lambda rules: [r for r in rules if r["Name"] != "rate-of-requests"]),
    ),
    Sabotage(
        "a web ACL that logs nothing",
        breaks={"waf-logging", "logs-every-component", "logs-arriving"},
        by=lambda aws: aws("wafv2", GLOBAL).delete_logging_configuration(ResourceArn=the_acl(aws)["ARN"]),
    ),
    Sabotage("a log without blocked requests", breaks={"waf-logging"}, by=log_no_blocked_request),
)
