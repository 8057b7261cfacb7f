"""Where an MWAA environment sends its failures: a dead-letter queue, and the topic that notifies people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...criteria import suggest
from ..live.airflow import list_environments
from ..live.permissions import read_rights
from ..live.queues import find_dead_letter_sources, list_queues
from ..live.sending import may_send
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

    They are those that its execution role may send to, under the keys that encrypt them, so that no file has to name
    them.
    """
    roles = {one["Name"]: one["ExecutionRoleArn"] for one in list_environments(account)}
    name = environment or _require_one("Airflow environment", [*roles], "name it in [airflow] environment")
    if name not in roles:
        raise Unreadable(f"there is no Airflow environment {name!r}{suggest(name, roles)}")
    sources = find_dead_letter_sources(account)
    queues = (one for one in list_queues(account) if one.get("QueueArn") in sources)
    topics = ({**row, "TopicArn": arn} for arn, row in account.once(list_topics))
    return FailureDestinations(
        environment=name,
        queue=_find_allowed(account, roles[name], "sqs:SendMessage", "dead-letter queue", queues),
        topic=_find_allowed(account, roles[name], "sns:Publish", "topic", topics),
    )


def _find_allowed(account: Account, role: str, action: str, kind: str, places: Iterable[Mapping[str, str]]) -> str:
    allowed = read_rights(account, role)
    found = [
        place.get("QueueArn") or place["TopicArn"]
        for place in places
        if may_send(account, role, allowed, action, place)
    ]
    remedy = f"allow it {action} on one, and its key where a customer's encrypts it"
    return _require_one(f"{kind} that {role} may send to", [*dict.fromkeys(found)], remedy)


def _require_one(kind: str, found: Sequence[str], remedy: str) -> str:
    if len(found) != 1:
        raise Unreadable(
            f"there is {'more than one' if found else 'no'} {kind}: {', '.join(found) or 'none'}; {remedy}"
        )
    return found[0]
