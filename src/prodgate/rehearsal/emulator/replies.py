"""Writing answers and errors as AWS would, in the protocol of the call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

import botocore.parsers
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.serialize import SerializationContext, get_serializer_class

from .calls import Call
from .extension import Refused

#: HTTP's status of errors that AWS's models do not describe.
FORBIDDEN: Final = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

_VALIDATOR: Final = ParamValidator()
#: What botocore says of a value below a modelled limit, which holds of what is asked and not of answers.
_LIMITS: Final = ("Invalid length", "Invalid range")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it leaves."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def serialize(call: Call, result: Mapping[str, Any] | Refused) -> Reply:
    """Return an answer in boto3's shape, or a refusal, as the service would write it."""
    if call.model is None:
        assert isinstance(result, Refused)
        return _serialize_unmodelled_error(call.protocol, result)
    serializer = get_serializer_class(call.service, call.protocol)
    made = serializer(operation_model=call.model, context=SerializationContext(str(uuid.uuid4()))).serialize(result)
    status = made["status_code"]
    if isinstance(result, Refused):
        status = result.status or (403 if result.code in FORBIDDEN and call.protocol != "json" else status)
    body = made["body"] if isinstance(made["body"], bytes) else made["body"].encode()
    headers = {name: str(value) for name, value in made["headers"].items()}
    return Reply(status=status, body=body, headers=headers | {"x-amzn-requestid": str(uuid.uuid4())})


def check_shape(call: Call, result: Mapping[str, Any]) -> None:
    """Compare an answer with what botocore's model says of it: members of other names would be lost on the way.

    Raises TypeError for what no answer of AWS can be: a member that is not known, is missing and required, of another
    type, or null.
    """
    shape = call.model.output_shape if call.model else None
    stated = {name: value for name, value in result.items() if name != "ResponseMetadata"}
    if shape is None or isinstance(stated.get(shape.serialization.get("payload")), str | bytes):
        return
    said = _VALIDATOR.validate(stated, shape).generate_report().splitlines()
    if wrong := [line for line in said if not line.startswith(_LIMITS)]:
        raise TypeError(f"not what AWS answers: {'; '.join(wrong)}")


def _serialize_unmodelled_error(protocol: str, refused: Refused) -> Reply:
    status, message = refused.status or 400, refused.message
    if protocol == "query":
        body = f"<Error><Code>{escape(refused.code)}</Code><Message>{escape(message)}</Message></Error>"
        xml = f"<ErrorResponse>{body}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        return Reply(status=status, body=xml.encode(), headers={"Content-Type": "text/xml"})
    headers = {"Content-Type": "application/json", "x-amzn-errortype": refused.code}
    return Reply(status=status, body=json.dumps({"__type": refused.code, "message": message}).encode(), headers=headers)


def parse(model: OperationModel, protocol: str, reply: Reply) -> dict[str, Any]:
    """Return what boto3 would make of an answer."""
    parser = botocore.parsers.create_parser(protocol)
    found: dict[str, Any] = parser.parse(
        {"status_code": reply.status, "headers": reply.headers, "body": reply.body}, model.output_shape
    )
    return found
