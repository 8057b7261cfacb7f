"""Recognising a call: which operation of which AWS service a request asks for, and with what parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote

from botocore.exceptions import DataNotFoundError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

#: What a signature says of its maker, in a header or in a presigned URL.
SCOPE: Final = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]*)/(?P<signed>[^/]+)/aws4_request")
#: Where all of S3 Control is; by its signature alone it is S3.
CONTROL: Final = "/v20180820/"
#: Services that sign by a name that is not boto3's, by that name; those asked first come first.
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
        """Return it in moto's form, made anew: a request is read once only."""
        return Request.from_primitives(self.method, self.url, self.headers, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an operation."""

    service: str
    """boto3's name; the name in the signature where boto3 knows none."""
    operation: str
    region: str
    protocol: str
    """How it is written."""
    model: OperationModel | None = None
    """None where the service or the operation is unknown to botocore."""
    params: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    """Id of the access key that signed it."""
    account: str = ""
    """Whose credentials these are, or, once that is known, who answers."""


def recognise(sent: IncomingRequest) -> Call:
    """Return what a request asks for, and by whose key, as far as it can be known."""
    scope = SCOPE.search(sent.headers.get("Authorization", "") or unquote(sent.url))
    return replace(_recognise(sent.to_moto(), scope), key=scope["key"] if scope else "")


def _recognise(request: Request, scope: re.Match[str] | None) -> Call:
    # what needs no signature, such as a role that is assumed with a token, says who is asked by its host alone
    region, signed = (scope["region"], scope["signed"]) if scope else ("", request.host.partition(".")[0])
    for service in SIGNED_AS.get(signed, (signed,)):
        if (service == "s3control") <= ("s3-control" in request.host or request.path.startswith(CONTROL)):
            found = _match_operation(service, request)
            if found is not None:
                return _parse(service, region or "us-east-1", request, *found)
    return _describe_unknown(SIGNED_AS.get(signed, (signed,))[-1], region, request)


def _describe_unknown(service: str, region: str, request: Request) -> Call:
    """What can be said of a call that no model describes: enough to refuse it in its own protocol."""
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
