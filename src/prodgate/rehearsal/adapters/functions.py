"""Lambda functions and who may call them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .registry import Clients, creates, first, omit_empty


@creates("aws_lambda_function")
def function(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a function from the archive that Terraform made."""
    made = aws("lambda").create_function(
        FunctionName=declared["function_name"],
        Role=declared["role"],
        Code=_code(declared),
        **omit_empty(
            PackageType=declared.get("package_type"),
            Runtime=declared["runtime"],
            Handler=declared["handler"],
            Description=declared["description"],
            Timeout=declared["timeout"],
            MemorySize=declared["memory_size"],
            Architectures=declared["architectures"],
            KMSKeyArn=declared["kms_key_arn"],
            Tags=declared.get("tags_all"),
            **_blocks(declared),
        ),
    )
    _limit_concurrency(declared, aws)
    return _computed_attributes(made, aws.region)


def _code(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    if declared["filename"]:
        return {"ZipFile": Path(declared["filename"]).read_bytes()}
    return omit_empty(
        ImageUri=declared["image_uri"],
        S3Bucket=declared["s3_bucket"],
        S3Key=declared["s3_key"],
        S3ObjectVersion=declared["s3_object_version"],
    )


def _computed_attributes(made: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    arn, version = made["FunctionArn"], made["Version"]
    return {
        "id": made["FunctionName"],
        "arn": arn,
        "qualified_arn": f"{arn}:{version}",
        "invoke_arn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "version": version,
        "last_modified": made["LastModified"],
        "code_sha256": made["CodeSha256"],
        "source_code_size": made["CodeSize"],
    }


def _blocks(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is declared in blocks, each in the form of the API."""
    network = first(declared.get("vpc_config"))
    return {
        "Environment": omit_empty(Variables=first(declared.get("environment")).get("variables")),
        "TracingConfig": omit_empty(Mode=first(declared.get("tracing_config")).get("mode")),
        "VpcConfig": omit_empty(
            SubnetIds=network.get("subnet_ids"), SecurityGroupIds=network.get("security_group_ids")
        ),
        "DeadLetterConfig": omit_empty(TargetArn=first(declared.get("dead_letter_config")).get("target_arn")),
    }


def _limit_concurrency(declared: Mapping[str, Any], aws: Clients) -> None:
    most = declared["reserved_concurrent_executions"]
    if most is not None and most >= 0:  # the provider writes -1 for no limit
        aws("lambda").put_function_concurrency(
            FunctionName=declared["function_name"], ReservedConcurrentExecutions=int(most)
        )


@creates("aws_lambda_permission")
def permission(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let a service call a function."""
    aws("lambda").add_permission(
        FunctionName=declared["function_name"],
        StatementId=declared["statement_id"],
        Action=declared["action"],
        Principal=declared["principal"],
        **omit_empty(SourceArn=declared["source_arn"], SourceAccount=declared["source_account"]),
    )
    return {"id": declared["statement_id"]}
