"""Secrets Manager: rotation, for which moto would run the function's code."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .extension import Ledger, Refused, corrects

_DAY = 86_400


@corrects("secretsmanager", "RotateSecret", upstream="since getmoto/moto#3912")
def rotate_secret(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rotate a secret by schedule, its function being taken for one that works."""
    try:
        secret = ledger.backend.secrets[params["SecretId"]]
    except KeyError:
        raise Refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.") from None
    rules = params.get("RotationRules") or {}
    secret.rotation_enabled = secret.rotation_requested = True
    secret.rotation_lambda_arn = params.get("RotationLambdaARN") or secret.rotation_lambda_arn or ""
    secret.auto_rotate_after_days = rules.get("AutomaticallyAfterDays") or secret.auto_rotate_after_days
    now = int(time.time())
    if params.get("RotateImmediately", True):
        secret.last_rotation_date = now
    secret.next_rotation_date = now + secret.auto_rotate_after_days * _DAY
    return {"ARN": secret.arn, "Name": secret.name}
