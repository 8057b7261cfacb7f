"""Web ACLs and their logs. Terraform's blocks have the shape of AWS's API, so that AWS's own model translates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_wafv2_web_acl")
def web_acl(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a web ACL with its rules."""
    client = aws("wafv2")
    asked = translate({**declared, "tags": None}, _input(client, "CreateWebACL"))
    made = client.create_web_acl(**asked, **omit_empty(Tags=tags(declared)))["Summary"]
    return {"id": made["Id"], "arn": made["ARN"], "lock_token": made["LockToken"], "capacity": 1, "name": made["Name"]}


@creates("aws_wafv2_web_acl_logging_configuration")
def web_acl_logging(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let a web ACL log what it decides."""
    client = aws("wafv2")
    shape = _input(client, "PutLoggingConfiguration").members["LoggingConfiguration"]
    client.put_logging_configuration(LoggingConfiguration=translate(declared, shape))
    return {"id": declared["resource_arn"]}


def translate(declared: Any, shape: Any) -> Any:
    """Return declared arguments as the API's ``shape`` wants them: ``text_transformation`` is TextTransformations.

    A block that says nothing, as ``block {}`` does, is an empty structure; one that is not there is left out.
    """
    if shape.type_name == "structure":
        given = declared[0] if isinstance(declared, list) else declared
        pairs = {name: (_argument(name, given or {}), member) for name, member in shape.members.items()}
        said = {name: pair for name, pair in pairs.items() if pair[0] not in (None, [], "")}
        return {name: translate(*pair) for name, pair in said.items()}
    if shape.type_name == "list":
        return [translate(each, shape.member) for each in declared]
    if shape.type_name == "blob":
        return declared.encode()
    return declared


def _argument(name: str, given: Mapping[str, Any]) -> Any:
    plain = {argument.replace("_", ""): value for argument, value in given.items()}
    lowered = name.lower()
    return plain.get(lowered, plain.get(lowered.removesuffix("s")))


def _input(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(operation).input_shape
