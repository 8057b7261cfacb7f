"""`python -m prodgate.rehearsal.sharing ROOT --line N …`: apply a root once, and give out copies of the account.

A line is a socket of which one layer holds the other end. A byte on it asks for a copy of the account as it was when
everything was applied, and is answered by a line of JSON, which `shared_account` reads. Copies end with their line, and
all of it ends with standard input.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from socket import socket
from typing import Any, Final

from ..processes.lifeline import end_with_parent
from ..terraform.diagnostics import TerraformError, refusal
from .account import OriginalAccount, RehearsalAccount, apply_root

#: Seconds that a layer may take to take in an answer.
_PATIENCE: Final = 60.0


@dataclass(slots=True)
class SharedAccount:
    """The account, which is applied when the first layer asks for it; or why it could not be applied."""

    _open: Callable[[], AbstractContextManager[OriginalAccount]]
    _ends: ExitStack
    _applied: OriginalAccount | TerraformError | None = field(default=None)

    def answer(self, ends: ExitStack) -> Mapping[str, Any]:
        """Return what is said of a copy that lives until ``ends`` is left, or why there is none."""
        try:
            return _describe(ends.enter_context(self._apply_once().copy()))
        except TerraformError as error:
            return {"refused": [asdict(each) for each in error.diagnostics]}

    def _apply_once(self) -> OriginalAccount:
        if self._applied is None:
            try:
                self._applied = self._ends.enter_context(self._open())
            except TerraformError as error:
                self._applied = error
            except OSError as error:
                self._applied = refusal("the account can't be applied", str(error))
        if isinstance(self._applied, TerraformError):
            raise self._applied
        return self._applied


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
    """Answer what is asked on a line; return whether anybody is there who asks."""
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
    parser.add_argument("--line", action="append", default=[], type=int)
    given = parser.parse_args(arguments)
    lines = [socket(fileno=number) for number in given.line]
    for line in lines:
        line.set_inheritable(False)
    try:
        end_with_parent(sys.stdin.fileno(), lambda: os.kill(os.getpid(), signal.SIGINT))
        with ExitStack() as ends:
            opened = partial(apply_root, given.root, var_files=given.var_file, progress=_print_progress)
            try:
                serve(SharedAccount(opened, ends), lines)
            finally:  # what was started is ended once, however often that is asked for
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        return 130
    return 0


def _print_progress(step: str) -> None:
    print(step, file=sys.stderr, flush=True)  # noqa: T201  the run shows what it prints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
