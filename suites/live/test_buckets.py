"""Are the buckets closed to the public, and is nothing in them lost?"""

from prodgate import Criterion, check
from prodgate.facts.live import AccountBuckets, Bucket


@check("bucket-public-access-blocked", remedy="Switch all four settings of the bucket's public access block on.")
def test_buckets_block_public_access(bucket: Bucket, criterion: Criterion) -> None:
    """Does the bucket itself block public access, all four settings on?"""
    off = ", ".join(bucket.unblocked)
    criterion.hold(not off, expected="all four settings on", observed=f"off: {off}")


@check("bucket-public-access-blocked", remedy="Switch all four settings of the account's public access block on.")
def test_the_account_blocks_public_access(account: AccountBuckets, criterion: Criterion) -> None:
    """Does the account block public access, including to buckets that are made tomorrow?"""
    off = ", ".join(account.unblocked)
    criterion.hold(not off, expected="all four settings on", observed=f"off: {off}")


@check("bucket-versioned", remedy="Enable versioning of the bucket.")
def test_buckets_keep_versions(bucket: Bucket, criterion: Criterion) -> None:
    """Does the bucket keep the versions of its objects? A bucket that only receives access logs need not."""
    versioned = bucket.versioning == "Enabled"
    if not versioned and bucket.receives_access_logs:
        raise criterion.not_applicable("receives access logs, which nothing overwrites")
    criterion.hold(versioned, expected="Enabled", observed=bucket.versioning or "not versioned", held=bucket.versioning)


@check("encryption-customer-managed-keys", remedy="Set default encryption to aws:kms with a key of your own.")
def test_buckets_are_encrypted_under_a_key_of_their_owner(bucket: Bucket, criterion: Criterion) -> None:
    """Does the bucket encrypt its objects under a customer-managed key that works?

    S3 delivers access logs only under its own key, so buckets that receive them are exempt.
    """
    if not bucket.encryption.own and bucket.receives_access_logs:
        raise criterion.not_applicable("access logs can be delivered under a key of S3 only")
    criterion.hold(
        bucket.encryption.own,
        expected="a customer-managed key",
        observed=bucket.encryption.key or "a key of S3",
        held=bucket.encryption.key,
    )
    criterion.hold(
        bucket.encryption.usable, expected="an enabled key", observed=f"{bucket.encryption.key} is not enabled"
    )
