"""The functions of the AWS provider: `provider::aws::arn_parse` and the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .fields import encode_field

ARN_PARTS: Final = ("partition", "service", "region", "account_id", "resource")


class ArgumentError(Exception):
    """An argument that the function can't use; `position` counts from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Function:
    """A provider function: the names of its (text) parameters, the type it returns, and what it does."""

    parameters: tuple[str, ...]
    returns: Any
    call: Callable[..., Any]


def split_arn(arn: str) -> dict[str, str]:
    """Return the parts of an ARN. Raises ArgumentError when it has not six."""
    prefix, *parts = arn.split(":", len(ARN_PARTS))
    if prefix != "arn" or len(parts) != len(ARN_PARTS):
        raise ArgumentError(f"{arn!r} is not an ARN; it has the form arn:partition:service:region:account:resource")
    return dict(zip(ARN_PARTS, parts, strict=True))


def _build(*parts: str) -> str:
    return ":".join(("arn", *parts))


def _trim(arn: str) -> str:
    parts = split_arn(arn)
    kind, *path = parts["resource"].split("/")
    if parts["service"] != "iam" or kind != "role" or not path:
        raise ArgumentError(f"{arn!r} is not the ARN of an IAM role")
    return _build(*(parts[name] for name in ARN_PARTS[:-1]), f"role/{path[-1]}")


def _user_agent(product: str, version: str, comment: str) -> str:
    named = f"{product}/{version}" if version else product
    return f"{named} ({comment})" if comment else named


AWS_FUNCTIONS: Final[Mapping[str, Function]] = {
    "arn_build": Function(("partition", "service", "region", "account_id", "resource"), "string", _build),
    "arn_parse": Function(("arn",), ["object", dict.fromkeys(ARN_PARTS, "string")], split_arn),
    "trim_iam_role_path": Function(("arn",), "string", _trim),
    "user_agent": Function(("product_name", "product_version", "comment"), "string", _user_agent),
}


def describe(function: Function) -> Any:
    """Return the message that tells core the signature of a function."""
    from .wire import CLASSES  # noqa: PLC0415  the provider's own process alone speaks the protocol

    parameters = [CLASSES["Parameter"](name=name, type=b'"string"') for name in function.parameters]
    returns = CLASSES["Return"](type=json.dumps(function.returns).encode())
    return CLASSES["Function"](**{"parameters": parameters, "return": returns})


def encode_functions(functions: Mapping[str, Function]) -> bytes:
    """Return the functions as they stand in the answer to GetProviderSchema."""
    entries = (
        encode_field(1, name) + encode_field(2, describe(each).SerializeToString()) for name, each in functions.items()
    )
    return b"".join(encode_field(7, entry) for entry in entries)
