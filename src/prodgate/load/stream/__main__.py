"""The process of a stream: its argument is a plan as JSON; it sends until its input ends.

It prints a line of JSON for each window that is over, and the record as the last.
"""

import asyncio
import gc
import json
import signal
import sys

from .process import Plan
from .sender import Outcomes, Sender


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(plan: Plan) -> None:
    """Send until the input ends, and print the record."""
    stop, over = asyncio.Event(), "the limit was reached"
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    outcomes = Outcomes(plan, _write_line)
    began = await Sender(plan, outcomes).run(stop)
    if stop.is_set():
        over = ""
    json.dump(outcomes.to_record(began, over), sys.stdout, separators=(",", ":"))
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it says when it is enough
    gc.freeze()  # what is loaded stays: a collection need not look at it
    asyncio.run(main(Plan.from_json(json.loads(sys.argv[1]))))
