"""The rehearsal account: an emulator in which real core has created what a configuration declares.

Everything in it is gone when the context ends, and so are its processes, also when this one is killed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..aws.clients import Clients, rehearsal_clients
from ..processes.progress import Progress
from ..terraform.apply import ApplyResult
from ..terraform.core import Core, var_file_options
from ..terraform.diagnostics import Diagnostic, TerraformError, errors_in, refusal
from ..terraform.evaluate import (
    adopt_modules,
    check_variable_file,
    read_time_limit,
    scratch_directory,
    silent,
)
from ..terraform.hermetic import prepare_environment, stand_in
from ..terraform.provider.creation import NOT_CREATED
from ..terraform.provider.settings import Settings, read_settings
from ..terraform.roots import MANIFEST, find_only_root
from ..terraform.runner import find_engine
from ..terraform.sources import Module, read_manifest, read_tree
from ..terraform.state_server import state_server
from ..terraform.working_copy import copy_tree
from . import errors
from .deployed_dags import deploy
from .emulator_process import EmulatorProcess, RunningEmulator, running_emulator
from .scenario import SCENARIO

PROVIDER: Final = (sys.executable, "-P", "-m", "prodgate.rehearsal.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalAccount:
    """A rehearsal account that is up: how to reach it, what is in it, and what should be in it and is not."""

    id: str
    region: str
    applied: ApplyResult = field(repr=False)
    emulator: RunningEmulator
    past_failed: Mapping[str, str] = field(default_factory=dict)
    """Why a part of the account's past is missing, by section of the scenario."""

    @property
    def endpoint(self) -> str:
        """Where it listens: the proxy of whoever speaks to AWS."""
        return self.emulator.endpoint

    @property
    def clients(self) -> Clients:
        """Clients of the account."""
        return rehearsal_clients(self.endpoint, self.region)

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """What was not created because that went wrong: ``address`` and why. What depends on it is missing, too."""
        return errors_in(self.applied.diagnostics)

    @property
    def not_created(self) -> Mapping[str, tuple[str, ...]]:
        """The types that no adapter creates, with the addresses of what was taken for created."""
        addresses = {each.address for each in self.applied.diagnostics if each.summary == NOT_CREATED}
        by_type = {kind: tuple(sorted(addresses & found.keys())) for kind, found in self.applied.by_type().items()}
        return {kind: found for kind, found in sorted(by_type.items()) if found}

    def declared(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return what Terraform knows of the resources of a type, by address."""
        return self.applied.by_type().get(kind, {})

    def give_past(self, dags: Path | None, scenario: Path = SCENARIO) -> RehearsalAccount:
        """Let happen what happened before now, deployments of DAGs included; say in the answer what of it failed."""
        failed = dict(self.emulator.seed(self.region, self.applied.by_type(), scenario))
        if dags is not None:
            try:
                deploy(dags, self.declared("aws_mwaa_environment"), self.clients)
            except Exception as error:  # noqa: BLE001  the rest of the account may be as it was
                failed["dags"] = errors.describe_error(error)
        return replace(self, past_failed=failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalAccount:
    """An account that was applied here: it can be copied, and planned once more."""

    account: RehearsalAccount
    _process: EmulatorProcess = field(repr=False)
    _planned: Callable[[], Mapping[str, Any]] = field(repr=False)

    @contextmanager
    def copy(self) -> Iterator[RehearsalAccount]:
        """Run a copy of the account as it is while the context is open; this one stays as it is.

        Raises TerraformError when it can't be had.
        """
        with self._process.branch() as emulator:
            yield replace(self.account, emulator=emulator)

    def changes(self) -> dict[str, Sequence[str]]:
        """Plan once more; return what core would still do, by address. It is nothing where all was created."""
        changes = {each["address"]: each["change"]["actions"] for each in self._planned()["resource_changes"]}
        return {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}


@contextmanager
def provision(
    path: Path,
    *,
    var_files: Sequence[Path] = (),
    dags: Path | None = None,
    scenario: Path = SCENARIO,
    progress: Progress = silent,
) -> Iterator[RehearsalAccount]:
    """Provision the only root at or below ``path`` while the context is open, and give the account a past.

    ``dags`` is a folder of DAG files that were deployed to its Airflow environments, if there is one.
    Raises TerraformError, as ``apply_root`` does.
    """
    with apply_root(path, var_files=var_files, progress=progress) as original:
        progress("rehearsal: what happened before")
        yield original.account.give_past(dags, scenario)


@contextmanager
def apply_root(path: Path, *, var_files: Sequence[Path] = (), progress: Progress = silent) -> Iterator[OriginalAccount]:
    """Apply the only root at or below ``path`` to an empty account, which is there while the context is open.

    Raises TerraformError when there is no such root, when core can't even plan it, or when moto is not installed.
    """
    _require_moto()
    root, files = find_only_root(path), [check_variable_file(file) for file in var_files]
    told = partial(_report_step, progress, os.path.relpath(root, Path.cwd()))
    tree = read_tree(root, root, read_manifest(root, root / MANIFEST))
    with scratch_directory() as scratch, state_server() as kept:
        settings = prepare_environment(os.environ, scratch)
        adopt_modules(root / MANIFEST, scratch)
        copy = copy_tree(tree, scratch, conditions=False, applied=kept.backend)
        with stand_in(scratch, settings) as provider:
            core = Core(find_engine(os.environ), copy, provider, settings, read_time_limit(), told)
            core.initialise()
            place = _read_provider_settings(core, tree.root, files)
        told("starting an account")
        with running_emulator(place.account, scratch, settings) as process:
            attached = partial(_attached_core, core, scratch, process.endpoint)
            with attached() as creating:
                applied = ApplyResult(diagnostics=creating.apply(files), state=kept.state)
            account = RehearsalAccount(
                id=place.account, region=place.region, applied=applied, emulator=process.emulator
            )
            yield OriginalAccount(account=account, _process=process, _planned=partial(_plan_again, attached, files))


def _require_moto() -> None:
    if find_spec("moto") is None:
        raise refusal("no emulator of AWS was found", "pip install 'prod-gate[core,rehearsal]'")


@contextmanager
def _attached_core(core: Core, scratch: Path, endpoint: str) -> Iterator[Core]:
    """Attach core to the provider that creates in the emulator; it finds files as core does."""
    options = ("--endpoint", endpoint)
    with stand_in(scratch, core.environment, PROVIDER, options, working_in=core.copy.root) as provider:
        yield replace(core, provider=provider)


def _plan_again(attached: Callable[[], AbstractContextManager[Core]], files: Sequence[Path]) -> Mapping[str, Any]:
    with attached() as core:
        return core.plan(var_file_options(files)).plan


def _read_provider_settings(core: Core, root: Module, files: Sequence[Path]) -> Settings:
    """Return where the provider block says that resources are made: account and region."""
    blocks = (block for block in root.of("provider") if block.labels == ("aws",) and "alias" not in block.arguments)
    arguments = next((block.arguments for block in blocks), {})
    stated = [f"{name} = {arguments[name].text}" for name in ("allowed_account_ids", "region") if name in arguments]
    try:
        return read_settings(core.evaluate(f"{{{', '.join(stated)}}}", files))
    except TerraformError:
        return Settings()  # as when core configures the provider with what is not known yet


def _report_step(progress: Progress, root: str, step: str) -> None:
    progress(f"rehearsal: applying {root}: {step}")
