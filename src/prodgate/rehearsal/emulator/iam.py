"""IAM: the details of policies that moto leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers


@answers("iam", "GetAccountAuthorizationDetails")
def get_account_authorization_details(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return moto's answer with the name and id of each policy, without which botocore's model is not met."""
    told = ledger.moto()
    whole: Mapping[str, Any] = _serialize_documents(
        {**told, "Policies": [_complete_policy(policy) for policy in told["Policies"]]}
    )
    return whole


def _complete_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {"PolicyName": policy["Arn"].rpartition("/")[2], "PolicyId": policy["Arn"], **policy}


def _serialize_documents(value: Any, name: str = "") -> Any:
    """Return the value with documents as texts, as they go over the wire."""
    if name.endswith("Document"):
        return value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, Mapping):
        return {key: _serialize_documents(inner, key) for key, inner in value.items()}
    return [_serialize_documents(inner) for inner in value] if isinstance(value, list) else value
