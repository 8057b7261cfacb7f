"""Lets an answer ask what other services hold, as boto3 would, without leaving the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse

from prodgate.aws.clients import Clients, rehearsal_clients

from .calls import Call, IncomingRequest
from .extension import Refused
from .paging import paginator, put_at, value_at
from .replies import Reply

#: Stands for an endpoint: nothing is sent, and clients of AWS itself would be made to wait for their turn.
NOWHERE: Final = "http://127.0.0.1:9"


@dataclass(slots=True)
class InternalClients:
    """Clients whose requests are answered by a function instead of a host."""

    answer: Callable[[IncomingRequest, bool], Reply]
    account: str = ""
    """Whose credentials sign."""
    _clients: dict[bool, Clients] = field(default_factory=dict)
    _prepared: set[tuple[bool, str, str]] = field(default_factory=set)

    def call_moto(self, call: Call, **params: Any) -> dict[str, Any]:
        """Ask moto for what a call asks for, or the same operation with other parameters."""
        return self._call(True, call.service, call.operation, call.region, params or call.params)

    def call_any(self, here: str, service: str, operation: str, /, region: str = "", **params: Any) -> dict[str, Any]:
        """Ask an operation of any service."""
        return self._call(False, service, operation, region or here, params)

    def _call(self, moto_only: bool, service: str, operation: str, region: str, params: Any) -> dict[str, Any]:
        client = self._client(moto_only, service, region)
        name = xform_name(operation)
        try:
            found: dict[str, Any] = getattr(client, name)(**params)
            rule = paginator(service, operation)
            if rule and value_at(found, rule.next_token):
                whole = client.get_paginator(name).paginate(**params).build_full_result()
                for path in rule.lists:
                    put_at(found, path, value_at(whole, path) or [])
                put_at(found, rule.next_token, None)
        except ClientError as error:
            told = error.response["Error"]
            raise Refused(told["Code"], told.get("Message", "")) from None
        found.pop("ResponseMetadata", None)
        return found

    def _client(self, moto_only: bool, service: str, region: str) -> Any:
        if moto_only not in self._clients:
            self._clients[moto_only] = rehearsal_clients(NOWHERE, region, account=self.account)
        client = self._clients[moto_only](service, region)
        if (moto_only, service, region) not in self._prepared:
            client.meta.events.register("before-send", self._sender(moto_only))
            self._prepared.add((moto_only, service, region))
        return client

    def _sender(self, moto_only: bool) -> Callable[..., AWSResponse]:
        def send(request: AWSPreparedRequest, **_kwargs: Any) -> AWSResponse:
            pairs = request.headers.items()
            headers = {name: value if isinstance(value, str) else value.decode() for name, value in pairs}
            body = request.body.read() if hasattr(request.body, "read") else request.body or b""
            body = body.encode() if isinstance(body, str) else bytes(body)
            reply = self.answer(
                IncomingRequest(method=request.method, url=request.url, headers=headers, body=body), moto_only
            )
            told = HTTPHeaders()
            for name, value in reply.headers.items():
                told[name] = value
            return AWSResponse(request.url, reply.status, told, MockRawResponse(reply.body))

        return send
