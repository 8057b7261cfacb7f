"""What an error of a call means: AWS says that something is absent, or nothing can be said, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .actions import required_actions

#: Code of what Airflow says is not there.
ABSENT_IN_AIRFLOW: Final = "404"

#: Characters of somebody else's words that are shown.
SHOWN: Final = 200


class Kind(StrEnum):
    """Why a call has no value. Only ABSENT is an answer."""

    ABSENT = "absent"
    DENIED = "access denied"
    EXPIRED = "the credentials are not accepted"
    THROTTLED = "throttled"
    UNSUPPORTED = "not available"
    UNKNOWN = "not known"
    FAULT = "the service failed"
    NETWORK = "not reached"
    UNPARSABLE = "the answer could not be read"
    PAGING = "the list could not be read to its end"
    AIRFLOW = "Airflow answers with an error"
    OTHER = "refused"


#: Patterns of error codes by what they mean; the first that matches the whole code decides.
_CODES: Final[Mapping[Kind, str]] = {
    Kind.EXPIRED: r"""
        Expired\w* RequestExpired InvalidClientTokenId UnrecognizedClientException AuthFailure TokenRefresh\w+
        InvalidAccessKeyId InvalidToken SignatureDoesNotMatch InvalidSignature\w* RequestTimeTooSkewed
        IncompleteSignature\w* MissingAuthenticationToken\w*
    """,
    Kind.DENIED: r"""
        \w*AccessDenied\w* Unauthorized\w* AuthorizationError\w* NotAuthorized\w* Forbidden\w* AllAccessDisabled 403
    """,
    Kind.THROTTLED: r"""
        Throttl\w+ RequestThrottled\w* RequestLimitExceeded TooManyRequests\w* SlowDown PriorRequestNotComplete
        BandwidthLimitExceeded ProvisionedThroughputExceeded\w* 429
    """,
    Kind.UNKNOWN: r"InvalidAction UnknownOperation\w* NotImplemented\w* 501",
    Kind.UNSUPPORTED: r"OptInRequired SubscriptionRequired\w* UnsupportedOperation\w* RegionDisabled\w*",
    Kind.FAULT: r"Internal\w* ServiceUnavailable\w* ServiceFailure 5\d\d",
    Kind.ABSENT: r"""
        NoSuch\w+ [\w.]*NotFound(Exception|Fault|Error)? [\w.]*DoesNotExist\w* [\w.]*Non[Ee]xistent\w*
        [\w.]*NotExists\w* 404
    """,
}

#: What AWS calls an invalid access and means that a service was never switched on.
_NOT_SUBSCRIBED: Final = re.compile(r"is not (subscribed|enabled)|not subscribed to")

#: Errors of botocore itself, by the name of the class or of one that it is derived from.
_CLASSES: Final[Mapping[str, Kind]] = {
    "PaginationError": Kind.PAGING,
    "ResponseParserError": Kind.UNPARSABLE,
    "Garbled": Kind.UNPARSABLE,
    "IncompleteReadError": Kind.NETWORK,
    "HTTPClientError": Kind.NETWORK,
    "ConnectionError": Kind.NETWORK,
    "UnknownServiceError": Kind.UNKNOWN,
    "DataNotFoundError": Kind.UNKNOWN,
    "OperationNotPageableError": Kind.PAGING,
    "NoCredentialsError": Kind.EXPIRED,
    "PartialCredentialsError": Kind.EXPIRED,
    "CredentialRetrievalError": Kind.EXPIRED,
    "TokenRetrievalError": Kind.EXPIRED,
    "SSOError": Kind.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of a call: what it means, AWS's code or botocore's class for it, and the words that came with it."""

    kind: Kind
    code: str
    words: str

    def reason(self, service: str, operation: str, region: str) -> str:
        """Return why nothing can be said, and what to do about it."""
        said = f"{service} {operation} in {region}: {self.kind} ({self.code})"
        if self.kind is Kind.DENIED:
            return f"{said}; allow {' and '.join(required_actions(service, operation))}: prodgate iam-policy"
        if self.kind is Kind.EXPIRED:
            return f"{said}; log in again"
        if self.kind in (Kind.OTHER, Kind.AIRFLOW, Kind.UNPARSABLE, Kind.PAGING):
            return f"{said}: {' '.join(self.words.split())[:SHOWN]}"
        return said


def classify_error(error: Exception) -> Failure:
    """Return what an error of boto3 means."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    if isinstance(response, Mapping) and "RestApiStatusCode" in response:
        return classify_airflow_reply(int(response["RestApiStatusCode"]), response.get("RestApiResponse"))
    if isinstance(response, Mapping) and "Error" in response:
        stated = response["Error"]
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _classify_code(str(stated.get("Code", "")), str(stated.get("Message", "")), status)
    names = [base.__name__ for base in type(error).__mro__]
    kind = next((kind for name, kind in _CLASSES.items() if name in names), Kind.OTHER)
    return Failure(kind, names[0], str(error))


def classify_airflow_reply(status: int, document: Any) -> Failure:
    """Return what an answer of Airflow's other than a success means; ``document`` is what it sent, read from JSON.

    A thing is absent only where Airflow itself says of it that it is not there: a path that nobody serves is no answer.
    """
    stated = document if isinstance(document, Mapping) else {}
    words = str(stated.get("detail") or stated.get("title") or "")
    if status == 404 and stated.get("detail") and words != "Not Found":
        return Failure(Kind.ABSENT, ABSENT_IN_AIRFLOW, words)
    return Failure(Kind.AIRFLOW, str(status), words)


def _classify_code(code: str, words: str, status: int) -> Failure:
    name = code.rpartition("#")[2].partition(":")[0]
    if name == "InvalidAccessException":
        return Failure(Kind.ABSENT if _NOT_SUBSCRIBED.search(words) else Kind.DENIED, name, words)
    for kind, patterns in _CODES.items():
        if any(re.fullmatch(pattern, name) for pattern in patterns.split()):
            return Failure(kind, name, words)
    return Failure(Kind.FAULT if status >= 500 else Kind.OTHER, name or str(status), words)
