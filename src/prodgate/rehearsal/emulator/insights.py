"""RDS: whether Performance Insights watches an instance, which moto forgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .extension import Ledger, answers

#: What the caller asks for -> what is said of the instance.
_KEPT: Final = {
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}


@answers("rds", "CreateDBInstance", "ModifyDBInstance")
def put_instance(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change an instance, and remember what moto forgets."""
    made = ledger.moto()
    kept = ledger.of("insights").setdefault(params["DBInstanceIdentifier"], {"PerformanceInsightsEnabled": False})
    kept.update({said: params[asked] for asked, said in _KEPT.items() if asked in params})
    return {"DBInstance": {**made["DBInstance"], **kept}}


@answers("rds", "DescribeDBInstances")
def describe_instances(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return instances, with what moto forgets."""
    kept = ledger.of("insights")
    found = ledger.moto()["DBInstances"]
    return {"DBInstances": [{**one, **kept.get(one["DBInstanceIdentifier"], {})} for one in found]}
