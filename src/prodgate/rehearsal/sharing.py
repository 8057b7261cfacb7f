"""`python -m prodgate.rehearsal.sharing ROOT --line N …`: apply a root once, and give out copies of the account.

The root is applied at once, while the layers start. A line is a socket whose other end one layer holds. A byte on it
requests a copy of the account as it was just after the apply; the response is a line of JSON, which `shared_account`
reads. Copies end with their line, and all of it ends with standard input.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from socket import socket
from typing import Any, Final, Self

from ..processes.lifeline import end_with_parent
from ..terraform.diagnostics import TerraformError, refusal
from .account import OriginalAccount, RehearsalAccount, apply_root

#: Seconds that a layer may take to read a response.
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """The applied account, or why it could not be applied."""

    _applied: OriginalAccount | TerraformError

    @classmethod
    def apply(cls, opened: Callable[[], AbstractContextManager[OriginalAccount]], ends: ExitStack) -> Self:
        """Apply the account, which lives until ``ends`` closes."""
        try:
            return cls(ends.enter_context(opened()))
        except TerraformError as error:
            return cls(error)
        except OSError as error:
            return cls(refusal("the account can't be applied", str(error)))

    def answer(self, ends: ExitStack) -> Mapping[str, Any]:
        """Return the description of a copy that lives until ``ends`` closes, or why there is none."""
        try:
            if isinstance(self._applied, TerraformError):
                raise self._applied
            return _describe(ends.enter_context(self._applied.copy()))
        except TerraformError as error:
            return {"refused": [asdict(each) for each in error.diagnostics]}


def _describe(copy: RehearsalAccount) -> Mapping[str, Any]:
    return {
        "id": copy.id,
        "region": copy.region,
        "endpoint": copy.endpoint,
        "state": copy.applied.state,
        "diagnostics": [asdict(each) for each in copy.applied.diagnostics],
    }


def serve(account: SharedAccount, lines: Sequence[socket]) -> None:
    """Answer on every line until the layers at their other ends are gone."""
    with DefaultSelector() as asked, ExitStack() as all_ends:
        for line in lines:
            line.settimeout(_PATIENCE)
            asked.register(line, EVENT_READ, (line, all_ends.enter_context(ExitStack())))
        while asked.get_map():
            for key, _ in asked.select():
                line, ends = key.data
                if not _answer(account, line, ends):
                    asked.unregister(line)
                    ends.close()
                    line.close()


def _answer(account: SharedAccount, line: socket, ends: ExitStack) -> bool:
    """Answer a request on a line; return whether the other end is still there."""
    try:
        if not line.recv(1):
            return False
        line.sendall(json.dumps(account.answer(ends)).encode() + b"\n")
    except OSError:  # the layer has ended meanwhile
        return False
    return True


def main(arguments: list[str]) -> int:
    """Share one account until nobody needs it any more."""
    parser = argparse.ArgumentParser(prog="prodgate.rehearsal.sharing")
    parser.add_argument("root", type=Path)
    parser.add_argument("--var-file", action="append", default=[], type=Path)
    parser.add_argument("--account", default="")
    parser.add_argument("--line", action="append", default=[], type=int)
    given = parser.parse_args(arguments)
    lines = [socket(fileno=number) for number in given.line]
    for line in lines:
        line.set_inheritable(False)
    try:
        end_with_parent(sys.stdin.fileno(), lambda: os.kill(os.getpid(), signal.SIGINT))
        with ExitStack() as ends:
            progress = partial(print, file=sys.stderr, flush=True)  # the run shows what it prints
            opened = partial(apply_root, given.root, var_files=given.var_file, account=given.account, progress=progress)
            try:
                serve(SharedAccount.apply(opened, ends), lines)
            finally:  # ends every started process once, however often that is requested
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
