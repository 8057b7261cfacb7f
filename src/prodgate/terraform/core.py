"""Runs the commands of Terraform core in a working copy, reads its output, and advises on its errors.

A plan goes on without the parts that core can't evaluate here.
"""

import json
import re
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from secrets import token_urlsafe
from subprocess import DEVNULL
from typing import Any, Final

from ..processes.child import Completed
from ..processes.progress import MOMENTARY
from .diagnostics import Diagnostic, TerraformError, errors_in, read_diagnostics, refusal
from .flow import REPETITIONS, Flow
from .hcl import LABELS, Expression, HclBlock, descendants, node_line, parse
from .outlines import write_outlines
from .positions import Position
from .provider.schema import aws_schemas
from .resources import Gap
from .runner import CoreSession, Engine, StandIn, follow, run
from .sources import Module, Tree
from .uses import find_uses
from .working_copy import WorkingCopy, copy_tree, forget_stand_ins

# ── Remedies for core's errors: the part of the message that only prod-gate can add

#: Summaries of errors in conditions that the configuration itself states about values.
CONDITIONS: Final = frozenset(
    {"Resource precondition failed", "Resource postcondition failed", "Module output value precondition failed"}
)
OTHER_VERSION: Final = "Unsupported Terraform Core version"

#: Core's messages on arguments and types that a provider has in one version and not in another.
CHANGING: Final = frozenset(
    {
        "Unsupported argument", "Unsupported block type", "Missing required argument", "Insufficient blocks",
        "Too many blocks", "Invalid resource type", "Invalid data source", "Unsupported attribute",
    }
)  # fmt: skip
_PREFACE: Final = "Terraform encountered problems during initialisation"
_ADVICE: Final = {
    "Unreadable module directory": "check the source of the module call",
}
#: OpenTofu's own blocks and settings, by the kind of the outermost block around them.
_OF_TOFU: Final = {
    "provider": "for_each", "terraform": "encryption", "module": "lifecycle", "resource": "enabled", "data": "enabled",
}  # fmt: skip
_TAKE_TOFU: Final = "OpenTofu alone has this: put `tofu` on PATH, or set PRODGATE_TERRAFORM to it"
_WORKSPACE: Final = "terraform.workspace"
_PROVIDER: Final = re.compile(r"for provider ([\w./-]+)")


def advise(errors: Iterable[Diagnostic], tree: Tree) -> tuple[Diagnostic, ...]:
    """Return core's errors with advice, and without those that only introduce others."""
    found = tuple(_advise_on(error, tree) for error in errors)
    return tuple(error for error in found if not error.summary.startswith(_PREFACE)) or found


def _advise_on(error: Diagnostic, tree: Tree) -> Diagnostic:
    if error.summary in ("Failed to query available provider packages", "Failed to install provider"):
        return _explain_missing_provider(error, tree)
    advice = _ADVICE.get(error.summary) or _advise_on_block(error, tree)
    return replace(error, detail=f"{error.detail.rstrip('.')}; {advice}") if advice else error


def _advise_on_block(error: Diagnostic, tree: Tree) -> str:
    """Return advice that depends on the block of an error, such as the version of a provider."""
    _, block = (tree.find_place(error.position) if error.position else None) or (None, None)
    if _WORKSPACE in error.detail:
        return "name the workspace that runs in production with --workspace"
    if block and error.position and _is_of_tofu(error, block, error.position.line):
        return _TAKE_TOFU
    if block and block.kind in ("resource", "data") and error.summary in CHANGING:
        return (
            f"AWS provider {aws_schemas().version} judges here; if this is written for another one, say so in "
            "required_providers or keep .terraform.lock.hcl: then only this is undetermined"
        )
    return ""


def _is_of_tofu(error: Diagnostic, block: HclBlock, line: int) -> bool:
    refused = error.summary.startswith(("Reserved", "Unsupported"))
    if not refused or f'"{_OF_TOFU.get(block.kind)}"' not in error.detail:
        return False
    settings = (each for each in block.blocks if each.kind == "lifecycle" and each.line <= line <= each.last_line)
    return block.kind not in ("resource", "data") or any(settings)


def _explain_missing_provider(error: Diagnostic, tree: Tree) -> Diagnostic:
    named = _PROVIDER.search(error.detail)
    if not named:
        return error
    position = next(_find_uses(named[1], tree), None)
    detail = "its schema is not known here, so judge a plan.json of your pipeline instead"
    return Diagnostic("error", f"provider {named[1].rstrip(':')!r} has no stand-in", detail, position)


