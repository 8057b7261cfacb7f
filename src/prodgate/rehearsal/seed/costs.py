"""What the month has cost so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..scenario import Past, seeds

#: Where AWS keeps what belongs to an account and to no region.
_HOME: Final = "us-east-1"


@seeds("costs")
def spend_budgets(section: Mapping[str, Any], past: Past) -> None:
    """Let every budget be used as far as the section says."""
    used = {"ActualSpend": _dollars(section["spent"]), "ForecastedSpend": _dollars(section["forecast"])}
    for budget in past.resources_of("aws_budgets_budget").values():
        past.ledger("budgets", _HOME).of("spent")[budget["name"]] = {"CalculatedSpend": used}


def _dollars(amount: int) -> dict[str, str]:
    return {"Amount": str(amount), "Unit": "USD"}
