"""The outcomes of a call besides a value: something is absent, or there is no answer at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """Takes the place of a fact's field that could not be observed."""

    reason: str


class Absent(Exception):
    """AWS says that there is no such thing, which is a fact. ``code`` is AWS's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unreadable(Exception):
    """There is no answer: denied, throttled, unsupported, cut off. ``reason`` says why, and of which call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
