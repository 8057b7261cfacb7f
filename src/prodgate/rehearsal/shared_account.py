"""A layer's copy of the account that is applied once for a whole run (`sharing` is the process that applies it)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ..processes.child import read_first_line
from ..processes.progress import Progress
from ..terraform.apply import ApplyResult
from ..terraform.diagnostics import Diagnostic, TerraformError, refusal
from ..terraform.evaluate import read_time_limit
from ..terraform.positions import Position
from .account import RehearsalAccount
from .emulator_process import RunningEmulator
from .scenario import SCENARIO

#: Commands of core whose time limits whoever waits has to wait for: initialise, read the provider block, apply.
_COMMANDS: Final = 3


@contextmanager
def copy_shared(
    line: int, *, dags: Path | None, progress: Progress, scenario: Path = SCENARIO
) -> Iterator[RehearsalAccount]:
    """Ask on a line for a copy of the account as it was applied, and give it a past that ends now.

    The copy ends with this process. Raises TerraformError when the account could not be applied or copied.
    """
    progress("waiting for the account, which is applied once for all layers")
    account = _read_account(_ask(line))
    progress("what happened before in this copy of the account")
    yield account.give_past(dags, scenario)


def _ask(line: int) -> Mapping[str, Any]:
    limit = _COMMANDS * read_time_limit()
    until = monotonic() + limit
    try:
        os.write(line, b"?")
        said = read_first_line(line, limit)
    except OSError as error:
        raise _make_lost() from error
    if not said and monotonic() >= until:
        hint = "set PRODGATE_TERRAFORM_TIMEOUT to more seconds for each of core's commands"
        raise refusal(f"the account was not applied within {limit:g} s", hint)
    if not said:
        raise _make_lost()
    told: Mapping[str, Any] = json.loads(said)
    return told


def _make_lost() -> TerraformError:
    return refusal("the process that applies the account has ended", "see logs/account.txt")


def _read_account(told: Mapping[str, Any]) -> RehearsalAccount:
    if "refused" in told:
        raise TerraformError(*_read_diagnostics(told["refused"]))
    applied = ApplyResult(state=told["state"], diagnostics=_read_diagnostics(told["diagnostics"]))
    emulator = RunningEmulator(told["endpoint"])
    return RehearsalAccount(id=told["id"], region=told["region"], applied=applied, emulator=emulator)


def _read_diagnostics(told: Sequence[Mapping[str, Any]]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(**{**each, "position": Position(**each["position"]) if each["position"] else None}) for each in told
    )
