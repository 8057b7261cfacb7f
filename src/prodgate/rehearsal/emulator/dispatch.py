"""Answers every call of an account: by the extension, else by moto, else with an error that AWS could have written."""

import copy
import json
import re
import sys
import threading
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Final

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, DataNotFoundError
from moto.backends import get_backend
from moto.core.botocore_stubber import MockRawResponse
from moto.core.utils import get_pagination_model
from moto.s3.models import s3_backends

from prodgate.aws.clients import Clients, rehearsal_clients

from ...aws.actions import required_actions
from ...semantics.policy_documents import read_statements
from .calls import Call, IncomingRequest, Reply, call_moto, check_shape, find_backend, parse, recognise, serialize
from .extension import ANSWERS, Ledger, Refused, answers

# ── Faults on demand: denied, throttled, slow and broken responses, to prove that the gate loses nothing by them

#: The code and status of a kind of fault by protocol; ``""`` for all others.
CODES: Final[Mapping[str, Mapping[str, tuple[str, int]]]] = {
    "deny": {
        "ec2": ("UnauthorizedOperation", 403),
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "": ("AccessDenied", 403),
    },
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503),
        "json": ("ThrottlingException", 400),
        "rest-json": ("ThrottlingException", 429),
        "rest-xml": ("SlowDown", 503),
        "": ("Throttling", 400),
    },
    "fail": {"": ("InternalFailure", 500)},
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault of some calls; its fields are the body of ``POST /_prodgate/faults``."""

    service: str = "*"
    operation: str = "*"
    kind: str = ""
    """``deny``, ``throttle`` or ``fail``, with AWS's code and status in the protocol of the call."""
    code: str = ""
    status: int = 0
    message: str = "by a fault of the rehearsal"
    after: int = 0
    """Calls that pass before the first is hit, such as the first page of a list."""
    times: int = -1
    """The number of calls that it hits; unlimited if negative."""
    every: int = 1
    """It hits only every nth call."""
    calls_per_second: float = 0.0
    """It hits only calls beyond a token bucket of this rate and this size."""
    delay: float = 0.0
    """Seconds before the response."""
    truncate: int = -1
    """Bytes of the response's body that arrive before the connection breaks; all if negative."""
    clock_skew: float = 0.0
    """Seconds by which the response's Date is wrong."""
    seen: int = 0
    hit: int = 0
    tokens: float | None = None
    filled: float = 0.0

    def strikes(self, call: Call, now: float) -> bool:
        """Whether it hits this call; counts it."""
        if self.service not in ("*", call.service) or self.operation not in ("*", call.operation):
            return False
        self.seen += 1
        if self.seen <= self.after or 0 <= self.times <= self.hit or (self.seen - self.after - 1) % self.every:
            return False
        if self.calls_per_second and self._allows(now):
            return False
        self.hit += 1
        return True

    def _allows(self, now: float) -> bool:
        held = self.calls_per_second if self.tokens is None else self.tokens
        filled = min(self.calls_per_second, held + (now - self.filled) * self.calls_per_second)
        self.tokens, self.filled = (filled - 1 if filled >= 1 else filled), now
        return filled >= 1

    def refusal(self, call: Call) -> Refused | None:
        """Return the error of the call; None if the fault lets it be answered."""
        known = CODES.get(self.kind, {})
        code, status = known.get(call.protocol) or known.get("", ("", 0))
        told = self.code or code
        return Refused(told, self.message, self.status or status or 400) if told else None


@dataclass(slots=True)
class Faults:
    """The faults in force."""

    all: list[Fault] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic

    def add(self, stated: Mapping[str, Any]) -> None:
        """Add a fault. Raises TypeError for an unknown field."""
        self.all.append(Fault(**stated))

    def striking(self, call: Call) -> list[Fault]:
        """Return those that hit a call."""
        now = self.clock()
        return [fault for fault in self.all if fault.strikes(call, now)]


# ── Pages of lists, as AWS returns them: by each operation's own model, even if moto returns everything at once

