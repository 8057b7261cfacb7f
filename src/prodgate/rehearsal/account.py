"""The rehearsal account: an emulator in which real core has created what a configuration declares.

The account and its processes end with the context, even if this process is killed.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

from ..aws.clients import Clients, rehearsal_clients
from ..processes.child import read_first_line
from ..processes.interpreter import own_python
from ..processes.progress import Progress
from ..terraform.core import ApplyResult, Core, state_server, var_file_options
from ..terraform.diagnostics import Diagnostic, TerraformError, errors_in, refusal
from ..terraform.evaluate import check_variable_file, read_time_limit, scratch_directory, silent
from ..terraform.positions import Position
from ..terraform.provider.planning import NOT_CREATED
from ..terraform.provider.synthesis import Settings, read_settings
from ..terraform.runner import find_engine, prepare_environment, stand_in
from ..terraform.sources import Module, find_only_root, read_tree
from ..terraform.working_copy import copy_tree
from .deployed_dags import deploy
from .emulator_process import ENDPOINT, EmulatorProcess, RunningEmulator, running_emulator
from .scenario import SCENARIO, describe_error
from .unbuilt import apply_unbuilt

PROVIDER: Final = own_python("-m", "prodgate.rehearsal.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalAccount:
    """A running rehearsal account: how to reach it, what it holds, and which declared resources it lacks."""

    id: str
    region: str
    applied: ApplyResult = field(repr=False)
    emulator: RunningEmulator
    past_failed: Mapping[str, str] = field(default_factory=dict)
    """Why a part of the account's past is missing, by section of the scenario."""

    @property
    def endpoint(self) -> str:
        """Its address: the proxy for clients of AWS."""
        return self.emulator.endpoint

    @property
    def clients(self) -> Clients:
        """Clients of the account."""
        return rehearsal_clients(self.endpoint, self.region)

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """The failed creations: ``address`` and reason. Resources that depend on them are missing as well."""
        return errors_in(self.applied.diagnostics)

    @property
    def not_created(self) -> Mapping[str, tuple[str, ...]]:
        """The types that no adapter creates, with the addresses that were treated as created."""
        addresses = {each.address for each in self.applied.diagnostics if each.summary == NOT_CREATED}
        by_type = {kind: tuple(sorted(addresses & found.keys())) for kind, found in self.applied.by_type().items()}
        return {kind: found for kind, found in sorted(by_type.items()) if found}

    def declared(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the attributes that Terraform knows of the resources of a type, by address."""
        return self.applied.by_type().get(kind, {})

    def give_past(self, dags: Path | None, scenario: Path = SCENARIO) -> Self:
        """Let the past happen, including deployments of DAGs; return the account with the parts that failed."""
        failed = dict(self.emulator.seed(self.region, self.applied.by_type(), scenario))
        if dags is not None:
            try:
                deploy(dags, self.declared("aws_mwaa_environment"), self.clients)
            except Exception as error:  # noqa: BLE001  the rest of the account may be as it was
                failed["dags"] = describe_error(error)
        return replace(self, past_failed=failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalAccount:
    """An account that was applied here: it can be copied, and planned once more."""

    account: RehearsalAccount
    _process: EmulatorProcess = field(repr=False)
    _planned: Callable[[], Mapping[str, Any]] = field(repr=False)

    @contextmanager
    def copy(self) -> Iterator[RehearsalAccount]:
        """Run a copy of the account's present state while the context is open; the original stays as it is.

        Raises TerraformError if that fails.
        """
        with self._process.branch() as emulator:
            yield replace(self.account, emulator=emulator)

    def changes(self) -> dict[str, Sequence[str]]:
        """Plan once more; return the changes that core would still make, by address: none if everything was created."""
        changes = {each["address"]: each["change"]["actions"] for each in self._planned()["resource_changes"]}
        return {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}


@contextmanager
def provision(
    path: Path,
    *,
    var_files: Sequence[Path] = (),
    account: str = "",
    dags: Path | None = None,
    scenario: Path = SCENARIO,
    progress: Progress = silent,
) -> Iterator[RehearsalAccount]:
    """Provision the only root at or below ``path`` while the context is open, and give the account a past.

    ``account`` is as for ``apply_root``; ``dags`` is a folder of DAG files that are deployed to its Airflow
    environments, if there is one.

    Raises TerraformError, as ``apply_root`` does.
    """
    with apply_root(path, var_files=var_files, account=account, progress=progress) as original:
        progress("rehearsal: what happened before")
        yield original.account.give_past(dags, scenario)


@contextmanager
def apply_root(
    path: Path, *, var_files: Sequence[Path] = (), account: str = "", progress: Progress = silent
) -> Iterator[OriginalAccount]:
    """Apply the only root at or below ``path`` to an empty account, which exists while the context is open.

    ``account`` is its number, 12 digits, unless the provider block of the root allows just one other.

    Raises TerraformError if there is no such root, if core can't even plan it, or if moto is not installed.
    """
    if find_spec("moto") is None:
        raise refusal("no emulator of AWS was found", "pip install 'prod-gate[core,rehearsal]'")
    root, files = find_only_root(path), [check_variable_file(file) for file in var_files]
    shown, tree = os.path.relpath(root, Path.cwd()), read_tree(root, root)

    def told(step: str) -> None:
        progress(f"rehearsal: applying {shown}: {step}")

    options = ("--account", account) if account else ()
    with scratch_directory() as scratch, state_server() as kept:
        settings = prepare_environment(os.environ, scratch)
        copy = copy_tree(tree, scratch, conditions=False, applied=kept.backend)
        with stand_in(scratch, settings, options=options) as provider:
            engine, limit, port = find_engine(os.environ), read_time_limit(), kept.server_port
            core = Core(engine, copy, provider, settings, limit, told, port=port)
            core.initialise()
            place = _read_provider_settings(core, tree.root, files, account)
        told("starting an account")
        with running_emulator(place.account, scratch, settings) as process:
            attached = partial(_attached_core, core, scratch, process.endpoint, options)
            with attached() as creating:
                applied = ApplyResult(diagnostics=apply_unbuilt(creating, files), state=kept.state)
            made = RehearsalAccount(id=place.account, region=place.region, applied=applied, emulator=process.emulator)
            yield OriginalAccount(account=made, _process=process, _planned=partial(_plan_again, attached, files))


@contextmanager
def _attached_core(core: Core, scratch: Path, endpoint: str, options: Sequence[str]) -> Iterator[Core]:
    """Attach core to the provider that creates resources in the emulator; core finds files as usual."""
    told = {**core.environment, ENDPOINT: endpoint}  # each user of the machine can read arguments
    with stand_in(scratch, told, PROVIDER, options, working_in=core.copy.root) as provider:
        yield replace(core, provider=provider)


def _plan_again(attached: Callable[[], AbstractContextManager[Core]], files: Sequence[Path]) -> Mapping[str, Any]:
    with attached() as core:
        return core.plan(var_file_options(files)).plan


def _read_provider_settings(core: Core, root: Module, files: Sequence[Path], account: str) -> Settings:
    blocks = (block for block in root.of("provider") if block.labels == ("aws",) and "alias" not in block.arguments)
    arguments = next((block.arguments for block in blocks), {})
    stated = [f"{name} = {arguments[name].text}" for name in ("allowed_account_ids", "region") if name in arguments]
    try:
        return read_settings(core.evaluate(f"{{{', '.join(stated)}}}", files), account)
    except TerraformError:
        return read_settings(None, account)  # as when core configures the provider with values that are not known yet


# ── A layer's copy of the account that is applied once for a whole run (in the process `sharing`)

#: Commands of core whose time limits a waiting layer must allow for: initialise, read the provider block, apply.
_COMMANDS: Final = 3


@contextmanager
def copy_shared(
    line: int, *, dags: Path | None, progress: Progress, scenario: Path = SCENARIO
) -> Iterator[RehearsalAccount]:
    """Request on a line a copy of the applied account, and give it a past that ends now.

    The copy ends with this process. Raises TerraformError if the account could not be applied or copied.
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
    return RehearsalAccount(
        id=told["id"], region=told["region"], applied=applied, emulator=RunningEmulator(told["endpoint"])
    )


def _read_diagnostics(told: Sequence[Mapping[str, Any]]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(**{**each, "position": Position(**each["position"]) if each["position"] else None}) for each in told
    )
