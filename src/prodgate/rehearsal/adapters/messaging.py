"""SNS topics, their subscriptions, and chat channels that they post to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_sns_topic")
def topic(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a topic."""
    attributes = omit_empty(
        KmsMasterKeyId=declared["kms_master_key_id"], SignatureVersion=declared["signature_version"]
    )
    attributes = {name: str(value) for name, value in attributes.items()}
    made = aws("sns").create_topic(Name=declared["name"], Attributes=attributes, Tags=tags(declared))
    arn = made["TopicArn"]
    return {"id": arn, "arn": arn, "owner": aws.account}


@creates("aws_sns_topic_policy")
def topic_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say who may publish to a topic."""
    arn = declared["arn"]
    aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=declared["policy"])
    return {"id": arn, "owner": aws.account}


@creates("aws_sns_topic_subscription")
def subscription(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Subscribe to a topic. An endpoint that confirms itself does so at once; people are yet to."""
    attributes = omit_empty(
        FilterPolicy=declared["filter_policy"],
        FilterPolicyScope=declared["filter_policy_scope"],
        RawMessageDelivery="true" if declared["raw_message_delivery"] else None,
        RedrivePolicy=declared["redrive_policy"],
        DeliveryPolicy=declared["delivery_policy"],
        SubscriptionRoleArn=declared["subscription_role_arn"],
    )
    topic_arn, endpoint = declared["topic_arn"], declared["endpoint"]
    arn = aws("sns").subscribe(
        TopicArn=topic_arn,
        Protocol=declared["protocol"],
        Endpoint=endpoint,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    if declared["endpoint_auto_confirms"]:
        aws("sns").confirm_subscription(TopicArn=topic_arn, Token=endpoint)
    waits = aws("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"]
    return {"id": arn, "arn": arn, "owner_id": aws.account, "pending_confirmation": waits == "true"}


@creates("aws_chatbot_slack_channel_configuration")
def slack_channel(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let topics post to a channel."""
    made = aws("chatbot").create_slack_channel_configuration(
        ConfigurationName=declared["configuration_name"],
        SlackTeamId=declared["slack_team_id"],
        SlackChannelId=declared["slack_channel_id"],
        IamRoleArn=declared["iam_role_arn"],
        **omit_empty(
            SnsTopicArns=list(declared["sns_topic_arns"] or ()),
            LoggingLevel=declared["logging_level"],
            GuardrailPolicyArns=list(declared["guardrail_policy_arns"] or ()),
            Tags=tags(declared, "TagKey", "TagValue"),
        ),
    )["ChannelConfiguration"]
    return {
        "chat_configuration_arn": made["ChatConfigurationArn"],
        "slack_team_name": made["SlackTeamName"],
        "slack_channel_name": declared["slack_channel_id"],
    }
