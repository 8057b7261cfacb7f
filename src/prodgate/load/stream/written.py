"""Whether writes that were acknowledged are there when all is over, once each: they are read back, some sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .exchange import Answer, Connection
from .plan import AGAIN, ATTEMPTS, KEPT, Plan, Request, key_of

#: Writes that are kept one by one when something is wrong with them; of more, only their number.
_SHOWN: Final = 20
_MISSING: Final = 404
_OK: Final = 200
#: What a site says of a write that it knows: how often it took effect.
_TIMES: Final = "times"

#: Carries one request over a connection that may be kept, and returns its answer with the connection, None once closed.
Carry = Callable[[Request, Connection | None], Awaitable[tuple[Answer, Connection | None]]]


class _NotTold(Exception):
    """The site did not say how often a write took effect."""


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    times: dict[int, int] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)


async def read_back(plan: Plan, acknowledged: Mapping[int, str], carry: Carry) -> dict[str, Any]:
    """Send some writes again, spread evenly over all, then read every one; at the rate of the plan.

    Returns ``{"acknowledged", "again", "lost", "doubled", "unread", "why", "first": [{"number", "at", "build",
    "times"}, …]}``: how many of each there are, why one could not be read, and the first that were lost or doubled.
    """
    numbers = sorted(acknowledged)
    again = numbers[:: max(1, len(numbers) // AGAIN)][:AGAIN]
    found = _Found()
    steps = [(number, True) for number in again] + [(number, False) for number in numbers]
    begin = asyncio.get_running_loop().time()
    # what is sent again has ended before anything is read, or a double could come after its count
    await _take(plan, steps[: len(again)], begin, carry, found)
    await _take(plan, steps[len(again) :], begin + len(again) / plan.rate, carry, found)
    wrong = [number for number in numbers if found.times.get(number, 1) != 1]
    return {
        "acknowledged": len(numbers),
        "again": len(again),
        "lost": sum(times == 0 for times in found.times.values()),
        "doubled": sum(times > 1 for times in found.times.values()),
        "unread": len(found.unread),
        "why": next(iter(found.unread.values()), ""),
        "first": [
            {"number": number, "at": round(number / plan.rate, 4), "build": acknowledged[number]}
            | {"times": found.times[number]}
            for number in wrong[:_SHOWN]
        ],
    }


async def _take(plan: Plan, steps: list[tuple[int, bool]], begin: float, carry: Carry, found: _Found) -> None:
    """Take all steps, over as many connections as are kept, each at its time or later."""
    due = [(begin + at / plan.rate, number, write) for at, (number, write) in enumerate(steps)]
    await asyncio.gather(*(_work(plan, iter(due[worker::KEPT]), carry, found) for worker in range(KEPT)))


async def _work(plan: Plan, steps: Iterator[tuple[float, int, bool]], carry: Carry, found: _Found) -> None:
    connection: Connection | None = None
    for due, number, write in steps:
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        for _ in range(ATTEMPTS):
            try:
                async with asyncio.timeout(plan.timeout):
                    answer, connection = await carry(_make_request(plan, number, write=write), connection)
                if not write:
                    found.times[number] = _read_times(answer)
            except Exception as error:  # noqa: BLE001  however it fails, nothing was learned of the write
                connection = None
                found.unread[number] = str(error) or type(error).__name__
            else:
                found.unread.pop(number, None)
                break
    if connection is not None:
        connection.close()


def _make_request(plan: Plan, number: int, *, write: bool) -> Request:
    key = key_of(plan, number)
    if write:
        return Request(number, "POST", plan.write, 0, key)
    return Request(number, "GET", plan.written.replace("{key}", key), 0)


def _read_times(answer: Answer) -> int:
    """Return how often a write took effect. Raises _NotTold."""
    if answer.status == _MISSING:
        return 0
    if answer.status != _OK:
        raise _NotTold(f"answered {answer.status}")
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    times = told.get(_TIMES) if isinstance(told, dict) else None
    if type(times) is not int:
        raise _NotTold(f"the answer is no JSON object with a whole number under {_TIMES!r}")
    return times
