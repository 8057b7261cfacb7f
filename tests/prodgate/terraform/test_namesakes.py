"""Resources may have the same name, in two regions or accounts: what an expression points at is the one that is meant."""

from __future__ import annotations

from prodgate import Configuration, Resource


def _bucket(name: str) -> Resource:
    values = {"bucket": "logs", "arn": "arn:aws:s3:::logs"}
    return Resource(address=f"aws_s3_bucket.{name}", type="aws_s3_bucket", name=name, values=values)


def _find(value: object, *references: str) -> list[str]:
    naming = Resource(
        address="aws_s3_bucket_versioning.it",
        type="aws_s3_bucket_versioning",
        name="it",
        values={"bucket": value},
        references={"bucket": references},
    )
    near, far = _bucket("near"), _bucket("far")
    Configuration(root="it", engine="none", resources=(near, far, naming))
    return [each.name for each in naming.related("bucket", "aws_s3_bucket")]


def test_a_name_alone_means_whatever_has_it() -> None:
    assert _find("logs") == ["near", "far"]
    assert _find("logs", "var.name") == ["near", "far"]


def test_what_an_expression_points_at_is_meant_alone() -> None:
    assert _find("logs", "aws_s3_bucket.far") == ["far"]
    assert _find(["logs"], "aws_s3_bucket.near") == ["near"]


def test_what_is_named_otherwise_beside_is_meant_too() -> None:
    assert _find(["logs", "arn:aws:s3:::logs"], "aws_s3_bucket.near", "aws_s3_bucket.far") == ["near", "far"]
