"""What refuses requests in plain text by its own policy, as its endpoint takes both."""

from prodgate import Criterion, Resource, policy
from prodgate.semantics.policy_documents import Statement

#: Stores -> (resource of the policy, argument in it that names the store).
POLICIES_OF = {
    "aws_s3_bucket": ("aws_s3_bucket_policy", "bucket"),
    "aws_sqs_queue": ("aws_sqs_queue_policy", "queue_url"),
    "aws_sns_topic": ("aws_sns_topic_policy", "arn"),
}
#: Stores -> actions that such a Deny must reach; SNS takes no wildcard in the policy of a topic.
REFUSED = {
    "aws_s3_bucket": ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"),
    "aws_sqs_queue": ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"),
    "aws_sns_topic": ("sns:Publish",),
}


@policy(
    "PG_ENC_13",
    criterion="encryption-in-transit",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add to its policy a Deny for everybody, on all actions, when aws:SecureTransport is false.",
)
def buckets_refuse_plain_requests(bucket: Resource, criterion: Criterion) -> None:
    """Buckets refuse requests without TLS.

    Their endpoints accept plain HTTP, so only a Deny in the bucket's policy closes them.
    """
    _require_refusal(bucket, criterion)


@policy(
    "PG_ENC_26",
    criterion="messaging-in-transit",
    resources=("aws_sqs_queue", "aws_sns_topic"),
    population=0,
    remedy="Add to its policy a Deny for everybody, on all actions (sns:Publish), when aws:SecureTransport is false.",
)
def queues_and_topics_refuse_plain_requests(channel: Resource, criterion: Criterion) -> None:
    """Queues and topics refuse requests without TLS. Their endpoints accept plain HTTP, as those of buckets do."""
    _require_refusal(channel, criterion)


def _require_refusal(store: Resource, criterion: Criterion) -> None:
    kind, name = POLICIES_OF[store.type]
    documents = [(own, "policy") for own in store.configuration.naming(store, name, kind)]
    documents += [(store, "policy")] if not documents and store.type != "aws_s3_bucket" and store.has("policy") else []
    refusing = [s for block, path in documents for s in block.statements(path) if _refuses_plain(s, store)]
    observed = "no such statement in its policy" if documents else "no policy"
    criterion.hold(bool(refusing), expected="a Deny when aws:SecureTransport is false", observed=observed)


def _refuses_plain(statement: Statement, store: Resource) -> bool:
    everything = all(statement.covers(action) for action in REFUSED[store.type])
    everybody = any(principal.is_anybody for principal in statement.principals)
    tests = [(c.operator, c.key, c.values) for c in statement.conditions]
    plain = tests == [("bool", "aws:securetransport", ("false",))]
    objects = store.type != "aws_s3_bucket" or any(resource.endswith("*") for resource in statement.resources)
    return not statement.allows and everything and everybody and plain and objects
