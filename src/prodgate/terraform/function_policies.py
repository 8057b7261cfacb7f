"""What declared permissions and URLs of Lambda functions let in, as the statements that Lambda makes of them.

Source: Lambda API Reference, "AddPermission"; Lambda Developer Guide, "Control access to function URLs".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..iam.documents import Document, read_document
from ..semantics.unresolved import Unresolved
from .resources import Configuration, Resource

#: Argument of a permission -> the operator and the key of the condition that it becomes.
_CONDITIONS: Final = {
    "source_arn": ("ArnLike", "aws:SourceArn"),
    "source_account": ("StringEquals", "aws:SourceAccount"),
    "principal_org_id": ("StringEquals", "aws:PrincipalOrgID"),
    "event_source_token": ("StringEquals", "lambda:EventSourceToken"),
    "function_url_auth_type": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "invoked_via_function_url": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
_SERVICE: Final = re.compile(r"[\w.-]+\.amazonaws\.com(\.cn)?")


def list_function_policies(configuration: Configuration) -> Iterator[Document]:
    """Yield what each permission and each URL lets in; of one that can't be told, why."""
    for one in configuration.of("aws_lambda_permission", "aws_lambda_function_url"):
        place = f"{one.origin.block} {one.address}" if one.origin else one.address
        try:
            written = _write_permission(one) if one.type == "aws_lambda_permission" else _write_url(one)
            if written:
                statements = {"Effect": "Allow", **written, "Resource": _list_functions(one)}
                yield read_document({"Version": "2012-10-17", "Statement": statements}, place)
        except Unresolved as error:
            yield Document(unread=str(error))


def _write_permission(permission: Resource) -> Mapping[str, Any]:
    principal = permission.text("principal") or ""
    conditions: dict[str, dict[str, str]] = {}
    for argument, (operator, key) in _CONDITIONS.items():
        if permission.search().get(argument) not in (None, ""):
            value = permission.text(argument) or ""
            conditions.setdefault(operator, {})[key] = value.lower() if operator == "Bool" else value
    named = principal if principal == "*" else {"Service" if _SERVICE.fullmatch(principal) else "AWS": principal}
    return {"Action": permission.text("action"), "Principal": named, "Condition": conditions}


def _write_url(url: Resource) -> Mapping[str, Any]:
    """Return what the provider lets everybody where a URL asks nobody who it is; else what calls it needs a right."""
    if url.text("authorization_type") != "NONE":
        return {}
    test = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    return {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "Condition": test}


def _list_functions(resource: Resource) -> list[str]:
    """Return the ARNs of the function that a permission or URL belongs to, which its qualifier ends."""
    named = resource.text("function_name") or ""
    declared = [one.search().get("arn") for one in resource.related("function_name", "aws_lambda_function")]
    arns = [str.__str__(one) for one in declared if isinstance(one, str)]
    if len(arns) < len(declared):
        raise Unresolved(f"{resource.address}.function_name", "names a function whose ARN is decided later")
    if not arns and ":" in named and not named.startswith("arn:"):
        raise Unresolved(f"{resource.address}.function_name", f"is {named!r}; write the name or the ARN alone")
    if not arns:
        arns = [named if named.startswith("arn:") else f"arn:*:lambda:*:*:function:{named}"]
    qualifier = resource.search().get("qualifier") and resource.text("qualifier")
    return [f"{one}:{qualifier}" if qualifier else one for one in arns]
