"""The protocols of AWS: the operation of a request, replies as AWS would write them, and moto's own answers."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import botocore.parsers
from botocore.exceptions import DataNotFoundError
from botocore.validate import ParamValidator
from moto.backend_index import backend_url_patterns
from moto.backends import get_backend
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException, NotFound

from .extension import Refused

#: The credential scope of a signature, in a header or in a presigned URL.
SCOPE: Final = re.compile(r"Credential=(?P<key>[^/\s]{1,200})/\d{8}/(?P<region>[^/]*)/(?P<signed>[^/]+)/aws4_request")
#: The address of all of S3 Control; its signature alone says S3.
CONTROL: Final = "/v20180820/"
#: Services whose signing name differs from boto3's, by that name; more frequent ones come first.
SIGNED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigatewayv2", "apigateway"),
    "aps": ("amp",),
    "cassandra": ("keyspaces",),
    "cloudcontrolapi": ("cloudcontrol",),
    "dynamodb": ("dynamodbstreams", "dynamodb"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "monitoring": ("cloudwatch",),
    "s3": ("s3control", "s3"),
    "servicequotas": ("service-quotas",),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-query", "timestream-write"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRequest:
    """A request as it arrived."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def to_moto(self) -> Request:
        """Return it in moto's form, made anew: a request can be read only once."""
        return Request.from_primitives(self.method, self.url, self.headers, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an operation."""

    service: str
    """boto3's name; the name in the signature if boto3 knows none."""
    operation: str
    region: str
    protocol: str
    """The protocol that it is written in."""
    model: OperationModel | None = None
    """None if botocore does not know the service or the operation."""
    params: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    """Id of the access key that signed it."""
    account: str = ""
    """The account of these credentials or, once that is known, the account that answers."""


def recognise(sent: IncomingRequest) -> Call:
    """Return a request's operation and the owner of its key, as far as they can be known."""
    scope = SCOPE.search(sent.headers.get("Authorization", "") or unquote(sent.url))
    return replace(_recognise(sent.to_moto(), scope), key=scope["key"] if scope else "")


def _recognise(request: Request, scope: re.Match[str] | None) -> Call:
    # a call without a signature, such as assuming a role with a token, names its service only in its host
    region, signed = (scope["region"], scope["signed"]) if scope else ("", request.host.partition(".")[0])
    for service in SIGNED_AS.get(signed, (signed,)):
        fits = (service == "s3control") <= ("s3-control" in request.host or request.path.startswith(CONTROL))
        if fits and (found := _match_operation(service, request)) is not None:
            return _parse(service, region or "us-east-1", request, *found)
    return _describe_unknown(SIGNED_AS.get(signed, (signed,))[-1], region, request)


def _describe_unknown(service: str, region: str, request: Request) -> Call:
    """Describe a call without a model: enough to refuse it in its own protocol."""
    action, target = request.values.get("Action", ""), request.headers.get("X-Amz-Target", "")
    protocol = "query" if action else "json" if target else "rest-json"
    operation = action or target.rpartition(".")[2] or f"{request.method} {request.path}"
    return Call(service=service, operation=operation, region=region, protocol=protocol)


def _match_operation(service: str, request: Request) -> tuple[OperationModel, dict[str, Any]] | None:
    try:
        model: ServiceModel = get_service_model(service)
        if request.values.get("Version", model.api_version) != model.api_version:
            return None
        found: tuple[OperationModel, dict[str, Any]] = get_service_router(service).match(request)
    except (DataNotFoundError, NotFound, NotImplementedError):
        return None
    return found


def _parse(service: str, region: str, request: Request, model: OperationModel, labels: dict[str, Any]) -> Call:
    protocol = determine_request_protocol(model.service_model, request.content_type)
    parts: RequestDict = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": labels,
    }
    params = PROTOCOL_PARSERS[protocol](model).parse(parts) or {}
    return Call(
        service=service, operation=str(model.name), region=region, protocol=protocol, model=model, params=dict(params)
    )


