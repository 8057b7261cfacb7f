"""Does the web application firewall stop attacks, and does it log its decisions?"""

from prodgate import Criterion, check
from prodgate.facts.live import Distribution, WebAcl, WebAclRule
from prodgate.semantics.aws_settings import list_needed_rule_groups, read_in_order


@check("waf-attached")
def test_a_web_acl_stands_in_front(distribution: Distribution, criterion: Criterion) -> None:
    """Is there a web ACL in front of this distribution?

    The id of AWS WAF Classic, which ended in 2025, is no ARN.
    """
    attached = distribution.web_acl.startswith("arn:")
    criterion.hold(attached, expected="a web ACL", observed=distribution.web_acl or "none", held=distribution.web_acl)


@check(
    "waf-blocks",
    remedy=(
        "Take count overrides away, give every rule of your own the action block, and put rules that allow after them."
    ),
)
def test_no_rule_only_counts(acl: WebAcl, criterion: Criterion) -> None:
    """Does every rule of this web ACL stop the requests it was written to stop?

    A rule may count if it adds a label that a later rule uses. A rule that allows lets requests past all later ones.
    """
    seen, passed = _read(acl)
    harmless = [f"{rule.name} {why}" for rule in acl.rules if (why := _why_harmless(rule))]
    harmless += [f"{seen[-1].name} lets requests past {rule.name}" for rule in passed if rule.stops]
    blocks = bool(acl.rules) and not harmless
    criterion.hold(
        blocks,
        expected="rules that block",
        observed="; ".join(harmless) or f"{len(acl.rules)} rules",
        held="; ".join(harmless),
    )


@check("waf-blocks", remedy="Add the managed rule groups of common attacks, known bad inputs and SQL injections.")
def test_the_managed_groups_are_in_force(acl: WebAcl, criterion: Criterion) -> None:
    """Are AWS's groups for common attacks and bad inputs in force, and before a database the one for SQL injection?"""
    needed = {f"AWS/{name}" for name in list_needed_rule_groups(database=acl.needs_sql_rules)}
    missing = sorted(needed - {rule.group for rule in _read(acl)[0] if rule.stops})
    criterion.hold(not missing, expected="the managed groups", observed=f"without {', '.join(missing) or 'gap'}")


@check("waf-rate-limit", remedy="Add a rule that blocks by rate, without a statement that narrows it down.")
def test_a_flood_from_one_address_is_stopped(acl: WebAcl, criterion: Criterion) -> None:
    """Is an address that exceeds a request rate blocked, whatever it requests?"""
    limits = [rule for rule in _read(acl)[0] if rule.limits_everything and rule.stops]
    names = [rule.name for rule in limits]
    if limits and all(rule.believes_header for rule in limits):
        raise criterion.undetermined("limits by a forwarded address, which a client may write")
    criterion.hold(bool(names), expected="a blocking rate limit on every request", observed=names or "none", held=names)


@check("waf-logging", remedy="Add a logging configuration, and keep BLOCK in its filter if it has one.")
def test_decisions_are_logged(acl: WebAcl, criterion: Criterion) -> None:
    """Does this web ACL log its decisions, at least blocked requests?"""
    criterion.hold(bool(acl.logs_to), expected="a destination of the log", observed="none")
    criterion.hold(not acl.drops_blocked, expected="blocked requests in the log", observed="filtered out")


def _read(acl: WebAcl) -> tuple[list[WebAclRule], list[WebAclRule]]:
    return read_in_order((rule, rule.lets_past) for rule in acl.rules)


def _why_harmless(rule: WebAclRule) -> str:
    """Return why a rule stops nothing, or nothing."""
    if rule.softened:
        return f"softens {', '.join(rule.softened)}"
    return "only counts" if rule.counts and not rule.labels else ""
