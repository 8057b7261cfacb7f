"""Calls AWS: every page of a list or none, at a rate that does no harm, and every answer recorded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .actions import find_refusal
from .answers import Unreadable
from .clients import Clients, Refused, last_host
from .clock import minutes_apart
from .failures import Failure, Kind, classify_error
from .recording import Call, Record, Recording, to_plain

#: Pages after which a list is given up: nothing so long is a list of settings.
MAX_PAGES: Final = 1_000

_NEXT: Final = ("NextToken", "nextToken", "NextMarker", "NextPageToken", "nextPageToken", "PaginationToken")
_MORE: Final = ("IsTruncated", "isTruncated", "Truncated", "hasMore", "HasMoreDeliveryStreams")
_LIMITS: Final = frozenset({"MaxResults", "maxResults", "MaxRecords", "MaxItems", "MaxKeys", "Limit", "limit"})

#: How many items of a list a page may have, where AWS gives fewer to those who don't say, or cuts their list silently.
_LARGEST_PAGES: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("cloudwatch", "DescribeAlarms"): {"MaxRecords": 100},
    ("iam", "GetAccountAuthorizationDetails"): {"MaxItems": 1_000},
    ("kms", "ListAliases"): {"Limit": 100},
    ("kms", "ListKeys"): {"Limit": 1_000},
    ("resourcegroupstaggingapi", "GetResources"): {"ResourcesPerPage": 100},
    ("sqs", "ListQueues"): {"MaxResults": 1_000},
}


#: Calls whose answers the caller keeps itself, without what nobody reads: a month of an Airflow has many.
_KEPT_BY_OTHERS: Final = frozenset({("mwaa", "InvokeRestApi")})


#: An account by its number, or what is named by an ARN, or a queue by its URL, that says whose it is.
_OWNED: Final = re.compile(r"(?:arn:[^:]*:[^:]*:[^:]*:|https?://[^/]+/)?(\d{12})(?:[:/].*)?")


class _Incomplete(Exception):
    """A list continues and can't be followed."""


@dataclass(frozen=True, slots=True)
class LiveCalls:
    """Calls AWS through ``clients`` and keeps the answers in ``recording``."""

    clients: Clients
    recording: Recording = field(default_factory=Recording)
    account: str = ""
    """The account of the credentials, if known: policies decide what can be seen of other accounts' resources."""
    _given_up: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Why it is useless to ask at all, or to ask a service in a region, or for one of its operations."""

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Return every page of an answer, or the one page that it has. Raises Absent and Unreadable."""
        if why := find_refusal(service, operation, parameters):
            raise Refused(why)
        call = Call(service=service, operation=operation, region=region, parameters=parameters, whole=whole)
        record = self._ask(call)
        if (service, operation) not in _KEPT_BY_OTHERS:
            self.recording.add(record)
        return record.value()

    def close(self, reason: str) -> None:
        """Make no more calls, for this reason; calls that wait for their turn end."""
        self._given_up.setdefault((), reason)
        self.clients.stopped.set()

    def _ask(self, call: Call) -> Record:
        place = (call.service, call.region)
        for scope in ((), (call.region,), place, (*place, call.operation)):
            if scope in self._given_up:
                return Record(call=call, unreadable=self._given_up[scope])
        pages: list[Any] = []
        requests: list[Mapping[str, Any]] = []
        try:
            for page in _fetch_pages(self.clients(call.service, call.region), call):
                requests.append(_request_metadata(page))
                pages.append(to_plain(page))
                if minutes := minutes_apart(requests[-1].get("date")):
                    raise Unreadable(f"this machine's clock is {minutes} minutes from AWS's; set it, and observe again")
        except Refused:
            raise
        except Unreadable as error:
            self._given_up.setdefault((), error.reason)
            return Record(call=call, unreadable=error.reason, requests=requests)
        except Exception as error:  # noqa: BLE001  whatever went wrong, there is no answer
            return self._record_failure(call, error, pages, requests)
        return Record(call=call, pages=pages, requests=requests)

    def _record_failure(
        self, call: Call, error: Exception, pages: Sequence[Any], requests: Sequence[Mapping[str, Any]]
    ) -> Record:
        failure = (
            Failure(Kind.PAGING, "truncated", str(error)) if isinstance(error, _Incomplete) else classify_error(error)
        )
        requests = [*requests, _request_metadata(getattr(error, "response", None) or {})]
        words: str = to_plain(failure.words)
        if failure.kind is Kind.ABSENT and not pages:
            return Record(call=call, absent=failure.code, words=words, requests=requests)
        owner = _find_stranger(call.parameters, self.account)
        reason: str = to_plain(failure.reason(call.service, call.operation, call.region, owner=owner))
        if pages:
            reason = f"{reason}, after {len(pages)} pages of the list"
        place = (call.service, call.region)
        given_up: dict[Kind, tuple[str, ...]] = {
            # a region that the account has not opted into knows no credentials, however good they are elsewhere
            # https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
            Kind.EXPIRED: () if call.region == self.clients.region or "Expired" in failure.code else (call.region,),
            Kind.NETWORK: place,
            Kind.FAULT: (*place, call.operation),
        }
        if failure.kind in given_up:
            self._given_up.setdefault(given_up[failure.kind], reason)
        return Record(call=call, unreadable=reason, words=words, requests=requests)


