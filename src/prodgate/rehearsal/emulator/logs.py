"""CloudWatch Logs: events found by regular expressions, for which moto returns every event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .extension import Ledger, corrects


@corrects("logs", "FilterLogEvents", upstream="since getmoto/moto#5428")
def filter_log_events(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the events that a pattern finds; one between ``%`` is a regular expression."""
    pattern = params.get("filterPattern", "")
    if not re.fullmatch(r"%.+%", pattern):
        return ledger.moto()
    found = ledger.moto(**{name: value for name, value in params.items() if name not in ("filterPattern", "limit")})
    return {**found, "events": [one for one in found["events"] if re.search(pattern[1:-1], one["message"])]}
