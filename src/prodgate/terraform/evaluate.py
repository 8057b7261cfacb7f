"""Evaluates a Terraform configuration with real core, offline, and without touching the user's directory.

Four passes, each entered once: read the files (``sources``), rewrite a copy so that one plan decides everything and
nothing asks anybody (``working_copy``), plan it against a schema-only provider (``core``; parts
that can't be evaluated here are taken out as gaps), and annotate what was planned (``plan``). Nothing is ever applied.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..processes.progress import Progress
from ..semantics.secret_places import REDACTOR
from .core import Core, plan_leniently, var_file_options
from .diagnostics import refusal
from .flow import read_inventions
from .hcl import parse_values
from .outlines import OUTLINE
from .plan import build_configuration, load_plan, read_plan
from .provenance import Provenance
from .resources import Configuration
from .runner import find_engine, prepare_environment, stand_in
from .sources import Tree, find_only_root, leave_out_encrypted, leave_out_foreign, list_roots, read_tree
from .working_copy import copy_tree, forget_stand_ins

OnPlan = Callable[[Mapping[str, Any]], None]
#: Seconds that one core command may take, unless PRODGATE_TERRAFORM_TIMEOUT overrides it.
LIMIT: Final = 600.0
_WORKSPACE: Final = re.compile(r"(?:[A-Za-z0-9_-][\w.-]*)?", re.ASCII)


def silent(_step: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs beside a root: variable files, variables (``NAME=VALUE``), folders with modules, a workspace."""

    var_files: Sequence[Path] = ()
    variables: Sequence[str] = ()
    modules: Sequence[Path] = ()
    zones: Sequence[str] = ()
    """The availability zones that the account may use, if criteria name them."""
    workspace: str = ""
    """The value of ``terraform.workspace``; if unstated it is "default", and anything that depends on it is a gap."""

    def check(self) -> Given:
        """Return it with resolved paths of files and folders. Raises TerraformError if one is missing."""
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
        """The options that pass it to core."""
        return (*var_file_options(self.var_files), *(f"-var={each}" for each in self.variables))

    @property
    def names(self) -> frozenset[str]:
        """The variables that it sets, whatever the root's own variable files say."""
        read = (name for each in self.var_files for name in parse_values(each, each.name))
        return frozenset((*read, *(each.partition("=")[0] for each in self.variables)))

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
    """Return the configurations at ``path``: a plan.json, a root, or a directory with roots below it (one each).

    A directory that another one calls as a module is judged there, and not once more by itself. ``source`` is the root
    that a plan.json was made from: with it, resources have positions. ``account`` is as for `evaluate`.
    """
    if path.exists() and not path.is_dir():  # a pipe is as good as a file
        provenance = _read_provenance(source, source, given) if source else None
        return (read_plan(load_plan(path), path, provenance=provenance),)
    if source:
        raise refusal(f"--source {source}: is of a plan.json, and {path} is none", "leave it out")
    roots = list_roots(path)
    return tuple(_evaluate_root(root, path.resolve(), given, progress, account=account) for root in roots)


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

    ``account`` is the AWS account of the configuration, empty if the criteria name none: then a text that holds its
    stand-in is a gap. Without criteria it is None, and such a text is a note.

    ``on_plan`` receives the plan in the form of ``terraform show -json``, as soon as there is one. Raises
    TerraformError with core's own diagnostics, or with ours if there is not exactly one root.
    """
    if path.exists() and not path.is_dir():
        plan, base = load_plan(path), base or path.parent
        if on_plan is not None:
            on_plan(plan)
        provenance = _read_provenance(source, base, Given(var_files)) if source else None
        return read_plan(plan, path, provenance=provenance, root=os.path.relpath(path, base))
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


def _read_provenance(root: Path, base: Path, given: Given) -> Provenance:
    if not root.is_dir():
        raise refusal(f"{root}: there is no such folder", "name the root that the plan.json was made from")
    checked = given.check()
    return checked.trace(read_tree(root.resolve(), base.resolve(), folders=checked.modules, lenient=True))


def _evaluate_root(
    root: Path,
    base: Path,
    given: Given,
    progress: Progress,
    *,
    on_plan: OnPlan | None = None,
    account: str | None = None,
) -> Configuration:
    given, engine = given.check(), find_engine(os.environ)
    tree = read_tree(root, base, folders=given.modules, lenient=True)
    stated = (*(("--account", account) if account else ()), *(f"--zone={each}" for each in given.zones))
    REDACTOR.redact([*given.variables])
    given.trace(tree).learn_secrets()
    with scratch_directory() as scratch:
        settings = prepare_environment(os.environ, scratch, given.workspace)
        with stand_in(scratch, settings, options=stated) as provider:
            tree = leave_out_foreign(tree, provider.providers, opentofu=engine.is_opentofu)
            tree = leave_out_encrypted(tree, given.names)
            core = Core(engine, copy_tree(tree, scratch), provider, settings, read_time_limit(), progress)
            planned, tree = plan_leniently(core, given.options)
            inventions = read_inventions(provider.sidecar)
            if on_plan is not None:
                on_plan(forget_stand_ins(planned.plan, OUTLINE))
    return build_configuration(
        planned.plan,
        root=os.path.relpath(root, base) if root != base else base.name,
        engine=planned.engine,
        provenance=given.trace(tree),
        inventions=inventions,
        gaps=planned.gaps,
        notes=planned.notes,
        asked=account is not None,
        workspace=given.workspace,
        outlined=planned.outlined,
    )


def check_variable_file(file: Path) -> Path:
    """Return the path of a variable file. Raises TerraformError if it does not exist."""
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
    """Yield a directory that is removed in the end. Raises TerraformError if none can be made."""
    try:
        directory = tempfile.TemporaryDirectory(prefix="prodgate-")
    except OSError as error:
        raise refusal(f"no temporary directory can be made: {error.strerror}", "set TMPDIR to a writable one") from None
    with directory as place:
        yield Path(place).resolve()
