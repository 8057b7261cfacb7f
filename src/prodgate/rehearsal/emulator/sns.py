"""SNS: a subscription by mail or web waits until somebody confirms it, and nothing leaves this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, corrects

#: Protocols that need no confirmation inside one account.
_WITHOUT_CONFIRMATION: Final = ("sqs", "lambda", "firehose", "application", "sms")
#: Amazon Q in chat applications, once AWS Chatbot, subscribes itself here and confirms itself.
CHAT: Final = "https://global.sns-api.chatbot.amazonaws.com"
PENDING: Final = "PendingConfirmation"


@corrects("sns", "Subscribe", upstream=UNREPORTED)
def subscribe(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Subscribe to a topic."""
    made = ledger.moto()
    if params["Protocol"] in _WITHOUT_CONFIRMATION or params.get("Endpoint") == CHAT:
        return made
    waiting = ledger.of("pending").setdefault(made["SubscriptionArn"], params["Endpoint"])
    known = waiting and made["SubscriptionArn"] in ledger.of("confirmed")
    return made if known or params.get("ReturnSubscriptionArn") else {"SubscriptionArn": "pending confirmation"}


@corrects("sns", "ConfirmSubscription", upstream=FOLLOWS)
def confirm_subscription(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a subscription. The token that its owner was sent is the address itself here."""
    for arn, endpoint in ledger.of("pending").items():
        if endpoint == params["Token"] and arn.startswith(params["TopicArn"] + ":"):
            ledger.of("confirmed")[arn] = True
            return {"SubscriptionArn": arn}
    raise Refused("InvalidParameter", "Invalid token")


@corrects("sns", "ListSubscriptions", "ListSubscriptionsByTopic", upstream=FOLLOWS)
def list_subscriptions(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
    """Return subscriptions; one that waits shows no ARN."""
    found = ledger.moto()["Subscriptions"]
    shown = [
        one | {"SubscriptionArn": PENDING} if _is_pending(ledger, one["SubscriptionArn"]) else one for one in found
    ]
    return {"Subscriptions": shown}


@corrects("sns", "GetSubscriptionAttributes", upstream=FOLLOWS)
def get_subscription_attributes(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a subscription is."""
    found = ledger.moto()["Attributes"]
    return {"Attributes": found | {PENDING: str(_is_pending(ledger, params["SubscriptionArn"])).lower()}}


@corrects("sns", "GetTopicAttributes", upstream=FOLLOWS)
def get_topic_attributes(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a topic is; its subscriptions are counted by whether they wait."""
    everybody = ledger.backend.subscriptions.items()
    waiting = [_is_pending(ledger, arn) for arn, one in everybody if one.topic.arn == params["TopicArn"]]
    counts = {"SubscriptionsPending": str(sum(waiting)), "SubscriptionsConfirmed": str(waiting.count(False))}
    return {"Attributes": ledger.moto()["Attributes"] | counts}


@corrects("sns", "Publish", upstream=UNREPORTED)
def publish(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Deliver a message to the queues that subscribe. Mail, chat and web are outside, and hear nothing."""
    topic = ledger.backend.topics.get(params.get("TopicArn") or params.get("TargetArn"))
    if topic is None:
        raise Refused("NotFound", "Topic does not exist")
    everybody = ledger.backend.subscriptions.values()
    outside = [one for one in everybody if one.topic is topic and one.protocol not in ("sqs", "application")]
    for one in outside:
        del ledger.backend.subscriptions[one.arn]
    try:
        return ledger.moto()
    finally:
        ledger.backend.subscriptions.update({one.arn: one for one in outside})


def _is_pending(ledger: Ledger, arn: str) -> bool:
    return arn in ledger.of("pending") and arn not in ledger.of("confirmed")
