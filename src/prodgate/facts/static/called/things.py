"""What of AWS's SDK a value may be, and what its attributes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thing:
    """A value that matters."""

    kind: str
    """``module`` (boto3 or a part of it), ``session``, ``client``, ``resource``, ``part`` of a client, ``hook`` of
    Airflow, ``text``; or ``open``: a name of a service that is decided when the code runs."""
    service: str = ""
    """boto3's name of the service; of a hook, its class."""
    text: str = ""
    """Of a text itself; of a module its dotted name; of a resource its kind, as ``Bucket.objects``."""


OPEN: Final = Thing("open")
Things = frozenset[Thing]
#: Of a client, what calls nothing.
QUIET: Final = ("can_paginate", "close", "exceptions", "meta", "waiter_names")
#: Classes of Airflow's provider that give a client, and the service that it is of.
HOOKS: Final[Mapping[str, str]] = {
    "AthenaHook": "athena", "BatchClientHook": "batch", "DynamoDBHook": "dynamodb", "EcsHook": "ecs",
    "EventBridgeHook": "events", "GlueJobHook": "glue", "KinesisHook": "kinesis", "LambdaHook": "lambda",
    "RdsHook": "rds", "S3Hook": "s3", "SecretsManagerHook": "secretsmanager", "SesHook": "ses", "SnsHook": "sns",
    "SqsHook": "sqs", "SsmHook": "ssm", "StepFunctionHook": "stepfunctions",
}  # fmt: skip
#: What a hook's client is had by.
_OPENING: Final = ("get_conn", "get_client_type", "conn", "conn_client")


def take_part(one: Thing, name: str) -> Thing | None:
    """Return what an attribute of something of AWS's is; None where nothing is known of it."""
    match one.kind:
        case "module":
            return Thing("module", text=f"{one.text}.{name}")
        case "session" if name in ("client", "resource"):
            return Thing("opener", text=name)
        case "hook" if name in _OPENING:
            return Thing("client", HOOKS[one.service])
        case "resource":
            return Thing("client", one.service) if name == "meta" else step(one, name)
        case "client":  # that of a resource is resource.meta.client
            return one if name == "client" else Thing("part", one.service, name)
    return None


def step(one: Thing, name: str) -> Thing:
    """Return what a step of a resource leads to."""
    return Thing("resource", one.service, f"{one.text}.{name}".lstrip("."))
