"""Opening the account that is observed: the one that the criteria name, or an emulated one with what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ...aws.answers import Unreadable
from ...aws.calls import LiveCalls
from ...aws.clients import VERSION, rehearsal_clients
from ...aws.sessions import open_account
from ...criteria import UsageError
from ...sections.rehearsal import name_past
from ...terraform.diagnostics import TerraformError
from ..layer import LayerContext
from ..named_site import require_account
from ..rehearsal import EmulatedAccount, load_rehearsal
from .unrehearsed import is_asked

#: Where a project keeps its DAGs.
DAGS: Final = "dags"


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """An account that is open."""

    id: str
    region: str
    calls: LiveCalls
    notes: tuple[str, ...] = ()
    """What a rehearsal could not create as declared."""
    unrehearsed: Mapping[str, str] = field(default_factory=dict)
    """Why a declared resource is not in a rehearsal's account, by address."""
    library: str = f"botocore {VERSION}"


@contextmanager
def open_target(context: LayerContext) -> Iterator[LiveTarget]:
    """Open the stated account, or an emulated one in a rehearsal, while the context is open. Raises UsageError."""
    if context.target.rehearsal:
        with _open_rehearsal(context) as target:
            yield target
        return
    account, region = require_account(context), context.target.region
    yield LiveTarget(account, region, open_account(context.target.profile, region, account))


@contextmanager
def _open_rehearsal(context: LayerContext) -> Iterator[LiveTarget]:
    """Provision an emulated account with what is declared. Raises UsageError."""
    root = context.stated.applied_root
    if not root:
        raise UsageError(f'{context.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    try:
        opened = load_rehearsal().open_account(
            context.project / root,
            var_files=context.var_files,
            dags=context.project / DAGS,
            past=name_past(context.stated.rehearsal, context.project),
            shared=context.shared_account,
            progress=context.progress_of("live"),
        )
        with opened as made:
            _refuse_other_cell(made, context.journal.cell)
            notes = tuple(_notes(made))
            for note in notes:
                context.note("live", note)
            calls = LiveCalls(rehearsal_clients(made.endpoint, made.region, reads=True), account=made.id)
            yield LiveTarget(made.id, made.region, calls, notes, dict(_list_missing(made)))
    except (TerraformError, Unreadable) as error:
        raise UsageError(str(error)) from error


def _refuse_other_cell(made: EmulatedAccount, cell: str) -> None:
    """Raise UsageError when the account is not that of the cell which is rehearsed."""
    if cell and not cell.startswith(f"{made.id}/{made.region}/"):
        raise UsageError(
            f"the root makes account {made.id} in {made.region}, and {cell} is rehearsed; let allowed_account_ids and "
            "region of the provider be variables, and set them by TF_VAR_…"
        )


def _list_missing(made: EmulatedAccount) -> Iterator[tuple[str, str]]:
    """Yield each declared resource that is not there, by its address, and why."""
    for addresses in made.not_created.values():
        yield from ((address, f"{address} can't be rehearsed yet") for address in addresses)
    for flaw in made.failed:
        if flaw.address:
            yield flaw.address, f"{flaw.address} was not created: {flaw.detail or flaw.summary}"


def _notes(made: EmulatedAccount) -> Iterator[str]:
    for type_, addresses in made.not_created.items():
        named = ", ".join(addresses)
        if is_asked(addresses[0]):
            yield f"{type_} can't be rehearsed yet: {named}"
        else:
            yield f"{type_} is judged as it is declared, as no check asks an account about it: {named}"
    for flaw in made.failed:
        yield f"{flaw.address or flaw.position} was not created: {flaw.detail or flaw.summary}"
    for section, why in made.past_failed.items():
        yield f"{section or 'the past'} of the scenario did not happen: {why}"