#: Items in a page if the caller states no number.
USUAL: Final = 100
SIZES: Final[Mapping[tuple[str, str], int]] = {
    ("backup", "ListBackupJobs"): 1000,
    ("backup", "ListRecoveryPointsByBackupVault"): 1000,
    ("backup", "ListRestoreJobs"): 1000,
    ("cloudwatch", "DescribeAlarmHistory"): 50,
    ("cloudwatch", "DescribeAlarms"): 50,
    ("cloudwatch", "GetMetricData"): 500,  # AWS counts values, up to 100,800: more than a response here ever has
    ("cloudwatch", "ListMetrics"): 500,
    ("ecs", "ListServices"): 10,
    ("kms", "ListAliases"): 50,
    ("kms", "ListGrants"): 50,
    ("lambda", "ListFunctions"): 50,
    ("logs", "DescribeLogGroups"): 50,
    ("logs", "DescribeLogStreams"): 50,
    ("logs", "DescribeMetricFilters"): 50,
    ("logs", "FilterLogEvents"): 10000,
    ("mwaa", "ListEnvironments"): 25,
    ("s3", "ListBuckets"): 10000,
    ("sqs", "ListQueues"): 1000,
}
#: EC2 returns everything unless the request states a page size, up to this.
SIZES_OF_SERVICES: Final[Mapping[str, int]] = {"ec2": 1000}
#: Lists whose later pages are kept; older ones expire, as tokens do.
KEPT: Final = 512
MARK: Final = "prodgate-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paginator:
    """The pagination of an operation, from its model."""

    token: str
    next_token: str
    limit: str
    more: str
    lists: tuple[str, ...]


@cache
def paginator(service: str, operation: str) -> Paginator | None:
    """Return the pagination of an operation; None if it has none, or more than one simple token."""
    try:
        rule = get_pagination_model(service)[operation]
    except (DataNotFoundError, KeyError):
        return None
    keys = rule["result_key"] if isinstance(rule["result_key"], list) else [rule["result_key"]]
    names = [rule["input_token"], rule["output_token"], *keys]
    if not all(isinstance(name, str) and name.replace(".", "").isalnum() for name in names):
        return None
    return Paginator(
        token=names[0],
        next_token=names[1],
        limit=rule.get("limit_key", ""),
        more=rule.get("more_results", ""),
        lists=tuple(keys),
    )


class Pages:
    """Responses with pages left to fetch, by their tokens."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Mapping[str, Any]] = OrderedDict()

    def next_page(self, call: Call) -> dict[str, Any] | None:
        """Return the page of one of our tokens; None if the call holds none."""
        rule = paginator(call.service, call.operation)
        token = str(call.params.get(rule.token) or "") if rule else ""
        if rule is None or not token.startswith(MARK):
            return None
        name, _, start = token.removeprefix(MARK).partition("-")
        if name not in self._held:
            raise Refused("InvalidNextToken", f"the token {token!r} has expired")
        return self._page(rule, call, name, int(start))

    def first_page(self, call: Call, result: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the first page of a response; the response itself if it is short or already paged."""
        rule = paginator(call.service, call.operation)
        if rule is None or value_at(result, rule.next_token) or (rule.more and value_at(result, rule.more)):
            return result
        if sum(len(value_at(result, path) or ()) for path in rule.lists) <= _size(rule, call):
            return result
        name = uuid.uuid4().hex
        self._held[name] = result
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
        return self._page(rule, call, name, 0)

    def _page(self, rule: Paginator, call: Call, name: str, start: int) -> dict[str, Any]:
        """Return items from ``start`` on, counted over all lists of the response in their order."""
        page: dict[str, Any] = copy.copy(dict(self._held[name]))
        end, passed = start + _size(rule, call), 0
        for path in rule.lists:
            items = value_at(page, path) or []
            if items or value_at(page, path) is not None:
                put_at(page, path, items[max(start - passed, 0) : max(end - passed, 0)])
            passed += len(items)
        put_at(page, rule.next_token, f"{MARK}{name}-{end}" if end < passed else None)
        if rule.more:
            put_at(page, rule.more, end < passed)
        return page


def _size(rule: Paginator, call: Call) -> int:
    stated = call.params.get(rule.limit) if rule.limit else None
    usual = SIZES.get((call.service, call.operation)) or SIZES_OF_SERVICES.get(call.service, USUAL)
    return max(int(stated or usual), 1)


def value_at(held: Any, path: str) -> Any:
    """Return the value of a response at a path such as ``DistributionList.Items``; None if there is none."""
    for name in path.split("."):
        held = (held or {}).get(name)
    return held