# ── Replies: responses and errors, in the protocol of the call

#: HTTP statuses of errors that AWS's models do not describe.
FORBIDDEN: Final = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

_VALIDATOR: Final = ParamValidator()
#: botocore's message for a value below a modelled limit, which applies to requests and not to responses.
_LIMITS: Final = ("Invalid length", "Invalid range")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response as it is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def serialize(call: Call, result: Mapping[str, Any] | Refused) -> Reply:
    """Return a response in boto3's shape, or a refusal, as the service would write it."""
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
    """Compare a response with botocore's model of it: serialization would lose members of other names.

    Raises TypeError for anything that no AWS response can be: a member that is unknown, missing though required, of
    another type, or null.
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
    """Return boto3's result for a response."""
    parser = botocore.parsers.create_parser(protocol)
    found: dict[str, Any] = parser.parse(
        {"status_code": reply.status, "headers": reply.headers, "body": reply.body}, model.output_shape
    )
    return found


# ── Moto's own answers

#: The header that tells moto which account's backend is to answer.
_ACCOUNT: Final = "x-moto-account-id"
Handler = Callable[..., tuple[int, dict[str, Any], str | bytes]]


def call_moto(sent: IncomingRequest, call: Call) -> Reply:
    """Return the answer of moto's backend in the call's account. Refuses unknown operations."""
    sent = _rewrite_host(sent, call)
    sent = replace(sent, headers={**sent.headers, _ACCOUNT: call.account})
    request, parts = sent.to_moto(), urlsplit(sent.url)
    for pattern, handler in _handlers(parts.netloc, call.account):
        if pattern.match(f"http://{parts.netloc}{parts.path}"):
            try:
                return _to_reply(*handler(request, request.raw_url, request.headers))
            except HTTPException as error:
                return _to_reply(error.code or 400, dict(error.get_headers()), error.get_body())
            except NotImplementedError:
                break
    raise Refused("NotImplementedByEmulator", f"neither moto nor its extension knows {call.service}:{call.operation}")


def _rewrite_host(sent: IncomingRequest, call: Call) -> IncomingRequest:
    """Return a request to our own address as if it had been sent to AWS's: moto looks at hosts."""
    parts = urlsplit(sent.url)
    if call.model is None or parts.netloc.endswith(("amazonaws.com", "amazonaws.com.cn", "api.aws")):
        return sent
    prefix = call.model.service_model.endpoint_prefix
    hosts = (f"{prefix}.{call.region}.amazonaws.com", f"{prefix}.amazonaws.com")
    host = next(
        (host for host in hosts if any(known.match(f"http://{host}/") for _, known in backend_url_patterns)), ""
    )
    headers = {name: value for name, value in sent.headers.items() if name.lower() != "host"}
    return replace(sent, url=parts._replace(netloc=host).geturl(), headers=headers | {"Host": host})


@cache
def _handlers(host: str, account: str) -> tuple[tuple[re.Pattern[str], Handler], ...]:
    """Return moto's handlers of a host by address, alike in all regions; the first match counts."""
    for service, pattern in backend_url_patterns:
        if pattern.match(f"http://{host}/"):
            urls = find_backend(service, account, "us-east-1").urls
            return tuple((re.compile(address), handler) for address, handler in urls.items())
    return ()


def find_backend(service: str, account: str, region: str) -> Any:
    """Return moto's backend of a service in a region; None if moto does not have the service."""
    try:
        backends = get_backend(service)[account]  # type: ignore[call-overload]
    except ImportError:
        return None
    return next((backends[name] for name in (region, "aws", "global") if name in backends), None)


def _to_reply(status: int, headers: dict[str, Any], body: str | bytes) -> Reply:
    kept = {str(name): str(value) for name, value in headers.items() if name.lower() not in ("status", "connection")}
    return Reply(status=status, body=body if isinstance(body, bytes) else str(body or "").encode(), headers=kept)
