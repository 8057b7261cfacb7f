"""Ways to disarm the web application firewall, and the checks that see it."""

from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage
from .test_edge import GLOBAL, change

COMMON = "AWSManagedRulesCommonRuleSet"
UNCHANGED = {"Priority": 0, "Type": "NONE"}
COUNTED = {"Name": "CrossSiteScripting_BODY", "ActionToUse": {"Count": {}}}
SOFTENED = {"VendorName": "AWS", "Name": COMMON, "RuleActionOverrides": [COUNTED]}


def the_acl(aws: Aws) -> dict[str, Any]:
    (listed,) = aws("wafv2", GLOBAL).list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    found = aws("wafv2", GLOBAL).get_web_acl(Name=listed["Name"], Id=listed["Id"], Scope="CLOUDFRONT")
    return {**found["WebACL"], "LockToken": found["LockToken"]}


def change_rules(aws: Aws, how: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    acl = the_acl(aws)
    kept = {name: acl[name] for name in ("Name", "Id", "LockToken", "DefaultAction", "VisibilityConfig")}
    aws("wafv2", GLOBAL).update_web_acl(Scope="CLOUDFRONT", Rules=how(acl["Rules"]), **kept)


def change_common(**changes: Any) -> Callable[[Aws], None]:
    """Return what changes the rule that includes the group of common attacks."""
    return lambda aws: change_rules(
        aws, lambda rules: [rule | changes if rule["Name"] == COMMON else rule for rule in rules]
    )


def count_by(kind: str, **how: Any) -> Callable[[Aws], None]:
    """Return what lets the rate limit on all requests count by something else than the client's address."""

    def change(rule: dict[str, Any]) -> dict[str, Any]:
        if rule["Name"] != "rate-of-requests":
            return rule
        rate = {**rule["Statement"]["RateBasedStatement"], "AggregateKeyType": kind, **how}
        return {**rule, "Statement": {"RateBasedStatement": rate}}

    return lambda aws: change_rules(aws, lambda rules: [*map(change, rules)])


def log_no_blocked_request(aws: Aws) -> None:
    arn = the_acl(aws)["ARN"]
    config = aws("wafv2", GLOBAL).get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    condition = {"ActionCondition": {"Action": "BLOCK"}}
    dropped = {"Behavior": "DROP", "Requirement": "MEETS_ANY", "Conditions": [condition]}
    config["LoggingFilter"] = {"DefaultBehavior": "KEEP", "Filters": [dropped]}
    aws("wafv2", GLOBAL).put_logging_configuration(LoggingConfiguration=config)


def allow_first(aws: Aws) -> None:
    """Let every request past the rules, by one of the least priority, as in an hour of trouble."""
    rule = {
        "Name": "allow-all", "Priority": 0, "Action": {"Allow": {}},
        "Statement": {"GeoMatchStatement": {"CountryCodes": ["JP"]}},
        "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "all"},
    }  # fmt: skip
    change_rules(aws, lambda rules: [rule, *({**each, "Priority": each["Priority"] + 1} for each in rules)])


SABOTAGES = (
    Sabotage("a rule that allows before those that block", breaks={"waf-blocks", "waf-rate-limit"}, by=allow_first),
    Sabotage(
        "a distribution without a web ACL",
        breaks={"waf-attached"},
        unsettles={"waf-blocks", "waf-rate-limit", "waf-logging"},
        by=lambda aws: change(aws, lambda config: config.update(WebACLId="")),
    ),
    Sabotage(
        "common attacks are only counted",
        breaks={"waf-blocks"},
        by=change_common(OverrideAction={"Count": {}}),
    ),
    Sabotage(
        "one rule of a group only counts",
        breaks={"waf-blocks"},
        by=change_common(Statement={"ManagedRuleGroupStatement": SOFTENED}),
    ),
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
        "a rate limit by a header that clients choose",
        breaks={"waf-rate-limit"},
        by=count_by("CUSTOM_KEYS", CustomKeys=[{"Header": {"Name": "x-session", "TextTransformations": [UNCHANGED]}}]),
    ),
    Sabotage(
        "a rate limit by a forwarded address",
        breaks=set(),
        unsettles={"waf-rate-limit"},
        by=count_by("FORWARDED_IP", ForwardedIPConfig={"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH"}),
    ),
    Sabotage(
        "a web ACL that logs nothing",
        breaks={"waf-logging", "logs-every-component", "logs-arriving"},
        by=lambda aws: aws("wafv2", GLOBAL).delete_logging_configuration(ResourceArn=the_acl(aws)["ARN"]),
    ),
    Sabotage("a log without blocked requests", breaks={"waf-logging"}, by=log_no_blocked_request),
)
