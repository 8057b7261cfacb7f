"""What moto itself answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from moto.backend_index import backend_url_patterns
from moto.backends import get_backend
from werkzeug.exceptions import HTTPException

from .calls import Call, IncomingRequest
from .extension import Refused
from .replies import Reply

#: The header by which moto is told whose backend is to answer.
_ACCOUNT: Final = "x-moto-account-id"
Handler = Callable[..., tuple[int, dict[str, Any], str | bytes]]


def call_moto(sent: IncomingRequest, call: Call) -> Reply:
    """Return the answer of moto's backend of the call's account. Refuses what moto does not know."""
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
    """Return a request that came by our own address, as if it had been sent to AWS's: moto looks at hosts."""
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
    """Return moto's handlers of a host by the addresses they answer, alike in all regions; the first match counts."""
    for service, pattern in backend_url_patterns:
        if pattern.match(f"http://{host}/"):
            urls = find_backend(service, account, "us-east-1").urls
            return tuple((re.compile(address), handler) for address, handler in urls.items())
    return ()


def find_backend(service: str, account: str, region: str) -> Any:
    """Return moto's backend of a service in a region; None where moto does not have the service."""
    try:
        backends = get_backend(service)[account]  # type: ignore[call-overload]
    except ImportError:
        return None
    return next((backends[name] for name in (region, "aws", "global") if name in backends), None)


def _to_reply(status: int, headers: dict[str, Any], body: str | bytes) -> Reply:
    kept = {str(name): str(value) for name, value in headers.items() if name.lower() not in ("status", "connection")}
    return Reply(status=status, body=body if isinstance(body, bytes) else str(body or "").encode(), headers=kept)
