"""S3: moto takes every condition in a bucket policy for met, and so refuses whatever a policy refuses under one."""

from __future__ import annotations

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from .extension import patch


def _stay_neutral(_bucket: FakeBucket, _action: str, _resource: str) -> Any:
    """Leave the decision to what comes after the policy: whoever signs a request in this account is its owner."""
    return PermissionResult.NEUTRAL


patch(FakeBucket, "get_permission", _stay_neutral, upstream="getmoto/moto#5820")
