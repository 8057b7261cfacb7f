"""Evaluates a Terraform configuration with real core, offline, and without touching the user's directory.

One plan against a schema-only provider decides every value; nothing is ever applied.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..processes.progress import Progress
from .core import Core, keep_core, var_file_options
from .diagnostics import refusal
from .foreign_providers import leave_out_foreign
from .hermetic import prepare_environment, stand_in
from .inventions import read_inventions
from .lenience import plan_leniently
from .plan import build_configuration, read_plan
from .plan_file import load_plan
from .provenance import Provenance
from .provider_versions import find_other_version
from .resources import Configuration
from .roots import MANIFEST, find_only_root, list_roots
from .runner import find_engine
from .source_gaps import find_source_gaps
from .sources import Tree, read_manifest, read_tree
from .working_copy import copy_tree

OnPlan = Callable[[Mapping[str, Any]], None]
#: Seconds that one core command may take, unless PRODGATE_TERRAFORM_TIMEOUT says otherwise.
LIMIT: Final = 600.0
_WORKSPACE: Final = re.compile(r"(?:[A-Za-z0-9_-][\w.-]*)?", re.ASCII)


def silent(_step: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is stated beside a root: variable files, variables (``NAME=VALUE``), folders with modules, a workspace."""

    var_files: Sequence[Path] = ()
    variables: Sequence[str] = ()
    modules: Sequence[Path] = ()
    zones: Sequence[str] = ()
    """The availability zones that the account may use, where criteria name them."""
    workspace: str = ""
    """What ``terraform.workspace`` is; where it is not stated, it is "default", and what depends on it a gap."""

    def check(self) -> Given:
        """Return it with files and folders as they are found from anywhere. Raises TerraformError when one is not."""
        missing = next((each for each in self.modules if not each.is_dir()), None)
        if missing:
            raise refusal(f"{missing}: there is no such folder", "name one that holds modules")
        wrong = next((each for each in self.variables if not each.partition("=")[0].isidentifier()), None)
        if wrong is not None:
            raise refusal(f"{wrong!r} sets no variable", "write NAME=VALUE")
        if not _WORKSPACE.fullmatch(self.workspace):
            raise refusal(f"{self.workspace!r} is no name of a workspace", "write letters, digits, _, - and .")
        files = tuple(map(check_variable_file, self.var_files))
        return replace(self, var_files=files, modules=tuple(each.resolve() for each in self.modules))

    @property
    def options(self) -> tuple[str, ...]:
        """The options that hand it to core."""
        return (*var_file_options(self.var_files), *(f"-var={each}" for each in self.variables))

    def trace(self, tree: Tree) -> Provenance:
        """Return where values are written; a variable that is given here is written nowhere."""
        given = {f"TF_VAR_{each.partition('=')[0]}": "" for each in self.variables}
        return Provenance(tree, self.var_files, {**os.environ, **given})


def open_configurations(
    path: Path,
    *,
    given: Given = Given(),
    source: Path | None = None,
    progress: Progress = silent,
    account: str | None = None,
) -> tuple[Configuration, ...]:
    """Return what ``path`` declares: a plan.json, a root, or a directory with roots below it (one each).

    A directory that another one calls as a module is judged there, and not once more by itself. ``source`` is the
    root that a plan.json was made from: with it, resources have positions. ``account`` is as for `evaluate`.
    """
    if path.exists() and not path.is_dir():  # a pipe is as good as a file
        return (read_plan(path, provenance=_read_provenance(source, given, source) if source else None),)
    if source:
        raise refusal(f"--source {source}: is of a plan.json, and {path} is none", "leave it out")
    roots = list_roots(path)
    return tuple(_evaluate_root(root, path.resolve(), given, progress, account=account) for root in roots)


def _read_provenance(root: Path, given: Given, base: Path) -> Provenance:
    if not root.is_dir():
        raise refusal(f"{root}: there is no such folder", "name the root that the plan.json was made from")
    checked, real = given.check(), root.resolve()
    manifest = read_manifest(real, real / MANIFEST)
    return checked.trace(read_tree(real, base.resolve(), manifest, folders=checked.modules, lenient=True))