def put_at(held: dict[str, Any], path: str, value: Any) -> None:
    """Set a value inside copies of its containers, as others keep the response; update a list's count if there is one.

    None leaves it out, as AWS writes no null.
    """
    *parents, last = path.split(".")
    for name in parents:
        held[name] = dict(held.get(name) or {})
        held = held[name]
    if "Quantity" in held and isinstance(value, list):
        held["Quantity"] = len(value)
    if value is None:
        held.pop(last, None)
    else:
        held[last] = value


# ── Calls from one answer to other services, as boto3 would make them, within the process

#: Stands for an endpoint: nothing is sent. Clients for AWS itself would have to wait for their turn.
NOWHERE: Final = "http://127.0.0.1:9"


@dataclass(slots=True)
class InternalClients:
    """Clients whose requests are answered by a function instead of a host."""

    answer: Callable[[IncomingRequest, bool], Reply]
    account: str = ""
    """The account whose credentials sign."""
    _clients: dict[bool, Clients] = field(default_factory=dict)
    _prepared: set[tuple[bool, str, str]] = field(default_factory=set)

    def call_moto(self, call: Call, **params: Any) -> dict[str, Any]:
        """Call moto's operation for a call, with its or with other parameters."""
        return self._call(True, call.service, call.operation, call.region, params or call.params)

    def call_any(self, here: str, service: str, operation: str, /, region: str = "", **params: Any) -> dict[str, Any]:
        """Call an operation of any service."""
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


# ── Several accounts side by side: the account that signed a call, and its view of another account. Any key of twelve
# digits is a credential of that account; moto looks up others, because it issues them for assumed roles. A call on
# another account's resource goes to that account, as far as the resource's policy admits the caller, and as far as
# AWS's operation works across accounts at all.

_ACCOUNT: Final = re.compile(r"\d{12}")

#: Given the owner's ledger and the named resource, returns its policy, or "" if nobody else may see it.
Policy = Callable[[Ledger, str], str]


def find_caller(key: str, otherwise: str) -> str:
    """Return the account whose credentials signed a call, by the id of the access key."""
    if _ACCOUNT.fullmatch(key):
        return key
    for account, partitions in list(get_backend("iam").items()):
        if any(key in partitions[name].access_keys for name in list(partitions)):
            return str(account)
    return otherwise


def find_owner(call: Call) -> str:
    """Return the account of the resource that a call names, "" if the name has no account."""
    if call.service == "s3" and (bucket := call.params.get("Bucket")):
        return str(s3_backends.bucket_accounts.get(bucket, ("", ""))[1])
    name = call.params.get(_SHOWN.get((call.service, call.operation), ("", _nobody))[0], "")
    return name.split(":")[4] if name.startswith("arn:") else ""


def refuse_strangers(call: Call, owner: Ledger) -> None:
    """Raise Refused unless the resource that a call names admits the calling account."""
    parameter, read = ("Bucket", _bucket) if call.service == "s3" else _SHOWN[call.service, call.operation]
    policy = read(owner, call.params[parameter])
    if not all(_admits(policy, action, call.account) for action in required_actions(call.service, call.operation)):
        code = _CODES.get(call.service, "AccessDenied")
        raise Refused(code, f"{call.account} may not {call.operation} of {call.params[parameter]}", 403)


def _admits(policy: str, action: str, account: str) -> bool:
    """Whether a policy allows an action to all of an account; conditional statements do not count."""
    stated = read_statements(json.loads(policy), "") if policy else ()
    named = (account, f"arn:aws:iam::{account}:root")
    speaking = [
        one
        for one in stated
        if one.covers(action) and any(who.is_anybody or who.name in named for who in one.principals)
    ]
    return all(one.allows for one in speaking) and any(not one.conditions for one in speaking)


def _nobody(_owner: Ledger, _name: str) -> str:
    return ""


def _bucket(owner: Ledger, name: str) -> str:
    try:
        return str(owner.ask("s3", "GetBucketPolicy", Bucket=name)["Policy"])
    except Refused:
        return ""


def _topic(owner: Ledger, arn: str) -> str:
    return str(owner.ask("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"].get("Policy", ""))


def _key(owner: Ledger, arn: str) -> str:
    return str(owner.ask("kms", "GetKeyPolicy", KeyId=arn, PolicyName="default")["Policy"])


