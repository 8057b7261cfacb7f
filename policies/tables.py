"""What a DynamoDB table is for."""

from __future__ import annotations

from prodgate import Resource


def is_lock_table(database: Resource) -> bool:
    """Whether it is the table in which Terraform's S3 backend keeps its locks: that one alone has this key."""
    return database.type == "aws_dynamodb_table" and database.text("hash_key") == "LockID"
