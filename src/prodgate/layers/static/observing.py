"""Observes the configuration, the workflows and the repository, side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ...engines.checkov import Scan, ScannerReport
from ...evidence.artifacts import load_json
from ...facts import Facts
from ...facts.static.called import code_facts, observe_code
from ...facts.static.credentials import RepositoryPart, credential_facts, observe_credentials
from ...facts.static.terraform_roots import DeclaredRoot, StateBackend
from ...facts.static.workflow_files import DIRECTORY, WORKFLOW_FACTS, WorkflowError, observe_workflows, workflow_facts
from ...terraform.diagnostics import TerraformError
from ...terraform.hcl import parse
from ...terraform.resources import Configuration
from ...terraform.serialization import diagnostics_from_json, diagnostics_to_json, from_json, to_json
from ..goals import OVERVIEW, check_name, list_code
from ..layer import NOT_OBSERVED, LayerContext
from . import checkov
from .repository import EVALUATES, evaluate_root

#: Kind of evidence -> the kinds of fact that can't be judged without it.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "configuration": (Configuration, DeclaredRoot),
    "workflows": WORKFLOW_FACTS,
    "credentials": (RepositoryPart,),
    "backend": (StateBackend,),
}
#: Kind of fact, or what is concluded here -> kinds of evidence that it is made of.
_MADE_OF: Final[Mapping[type | str, frozenset[str]]] = {
    **{kind: frozenset({evidence}) for evidence, kinds in _KINDS.items() for kind in kinds},
    "terraform": frozenset({"configuration", "diagnostics"}),
    **dict.fromkeys(checkov.NAMES, frozenset({checkov.KIND})),
    check_name("*"): frozenset({"configuration", "code", "workflows", OVERVIEW}),
}


def observe(context: LayerContext) -> Facts:
    """Observe everything in parallel; what fails is unreadable, with the reason."""
    with checkov.start_scan(context) as scan, ThreadPoolExecutor(2) as pool:
        seen = [
            pool.submit(_observe_configuration, context, scan),
            pool.submit(_observe_workflows, context),
            pool.submit(_observe_repository, context),
        ]
        parts = [future.result() for future in seen]
        facts = _merge([*parts, checkov.wait_for_report(scan, context)])
    for kind, reason in facts.unreadable.items():
        context.journal.write("unreadable", layer="static", kind=kind.__name__, reason=reason)
    return replace(facts, made_of=_MADE_OF)


def recall(run: Path, events: Iterable[Mapping[str, Any]], _observe_more: object = None) -> Facts:
    """Rebuild what was observed from evidence; what was not observed then is unreadable."""
    unreadable = {kind: NOT_OBSERVED for kinds in _KINDS.values() for kind in kinds}
    by_name = {kind.__name__: kind for kind in unreadable}
    known: list[Any] = []
    for event in events:
        if event["event"] == "unreadable":
            unreadable[by_name[event["kind"]]] = event["reason"]
            continue
        known += _REBUILDERS[event["kind"]](load_json(run, event["digest"]))
        for kind in _KINDS.get(event["kind"], ()):
            unreadable.pop(kind, None)
    return Facts(tuple(known), unreadable, _MADE_OF)


def _observe_configuration(context: LayerContext, scan: Scan | None) -> Facts:
    root = context.stated.terraform_root
    if not root:
        reason = f'{context.stated.path}: names no Terraform root; write [terraform] root = "path"'
        return Facts(unreadable={Configuration: reason, DeclaredRoot: reason})
    try:
        configuration = evaluate_root(context, "static", on_plan=scan.submit_plan if scan else None)
    except TerraformError as error:
        context.store_fact("static", "diagnostics", root, diagnostics_to_json(error.diagnostics), "Terraform core")
        reason = f"{root} does not evaluate, as {EVALUATES} says"
        return Facts(error.diagnostics, {Configuration: reason, DeclaredRoot: reason})
    for note in configuration.notes:
        context.note("static", note)
    context.store_fact("static", "configuration", root, to_json(configuration), configuration.engine)
    return Facts((configuration, describe_root(configuration)))


def _observe_workflows(context: LayerContext) -> Facts:
    context.progress(f"static: reading {DIRECTORY}")
    try:
        texts = observe_workflows(context.project / DIRECTORY)
        facts = workflow_facts(texts)
    except WorkflowError as error:
        return Facts(unreadable=dict.fromkeys(WORKFLOW_FACTS, str(error)))
    context.store_fact("static", "workflows", DIRECTORY, texts, "files of the repository")
    return Facts(facts)


def _observe_repository(context: LayerContext) -> Facts:
    credentials = observe_credentials(context.project, context.stated.exempt)
    context.store_fact("static", "credentials", ".", credentials, "files of the repository")
    code = observe_code(context.project, list_code(context.stated))
    if code:
        context.store_fact("static", "code", ".", code, "files of the repository")
    root = context.project / context.stated.applied_root
    if not context.stated.applied_root or not root.is_dir():
        return Facts((*credential_facts(credentials), *code_facts(code)))
    backend = observe_backend(root, context.project)
    context.store_fact("static", "backend", context.stated.applied_root, backend, "files of the root")
    return Facts((*credential_facts(credentials), *code_facts(code), *backend_facts(backend)))


def _rebuild_configuration(stored: Mapping[str, Any]) -> tuple[Any, ...]:
    configuration = from_json(stored)
    return configuration, describe_root(configuration)


# What is asked of a root as a whole rather than of a resource: where it keeps its state, what it declares.


def describe_root(configuration: Configuration) -> DeclaredRoot:
    """Return which types of managed resources a configuration declares."""
    types = frozenset(resource.type for resource in configuration.resources if resource.mode == "managed")
    return DeclaredRoot(subject=configuration.root, types=types)


def observe_backend(root: Path, base: Path) -> dict[str, Any]:
    """Read where the root keeps its state; files are named relative to ``base``."""
    found: dict[str, Any] = {"root": root.resolve().relative_to(base.resolve()).as_posix(), "kind": "", "settings": {}}
    for path in sorted(root.glob("*.tf")):
        source = parse(path, path.resolve().relative_to(base.resolve()).as_posix())
        for block in (each for each in source.blocks if each.kind == "terraform"):
            for inner in (each for each in block.blocks if each.kind in ("backend", "cloud")):
                settings = {name: value.literal or value.text for name, value in inner.arguments.items()}
                kind = inner.labels[0] if inner.labels else "cloud"
                found |= {"kind": kind, "settings": settings, "place": f"{inner.file}:{inner.line}"}
    return found


def backend_facts(stored: Mapping[str, Any]) -> tuple[StateBackend, ...]:
    """Return the fact of what ``observe_backend`` returned."""
    place = stored.get("place", "")
    return (StateBackend(subject=stored["root"], kind=stored["kind"], settings=stored["settings"], place=place),)


#: Kind of evidence -> the function that makes facts of it again.
_REBUILDERS: Final[Mapping[str, Callable[[Any], Iterable[Any]]]] = {
    "configuration": _rebuild_configuration,
    "diagnostics": diagnostics_from_json,
    "workflows": workflow_facts,
    "credentials": credential_facts,
    "backend": backend_facts,
    "code": code_facts,
    OVERVIEW: lambda _: (),  # of no use but to whoever reads the run
    checkov.KIND: lambda stored: (ScannerReport.from_json(stored),),
}


def _merge(parts: Sequence[Facts]) -> Facts:
    known = tuple(fact for part in parts for fact in part.known)
    return Facts(known, {kind: reason for part in parts for kind, reason in part.unreadable.items()})
