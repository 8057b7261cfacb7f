"""A child's tracebacks are for its log; what they end with is said."""

from __future__ import annotations

from prodgate.processes.progress import hide_tracebacks

SAID = """static: starting
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    main()
    ~~~~^^
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 2, in <module>

OSError: [Errno 27] File too large
  indented, and no call
static: judging"""


def test_calls_are_left_out() -> None:
    assert [line for line in hide_tracebacks(SAID.splitlines()) if line] == [
        "static: starting",
        "KeyError: 'a'",
        "During handling of the above exception, another exception occurred:",
        "OSError: [Errno 27] File too large",
        "  indented, and no call",
        "static: judging",
    ]
