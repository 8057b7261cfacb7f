"""The only module that imports boto3: clients of an account, which can be limited to reading."""

import hashlib
import json
import re
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final, TypeAlias
from urllib.error import HTTPError
from urllib.parse import urlsplit

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.loaders import Loader
from botocore.session import get_session

from ..criteria import UsageError
from ..semantics.json_texts import read_json
from .account import WORKERS
from .actions import READS, find_refusal

#: Name of the files that describe a service's operations and shapes.
_SERVICE: Final = "service-2"
#: Services that a session itself calls for credentials, such as those of a role; their descriptions stay whole.
_FOR_CREDENTIALS: Final = frozenset({"signin", "sso", "sso-oidc", "sts"})


class ReadingLoader(Loader):  # type: ignore[misc]  # botocore has no types
    """Loads the descriptions of operations that the gate may call, and drops the rest at once.

    A client that is made of it has no method that writes. Services outside the gate's calls, such as those that give a
    session its credentials, stay whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pruned: dict[tuple[str, tuple[str, ...]], Any] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return a description, pruned if it is of operations. Raises what botocore's own loader raises."""
        if type_name != _SERVICE or service_name in _FOR_CREDENTIALS or service_name not in READS:
            return super().load_service_model(service_name, type_name, api_version)
        key = service_name, READS[service_name]
        if key not in self._pruned:
            whole = super().load_service_model(service_name, type_name, api_version)
            for name in [name for name, held in list(self._cache.items()) if _holds(held, whole)]:
                self._cache.pop(name, None)
            self._pruned[key] = prune(whole, key[1])
        return self._pruned[key]


def pruned_session() -> botocore.session.Session:
    """Return a session whose clients know only what the gate may call at the time when they are made."""
    session = get_session()
    session.register_component("data_loader", ReadingLoader())
    return session


