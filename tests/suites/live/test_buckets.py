"""Ways to open the buckets, or to lose what is in them, and the checks that see it."""

import json

from .harness import Aws, Sabotage

DATA = "nba-news-prod-pipeline-data-123456789012"
EVIDENCE = "nba-news-prod-evidence-123456789012"
OFF = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False)


def let_everybody_in(aws: Aws) -> None:
    policy = json.loads(aws("s3").get_bucket_policy(Bucket=DATA)["Policy"])
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{DATA}/*"}
    )
    aws("s3").put_bucket_policy(Bucket=DATA, Policy=json.dumps(policy))


def encrypt_with_a_key_of_s3(aws: Aws) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    aws("s3").put_bucket_encryption(Bucket=DATA, ServerSideEncryptionConfiguration={"Rules": rules})


def lock_for_a_month(aws: Aws) -> None:
    lock = aws("s3").get_object_lock_configuration(Bucket=EVIDENCE)["ObjectLockConfiguration"]
    lock["Rule"]["DefaultRetention"] = {"Mode": lock["Rule"]["DefaultRetention"]["Mode"], "Days": 30}
    aws("s3").put_object_lock_configuration(Bucket=EVIDENCE, ObjectLockConfiguration=lock)


SABOTAGES = (
    Sabotage(
        "a bucket blocks no public access",
        breaks={"bucket-public-access-blocked"},
        by=lambda aws: aws("s3").delete_public_access_block(Bucket=DATA),
    ),
    Sabotage(
        "the account blocks no public access",
        breaks={"bucket-public-access-blocked"},
        by=lambda aws: aws("s3control").put_public_access_block(
            AccountId="123456789012", PublicAccessBlockConfiguration={**OFF, "BlockPublicAcls": True}
        ),
    ),
    Sabotage(
        "a bucket forgets versions",
        breaks={"bucket-versioned"},
        by=lambda aws: aws("s3").put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Suspended"}),
    ),
    Sabotage("a bucket under a key of S3", breaks={"encryption-customer-managed-keys"}, by=encrypt_with_a_key_of_s3),
    Sabotage(
        "a bucket without its policy",
        breaks={"encryption-in-transit"},
        by=lambda aws: aws("s3").delete_bucket_policy(Bucket=DATA),
    ),
    Sabotage("runs are archived for a month", breaks={"lock-retention"}, by=lock_for_a_month),
    Sabotage(
        "an archive whose policy is gone",
        breaks={"evidence-bucket", "encryption-in-transit"},
        by=lambda aws: aws("s3").delete_bucket_policy(Bucket=EVIDENCE),
    ),
    Sabotage("a bucket for everybody", breaks={"iam-resource-policies-closed"}, by=let_everybody_in),
)
