"""Whether a service of AWS can publish to an SNS topic: what the topic's policy and its key say."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from .json_texts import read_json
from .policy_documents import Condition, Statement, read_statements
from .unresolved import Unresolved

CLOUDWATCH: Final = "cloudwatch.amazonaws.com"
EVENTS: Final = "events.amazonaws.com"
#: Condition keys that a service states when it publishes, and when it uses the topic's key. A statement that asks for
#: another one admits nobody: that is how an alarm is dropped in silence.
_STATES: Final = {CLOUDWATCH: ("aws:sourceaccount", "aws:sourcearn"), EVENTS: ("aws:sourcearn",)}
_STATES_TO_KMS: Final = {CLOUDWATCH: ("aws:sourceaccount",), EVENTS: ()}
#: AWS's own pages contradict each other: a topic's policy for EventBridge may have no Condition block, by the first of
#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
#: and by the second a rule sends aws:SourceArn. A message that is refused is dropped in silence.
_CONTRADICTION: Final = (
    "lets EventBridge publish under a condition only, of which AWS says both that it is met and that it is not "
    "supported; allow events.amazonaws.com without one"
)
#: Owner of the topic, TLS, and that AWS itself asks: known of every request.
_ALWAYS: Final = ("aws:sourceowner", "aws:securetransport", "aws:principalisawsservice")
#: Beginnings of the operators that are understood.
#: Place of the account in an ARN.
_OWNER: Final = 4
_UNDERSTOOD: Final = ("string", "arn", "bool", "null")


def publish_refusal(policy: str, topic: str, sources: Iterable[str], service: str = CLOUDWATCH) -> str:
    """Say why a topic's policy keeps a service from publishing, or nothing.

    ``sources`` are ARNs of the alarms or rules that publish. Raises Unresolved for a policy that can't be read.
    """
    if not policy:
        return ""
    reaching = [
        one
        for one in read_statements(_parse_policy(policy), f"{topic}: its policy")
        if one.covers("sns:publish")
        and _names_service(one, service)
        and (not one.resources or any(fnmatchcase(topic, pattern) for pattern in one.resources))
    ]
    opened = [one for one in reaching if one.allows]
    account, stated = topic.split(":")[_OWNER], _STATES[service]
    if any(_denies(one, account, source, stated) for one in reaching for source in sources or ("",)):
        return f"its policy denies sns:Publish to {service}"
    refused = [
        source for source in sources or ("",) if not any(_admits(one, account, source, stated) for one in opened)
    ]
    if not refused and service == EVENTS and not any(_admits(one, account, "", ()) for one in opened):
        raise Unresolved(topic, _CONTRADICTION)
    return f"its policy does not allow {service} to publish{_render_sources(refused)}" if refused else ""


def key_refusal(key: Mapping[str, Any], policy: str, account: str, service: str = CLOUDWATCH) -> str:
    """Say why a service may not use a key, given as DescribeKey shows it, or nothing. Raises Unresolved."""
    name = str(key["Arn"]).rpartition("/")[2]
    if key.get("KeyManager") == "AWS":
        return "its key alias/aws/sns is AWS's own and can't be opened to CloudWatch"
    if key.get("KeyState") != "Enabled":
        return f"its key {name} is {key.get('KeyState')}"
    found = [
        one
        for one in read_statements(_parse_policy(policy), f"{key['Arn']}: its policy")
        if _names_service(one, service)
    ]
    uses, stated = ("kms:Decrypt", "kms:GenerateDataKey"), _STATES_TO_KMS[service]
    if any(one.covers(*uses) and _denies(one, account, "", stated) for one in found):
        return f"its key {name} denies {service} its use"
    opened = [one for one in found if one.allows and _admits(one, account, "", stated)]
    missing = [use for use in uses if not any(one.covers(use) for one in opened)]
    return f"its key {name} does not allow {service} {' and '.join(missing)}" if missing else ""


def _parse_policy(policy: str) -> Any:
    try:
        return read_json(policy)
    except ValueError:
        return policy  # statements() says that it is no document


def _names_service(statement: Statement, service: str) -> bool:
    return any(one.is_anybody or one.name == service for one in statement.principals)


def _admits(statement: Statement, account: str, source: str, stated: tuple[str, ...]) -> bool:
    """Whether every condition of a statement is met by what a service states of itself.

    It states the account of what it asks for, and ``account`` where that is not known.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceaccount
    """
    asking = source.split(":")[_OWNER] if source.count(":") > _OWNER else account
    sent = {
        "aws:sourceaccount": asking,
        "aws:sourcearn": source,
        "aws:sourceowner": asking,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
    }
    known = {key: sent[key] for key in (*stated, *_ALWAYS)}
    return all(_is_met(condition, known) for condition in statement.conditions)


def _denies(statement: Statement, account: str, source: str, stated: tuple[str, ...]) -> bool:
    """Whether a statement denies a service its request. Raises Unresolved for a condition that is not understood."""
    if statement.allows:
        return False
    if strange := [one for one in statement.conditions if not one.operator.startswith(_UNDERSTOOD)]:
        raise Unresolved(f"{statement}:", f"denies under {strange[0].operator}, which is not understood here")
    return _admits(statement, account, source, stated)


def _is_met(condition: Condition, sent: Mapping[str, str]) -> bool:
    """Whether a condition holds. A key that is not sent meets what asks for another value: that is how IAM reads it."""
    if condition.operator == "null":
        return (condition.key not in sent) == ("true" in condition.values)
    if condition.key not in sent:
        return not condition.restricts
    return any(fnmatchcase(sent[condition.key], value) for value in condition.values) != ("not" in condition.operator)


def _render_sources(sources: list[str]) -> str:
    named = [source.rpartition(":")[2] for source in sources if source]
    return f" for {', '.join(named[:3])}{' and others' if len(named) > 3 else ''}" if named else ""