def prune(model: Mapping[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    """Return a service's description with these operations, the shapes that they use, and no documentation."""
    known = {name: model["operations"][name] for name in operations if name in model["operations"]}
    shapes: dict[str, Any] = {}
    waiting = list(_refer(known))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _without_words(model["shapes"][name])
            waiting.extend(_refer(shapes[name]))
    return {**model, "operations": {name: _without_words(one) for name, one in known.items()}, "shapes": shapes}


def _holds(held: Any, whole: Any) -> bool:
    return held is whole or (isinstance(held, tuple) and held[0] is whole)


def _refer(value: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a description refers to."""
    if isinstance(value, Mapping):
        if isinstance(name := value.get("shape"), str):
            yield name
        for item in value.values():
            yield from _refer(item)
    elif isinstance(value, list):
        for item in value:
            yield from _refer(item)


def _without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        # a member may have that name, too
        wordless = ((key, one) for key, one in value.items() if key != "documentation" or isinstance(one, Mapping))
        return {key: _without_words(one) for key, one in wordless}
    return [_without_words(item) for item in value] if isinstance(value, list) else value


#: Calls a second that the gate allows itself; in the comments what AWS allows an account. The system under judgement
#: uses the same APIs, and a gate that got its autoscaling throttled would do harm. Other services get DEFAULT_RATE.
RATES: Final[Mapping[str, float]] = {
    "acm": 5,  # 10
    "ce": 2,  # not stated; each call costs money
    "cloudwatch": 8,  # DescribeAlarms 9, GetMetricData 50
    "ec2": 15,  # refills by 20
    "ecs": 15,  # refills by 20
    "elbv2": 15,  # refills by 40
    "events": 8,
    "iam": 15,  # not stated
    "kms": 30,  # refills by hundreds
    "lambda": 10,  # 15 of all that is not an invocation
    "logs": 5,  # DescribeLogGroups 10, FilterLogEvents 10
    "mwaa": 9,  # InvokeRestApi 10
    "rds": 10,  # not stated
    "route53": 4,  # 5
    "s3": 150,  # 3,500 a prefix; settings of a bucket are not stated
    "secretsmanager": 15,  # 40
    "securityhub": 2,  # GetFindings 3
    "sns": 15,  # ListSubscriptionsByTopic 30
    "sqs": 50,
}
DEFAULT_RATE: Final = 5.0

#: Seconds' worth of calls that may come at once.
BURST: Final = 2.0


@dataclass(slots=True)
class TokenBucket:
    """Lets so many calls a second through; ``take`` waits for its turn."""

    rate: float
    _full: float = 0.0
    """When the bucket will hold all that it may hold."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, stopped: threading.Event) -> None:
        """Wait until a call may be made, or until ``stopped``."""
        with self._lock:
            now = time.monotonic()
            self._full = max(now, self._full) + 1 / self.rate
            wait = self._full - now - BURST
        if wait > 0:
            stopped.wait(wait)


def bucket_for(service: str) -> TokenBucket:
    """Return a bucket for one service in one region."""
    return TokenBucket(RATES.get(service, DEFAULT_RATE))


#: Bytes of the longest document that is read; an image's configuration has some ten thousand.
MAX_BODY: Final = 4 * 1024**2

_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn")
#: Statuses that mean "try again later", and the seconds to wait before each retry.
_BUSY: Final = frozenset({429, 500, 503})
_PAUSES: Final = (0.2, 0.8, 3.2)


def document_fetcher(endpoint: str) -> Callable[..., None]:
    """Return a hook that replaces the URL in ECR's answer by the document at that URL.

    ``endpoint`` is where the rehearsal account listens; empty for AWS itself.
    """

    def fetch(parsed: MutableMapping[str, Any], **_: Any) -> None:
        if url := parsed.pop("downloadUrl", ""):
            parsed["document"] = _fetch_document(url, parsed.get("layerDigest", ""), endpoint)

    return fetch


def _fetch_document(url: str, digest: str, endpoint: str) -> Any:
    """Return the JSON document, None if it is no JSON or does not have the digest. Raises OSError."""
    place = urlsplit(url)
    if place.scheme != "https" or not (place.hostname or "").endswith(_HOSTS):
        raise OSError(f"{place.scheme}://{place.hostname}: is no address of AWS's")
    proxies = urllib.request.ProxyHandler({"http": name_proxy(endpoint)} if endpoint else None)
    address = place._replace(scheme="http").geturl() if endpoint else url
    body = _fetch(urllib.request.build_opener(proxies), address)
    if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
        return None
    try:
        return read_json(body)
    except ValueError:
        return None


def _fetch(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """Return the body, with retries while the server is busy. Raises OSError."""
    for pause in (*_PAUSES, None):
        try:
            with opener.open(url, timeout=30) as answer:
                body: bytes = answer.read(MAX_BODY + 1)
                return body
        except HTTPError as error:
            error.close()
            if pause is None or error.code not in _BUSY:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


Session: TypeAlias = boto3.Session

#: Attempts of one request, including the first. With adaptive retries nothing was lost at 20 calls a second.
ATTEMPTS: Final = 10

#: Version of botocore.
VERSION: Final[str] = botocore.__version__

_THREAD = threading.local()

#: The name and the key with which a rehearsal's clients sign; the token in the endpoint is what lets them in.
REHEARSAL: Final = "rehearsal"
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
    """Where the rehearsal account listens, and the token that it asks for; empty for AWS itself."""
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
            proxies={"http": name_proxy(self.endpoint)} if self.endpoint else None,
        )
        signer = {"aws_access_key_id": self.account, "aws_secret_access_key": REHEARSAL} if self.account else {}
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


def name_proxy(endpoint: str) -> str:
    """Return the URL of a rehearsal account as that of an HTTP proxy, which is given the token as a password."""
    place = urlsplit(endpoint)
    token = place.path.strip("/")
    return f"http://{REHEARSAL}:{token}@{place.netloc}" if token else endpoint


def make_proxy_authorization(endpoint: str) -> str:
    """Return the header with which a client of that proxy shows the token."""
    shown = f"{REHEARSAL}:{urlsplit(endpoint).path.strip('/')}"
    return f"Basic {b64encode(shown.encode()).decode()}"


def rehearsal_clients(
    endpoint: str, region: str, *, reads: bool = False, attempts: int = ATTEMPTS, account: str = ""
) -> Clients:
    """Return clients of the rehearsal account that listens at ``endpoint``, such as ``http://127.0.0.1:45123/TOKEN``.

    With ``account`` they are those of another account, which is emulated beside it.
    """
    return Clients(_rehearsal_session(reads), region, endpoint, reads, attempts, account=account)


@cache
def _rehearsal_session(reads: bool) -> Session:
    """Return the one session of all rehearsal accounts: it takes a second to read the models of all services."""
    inner = pruned_session() if reads else None
    return Session(aws_access_key_id=REHEARSAL, aws_secret_access_key=REHEARSAL, botocore_session=inner)
