"""Where an MWAA environment sends its failures: a dead-letter queue, and the topic that notifies people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...criteria import suggest
from ..live.airflow import list_environments
from ..live.permissions import read_rights
from ..live.queues import find_dead_letter_sources
from ..live.stores import list_topics


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDestinations:
    """What an environment may send its failures to: ARNs."""

    environment: str
    """Its name."""
    queue: str
    topic: str


def find_failure_destinations(account: Account, environment: str = "") -> FailureDestinations:
    """Return the destinations of an environment, or of the only one. Raises Unreadable if they are not certain.

    They are those that its execution role may send to, so that no file has to name them.
    """
    roles = {one["Name"]: one["ExecutionRoleArn"] for one in list_environments(account)}
    name = environment or _require_one("Airflow environment", [*roles], "name it in [airflow] environment")
    if name not in roles:
        raise Unreadable(f"there is no Airflow environment {name!r}{suggest(name, roles)}")
    queues = (arn for arn in find_dead_letter_sources(account) if arn.startswith("arn:aws:sqs:"))
    known = (arn for arn, _ in account.once(list_topics))
    return FailureDestinations(
        environment=name,
        queue=_find_allowed(account, roles[name], "sqs:SendMessage", "dead-letter queue", queues),
        topic=_find_allowed(account, roles[name], "sns:Publish", "topic", known),
    )


def _find_allowed(account: Account, role: str, action: str, kind: str, arns: Iterable[str]) -> str:
    allowed = read_rights(account, role)
    found = [arn for arn in dict.fromkeys(arns) if allowed.may(action, arn)]
    return _require_one(f"{kind} that {role} may send to", found, f"allow it {action} on one")


def _require_one(kind: str, found: Sequence[str], remedy: str) -> str:
    if len(found) != 1:
        raise Unreadable(
            f"there is {'more than one' if found else 'no'} {kind}: {', '.join(found) or 'none'}; {remedy}"
        )
    return found[0]
