"""IAM: the name and the id of each policy in GetAccountAuthorizationDetails, which moto leaves out."""

from __future__ import annotations

from moto.iam.models import ManagedPolicy

from .extension import patch

_MISSING_SINCE = "since getmoto/moto#1736"

patch(ManagedPolicy, "policy_name", property(lambda policy: policy.name), upstream=_MISSING_SINCE)
patch(ManagedPolicy, "policy_id", property(lambda policy: policy.id), upstream=_MISSING_SINCE)
