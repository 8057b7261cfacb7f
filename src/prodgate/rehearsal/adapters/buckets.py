"""S3 buckets, and the settings that Terraform keeps in resources of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags

_BLOCKS = {
    "BlockPublicAcls": "block_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "IgnorePublicAcls": "ignore_public_acls",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


@creates("aws_s3_bucket")
def bucket(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a bucket in the resource's region."""
    s3, name = aws("s3"), declared["bucket"]
    place = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=bool(declared["object_lock_enabled"]), **place)
    if tag_set := tags(declared):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_set})
    return {
        "id": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucket_domain_name": f"{name}.s3.amazonaws.com",
        "bucket_regional_domain_name": f"{name}.s3.{aws.region}.amazonaws.com",
        "bucket_region": aws.region,
    }


@creates("aws_s3_bucket_policy")
def policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Attach the policy of a bucket."""
    aws("s3").put_bucket_policy(Bucket=declared["bucket"], Policy=declared["policy"])
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_public_access_block")
def public_access_block(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Set what a bucket refuses of public access."""
    aws("s3").put_public_access_block(Bucket=declared["bucket"], PublicAccessBlockConfiguration=_blocks(declared))
    return {"id": declared["bucket"]}


@creates("aws_s3_account_public_access_block")
def account_public_access_block(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Set what every bucket of the account refuses of public access."""
    account = declared["account_id"] or aws.account
    aws("s3control").put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=_blocks(declared))
    return {"id": account, "account_id": account}


def _blocks(declared: Mapping[str, Any]) -> dict[str, bool]:
    return {name: bool(declared[argument]) for name, argument in _BLOCKS.items()}


@creates("aws_s3_bucket_ownership_controls")
def ownership_controls(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say who owns what others write."""
    rules = [{"ObjectOwnership": rule["object_ownership"]} for rule in declared["rule"]]
    aws("s3").put_bucket_ownership_controls(Bucket=declared["bucket"], OwnershipControls={"Rules": rules})
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_versioning")
def versioning(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Switch versions on, or off."""
    status = declared["versioning_configuration"][0]["status"]
    aws("s3").put_bucket_versioning(Bucket=declared["bucket"], VersioningConfiguration={"Status": status})
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_server_side_encryption_configuration")
def encryption(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say how a bucket encrypts what is put into it."""
    rules = []
    for rule in declared["rule"]:
        for default in rule["apply_server_side_encryption_by_default"]:
            how = omit_empty(SSEAlgorithm=default["sse_algorithm"], KMSMasterKeyID=default["kms_master_key_id"])
            rules.append(
                {"ApplyServerSideEncryptionByDefault": how, "BucketKeyEnabled": bool(rule["bucket_key_enabled"])}
            )
    aws("s3").put_bucket_encryption(Bucket=declared["bucket"], ServerSideEncryptionConfiguration={"Rules": rules})
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_logging")
def logging(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Deliver the access logs of a bucket to another."""
    enabled: dict[str, Any] = {"TargetBucket": declared["target_bucket"], "TargetPrefix": declared["target_prefix"]}
    for form in declared["target_object_key_format"] or ():
        for partitioned in form["partitioned_prefix"] or ():
            source = partitioned["partition_date_source"]
            enabled["TargetObjectKeyFormat"] = {"PartitionedPrefix": {"PartitionDateSource": source}}
    aws("s3").put_bucket_logging(Bucket=declared["bucket"], BucketLoggingStatus={"LoggingEnabled": enabled})
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_notification")
def notification(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Send the events of a bucket to EventBridge."""
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}} if declared["eventbridge"] else {}
    aws("s3").put_bucket_notification_configuration(Bucket=declared["bucket"], NotificationConfiguration=configuration)
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_object_lock_configuration")
def object_lock(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Lock what is put into a bucket for a time."""
    configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    for rule in declared["rule"] or ():
        default = rule["default_retention"][0]
        configuration["Rule"] = {
            "DefaultRetention": omit_empty(Mode=default["mode"], Days=default["days"], Years=default["years"])
        }
    aws("s3").put_object_lock_configuration(Bucket=declared["bucket"], ObjectLockConfiguration=configuration)
    return {"id": declared["bucket"]}


@creates("aws_s3_bucket_lifecycle_configuration")
def lifecycle(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say when objects move to cheaper storage, and when they go."""
    rules = [_lifecycle_rule(rule) for rule in declared["rule"]]
    aws("s3").put_bucket_lifecycle_configuration(Bucket=declared["bucket"], LifecycleConfiguration={"Rules": rules})
    return {"id": declared["bucket"]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    filters = rule["filter"] or [{}]
    made: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"]}
    made["Filter"] = omit_empty(Prefix=filters[0].get("prefix"))
    for block in rule["expiration"] or ():
        made["Expiration"] = omit_empty(Days=block["days"], Date=block["date"])
    for block in rule["noncurrent_version_expiration"] or ():
        made["NoncurrentVersionExpiration"] = omit_empty(NoncurrentDays=block["noncurrent_days"])
    for block in rule["abort_incomplete_multipart_upload"] or ():
        made["AbortIncompleteMultipartUpload"] = omit_empty(DaysAfterInitiation=block["days_after_initiation"])
    moves = [omit_empty(Days=each["days"], StorageClass=each["storage_class"]) for each in rule["transition"] or ()]
    return made | ({"Transitions": moves} if moves else {})
