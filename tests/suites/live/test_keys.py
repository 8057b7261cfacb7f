"""Ways to weaken keys and what is under them, and the checks that see it."""

import json
from typing import Any

from .harness import Aws, Sabotage
from .test_edge import change

KEY = "alias/nba-news-prod-data"


def key_id(aws: Aws) -> str:
    return aws("kms").describe_key(KeyId=KEY)["KeyMetadata"]["KeyId"]


def keep_messages_in_plain_text(aws: Aws) -> None:
    url = aws("sqs").get_queue_url(QueueName="nba-news-prod-dead-letters")["QueueUrl"]
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "", "SqsManagedSseEnabled": "false"})


def let_everybody_use_the_key(aws: Aws) -> None:
    kms, key = aws("kms"), key_id(aws)
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def keep_a_log_under_no_key(aws: Aws) -> None:
    aws("logs").create_log_group(logGroupName="by-hand")
    aws("logs").put_retention_policy(logGroupName="by-hand", retentionInDays=365)


def fetch_over_plain_http(config: dict[str, Any]) -> None:
    plain = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    origin = {"Id": "old", "DomainName": "old.nba-news.example", "CustomOriginConfig": plain}
    origins = [*config["Origins"]["Items"], origin]
    config["Origins"] = {"Quantity": len(origins), "Items": origins}


SABOTAGES = (
    Sabotage(
        "an origin in plain text", breaks={"encryption-in-transit"}, by=lambda aws: change(aws, fetch_over_plain_http)
    ),
    Sabotage(
        "a log without a key of its owner",
        breaks={"encryption-customer-managed-keys"},
        by=keep_a_log_under_no_key,
    ),
    Sabotage(
        "a key that never changes",
        breaks={"kms-key-rotation"},
        by=lambda aws: aws("kms").disable_key_rotation(KeyId=key_id(aws)),
    ),
    Sabotage(
        "the key of the data is switched off",
        breaks={"encryption-customer-managed-keys"},
        by=lambda aws: aws("kms").disable_key(KeyId=key_id(aws)),
    ),
    Sabotage("a key for everybody", breaks={"iam-resource-policies-closed"}, by=let_everybody_use_the_key),
    Sabotage(
        "messages in plain text",
        breaks={"encryption-at-rest", "encryption-customer-managed-keys"},
        by=keep_messages_in_plain_text,
    ),
)