def evaluate(
    path: Path,
    *,
    base: Path | None = None,
    var_files: Sequence[Path] = (),
    progress: Progress = silent,
    on_plan: OnPlan | None = None,
    account: str | None = None,
    source: Path | None = None,
    zones: Sequence[str] = (),
) -> Configuration:
    """Evaluate the root at ``path``, or the only root below it. Positions are relative to ``base``, or to ``path``.

    A ``path`` that is a plan.json is read; then ``source`` is the root that it was made from, which gives positions.

    ``account`` is the AWS account that it is for, empty where the criteria name none: then a text that holds what
    stands in for it is a gap. Where there are no criteria to name one, it is None, and such a text is a note.

    ``on_plan`` is given the plan in the form of ``terraform show -json``, as soon as there is one.
    Raises TerraformError with core's own diagnostics, or with ours when there is not exactly one root.
    """
    if path.exists() and not path.is_dir():
        return _read_given_plan(path, base or path.parent, source, Given(var_files), on_plan)
    if source:
        raise refusal(f"{path}: is a root, and what a plan.json was made from is stated", "leave source out")
    return _evaluate_root(
        find_only_root(path),
        (base or path).resolve(),
        Given(var_files, zones=zones),
        progress,
        on_plan=on_plan,
        account=account,
    )


def _read_given_plan(
    path: Path, base: Path, source: Path | None, given: Given, on_plan: OnPlan | None
) -> Configuration:
    if on_plan is not None:
        on_plan(load_plan(path))
    provenance = _read_provenance(source, given, base) if source else None
    return read_plan(path, provenance=provenance, root=os.path.relpath(path, base))


def _evaluate_root(
    root: Path,
    base: Path,
    given: Given,
    progress: Progress,
    *,
    on_plan: OnPlan | None = None,
    account: str | None = None,
) -> Configuration:
    given, manifest = given.check(), root / MANIFEST
    tree = read_tree(root, base, read_manifest(root, manifest), folders=given.modules, lenient=True)
    engine = find_engine(os.environ)
    with scratch_directory() as scratch:
        settings = prepare_environment(os.environ, scratch, given.workspace)
        adopt_modules(manifest, scratch)
        with stand_in(scratch, settings, options=_state_account(account, given.zones)) as provider:
            tree = leave_out_foreign(tree, provider.providers)
            core = Core(engine, copy_tree(tree, scratch), provider, settings, read_time_limit(), progress)
            with keep_core(core) as staying:
                planned, tree = plan_leniently(staying, given.options, find_other_version(tree))
            inventions = read_inventions(provider.sidecar)
            if on_plan is not None:
                on_plan(planned.plan)
    return build_configuration(
        planned.plan,
        root=os.path.relpath(root, base) if root != base else base.name,
        engine=planned.engine,
        provenance=given.trace(tree),
        inventions=inventions,
        gaps=(*planned.gaps, *find_source_gaps(tree, planned.engine, given.workspace)),
        notes=planned.notes,
        asked=account is not None,
    )


def _state_account(account: str | None, zones: Sequence[str]) -> tuple[str, ...]:
    return (*(("--account", account) if account else ()), *(f"--zone={each}" for each in zones))


def adopt_modules(manifest: Path, scratch: Path) -> None:
    """Hand core the list of modules that were fetched before, so that it does not fetch them again."""
    if manifest.is_file():
        (scratch / "data" / "modules").mkdir(parents=True)
        shutil.copyfile(manifest, scratch / "data" / "modules" / "modules.json")


def check_variable_file(file: Path) -> Path:
    """Return where a variable file is. Raises TerraformError when it is nowhere."""
    if not file.is_file():
        raise refusal(f"{file}: there is no such variable file", "name a .tfvars or .tfvars.json file")
    return file.resolve()


def read_time_limit() -> float:
    """Return the seconds that one core command may take. Raises TerraformError for a setting that is no number."""
    stated = os.environ.get("PRODGATE_TERRAFORM_TIMEOUT", "")
    try:
        return float(stated) if stated else LIMIT
    except ValueError:
        raise refusal(f"PRODGATE_TERRAFORM_TIMEOUT: {stated!r} is not a number of seconds", "write 600") from None


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Yield a directory that is removed in the end. Raises TerraformError when none can be made."""
    try:
        directory = tempfile.TemporaryDirectory(prefix="prodgate-")
    except OSError as error:
        raise refusal(f"no temporary directory can be made: {error.strerror}", "set TMPDIR to a writable one") from None
    with directory as place:
        yield Path(place).resolve()