def _trust(owner: Ledger, arn: str) -> str:
    role = owner.ask("iam", "GetRole", RoleName=arn.rpartition("/")[2])["Role"]
    return json.dumps(role["AssumeRolePolicyDocument"])


def _organization(owner: Ledger, arn: str) -> str:
    """Return a policy that shows every account the trail of its organization, and no other trail of another account."""
    trails = owner.ask("cloudtrail", "DescribeTrails")["trailList"]
    shown = any(one["TrailARN"] == arn and one.get("IsOrganizationTrail") for one in trails)
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "cloudtrail:*"}
    return json.dumps({"Statement": [allowed] if shown else []})


#: Calls that may name a resource of another account, by the parameter that does, and whose policy admits strangers.
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
#: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
_SHOWN: Final[Mapping[tuple[str, str], tuple[str, Policy]]] = {
    ("cloudtrail", "GetEventSelectors"): ("TrailName", _organization),
    ("cloudtrail", "GetTrailStatus"): ("Name", _organization),
    ("kms", "DescribeKey"): ("KeyId", _key),
    ("kms", "GetKeyPolicy"): ("KeyId", _nobody),
    ("kms", "GetKeyRotationStatus"): ("KeyId", _key),
    ("sns", "GetTopicAttributes"): ("TopicArn", _topic),
    ("sns", "ListSubscriptionsByTopic"): ("TopicArn", _topic),
    ("sns", "Publish"): ("TopicArn", _topic),
    ("sns", "Subscribe"): ("TopicArn", _topic),
    ("sts", "AssumeRole"): ("RoleArn", _trust),
}  # fmt: skip
#: A service's error code for strangers, where it is not ``AccessDenied``.
_CODES: Final = {
    "cloudtrail": "TrailNotFoundException",
    "kms": "AccessDeniedException",
    "sns": "AuthorizationError",
}


# ── Account Management: regions that an account has not enabled, which reject its credentials

#: The region of Account Management, and its record of a disabled region.
HOME, DISABLED = "us-east-1", "disabled"
#: Error codes for unknown credentials, by protocol.
_REGION_CODES: Final = {
    "ec2": ("AuthFailure", 401),
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "rest-xml": ("InvalidToken", 400),
}
_OTHERWISE: Final = ("InvalidClientTokenId", 403)


