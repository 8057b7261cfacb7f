"""Runs the commands of Terraform core in a working copy, and reads its answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Final

from ..processes.child import Completed
from .advice import OTHER_VERSION, advise
from .apply import ApplyProgress
from .core_session import CoreSession
from .diagnostics import Diagnostic, TerraformError, errors_in, read_diagnostics, refusal
from .hermetic import StandIn
from .resources import Gap
from .runner import Engine, follow, run
from .working_copy import WorkingCopy

#: How many resources are created at a time.
PARALLEL: Final = "-parallelism=10"


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A finished plan: its JSON form, what made it, and what core warned of."""

    plan: Mapping[str, Any]
    engine: str
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Core:
    """A core that is attached to the stand-in provider and works in a copy."""

    engine: Engine
    copy: WorkingCopy
    provider: StandIn
    environment: Mapping[str, str]
    limit: float
    progress: Callable[[str], None]
    session: CoreSession | None = None
    """What runs its commands, where that stays from one to the next."""

    def plan(self, given: Sequence[str]) -> PlanResult:
        """Plan the copy; ``given`` are options that set variables. Raises TerraformError with core's diagnostics."""
        notes = self.initialise()
        self.progress("planning")
        file = self.copy.scratch / "plan.bin"
        arguments = ["-lock=false", f"-out={file}", *given]
        warned = self._run_checked("plan", "-json", "-input=false", *arguments)
        self.progress("reading the plan")
        shown = self._run("show", "-json", str(file))
        if shown.code:
            raise refusal("the plan can't be shown", shown.stderr.strip())
        plan = json.loads(self.copy.restore(shown.stdout))
        return PlanResult(plan, self._describe_engine(plan), (), (*notes, *map(str, warned)))

    def evaluate(self, expression: str, var_files: Sequence[Path]) -> Any:
        """Return the value of an expression in the root module of the copy, which is initialised.

        Raises TerraformError when it has none before there is a plan.
        """
        with tempfile.TemporaryFile() as typed:
            typed.write(f"jsonencode({' '.join(expression.split())})".encode())
            typed.seek(0)
            said = self._run("console", *var_file_options(var_files), stdin=typed.fileno())
        try:
            return json.loads(json.loads(said.stdout))
        except ValueError:
            raise refusal(f"{expression} can't be evaluated", said.stderr.strip()) from None

    def apply(self, var_files: Sequence[Path]) -> tuple[Diagnostic, ...]:
        """Create what the copy declares, and go on where a resource fails; return core's errors and warnings.

        What was not begun because of an error is one of its own. The state is where the copy says.
        Raises TerraformError when not even a plan can be made.
        """
        self.progress("planning")
        advance = ApplyProgress(lambda done, total: self.progress(f"{done} of {total}"))
        options = ("-input=false", "-auto-approve", "-lock=false", PARALLEL, *var_file_options(var_files))
        done = follow(
            (*self.engine.command, "apply", "-json", *options),
            cwd=self.copy.root,
            environment=self._settings(),
            limit=self.limit,
            heard=advance.read_line,
        )
        diagnostics = read_diagnostics(self.copy.restore(done.stdout), self.copy.locate)
        if advance.total is None:
            raise self._failure("apply", done, errors_in(diagnostics))
        return (*diagnostics, *advance.list_left_out())

    def initialise(self) -> tuple[str, ...]:
        """Initialise the copy; return notes for the report. Raises TerraformError."""
        self.progress("initialising")
        arguments = ("init", "-json", "-input=false", "-get=true", "-lock=false")
        try:
            self._run_checked(*arguments)
        except TerraformError as error:
            if not all(each.summary == OTHER_VERSION for each in error.diagnostics):
                raise
            self.copy.accept_any_version()
            self._run_checked(*arguments)
            return tuple(f"{each.position}: asks for another version of Terraform" for each in error.diagnostics)
        return ()

    def _run_checked(self, *arguments: str) -> tuple[Diagnostic, ...]:
        """Run a command; return its warnings. Raises TerraformError with its errors."""
        done = self._run(*arguments)
        if done.code and "flag provided but not defined: -json" in done.stdout + done.stderr:  # init of an older core
            done = self._run(*(each for each in arguments if each != "-json"), "-no-color")
        diagnostics = read_diagnostics(self.copy.restore(done.stdout), self.copy.locate)
        errors = errors_in(diagnostics)
        if errors or done.code:
            raise self._failure(arguments[0], done, errors)
        return diagnostics

    def _failure(self, command: str, done: Completed, errors: Sequence[Diagnostic]) -> TerraformError:
        if errors:
            return TerraformError(*advise(errors, self.copy.tree))
        said = (done.stderr or done.stdout)[-2000:].strip()
        return refusal(f"terraform {command} ended with exit code {done.code}", self.copy.restore(said))

    def _run(self, *arguments: str, stdin: int = DEVNULL) -> Completed:
        if self.session is not None and stdin == DEVNULL:
            return self.session.run(arguments, cwd=self.copy.root, limit=self.limit)
        command = (*self.engine.command, *arguments)
        return run(command, cwd=self.copy.root, environment=self._settings(), limit=self.limit, stdin=stdin)

    def _settings(self) -> dict[str, str]:
        return self.provider.attach(self.environment)

    def _describe_engine(self, plan: Mapping[str, Any]) -> str:
        product = "OpenTofu" if Path(self.engine.command[0]).name == "tofu" else "Terraform"
        return f"{product} {plan.get('terraform_version')} ({self.engine.source}) with a schema-only AWS provider"


@contextmanager
def keep_core(core: Core) -> Iterator[Core]:
    """Yield a core that, where it can, stays from one command to the next while the context is open."""
    if not core.engine.stays:
        yield core
        return
    session = CoreSession(core.engine.command, core.provider.attach(core.environment), core.copy.scratch)
    try:
        yield replace(core, session=session)
    finally:
        session.close()


def var_file_options(var_files: Sequence[Path]) -> tuple[str, ...]:
    """Return the options that hand core variable files."""
    return tuple(f"-var-file={each}" for each in var_files)
