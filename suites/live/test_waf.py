"""Does the web application firewall stop attacks, and does it log what it did?"""

from prodgate import Criterion, check
from prodgate.facts.live import Distribution, WebAcl, WebAclRule

NEEDED = ("AWS/AWSManagedRulesCommonRuleSet", "AWS/AWSManagedRulesKnownBadInputsRuleSet")
WITH_A_DATABASE = ("AWS/AWSManagedRulesSQLiRuleSet",)


@check("waf-attached")
def test_a_web_acl_stands_in_front(distribution: Distribution, criterion: Criterion) -> None:
    """Is there a web ACL in front of this distribution?

    The id of AWS WAF Classic, which ended in 2025, is no ARN.
    """
    attached = distribution.web_acl.startswith("arn:")
    criterion.hold(attached, expected="a web ACL", observed=distribution.web_acl or "none", held=distribution.web_acl)


@check("waf-blocks", remedy="Take count overrides away, and give every rule of your own the action block.")
def test_no_rule_only_counts(acl: WebAcl, criterion: Criterion) -> None:
    """Does every rule of this web ACL stop what it was made to stop?

    A rule that counts and adds a label works for a later rule, and may. One that allows lets requests past the others.
    """
    harmless = [f"{rule.name} {why}" for rule in acl.rules if (why := _why_harmless(rule))]
    blocks = bool(acl.rules) and not harmless
    criterion.hold(
        blocks,
        expected="rules that block",
        observed="; ".join(harmless) or f"{len(acl.rules)} rules",
        held="; ".join(harmless),
    )


@check("waf-blocks", remedy="Add the managed rule groups of common attacks, known bad inputs and SQL injections.")
def test_the_managed_groups_are_in_force(acl: WebAcl, criterion: Criterion) -> None:
    """Are AWS's groups of common attacks and bad inputs in force, and before a database that of SQL injections?"""
    needed = (*NEEDED, *(WITH_A_DATABASE if acl.needs_sql_rules else ()))
    missing = sorted(set(needed) - {rule.group for rule in acl.rules if rule.stops})
    criterion.hold(not missing, expected="the managed groups", observed=f"without {', '.join(missing) or 'gap'}")


@check("waf-rate-limit", remedy="Add a rule that blocks by rate, without a statement that narrows it down.")
def test_a_flood_from_one_address_is_stopped(acl: WebAcl, criterion: Criterion) -> None:
    """Is an address that sends requests above a rate stopped, whatever it asks for?"""
    limits = [rule.name for rule in acl.rules if rule.limits_everything and rule.stops]
    criterion.hold(
        bool(limits), expected="a blocking rate limit on every request", observed=limits or "none", held=limits
    )


@check("waf-logging", remedy="Add a logging configuration, and keep BLOCK in its filter if it has one.")
def test_decisions_are_logged(acl: WebAcl, criterion: Criterion) -> None:
    """Does this web ACL log what it decides, blocked requests at least?"""
    criterion.hold(bool(acl.logs_to), expected="a destination of the log", observed="none")
    criterion.hold(not acl.drops_blocked, expected="blocked requests in the log", observed="filtered out")


def _why_harmless(rule: WebAclRule) -> str:
    """Return why a rule stops nothing, or nothing."""
    if rule.softened:
        return f"softens {', '.join(rule.softened)}"
    return "only counts" if rule.counts and not rule.labels else ""
