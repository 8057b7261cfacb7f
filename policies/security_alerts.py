"""What the services that watch the account find reaches somebody."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from prodgate import Configuration, Criterion, Resource, policy
from prodgate.semantics.event_patterns import SEVERE, matches

#: Services whose findings must reach somebody -> source of their events.
FINDERS = {"aws_guardduty_detector": "aws.guardduty", "aws_securityhub_account": "aws.securityhub"}

#: How many resources a message names.
NAMED = 5


@policy(
    "PG_WATCH_7",
    criterion="security-alerts-reach-someone",
    resources=tuple(FINDERS),
    required=True,
    remedy="Add aws_cloudwatch_event_rule for the source of the findings with a topic that somebody subscribes to.",
)
def findings_reach_somebody(finder: Resource, criterion: Criterion) -> None:
    """What GuardDuty and Security Hub find of high severity goes by an EventBridge rule to a topic with a subscriber.

    GuardDuty also counts when Security Hub, which takes its findings in, passes on all of them.
    """
    tree = finder.configuration
    rules = tree.once(_RULES[finder.type])
    criterion.hold(bool(rules), expected=f"a rule for {FINDERS[finder.type]}", observed="none", premise=True)
    severe = tree.once(_SEVERE[finder.type])
    criterion.hold(severe, expected="findings of high and critical severity", observed="a pattern that leaves some out")
    topics = tree.once(_TOPICS[finder.type])
    criterion.hold(bool(topics), expected="a topic as target", observed=f"none of {_name_some(rules)}", premise=True)
    heard = tree.once(_HEARD[finder.type])
    criterion.hold(heard, expected="a subscriber", observed=f"nobody listens to {_name_some(topics)}")


def _name_some(found: Sequence[Resource]) -> str:
    """Name what was found, the first few of it: the text is made for each subject, of all that there is."""
    return f"{[each.address for each in found[:NAMED]]}{' and others' if len(found) > NAMED else ''}"


def _list_sources(tree: Configuration, finder: str) -> list[str]:
    return sorted({FINDERS[finder], *(["aws.securityhub"] if tree.of("aws_securityhub_account") else [])}, reverse=True)


def _find_rules(tree: Configuration, finder: str) -> tuple[Resource, ...]:
    """Return the rules that pass on events of a service, or of Security Hub where it takes them in."""
    sources = set(_list_sources(tree, finder))
    return tuple(one for one in tree.of("aws_cloudwatch_event_rule") if _is_on(one) and _matches(one, sources))


def _is_on(rule: Resource) -> bool:
    return rule.text("state", "ENABLED") != "DISABLED" and rule.flag("is_enabled", True)


def _matches(rule: Resource, sources: set[str]) -> bool:
    pattern: Any = rule.json("event_pattern") or {}
    return bool(sources & {one for one in pattern.get("source", ()) if isinstance(one, str)})


def _pass_severe_ones(tree: Configuration, finder: str) -> bool:
    """Whether each severe finding of a source is passed on by some rule."""
    patterns = [rule.json("event_pattern") or {} for rule in _find_rules(tree, finder)]
    return any(
        all(
            any(matches(pattern, {"source": source, "detail": detail}) for pattern in patterns)
            for detail in SEVERE[source]
        )
        for source in _list_sources(tree, finder)
    )


def _find_topics(tree: Configuration, finder: str) -> tuple[Resource, ...]:
    targets = [
        one for rule in _find_rules(tree, finder) for one in tree.naming(rule, "rule", "aws_cloudwatch_event_target")
    ]
    return tuple(topic for target in targets for topic in target.related("arn", "aws_sns_topic"))


def _are_heard(tree: Configuration, finder: str) -> bool:
    topics = _find_topics(tree, finder)
    return any(tree.naming(one, "topic_arn", "aws_sns_topic_subscription") or _has_chat_channel(one) for one in topics)


#: What is found out once for all finders of a type.
_RULES = {finder: partial(_find_rules, finder=finder) for finder in FINDERS}
_SEVERE = {finder: partial(_pass_severe_ones, finder=finder) for finder in FINDERS}
_TOPICS = {finder: partial(_find_topics, finder=finder) for finder in FINDERS}
_HEARD = {finder: partial(_are_heard, finder=finder) for finder in FINDERS}


def _has_chat_channel(topic: Resource) -> bool:
    return bool(topic.configuration.naming(topic, "sns_topic_arns", "aws_chatbot_slack_channel_configuration"))
