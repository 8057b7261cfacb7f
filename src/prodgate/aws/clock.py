"""How far this machine's clock is from a server's: ages and windows would be wrong by as much."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

#: How far apart they may be.
SKEW: Final = timedelta(minutes=5)


def minutes_apart(date: str | None) -> int:
    """Return how many whole minutes the clocks are apart; 0 where that is allowed, or there is no ``Date``."""
    try:
        apart = abs(datetime.now(UTC) - parsedate_to_datetime(date or ""))
    except (TypeError, ValueError):
        return 0
    return int(apart.total_seconds()) // 60 if apart > SKEW else 0