def _find_uses(provider: str, tree: Tree) -> Iterator[Position]:
    """Yield where a provider is required, then where its resources are declared."""
    name = provider.rstrip(":").split("/")[-1]
    required = (each.required_providers.get(name) for each in tree.modules.values())
    yield from (Position(each.file, each.line) for each in required if each)
    for module in tree.modules.values():
        for blocks in module.resources.values():
            yield from (Position(each.file, each.line) for each in blocks if each.labels[0].split("_")[0] == name)


# The AWS provider version that a root was written for, if another one judges it.

LOCK: Final = ".terraform.lock.hcl"
_AWS: Final = "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"
_CONSTRAINT: Final = re.compile(r"\s*+(=|!=|>=|<=|>|<|~>)?\s*+v?(\d++(?:\.\d++)*+)\s*+")


@dataclass(frozen=True, slots=True)
class WrittenFor:
    """A version of the AWS provider that a root names, or the constraint that it states, and where."""

    version: str
    place: Position


def find_other_version(tree: Tree) -> WrittenFor | None:
    """Return the version that the root's lock file names, else a constraint; None if ours fits."""
    ours = aws_schemas().version
    locked = next(_read_lock(tree), None)
    if locked:
        return locked if locked.version != ours else None
    return next((each for each in _read_constraints(tree) if not _admits(each.version, ours)), None)


def explain_change(error: Diagnostic, written_for: WrittenFor) -> str:
    """Explain why a resource is not judged if core's error holds for our version alone."""
    what = f"{error.summary}: {' '.join(error.detail.split())}"
    return (
        f"is written for AWS provider {written_for.version} ({written_for.place}), and can't be read by "
        f"{aws_schemas().version}, which judges here: {what}"
    )


def _read_lock(tree: Tree) -> Iterator[WrittenFor]:
    path = tree.root.directory / LOCK
    if path.is_file():
        for block in parse(path, LOCK).blocks:
            version = block.arguments.get("version")
            if block.kind == "provider" and block.labels[:1] and block.labels[0] in _AWS and version:
                yield WrittenFor(version.literal or version.text, Position(LOCK, version.line))


def _read_constraints(tree: Tree) -> Iterator[WrittenFor]:
    for module in tree.modules.values():
        required = module.required_providers.get("aws")
        stated = [required.entries.get("version") or required] if required else []
        blocks = (each for each in module.of("provider") if each.labels == ("aws",))
        for version in (*stated, *(block.arguments.get("version") for block in blocks)):
            if version and version.literal:
                yield WrittenFor(version.literal, Position(version.file, version.line))


def _admits(constraint: str, version: str) -> bool:
    """Whether a version meets a constraint; an unknown kind of constraint counts as met.

    >>> _admits("~> 3.0", "6.1.0"), _admits(">= 3.0, != 4.1", "6.1.0"), _admits("~> 6.0", "6.1.0")
    (False, True, True)
    """
    return all(_meets(each, _split(version)) for each in constraint.split(","))


def _meets(term: str, version: tuple[int, ...]) -> bool:
    understood = _CONSTRAINT.fullmatch(term)
    if not understood:
        return True
    operator, stated = understood[1] or "=", _split(understood[2])
    upper = (*stated[:-2], stated[-2] + 1) if len(stated) > 1 else (stated[0] + 1,)
    return {
        "=": version[: len(stated)] == stated if len(stated) < len(version) else version == stated,
        "!=": version != stated,
        ">=": version >= stated,
        "<=": version <= stated,
        ">": version > stated,
        "<": version < stated,
        "~>": stated <= version < upper,
    }[operator]


