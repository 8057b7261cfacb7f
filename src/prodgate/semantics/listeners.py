"""Listeners of load balancers: which of AWS's security policies refuse old versions of TLS."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MODERN_LISTENER", "OLDEST"]

#: What a listener that names no policy has; it still accepts TLS 1.0.
OLDEST: Final = "ELBSecurityPolicy-2016-08"
#: The policies that accept TLS 1.2 or newer only.
MODERN_LISTENER: Final = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-")
