"""Settings of the environment that change what Python and pytest do behind the gate's back."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Iterator
from typing import Final

#: Variables of Python that no child is given: they strip assertions, keep an interpreter open, or run code first.
_OF_PYTHON: Final = frozenset(
    {"PYTHONBREAKPOINT", "PYTHONCASEOK", "PYTHONDEBUG", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP",
     "PYTHONTRACEMALLOC", "PYTHONVERBOSE", "PYTHONWARNINGS"}
)  # fmt: skip
#: What the variables of pytest begin with, which are for the user's own tests.
_OF_PYTEST: Final = "PYTEST_"


#: Objects that are made before Python looks for cycles among them. What a command makes stays to its end and has hardly
#: any, and by itself (700) it looks hundreds of times, which takes a tenth of the whole command.
_LOOK_AFTER: Final = 50_000


def drop_settings(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment without what changes Python or pytest."""
    return {
        name: value for name, value in environment.items() if name not in _OF_PYTHON and not name.startswith(_OF_PYTEST)
    }


def prepare_interpreter(code: int) -> None:
    """Let the interpreter print any letter; end one that can't give a verdict, with this exit code.

    It is ended at once: an interpreter that stays open would give another code in the end.
    """
    gc.set_threshold(_LOOK_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an encoding without a letter must not end the gate
    if reasons := list(find_unsound()):
        sys.stderr.write("".join(f"prodgate: {reason}\n" for reason in reasons))
        sys.stderr.flush()
        os._exit(code)


def find_unsound() -> Iterator[str]:
    """Say why this interpreter can't give a verdict, a line per reason."""
    if sys.flags.optimize:
        set_by = os.environ.get("PYTHONOPTIMIZE")
        given = f"PYTHONOPTIMIZE={set_by}" if set_by else "-O"
        yield f"{given}: strips the assertions that judges rest on; run without it"
    if sys.flags.inspect or os.environ.get("PYTHONINSPECT"):
        yield "PYTHONINSPECT or -i: replaces the exit code by that of an open interpreter; run without it"
