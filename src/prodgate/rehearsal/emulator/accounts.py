"""Several accounts beside one another: whose credentials signed a call, and what its policy shows of another account.

A key of twelve digits is any credentials of that account; others are looked up at moto, which gives them out for roles
that are assumed. What belongs to another account is answered by that account, as far as the policy of the thing lets
the caller in, and as far as AWS's call reaches there at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from moto.backends import get_backend
from moto.s3.models import s3_backends

from ...aws.actions import required_actions
from .calls import Call
from .extension import Ledger, Refused

_ACCOUNT: Final = re.compile(r"\d{12}")

#: Given the ledger of the owner and what is named, returns the policy of that, or "" where nobody else is shown it.
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
    """Return the account of what a call names, "" where it names nothing by its account."""
    if call.service == "s3" and (bucket := call.params.get("Bucket")):
        return str(s3_backends.bucket_accounts.get(bucket, ("", ""))[1])
    name = call.params.get(_SHOWN.get((call.service, call.operation), ("", _nobody))[0], "")
    return name.split(":")[4] if name.startswith("arn:") else ""


def refuse_strangers(call: Call, owner: Ledger) -> None:
    """Raise Refused unless what a call names lets the calling account in."""
    parameter, read = ("Bucket", _bucket) if call.service == "s3" else _SHOWN[call.service, call.operation]
    policy = read(owner, call.params[parameter])
    if not all(_admits(policy, action, call.account) for action in required_actions(call.service, call.operation)):
        code = _CODES.get(call.service, "AccessDenied")
        raise Refused(code, f"{call.account} may not {call.operation} of {call.params[parameter]}", 403)


def _admits(policy: str, action: str, account: str) -> bool:
    """Whether a policy lets all of an account do something, whatever it does; what has a condition does not count."""
    stated = list(_read(policy))
    open_ = [one for one in stated if one["Effect"] == "Allow" and "Condition" not in one]
    shut = [one for one in stated if one["Effect"] == "Deny"]
    return any(_speaks(one, action, account) for one in open_) and not any(
        _speaks(one, action, account) for one in shut
    )


def _read(policy: str) -> Iterator[Mapping[str, Any]]:
    stated = json.loads(policy or "{}").get("Statement", [])
    yield from stated if isinstance(stated, list) else [stated]


def _speaks(statement: Mapping[str, Any], action: str, account: str) -> bool:
    who = statement.get("Principal", "")
    named = who.get("AWS", ()) if isinstance(who, dict) else who
    names = [named] if isinstance(named, str) else named
    actions = statement.get("Action", ())
    patterns = [actions] if isinstance(actions, str) else actions
    return bool({"*", account, f"arn:aws:iam::{account}:root"} & set(names)) and any(
        fnmatchcase(action.lower(), one.lower()) for one in patterns
    )


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
    """Return that every account may look at the trail of its organization, and at no other of another account."""
    trails = owner.ask("cloudtrail", "DescribeTrails")["trailList"]
    shown = any(one["TrailARN"] == arn and one.get("IsOrganizationTrail") for one in trails)
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "cloudtrail:*"}
    return json.dumps({"Statement": [allowed] if shown else []})


#: Calls that may name something of another account, by the parameter that does, and whose policy lets strangers in.
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
#: What a service says to strangers, where it is not ``AccessDenied``.
_CODES: Final = {
    "cloudtrail": "TrailNotFoundException",
    "kms": "AccessDeniedException",
    "sns": "AuthorizationError",
}