def _find_stranger(parameters: Mapping[str, Any], account: str) -> str:
    """Return another account whose resource parameters name; nothing where the caller's account is not known."""
    named = map(_OWNED.fullmatch, _list_texts(parameters))
    return next((found[1] for found in named if found and found[1] != account), "") if account else ""


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _list_texts(one)


def _fetch_pages(client: Any, call: Call) -> Iterator[Mapping[str, Any]]:
    """Yield every page of a whole answer, else the one page, which must not be part of a longer answer."""
    names = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    if call.operation not in names:
        raise _Incomplete(f"this version of botocore knows no {call.service} {call.operation}; install a newer one")
    method = names[call.operation]
    if not call.whole:
        page = getattr(client, method)(**call.parameters)
        if _next_token(page) and not _LIMITS & set(call.parameters):
            raise _Incomplete("the answer is the first page of several; ask for it with account.list")
        yield page
        return
    several = client.get_paginator(method).paginate if client.can_paginate(method) else _token_paginator(client, method)
    page = {}
    paged = _LARGEST_PAGES.get((call.service, call.operation), {})
    for number, page in enumerate(several(**{**paged, **call.parameters}), start=1):
        if number > MAX_PAGES:
            raise _Incomplete(f"more than {MAX_PAGES} pages; ask for less")
        yield page
    if any(_find_stated(page, key) is True for key in _MORE):
        raise _Incomplete("the last page says that there are more, and not how to ask for them")


def _token_paginator(client: Any, method: str) -> Any:
    """Return a paginator for an operation for which botocore has none."""
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    accepted = set(operation.input_shape.members) if operation.input_shape else set()

    def pages(**parameters: Any) -> Iterator[Mapping[str, Any]]:
        known = set()
        while True:
            page = getattr(client, method)(**parameters)
            yield page
            if not (following := _next_token(page)):
                return
            name, token = following
            name = name if name in accepted else "Marker"
            if name not in accepted or token in known or not isinstance(token, str):
                raise _Incomplete("the list goes on, and the way to its next page leads nowhere")
            known.add(token)
            parameters[name] = token

    return pages


def _next_token(page: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the name and value of the token by which a page says that another follows, if it does."""
    for key in (*_NEXT, *_MORE, "NextContinuationToken"):
        if value := _find_stated(page, key):
            return key, value
    return None


def _find_stated(page: Mapping[str, Any], key: str) -> Any:
    """Return what a page holds under ``key``, itself or in its one list, as CloudFront answers."""
    inner = [value for value in page.values() if isinstance(value, Mapping) and "Items" in value]
    return next((part[key] for part in (page, *inner) if key in part), None)


def _request_metadata(response: Mapping[str, Any]) -> dict[str, Any]:
    about = response.get("ResponseMetadata", {})
    headers = about.get("HTTPHeaders", {})
    fields = {
        "id": about.get("RequestId") or headers.get("x-amzn-requestid"),
        "date": headers.get("date"),
        "host": last_host(),
        "status": about.get("HTTPStatusCode"),
        "retries": about.get("RetryAttempts"),
    }
    return {name: value for name, value in fields.items() if value}
