"""What a call can come to: a value, the fact that something is absent, or no answer at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands in a field of a fact for what could not be observed."""

    reason: str


class Absent(Exception):
    """AWS says that there is no such thing; that is a fact. ``code`` is AWS's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unreadable(Exception):
    """Nothing can be said: denied, throttled out, unsupported, cut off. ``reason`` says which, and of what call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
