"""The web application firewall: in front of everything, and blocking."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Block, Criterion, Resource, policy

ACL = "aws_wafv2_web_acl"
NEEDED = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
DATABASES = ("aws_rds_cluster", "aws_db_instance")


@policy(
    "PG_EDGE_8",
    criterion="waf-attached",
    resources=("aws_cloudfront_distribution",),
    population=0,
)
def distributions_have_a_web_acl(distribution: Resource, criterion: Criterion) -> None:
    """Every CloudFront distribution has a web ACL of the scope CLOUDFRONT.

    A web ACL that is declared and attached to nothing protects nothing.
    """
    attached = distribution.has("web_acl_id")
    regional = attached and [
        one for one in distribution.related("web_acl_id", ACL) if one.text("scope") != "CLOUDFRONT"
    ]
    criterion.hold(not regional, expected="the scope CLOUDFRONT", observed="REGIONAL, which no distribution takes")
    criterion.hold(distribution.has("web_acl_id"), expected="a web ACL", observed="none")


@policy(
    "PG_EDGE_9",
    criterion="waf-blocks",
    resources=(ACL,),
    remedy="Use override_action none, no rule_action_override to count or allow, and the action block in own rules.",
    population=0,
)
def web_acls_block(acl: Resource, criterion: Criterion) -> None:
    """No rule of a web ACL only counts what it was made to stop.

    Count is for the days of trial. A rule that counts and adds a label works for another rule, and may.
    """
    if acl.has("rule_json"):
        raise criterion.undetermined("its rules are written as JSON")
    wrong = [f"{one.text('name')} {why}" for one in acl.blocks("rule") if (why := _why_harmless(one))]
    criterion.exclude(wrong, expected="rules that block")


@policy(
    "PG_EDGE_10",
    criterion="waf-blocks",
    resources=(ACL,),
    remedy=(
        "Add the managed rule groups AWSManagedRulesCommonRuleSet and AWSManagedRulesKnownBadInputsRuleSet, and "
        "AWSManagedRulesSQLiRuleSet before a database."
    ),
    population=0,
)
def web_acls_hold_the_managed_groups(acl: Resource, criterion: Criterion) -> None:
    """Web ACLs hold the AWS groups of common attacks and known bad inputs, and with a database that of SQL injections.

    The common group has no SQL injection in it; Log4j is among the known bad inputs. A group that is narrowed down
    (scope_down_statement) leaves other requests unseen.
    """
    if acl.has("rule_json"):
        raise criterion.undetermined("its rules are written as JSON")
    needed = (*NEEDED, *(["AWSManagedRulesSQLiRuleSet"] if acl.configuration.of(*DATABASES) else []))
    missing = sorted(set(needed) - set(_managed_groups(acl)))
    criterion.exclude(missing, expected="the managed groups", observed="without {}")


@policy(
    "PG_EDGE_11",
    criterion="waf-rate-limit",
    resources=(ACL,),
    remedy="Add a rule with a rate_based_statement and the action block that covers every request.",
    population=0,
)
def web_acls_limit_the_rate(acl: Resource, criterion: Criterion) -> None:
    """A web ACL blocks an address that sends more requests than a stated rate, whatever it asks for.

    A limit on some paths only (scope_down_statement) leaves the others open.
    """
    if acl.has("rule_json"):
        raise criterion.undetermined("its rules are written as JSON")
    limits = [one for one in acl.blocks("rule") if _acts(one) and _limits_everything(one)]
    criterion.hold(bool(limits), expected="a blocking rate limit on every request", observed="none")


@policy(
    "PG_EDGE_12",
    criterion="waf-logging",
    resources=(ACL,),
    remedy="Add an aws_wafv2_web_acl_logging_configuration, and keep BLOCK in its filter if it has one.",
    population=0,
)
def web_acls_log(acl: Resource, criterion: Criterion) -> None:
    """Every web ACL logs what it decides, blocked requests at least.

    Without the log a blocked user is a complaint that nobody can look into, and an attack leaves no trace.
    """
    logs = acl.configuration.naming(acl, "resource_arn", "aws_wafv2_web_acl_logging_configuration")
    criterion.hold(acl.has("scope") and bool(logs), expected="a logging configuration", observed="none")
    dropped = [one for one in logs for chosen in one.blocks("logging_filter") if not _keeps_blocked(chosen)]
    criterion.hold(not dropped, expected="blocked requests in the log", observed="filtered out")


def _why_harmless(rule: Block) -> str:
    """Return why a rule stops nothing, or nothing."""
    if _action(rule, "override_action") == "count":
        return "overrides its group to count"
    if _action(rule, "action") == "count" and not rule.blocks("rule_label"):
        return "only counts"
    overrides = [one for group in _groups(rule) for one in group.blocks("rule_action_override")]
    softened = [one.text("name") for one in overrides if _action(one, "action_to_use") in ("count", "allow")]
    return f"overrides {', '.join(map(str, softened))}" if softened else ""


def _managed_groups(acl: Resource) -> Iterator[str]:
    for rule in acl.blocks("rule"):
        if _action(rule, "override_action") != "count":
            for group in _groups(rule, "managed_rule_group_statement"):
                if group.text("vendor_name") == "AWS" and not group.blocks("scope_down_statement"):
                    yield group.text("name") or ""


def _groups(rule: Block, *kinds: str) -> Iterator[Block]:
    for statement in rule.blocks("statement"):
        for kind in kinds or ("managed_rule_group_statement", "rule_group_reference_statement"):
            yield from statement.blocks(kind)


def _limits_everything(rule: Block) -> bool:
    rates = [one for statement in rule.blocks("statement") for one in statement.blocks("rate_based_statement")]
    return any(not one.blocks("scope_down_statement") for one in rates)


def _acts(rule: Block) -> bool:
    return _action(rule, "action") in ("block", "challenge", "captcha")


def _action(block: Block, name: str) -> str:
    """Return which of the actions is written in a block of actions: none, count, block, …"""
    kinds = ("allow", "block", "captcha", "challenge", "count", "none")
    for action in block.blocks(name):
        for kind in kinds:
            if kind in action.values and action.blocks(kind):
                return kind
    return ""


def _keeps_blocked(chosen: Block) -> bool:
    kept = {one.text("behavior") for one in chosen.blocks("filter")
            for condition in one.blocks("condition") for action in condition.blocks("action_condition")
            if action.text("action") == "BLOCK"}  # fmt: skip
    return "KEEP" in kept or (chosen.text("default_behavior") == "KEEP" and "DROP" not in kept)
