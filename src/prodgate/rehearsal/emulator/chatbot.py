"""Amazon Q in chat applications, once AWS Chatbot: channels that topics post to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers
from .sns import CHAT


@answers("chatbot", "CreateSlackChannelConfiguration")
def create_slack_channel_configuration(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a channel, and subscribe it to its topics."""
    arn = f"arn:aws:chatbot::{ledger.account}:chat-configuration/slack-channel/{params['ConfigurationName']}"
    for topic in params.get("SnsTopicArns", ()):
        ledger.ask("sns", "Subscribe", region=topic.split(":")[3], TopicArn=topic, Protocol="https", Endpoint=CHAT)
    kept = {name: value for name, value in params.items() if name not in ("ConfigurationName", "ClientToken")}
    channel = {
        "ChatConfigurationArn": arn,
        "SlackTeamName": params["SlackTeamId"],
        "SlackChannelName": params["SlackChannelId"],
        "SnsTopicArns": [],
        "State": "ENABLED",
        **kept,
        "ConfigurationName": params["ConfigurationName"],
    }
    ledger.of("channel")[arn] = channel
    return {"ChannelConfiguration": channel}


@answers("chatbot", "DescribeSlackChannelConfigurations")
def describe_slack_channel_configurations(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return channels."""
    wanted = params.get("ChatConfigurationArn")
    found = [channel for arn, channel in ledger.of("channel").items() if wanted in (None, "", arn)]
    return {"SlackChannelConfigurations": found}
