"""The process of a stream: its argument is a plan as JSON; it sends until its input ends, then prints the record."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys

from .outcomes import Outcomes
from .plan import Plan
from .sender import Sender


async def main(plan: Plan) -> None:
    """Send until the input ends, and print the record."""
    stop, over = asyncio.Event(), "the limit was reached"
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), stop.set)
    outcomes = Outcomes(plan)
    began = await Sender(plan, outcomes).run(stop)
    if stop.is_set():
        over = ""
    json.dump(outcomes.to_record(began, over), sys.stdout, separators=(",", ":"))
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when it is enough
    gc.freeze()  # what is loaded stays: a collection need not look at it
    asyncio.run(main(Plan.from_json(json.loads(sys.argv[1]))))
