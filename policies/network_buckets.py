"""Buckets are closed to the public, each by itself and all of them by the account."""

from prodgate import Block, Criterion, Resource, policy

from .buckets import receives_cloudfront_logs

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
EVERYBODY = ("global/AllUsers", "global/AuthenticatedUsers")


@policy(
    "PG_NET_11",
    criterion="bucket-public-access-blocked",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add aws_s3_bucket_public_access_block for the bucket with all four arguments true.",
)
def buckets_block_public_access(bucket: Resource, criterion: Criterion) -> None:
    """Each bucket blocks public ACLs and public policies.

    AWS blocks them on buckets made since April 2023, but an apply may remove that; unset means false in Terraform.
    """
    blocks = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_public_access_block")
    criterion.hold(bool(blocks), expected="aws_s3_bucket_public_access_block", observed="none", premise=True)
    for name in BLOCKS:
        criterion.hold(blocks[0].flag(name), expected=f"{name} = true", observed=f"{name} = false")


@policy(
    "PG_NET_12",
    criterion="bucket-public-access-blocked",
    resources=("aws_s3_bucket_acl", "aws_s3_bucket_ownership_controls", "aws_s3_bucket"),
    population=0,
    remedy="Drop the ACL and set object_ownership = BucketOwnerEnforced; grant access by the bucket policy.",
)
def buckets_have_no_public_acl(holder: Resource, criterion: Criterion) -> None:
    """No ACL of a bucket gives anything to everybody, nor to everybody with an AWS account.

    ACLs are off unless ownership controls say otherwise, and whoever uploads an object then decides who reads it. To
    CloudFront's standard logs an ACL is the only way in.
    """
    if holder.type == "aws_s3_bucket_ownership_controls":
        observed = holder.text("rule.object_ownership")
        criterion.hold(observed in _ownerships(holder), expected="BucketOwnerEnforced", observed=observed)
        return
    policies = holder.blocks("access_control_policy") if holder.type == "aws_s3_bucket_acl" else (holder,)
    grants = [grant for policy in policies for grant in policy.blocks("grant")]
    targets = [grant.text("grantee.uri" if holder.type == "aws_s3_bucket_acl" else "uri") or "" for grant in grants]
    given = [f"{_rights(one)} to {uri}" for one, uri in zip(grants, targets, strict=True) if uri.endswith(EVERYBODY)]
    stated = holder.text("acl") or "private"
    criterion.exclude([*given, *([stated] if stated in PUBLIC_ACLS else [])], expected="a private ACL")


def _rights(grant: Block) -> str:
    return ", ".join(grant.texts("permissions" if "permissions" in grant.search() else "permission"))


def _ownerships(controls: Resource) -> tuple[str, ...]:
    """Return the ownerships that a bucket may have."""
    needs_acl = any(map(receives_cloudfront_logs, controls.related("bucket", "aws_s3_bucket")))
    controls.has("rule.object_ownership")  # the place of the finding
    return ("BucketOwnerEnforced", "BucketOwnerPreferred") if needs_acl else ("BucketOwnerEnforced",)