def _split(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


# ── An apply: its progress while it runs, and afterwards what exists and core's diagnostics


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The result of an apply: the state as core keeps it, and core's errors and warnings."""

    state: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]

    def list_resources(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield the address, the type and the values of every managed resource that exists."""
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed":
                for each in resource["instances"]:
                    yield _address(resource, each), resource["type"], each["attributes"]

    def by_type(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Return the values of every managed resource that exists, by type and address."""
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for address, kind, values in self.list_resources():
            found.setdefault(kind, {})[address] = values
        return found


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    words = [resource["module"]] if "module" in resource else []
    index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
    return ".".join((*words, resource["type"], resource["name"])) + index


@dataclass(slots=True)
class ApplyProgress:
    """Counts the created resources of an apply, reports every tenth, and knows those that it never reached."""

    tell: Callable[[int, int], None]
    total: int | None = None
    """How many resources will be created; None until core has planned."""
    done: int = 0
    _told: int = field(default=-1)
    _waiting: dict[str, None] = field(default_factory=dict)
    """Addresses of resources to be created that were not begun."""

    def list_left_out(self) -> tuple[Diagnostic, ...]:
        """Return an error for each planned resource that was not begun: core stops after a failure."""
        detail = "something that it depends on was not created"
        return tuple(Diagnostic("error", "Not begun", detail, address=address) for address in self._waiting)

    def read_line(self, line: str) -> None:
        """Read a line of core's output."""
        kind, event = _parse_event(line)
        if kind == "change_summary" and event["changes"].get("operation") == "plan":
            self.total = event["changes"]["add"]
        elif kind in ("apply_complete", "apply_errored") and event["hook"]["action"] == "create":
            self.done += 1
        if kind == "planned_change" and event["change"]["action"] == "create":
            self._waiting[event["change"]["resource"]["addr"]] = None
        elif kind == "apply_start":
            self._waiting.pop(event["hook"]["resource"]["addr"], None)
        tenth = 10 * self.done // self.total if self.total else -1
        if tenth > self._told:
            self._told = tenth
            self.tell(self.done, self.total or 0)


def _parse_event(line: str) -> tuple[str, Mapping[str, Any]]:
    try:
        event = json.loads(line)
        return event["type"], event
    except (ValueError, TypeError, KeyError):
        return "", {}  # not from core's own log


# Terraform's HTTP backend on this machine: core writes its state once, and not after every resource as to a file

BACKEND = 'terraform {{\n  backend "http" {{\n    address = "{address}"\n  }}\n}}\n'


class StateServer(HTTPServer):
    """Serves one state to whoever was given its address."""

    kept = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path = f"/{token_urlsafe()}"

    @property
    def backend(self) -> str:
        """The configuration that makes core keep its state here."""
        return BACKEND.format(address=f"http://127.0.0.1:{self.server_port}{self.path}")

    @property
    def state(self) -> Mapping[str, Any]:
        """The state as core last wrote it."""
        found: Mapping[str, Any] = json.loads(self.kept or b"{}")
        return found


class _Handler(BaseHTTPRequestHandler):
    server: StateServer

    def do_GET(self) -> None:
        """Return the state, if there is one."""
        known = self.server.kept if self.path == self.server.path else b""
        self._answer(200 if known else 404, known)

    def do_POST(self) -> None:
        """Take a new state."""
        sent, known = self.rfile.read(int(self.headers["Content-Length"])), self.path == self.server.path
        self.server.kept = sent if known else self.server.kept
        self._answer(200 if known else 404, b"")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def state_server() -> Iterator[StateServer]:
    """Serve an empty state while the context is open."""
    with StateServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


#: How many resources are created at a time.
PARALLEL: Final = "-parallelism=10"


# ── The commands of core


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A finished plan: its JSON form, its engine, and core's warnings."""

    plan: Mapping[str, Any]
    engine: str
    notes: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()
    """The configuration's own conditions that don't hold here."""
    outlined: Tree | None = None
    """The tree that was planned, if it has resources beside its own that stand beside documents."""


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
    """The session that runs its commands, if one process runs several."""
    port: int | None = None
    """The port of this machine at which it keeps its state, if that is not in the copy."""

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
        product, version = "OpenTofu" if self.engine.is_opentofu else "Terraform", plan.get("terraform_version")
        engine = f"{product} {version} ({self.engine.source}) with a schema-only AWS provider"
        return PlanResult(plan, engine, (*notes, *map(str, warned)))

    def evaluate(self, expression: str, var_files: Sequence[Path]) -> Any:
        """Return the value of an expression in the root module of the copy, which is initialised.

        Raises TerraformError if it has none before there is a plan.
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
        """Create the resources that the copy declares, continuing after failures; return core's errors and warnings.

        A resource that was not begun because of an error is an error itself. The copy states the location of the state.
        Raises TerraformError if not even a plan can be made.
        """
        self.progress("planning")
        advance = ApplyProgress(lambda done, total: self.progress(f"{done} of {total}{MOMENTARY}"))
        options = ("-input=false", "-auto-approve", "-lock=false", PARALLEL, *var_file_options(var_files))
        done = follow(
            (*self.start(), "apply", "-json", *options),
            cwd=self.copy.root,
            environment=self._settings(),
            limit=self.limit,
            heard=advance.read_line,
        )
        self.engine.check(done, "apply", self.limit)
        diagnostics = read_diagnostics(self.copy.restore(done.stdout), self.copy.locate)
        if advance.total is None:
            raise self._failure("apply", done, errors_in(diagnostics))
        return (*diagnostics, *advance.list_left_out())

    def initialise(self) -> tuple[str, ...]:
        """Initialise the copy; return notes for the report. Raises TerraformError."""
        self.progress("initialising")
        arguments = ("init", "-json", "-input=false", "-get=false", "-lock=false")
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
            done = self.session.run(arguments, cwd=self.copy.root, limit=self.limit)
        else:
            command = (*self.start(), *arguments)
            done = run(command, cwd=self.copy.root, environment=self._settings(), limit=self.limit, stdin=stdin)
        return self.engine.check(done, arguments[0], self.limit)

    def start(self) -> tuple[str, ...]:
        """Return the command that runs it, confined to the folder of its copy."""
        return self.engine.start(self.copy.scratch, self.limit, self.port)

    def _settings(self) -> dict[str, str]:
        return self.provider.attach(self.environment)


@contextmanager
def keep_core(core: Core) -> Iterator[Core]:
    """Yield a core that, if possible, keeps its process between commands while the context is open."""
    if not core.engine.stays:
        yield core
        return
    session = CoreSession(core.start(), core.provider.attach(core.environment), core.copy.scratch)
    try:
        yield replace(core, session=session)
    finally:
        session.close()


def var_file_options(var_files: Sequence[Path]) -> tuple[str, ...]:
    """Return the options that pass variable files to core."""
    return tuple(f"-var-file={each}" for each in var_files)


# ── Parts that can't be evaluated here: they are taken out as gaps, and the rest is judged

#: How often more may be taken out: dependent parts may have to go as well.
ROUNDS: Final = 12
_REPETITIONS: Final = frozenset({"Invalid count argument", "Invalid for_each argument"})
#: Core's error on an output of the root, which nothing else can use.
_EXPOSED: Final = "Output refers to sensitive values"
_UNSTATED: Final = "No value for required variable"
_NOWHERE: Final = "is declared nowhere"
_REMOVABLE: Final = ("resource", "data", "ephemeral", "module", "check")
#: The name of an argument or a block that core does not expect.
_UNEXPECTED: Final = re.compile(r'(?:argument named|of type) "([\w-]+)"')
_UNDECLARED: Final = re.compile(
    r'(?:input variable with the name "([\w-]+)"|local value with the name "([\w-]+)"|'
    r'(managed|data) resource "([\w-]+)" "([\w-]+)") has not been declared'
)
_NO_FILE: Final = re.compile(r"no (?:file|directory) exists at|failed to open|no such file")
#: Errors caused by values: a stand-in's answer is no JSON, has no such index, and so on.
_COMPUTING: Final = frozenset(
    {
        "Error in function call", "Invalid function argument", "Invalid index", "Invalid operand",
        "Invalid template interpolation value", "Unsupported attribute", "Iteration over null value",
        "Call to unknown function", "Inconsistent conditional result types", "Attempt to get attribute from null value",
        "Reference to undeclared module", "Unknown provider function",
    }
)  # fmt: skip
#: Core's message on a computed object; on a resource's attributes it has another one.
_NO_SUCH_KEY: Final = re.compile(r"This object does not have an attribute named")
#: First words of names for things that nobody read here.
_READ: Final = ("data", "ephemeral")
_MODULE: Final = re.compile(r"\(module\.([\w-]+)(?:\[[^\]]{0,300}\])? is ")
_MISFIT: Final = "could not be read, since the copy that --modules names is of another version: {}: {}"
_UNCOUNTED: Final = "how many there are is decided by what can't be read here"


def plan_leniently(core: Core, options: Sequence[str]) -> tuple[PlanResult, Tree]:
    """Plan; go on without what core can't evaluate here, or whose own conditions fail, and report it as gaps.

    A condition may test a value that only AWS knows, for which the stand-in provider has another. If the root names
    another version of the provider, arguments may have changed. Return the plan, and the tree without the parts that
    were taken out. Raises TerraformError for what can't be parsed, and for what has no place in the source.
    """
    found: dict[tuple[str, str], Gap] = {}
    written_for, conditions = find_other_version(core.copy.tree), True
    with keep_core(core) as kept:
        trying = kept
        for left in reversed(range(ROUNDS + 1)):
            try:
                planned = trying.plan(options)
                break
            except TerraformError as error:
                if not left:
                    raise
                stated = [each for each in error.diagnostics if _is_condition(each)]
                if stated and not conditions:
                    raise
                gaps = [_make_gap(each, each.address or "a condition") for each in stated]
                conditions = conditions and not stated
                tree = trying.copy.tree
                for each in (one for one in error.diagnostics if one not in stated):
                    tree, gap = _take_out(each, error, trying.copy.tree, tree, written_for)
                    gaps += [gap] if gap else []
                found = {(each.subject, each.reason): each for each in gaps} | found
                if tree == trying.copy.tree and not stated:
                    raise  # the earlier removals did not help
                trying = replace(trying, copy=copy_tree(tree, core.copy.scratch, conditions=conditions))
        tree = trying.copy.tree
        if (outlined := write_outlines(planned.plan, tree)) is not tree:
            beside = replace(trying, copy=copy_tree(outlined, core.copy.scratch, conditions=conditions))
            with suppress(TerraformError):  # what core can't repeat stays unknown
                planned = replace(planned, plan=beside.plan(options).plan, outlined=outlined)
    return replace(planned, plan=forget_stand_ins(planned.plan), gaps=(*found.values(),)), tree


def _is_condition(error: Diagnostic) -> bool:
    return error.summary in CONDITIONS or "was checked by the validation rule" in error.detail


def _make_gap(error: Diagnostic, subject: str) -> Gap:
    return Gap(subject, f"{error.summary.lower()}: {' '.join(error.detail.split())}", error.position)


#: A tree without one part more, and the gap if that part is a fault.
_Mended = tuple[Tree, Gap | None]


def _take_out(
    each: Diagnostic, error: TerraformError, original: Tree, tree: Tree, written_for: WrittenFor | None
) -> _Mended:
    """Return the tree without the part that core refuses, as small as possible.

    A value that nobody stated is no fault, nor is its consequence. Raises the error where there is no such part.
    """
    module, block = (original.find_place(each.position) if each.position else None) or (None, None)
    if not each.position or not module or not block or len(block.labels) < LABELS.get(block.kind, 0):
        raise error
    unparsed = any(source.broken for source in module.sources if source.file == each.position.file)
    if unparsed or _is_of_tofu(each, block, each.position.line):
        raise error
    versioned = written_for if block.kind in ("resource", "data") and each.summary in CHANGING else None
    what = explain_change(each, versioned) if versioned else _make_gap(each, "").reason
    mended = _leave_out_names(each, original, tree, module, block)
    if not mended and not block.file.endswith(".json"):
        mended = _leave_out_part(each, tree, block, what)
        mended = mended or (None if each.summary == _EXPOSED else _leave_out_value(each, original, tree, block))
    if mended:
        return mended
    if block.kind not in (*_REMOVABLE, "variable", "output"):
        raise error
    reason = _explain_number(module, block, original) if each.summary in _REPETITIONS else what
    gap = _make_gap(each, block.address) if block.kind == "output" else None
    return tree.without(module.directory, {block.address: reason}), gap


def _leave_out_names(each: Diagnostic, original: Tree, tree: Tree, module: Module, block: HclBlock) -> _Mended | None:
    """Return the tree in which a name stands for nothing known, or a number is not known."""
    directory, address = module.directory, block.address
    if misfit := _find_misfit(each, block, original.borrowed.get(directory, {})):
        said = _MISFIT.format(each.summary, " ".join(each.detail.split()))
        return tree.without(directory, {f"module.{misfit}": said}), None
    if each.summary == _UNSTATED:
        return tree.without(directory, {address: "has no value"}), None
    if undeclared := _UNDECLARED.search(each.detail):
        name = _name_undeclared(*undeclared.groups())
        return tree.without(directory, {name: _NOWHERE}), Gap(name, _NOWHERE, each.position)
    if each.summary in _REPETITIONS and not block.file.endswith(".json") and (directory, address) not in original.once:
        return replace(tree, once=tree.once | {(directory, address)}), None
    return None


def _leave_out_part(each: Diagnostic, tree: Tree, block: HclBlock, what: str) -> _Mended | None:
    """Return the tree without an argument or a nested block that core does not expect."""
    named = _UNEXPECTED.search(each.detail) if each.summary in CHANGING and each.position else None
    cut = _find_unsupported(block, each.position.line, named[1]) if named and each.position else None
    if not named or not cut:
        return None
    gap = Gap(f"{block.address}.{named[1]}", what, each.position)
    return replace(tree, unsupported=tree.unsupported | {(block.file, *cut)}), gap


def _leave_out_value(each: Diagnostic, original: Tree, tree: Tree, block: HclBlock) -> _Mended | None:
    """Return the tree in which a value that core can't compute is unknown."""
    of_a_value = each.summary in _COMPUTING or _NO_SUCH_KEY.match(each.detail) or block.kind not in _REMOVABLE
    value, is_stated = _find_uncomputable(each, original) if of_a_value else (None, True)
    if not value or value in original.uncomputable:
        return None
    gap = _make_gap(each, block.address) if is_stated else None
    return replace(tree, uncomputable=tree.uncomputable | {value}), gap


def _name_undeclared(variable: str, local: str, mode: str, kind: str, name: str) -> str:
    if mode:
        return f"{'data.' if mode == 'data' else ''}{kind}.{name}"
    return f"var.{variable}" if variable else f"local.{local}"


def _find_unsupported(block: HclBlock, line: int, name: str) -> tuple[int, int] | None:
    """Return the bytes of an argument or a nested block of this name at a line."""
    for inner in (each for each in block.blocks if each.line <= line <= each.last_line):
        if inner.line == line and name in (inner.kind, *inner.labels):
            return inner.span
        return _find_unsupported(inner, line, name)
    return block.spans.get(name)


def _explain_number(module: Module, block: HclBlock, tree: Tree) -> str:
    """Say what decides the number of a resource or module call, as far as it was taken out."""
    flow, paths = Flow(tree), [path for path, each in tree.modules.items() if each is module]
    causes = (flow.find_cause(path, block.address, (each,)) for path in paths for each in REPETITIONS)
    for address, reason in filter(None, causes):
        return f"how many there are is decided by {address}, which {reason}"
    return _UNCOUNTED


def _find_misfit(error: Diagnostic, block: HclBlock, borrowed: Container[str]) -> str:
    """Return the name of the call if a borrowed module does not fit it, or nothing."""
    named = _MODULE.search(error.detail) if error.summary == "Unsupported attribute" else None
    name = block.labels[0] if block.kind == "module" and error.summary in CHANGING else ""
    name = named[1] if named else name
    return name if name in borrowed else ""


def _find_uncomputable(error: Diagnostic, tree: Tree) -> tuple[tuple[str, int, int] | None, bool]:
    """Return the file and bytes of a value that core can't compute, and whether all that it is made of is stated."""
    module, block = (tree.find_place(error.position) if error.position else None) or (None, None)
    value = _find_value(block, error.position.line) if block and error.position else None
    if not value:
        return None, True
    flow, paths = Flow(tree), (path for path, each in tree.modules.items() if each is module)
    uses = [step for path in paths for step in flow.follow_all(path, find_uses(value.node))]
    guessed = any(
        use.parts[0] in _READ or tree.explain(where, use.parts) or use.parts[:2] == ("terraform", "workspace")
        for where, use in uses
    )
    absent = error.summary == "Invalid function argument" and _NO_FILE.search(error.detail)
    return (value.file, value.node.start_byte, value.node.end_byte), not guessed and not absent


def _find_value(block: HclBlock, line: int) -> Expression | None:
    inner = next((each for each in block.blocks if each.line <= line <= each.last_line), None)
    if inner:
        return _find_value(inner, line)
    whole = next((each for each in block.arguments.values() if each.line <= line <= each.last_line), None)
    return whole and _narrow(whole, line)


def _narrow(value: Expression, line: int) -> Expression:
    """Return the entry of an object that alone is on a line, as deep as possible; else the value."""
    entries = [
        each
        for each in descendants(value.node)
        if each.type == "object_elem" and node_line(each) <= line <= int(each.end_point.row) + 1
    ]
    inner = [each for each in entries if not any(other in entries for other in descendants(each))]
    if len(inner) != 1:
        return value
    found = inner[0].named_children[-1]
    return Expression(value.file, node_line(found), found)
