"""The IAM policy of the gate's reading role: what the declared operations need, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
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


#: A secret by its name, to which Secrets Manager adds six characters.
_SECRET: Final = "arn:aws:secretsmanager:*:*:secret:{}-??????"  # noqa: S105  no secret
#: The least of Airflow's roles that may trigger runs, for drills.
_TRIGGERS: Final = "arn:aws:airflow:*:*:role/*/User"


def build_policy(secrets: Collection[str] = ()) -> dict[str, Any]:
    """Return the least IAM policy that the gate needs: one statement for each service, and one for each limit.

    ``secrets`` are those, by name or ARN, that a criteria file says to read; no other may be read. It is made for an
    inline policy of a role, which holds 10,240 characters without white space; a managed policy holds 6,144.
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
