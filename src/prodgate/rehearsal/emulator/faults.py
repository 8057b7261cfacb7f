"""Faults on demand: denied, throttled, slow and broken answers, to prove that the gate loses nothing by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .calls import Call
from .extension import Refused

#: The code and status of a kind of fault by protocol; ``""`` for all others.
CODES: Final[Mapping[str, Mapping[str, tuple[str, int]]]] = {
    "deny": {
        "ec2": ("UnauthorizedOperation", 403),
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "": ("AccessDenied", 403),
    },
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503),
        "json": ("ThrottlingException", 400),
        "rest-json": ("ThrottlingException", 429),
        "rest-xml": ("SlowDown", 503),
        "": ("Throttling", 400),
    },
    "fail": {"": ("InternalFailure", 500)},
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """What to do to some calls; the fields are what ``POST /_prodgate/faults`` takes."""

    service: str = "*"
    operation: str = "*"
    kind: str = ""
    """``deny``, ``throttle`` or ``fail``: the code and the status are those of AWS in the protocol of the call."""
    code: str = ""
    status: int = 0
    message: str = "by a fault of the rehearsal"
    after: int = 0
    """Calls that pass before the first is hit, such as the first page of a list."""
    times: int = -1
    """Calls that are hit; without an end where negative."""
    every: int = 1
    """Only every nth call is hit."""
    calls_per_second: float = 0.0
    """Only what exceeds a token bucket of this rate, and of this size, is hit."""
    delay: float = 0.0
    """Seconds before the answer."""
    truncate: int = -1
    """Bytes of the answer's body that arrive before the connection breaks; all where negative."""
    clock_skew: float = 0.0
    """Seconds by which the answer's Date is wrong."""
    seen: int = 0
    hit: int = 0
    tokens: float | None = None
    filled: float = 0.0

    def strikes(self, call: Call, now: float) -> bool:
        """Whether it hits this call; counts it."""
        if self.service not in ("*", call.service) or self.operation not in ("*", call.operation):
            return False
        self.seen += 1
        if self.seen <= self.after or 0 <= self.times <= self.hit or (self.seen - self.after - 1) % self.every:
            return False
        if self.calls_per_second and self._allows(now):
            return False
        self.hit += 1
        return True

    def _allows(self, now: float) -> bool:
        held = self.calls_per_second if self.tokens is None else self.tokens
        filled = min(self.calls_per_second, held + (now - self.filled) * self.calls_per_second)
        self.tokens, self.filled = (filled - 1 if filled >= 1 else filled), now
        return filled >= 1

    def refusal(self, call: Call) -> Refused | None:
        """Return the error that the call gets; None where the fault lets it be answered."""
        known = CODES.get(self.kind, {})
        code, status = known.get(call.protocol) or known.get("", ("", 0))
        if not (self.code or code):
            return None
        return Refused(self.code or code, self.message, self.status or status or 400)


@dataclass(slots=True)
class Faults:
    """The faults in force."""

    all: list[Fault] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic

    def add(self, stated: Mapping[str, Any]) -> None:
        """Add a fault. Raises TypeError for a field that a fault does not have."""
        self.all.append(Fault(**stated))

    def striking(self, call: Call) -> list[Fault]:
        """Return those that hit a call."""
        now = self.clock()
        return [fault for fault in self.all if fault.strikes(call, now)]
