"""The IAM policy of the gate's reading role: what the declared operations need, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from .actions import DRILL_ACTIONS, list_actions

#: Actions that reach contents, and the resources they are limited to; a team that knows the names can narrow them.
LIMITED: Final = {
    # the caller acts in Airflow under this role, which can change nothing
    "airflow:InvokeRestApi": "arn:aws:airflow:*:*:role/*/Viewer",
    "logs:FilterLogEvents": "arn:aws:logs:*:*:log-group:*",
    "s3:GetObject": "arn:aws:s3:::*/*",
    "s3:GetObjectVersion": "arn:aws:s3:::*/*",
    "s3:ListBucket": "arn:aws:s3:::*",
}


#: Characters without white space that a managed policy may hold.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED: Final = 6_144

#: A secret by its name, to which Secrets Manager adds six characters.
_SECRET: Final = "arn:aws:secretsmanager:*:*:secret:{}-??????"  # noqa: S105  no secret
#: The least of Airflow's roles that may trigger runs, for drills.
_TRIGGERS: Final = "arn:aws:airflow:*:*:role/*/User"


def build_policy(secrets: Collection[str] = ()) -> dict[str, Any]:
    """Return the least IAM policy that the gate needs: one statement for each service, and one for each limit.

    ``secrets`` are those, by name or ARN, that a criteria file says to read; no other may be read. It is made for an
    inline policy of a role, which holds 10,240 characters without white space; ``split`` makes managed ones of it.
    """
    free = [action for action in list_actions() if action not in LIMITED]
    services = dict.fromkeys(action.partition(":")[0] for action in free)
    looks = [
        _statement(f"Look {service}", [action for action in free if action.startswith(f"{service}:")], "*")
        for service in services
    ]
    limited = [
        _statement(f"Read {action}", [action], LIMITED[action]) for action in list_actions() if action in LIMITED
    ]
    arns = [each if each.startswith("arn:") else _SECRET.format(each) for each in secrets]
    named = [_statement("Read named secrets", ["secretsmanager:GetSecretValue"], arns)] if arns else []
    through = ["s3.*.amazonaws.com", *(["secretsmanager.*.amazonaws.com"] if arns else ())]
    return {"Version": "2012-10-17", "Statement": [*looks, *limited, *named, _decrypt(through)]}


def split(policy: dict[str, Any], most: int = MANAGED) -> list[dict[str, Any]]:
    """Return the least policies in this order, each of at most so many characters, that together allow the same.

    A statement that is too long by itself is divided.
    """
    found: list[dict[str, Any]] = []
    for statement in (part for whole in policy["Statement"] for part in _divide(whole, policy, most)):
        longer = {**policy, "Statement": [*(found[-1]["Statement"] if found else ()), statement]}
        if found and _size(longer) <= most:
            found[-1] = longer
        else:
            found.append({**policy, "Statement": [statement]})
    return found


def _divide(statement: dict[str, Any], policy: dict[str, Any], most: int) -> Iterator[dict[str, Any]]:
    lists = [name for name in ("Action", "Resource") if isinstance(statement[name], list) and len(statement[name]) > 1]
    if _size({**policy, "Statement": [statement]}) <= most or not lists:
        yield statement
        return
    longest = max(lists, key=lambda name: len(json.dumps(statement[name])))
    half = len(statement[longest]) // 2
    for part, letter in ((statement[longest][:half], "A"), (statement[longest][half:], "B")):
        yield from _divide({**statement, longest: part, "Sid": f"{statement['Sid']}{letter}"}, policy, most)


def _size(policy: dict[str, Any]) -> int:
    return len(json.dumps(policy, separators=(",", ":")))


def _decrypt(services: list[str]) -> dict[str, Any]:
    """Let the gate read, through a service, what a customer's key encrypts: those services ask KMS in its name.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    only_through = {"Condition": {"StringLike": {"kms:ViaService": services}}}
    return _statement("Decrypt what is read", ["kms:Decrypt"], "arn:aws:kms:*:*:key/*") | only_through


def build_drill_policy() -> dict[str, Any]:
    """Return what a drill needs in addition, for a role of its own."""
    trigger = _statement("Trigger runs", ["airflow:InvokeRestApi"], _TRIGGERS)
    return {"Version": "2012-10-17", "Statement": [_statement("Drill", list(DRILL_ACTIONS), "*"), trigger]}


def _statement(title: str, allowed: list[str], resource: str | list[str]) -> dict[str, Any]:
    sid = "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", title))
    return {"Sid": sid, "Effect": "Allow", "Action": allowed, "Resource": resource}
