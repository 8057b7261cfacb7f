"""The only module that imports boto3: clients of an account, which can be limited to reading."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ProfileNotFound

from ..criteria import UsageError
from .account import WORKERS
from .actions import READS, find_refusal
from .downloads import document_fetcher
from .models import pruned_session
from .rates import bucket_for

Session: TypeAlias = boto3.Session

#: Attempts of one request, including the first. With adaptive retries nothing was lost at 20 calls a second.
ATTEMPTS: Final = 10

#: Version of botocore.
VERSION: Final[str] = botocore.__version__

_THREAD = threading.local()

#: Status of a successful answer.
_OK: Final = 200
#: The first three bits of a map in CBOR.
_CBOR_MAP: Final = 5


class Refused(Exception):
    """The gate was about to make a call that it must not make; this is a bug in the gate."""


class Garbled(Exception):
    """An answer is incomplete, or does not come from AWS."""


def last_host() -> str:
    """Return the host that this thread called last."""
    return getattr(_THREAD, "host", "")


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes the clients of one account, each once: ``clients("s3", "us-east-1")``."""

    session: Session
    region: str
    endpoint: str = ""
    """Where the rehearsal account listens; empty for AWS itself."""
    reads: bool = False
    """Whether the clients can only read."""
    attempts: int = ATTEMPTS
    foreign: Callable[[str], bool] = lambda _: False
    """Whether a host must not be called, by its name."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when no more calls are to be made."""
    account: str = ""
    """Of a rehearsal: whose credentials sign, if not those of the account that was applied."""
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, service: str, region: str = "") -> Any:
        """Return the client of a service in a region, or in the account's own. Making a client is not thread-safe."""
        key = (service, region or self.region, READS.get(service))  # what was declared since is not in a client
        with self._lock:
            if key not in self._made:
                self._made[key] = self._client(service, region or self.region)
            return self._made[key]

    def _client(self, service: str, region: str) -> Any:
        # adaptive retries also slow down the calls after a throttled one, which is useless without a second attempt
        mode = "adaptive" if self.attempts > 1 else "standard"
        config = Config(
            retries={"mode": mode, "total_max_attempts": self.attempts},
            max_pool_connections=WORKERS,
            connect_timeout=5,
            read_timeout=30,
            ignore_configured_endpoint_urls=True,
            # names such as api.airflow.… and ACCOUNT.s3-control.… do not resolve to a loopback address
            proxies={"http": self.endpoint} if self.endpoint else None,
        )
        signer = {"aws_access_key_id": self.account, "aws_secret_access_key": "rehearsal"} if self.account else {}
        client = self.session.client(service, region_name=region, use_ssl=not self.endpoint, config=config, **signer)
        if not self.endpoint or self.reads:
            client.meta.events.register("before-send", self._gate(service))
        if self.reads:
            client.meta.events.register("before-call", self._guard(service))
            protocol = client.meta.service_model.resolved_protocol
            client.meta.events.register("response-received", partial(_refuse_garbled, protocol))
            client.meta.events.register("after-call.ecr.GetDownloadUrlForLayer", document_fetcher(self.endpoint))
        return client

    def _guard(self, service: str) -> Callable[..., None]:
        """Return a hook that refuses every operation that is not declared, so that a bug can't write."""

        def refuse(model: Any, params: Mapping[str, Any], **_: Any) -> None:
            if why := find_refusal(service, model.name, _request_document(params)):
                raise Refused(why)

        return refuse

    def _gate(self, service: str) -> Callable[..., None]:
        """Return a hook that holds requests back to a rate that does AWS no harm, and refuses foreign hosts."""
        turn = bucket_for(service)

        def wait(request: Any, **_: Any) -> None:
            _THREAD.host = urlsplit(request.url).hostname or ""
            if self.foreign(_THREAD.host):
                raise Refused(f"{_THREAD.host}: is no host of AWS's, and would be told everything that AWS is asked")
            if not self.endpoint:
                turn.take(self.stopped)

        return wait


def _request_document(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the JSON document that a request is about to send, empty if it sends none."""
    try:
        sent = json.loads(request["body"])
    except (KeyError, TypeError, ValueError):
        return {}
    return sent if isinstance(sent, dict) else {}


def _refuse_garbled(protocol: str, response_dict: Mapping[str, Any] | None, **_: Any) -> None:
    """Raise Garbled for an answer that botocore would parse as empty: truncated, or in another format."""
    answer = response_dict or {}
    body, headers = answer.get("body"), answer.get("headers", {})
    if not isinstance(body, bytes):
        return
    if answer.get("status_code") == _OK:
        _refuse_strange(protocol, body)
    if not body:
        return
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) != len(body) and not headers.get("content-encoding"):
        raise Garbled(f"{len(body)} of {length} bytes")
    if "cbor" in protocol and body[0] >> 5 != _CBOR_MAP:
        raise Garbled(f"{len(body)} bytes that are no CBOR")
    if protocol.endswith("json"):
        try:
            json.loads(body)
        except ValueError:
            raise Garbled(f"{len(body)} bytes that are no JSON") from None


def _refuse_strange(protocol: str, body: bytes) -> None:
    """Raise Garbled for a body that claims success and is no answer: nothing, an error, a proxy's page."""
    if not body.strip():
        raise Garbled("nothing at all")
    if protocol.endswith("json"):
        found = re.search(rb'^\s*\{\s*"(?:__type|message|Message)"\s*:\s*"([^"]{0,80})', body)
    else:
        found = re.search(
            rb"^(?:\s|<\?[^>]*>)*<(!DOCTYPE|html|Error\b|ErrorResponse|Response><Errors)", body, re.IGNORECASE
        )
    if found:
        raise Garbled(f"{found[1].decode('utf-8', 'replace')} where an answer should be")


def load_session(profile: str, region: str, *, reads: bool = False) -> tuple[Session, Mapping[str, Any]]:
    """Return a session of a profile or of the environment, and what is configured for it. Raises UsageError.

    Clients of one that only ``reads`` have no other methods.
    """
    try:
        inner = pruned_session() if reads else None
        session = Session(profile_name=profile or None, region_name=region, botocore_session=inner)
        return session, session._session.get_scoped_config()
    except ProfileNotFound:
        known = ", ".join(Session().available_profiles) or "none"
        raise UsageError(f"profile {profile!r}: is not configured; profiles are {known}") from None
    except BotoCoreError as error:
        raise UsageError(f"AWS configuration: can't be read: {error}; mend it") from None


def rehearsal_clients(
    endpoint: str, region: str, *, reads: bool = False, attempts: int = ATTEMPTS, account: str = ""
) -> Clients:
    """Return clients of the rehearsal account that listens at ``endpoint``, such as ``http://127.0.0.1:45123``.

    With ``account`` they are those of another account, which is emulated beside it.
    """
    return Clients(_rehearsal_session(reads), region, endpoint, reads, attempts, account=account)


@cache
def _rehearsal_session(reads: bool) -> Session:
    """Return the one session of all rehearsal accounts: it takes a second to read the models of all services."""
    inner = pruned_session() if reads else None
    return Session(aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal", botocore_session=inner)  # noqa: S106