@answers("account", "DisableRegion")
def _disable_region(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    ledger.of(DISABLED)[params["RegionName"]] = True
    return {}


def refuse_disabled(call: Call, kept: Ledger | None) -> None:
    """Raise Refused for a call to a region that is not enabled, by the records of Account Management, if any."""
    if kept is not None and call.region in kept.of(DISABLED):
        code, status = _REGION_CODES.get(call.protocol, _OTHERWISE)
        raise Refused(code, "The security token included in the request is invalid", status)


@dataclass(slots=True)
class Emulator:
    """The accounts. Answers one call at a time, which loses nothing: Python would compute no two at once."""

    account: str
    """The account of callers whose key belongs to no other account (`accounts`)."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each operation was called from outside, as ``service:Operation``."""
    _ledgers: dict[tuple[str, str, str], Ledger] = field(default_factory=dict)
    _pages: Pages = field(default_factory=Pages)
    _asking: dict[str, InternalClients] = field(default_factory=dict)

    def answer(self, sent: IncomingRequest) -> tuple[Reply, list[Fault]]:
        """Answer a call, one page at a time, and report the faults that hit it.

        Every failure becomes an error that botocore reads and does not retry.
        """
        with self.lock:
            try:
                call = self._attribute(recognise(sent))
            except Exception as error:  # noqa: BLE001 - a request that nobody can read is answered too
                unread = Call(service="unread", operation="", region="", protocol="rest-json")
                return serialize(unread, _report_mistake(unread, error)), []
            self.calls[f"{call.service}:{call.operation}"] += 1
            struck = self.faults.striking(call)
            refused = next(filter(None, (fault.refusal(call) for fault in struck)), None)
            return serialize(call, refused) if refused else self._answer_or_refuse(
                call, partial(self._answer_in_pages, sent, call)
            ), struck

    def _answer_internally(self, sent: IncomingRequest, moto_only: bool) -> Reply:
        """Answer a call that another answer makes; no faults, no pages."""
        with self.lock:
            call = self._attribute(recognise(sent))
            call = replace(call, account=find_owner(call) or call.account)
            known = not moto_only and (call.service, call.operation) in ANSWERS
            by_moto = partial(self._answer_by_moto, sent, call)
            return self._answer_or_refuse(call, (lambda: serialize(call, self._compute(call))) if known else by_moto)

    def _answer_or_refuse(self, call: Call, answer: Any) -> Reply:
        try:
            reply: Reply = answer()
        except Refused as refused:
            return serialize(call, refused)
        except Exception as error:  # noqa: BLE001 - an emulated account answers, whatever its own mistakes are
            return serialize(call, _report_mistake(call, error))
        return reply

    def _attribute(self, call: Call) -> Call:
        account = find_caller(call.key, self.account)
        self._asking.setdefault(account, InternalClients(self._answer_internally, account))
        return replace(call, account=account)

    def _pass_on(self, call: Call) -> Call:
        """Return a call as the account that owns the named resource answers it. Raises Refused."""
        refuse_disabled(call, self._ledgers.get((call.account, "account", HOME)))
        owner = find_owner(call) or call.account
        if owner != call.account:
            refuse_strangers(call, self.ledger(call.service, call.region, owner))
        return replace(call, account=owner)

    def _answer_in_pages(self, sent: IncomingRequest, call: Call) -> Reply:
        call = self._pass_on(call)
        if (page := self._pages.next_page(call)) is not None:
            return serialize(call, page)
        if (call.service, call.operation) in ANSWERS:
            return serialize(call, self._pages.first_page(call, self._compute(call)))
        reply = self._answer_by_moto(sent, call)
        if call.model is None or reply.status >= 300 or paginator(call.service, call.operation) is None:
            return reply
        everything = parse(call.model, call.protocol, reply)
        first = self._pages.first_page(call, everything)
        return reply if first is everything else serialize(call, first)

    def _answer_by_moto(self, sent: IncomingRequest, call: Call) -> Reply:
        if call.model is None and call.service != "s3":
            raise Refused("NotImplementedByEmulator", f"botocore knows no {call.service}:{call.operation}")
        return call_moto(sent, call)

    def _compute(self, call: Call) -> Mapping[str, Any]:
        ledger = self.ledger(call.service, call.region, call.account)
        ledger.moto = partial(self._asking[call.account].call_moto, call)
        found = ANSWERS[call.service, call.operation](ledger, call.params) or {}
        check_shape(call, found)
        return found

    def ledger(self, service: str, region: str, account: str = "") -> Ledger:
        """Return a service's ledger in a region, of this account unless another is named."""
        key = (account or self.account, service, region)
        if key not in self._ledgers:
            self._ledgers[key] = self._make_ledger(*key)
        return self._ledgers[key]

    def _make_ledger(self, account: str, service: str, region: str) -> Ledger:
        asking = self._asking.setdefault(account, InternalClients(self._answer_internally, account))

        def elsewhere(account: str = account, region: str = region) -> Ledger:
            return self.ledger(service, region, account)

        return Ledger(
            account,
            region,
            backend=find_backend(MOTO_NAMES.get(service, service.replace("-", "")), account, region),
            ask=partial(asking.call_any, region),
            neighbours=lambda: [
                one for (whose, _, where), one in self._ledgers.items() if (whose, where) == (account, region)
            ],
            elsewhere=elsewhere,
            strangers=lambda: map(elsewhere, sorted(self._asking.keys() - {account})),
        )

    def store_everywhere(self, service: str, kind: str, told: Mapping[str, Any]) -> list[str]:
        """Store something in every region in which a service has records; return the regions."""
        found = [one for (whose, name, _), one in self._ledgers.items() if (whose, name) == (self.account, service)]
        for ledger in found:
            ledger.of(kind).update(told)
        return [ledger.region for ledger in found]


#: moto's names of services, where they are not boto3's without hyphens.
MOTO_NAMES: Mapping[str, str] = {"lambda": "awslambda", "docdb": "rds", "neptune": "rds"}


def _report_mistake(call: Call, error: BaseException) -> Refused:
    """Return a bug of the emulator as an error of AWS's form; print its place on stderr."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "nowhere"
    message = f"{call.service}:{call.operation}: {type(error).__name__}: {error}".replace("\n", " ")
    sys.stderr.write(f"emulator: {message} ({place})\n")
    return Refused("EmulatorError", message)
