"""The meaning of a call's error: an absent resource, or the reason for no answer."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ..criteria import UsageError
from .actions import required_actions

#: Code for a thing of which Airflow says that it does not exist.
ABSENT_IN_AIRFLOW: Final = "404"

#: Characters that are shown of another system's error message.
SHOWN: Final = 200


class Kind(StrEnum):
    """Why a call has no value. Only ABSENT counts as an answer."""

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


#: Patterns of error codes by meaning; the first that matches the whole code decides.
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
        [\w.]*NotExists\w* AWSOrganizationsNotInUse\w* 404
    """,
}

#: Policies of others than the role that deny for certain, by AWS's messages.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_DENYING: Final = re.compile(
    r"(?:explicit deny in an?|because no) ((?:service control|resource control|session) policy|permissions boundary)"
)

#: Messages of an InvalidAccessException which mean that a service was never enabled.
_NOT_SUBSCRIBED: Final = re.compile(r"is not (subscribed|enabled)|not subscribed to")

#: Errors of botocore itself, by the name of their class or of a base class.
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
    """An error of a call: its meaning, AWS's code or botocore's class for it, and its message."""

    kind: Kind
    code: str
    words: str

    def reason(self, service: str, operation: str, region: str, *, owner: str = "") -> str:
        """Return why there is no answer, and the remedy; ``owner`` is the other account in question.

        Resources of another account are visible only if both accounts allow it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
        """
        prefix = f"{service} {operation} in {region}: {self.kind} ({self.code})"
        if self.kind is Kind.DENIED:
            actions = " and ".join(required_actions(service, operation))
            if refusing := _DENYING.search(self.words):
                return f"{prefix}; a {refusing[1]} refuses {actions}, which no policy of the role can allow"
            if owner:
                said = f"what is asked about is of account {owner}; let its policy there allow {actions}"
                return f"{prefix}: {said}, besides that of prodgate iam-policy"
            return f"{prefix}; allow {actions}: prodgate iam-policy"
        if self.kind is Kind.EXPIRED:
            return f"{prefix}; log in again{'' if 'Expired' in self.code else ', or enable the region'}"
        if self.kind in (Kind.OTHER, Kind.AIRFLOW, Kind.UNPARSABLE, Kind.PAGING):
            return f"{prefix}: {' '.join(self.words.split())[:SHOWN]}"
        return prefix


def classify_error(error: Exception) -> Failure:
    """Return what an error of boto3 means."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    if isinstance(response, Mapping) and "RestApiStatusCode" in response:
        return classify_airflow_reply(int(response["RestApiStatusCode"]), response.get("RestApiResponse"))
    if isinstance(response, Mapping) and "Error" in response:
        detail = response["Error"]
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _classify_code(str(detail.get("Code", "")), str(detail.get("Message", "")), status)
    names = [base.__name__ for base in type(error).__mro__]
    kind = next((kind for name, kind in _CLASSES.items() if name in names), Kind.OTHER)
    return Failure(kind, names[0], str(error))


def classify_airflow_reply(status: int, document: Any) -> Failure:
    """Return what an unsuccessful answer of Airflow means; ``document`` is its decoded JSON.

    Something is absent only where Airflow itself says that it does not exist: a path that is not served is no answer.
    """
    detail = document if isinstance(document, Mapping) else {}
    words = str(detail.get("detail") or detail.get("title") or "")
    if status == 404 and detail.get("detail") and words != "Not Found":
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


@contextmanager
def refusals_are_mistakes(asked: str, advice: str) -> Iterator[None]:
    """Turn exceptions of boto3 into UsageError: the service, AWS's words, and the remedy."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith("botocore."):  # importing it takes as long as all the rest of a command
            raise UsageError(f"{asked}: {error}; {advice}") from error
        raise
