"""The modules that a root reaches, as written: their files, and which directory each module call leads to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final

from .diagnostics import refusal
from .directory_files import has_configuration, parse_files
from .hcl import Expression, HclBlock, Source
from .json_positions import find_bodies
from .json_syntax import keep_all
from .module_folders import find_in_folders
from .positions import Position

#: Directories that never hold a root of their own.
PRUNED = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})

#: Labels that a block of a kind has.
_LABELS: Final = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1,
                  "check": 1}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A ``module`` block: what it names as source, and the arguments it hands in."""

    name: str
    source: str
    position: Position
    arguments: Mapping[str, Expression]


@dataclass(frozen=True, eq=False)
class Module:
    """One directory of Terraform files. Files that override others come last."""

    directory: Path
    sources: tuple[Source, ...]

    def of(self, kind: str) -> Iterator[HclBlock]:
        """Yield its blocks of a kind, in the order of its files; not those without their labels, which core refuses."""
        least = _LABELS.get(kind, 0)
        named = (block for source in self.sources for block in source.blocks if len(block.labels) >= least)
        return (block for block in named if block.kind == kind)

    @cached_property
    def resources(self) -> Mapping[str, tuple[HclBlock, ...]]:
        """The blocks by their address in this module (``aws_x.y``, ``data.aws_x.y``), overriding ones last."""
        found: dict[str, tuple[HclBlock, ...]] = {}
        for kind, prefix in (("resource", ""), ("data", "data.")):
            for block in self.of(kind):
                address = prefix + ".".join(block.labels)
                found[address] = (*found.get(address, ()), block)
        return found

    @cached_property
    def calls(self) -> Mapping[str, ModuleCall]:
        """The module calls by name."""
        return {call.name: call for source in self.sources for call in _find_calls(source)}

    def find_position(self, address: str) -> Position | None:
        """Return where a resource, data source or module call is written, by its address in this module."""
        blocks = (block for source in self.sources for block in source.blocks if block.address == address)
        bodies = (body for source in self.sources for body in find_bodies(source, address))
        return next((Position(each.file, each.line) for each in chain[HclBlock | Expression](blocks, bodies)), None)

    @cached_property
    def variables(self) -> Mapping[str, HclBlock]:
        """The variable blocks by name."""
        return {block.labels[0]: block for block in self.of("variable") if block.labels}

    @cached_property
    def outputs(self) -> Mapping[str, Expression]:
        """The values of the outputs by name."""
        stated = ((block.labels, block.arguments.get("value")) for block in self.of("output"))
        return {labels[0]: value for labels, value in stated if labels and value}

    @cached_property
    def local_values(self) -> Mapping[str, Expression]:
        """The local values by name."""
        return {name: value for block in self.of("locals") for name, value in block.arguments.items()}


@dataclass(frozen=True, slots=True)
class Tree:
    """A root and everything it calls: ``modules`` by path without indices ("", "module.a", "module.a.module.b").

    ``unread`` are blocks that can't be evaluated, by the directory of their module and their address in it, and why.
    ``borrowed`` are the directories of modules that were found in ``folders``, by that of the caller and the call.
    """

    base: Path
    modules: Mapping[str, Module]
    unread: Mapping[Path, Mapping[str, str]] = field(default_factory=dict)
    borrowed: Mapping[Path, Mapping[str, Path]] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    uncomputable: frozenset[tuple[str, int, int]] = frozenset()
    """Files and bytes of values that can't be computed, since they are made of what stands in for something."""

    @property
    def root(self) -> Module:
        """The module that core is started in."""
        return self.modules[""]

    @property
    def own_directories(self) -> frozenset[Path]:
        """The directories of the modules that are no copies from ``folders``."""
        every = {each.directory for each in self.modules.values()}
        return frozenset(each for each in every if not any(map(each.is_relative_to, self.folders)))

    def find_place(self, position: Position) -> tuple[Module, HclBlock] | None:
        """Return the outermost block that holds a line, and its module; None for a line of JSON."""
        for module in self.modules.values():
            for source in (each for each in module.sources if each.file == position.file and not each.is_json):
                for block in source.blocks:
                    if block.line <= position.line <= block.last_line:
                        return module, block
        return None

    def is_unread(self, path: str, address: str) -> bool:
        """Whether a block of the module at a path was taken out, by its address there."""
        return path in self.modules and address in self.unread.get(self.modules[path].directory, ())

    def without(self, directory: Path, blocks: Mapping[str, str]) -> Tree:
        """Return the tree with more blocks of a module that can't be evaluated, by address, and why."""
        return replace(self, unread={**self.unread, directory: {**self.unread.get(directory, {}), **blocks}})


def read_tree(
    root: Path, base: Path, manifest: Mapping[str, Path], *, folders: Sequence[Path] = (), lenient: bool = False
) -> Tree:
    """Read the modules reached from ``root``; positions are relative to ``base``.

    ``manifest`` has the directories of modules that an earlier ``terraform init`` fetched, by key ("a.b"); others are
    looked for in ``folders``. Raises TerraformError, with the line of the call, for a module that is nowhere;
    a ``lenient`` reading goes on without it where it is of a registry or a repository.
    """
    read: dict[Path, Module] = {}
    modules: dict[str, Module] = {}
    unread: dict[Path, dict[str, str]] = {}
    borrowed: dict[Path, dict[str, Path]] = {}
    waiting: list[tuple[tuple[str, ...], Path, tuple[Path, ...]]] = [((), root, (root,))]
    while waiting:
        names, directory, callers = waiting.pop()
        if directory not in read:
            read[directory] = Module(directory, tuple(parse_files(directory, base)))
        modules[".".join(f"module.{name}" for name in names)] = read[directory]
        for call in read[directory].calls.values():
            key = (*names, call.name)
            fetched = manifest.get(".".join(key))
            if not _is_local(call) and not (fetched and fetched.is_dir()) and not call.position.file.endswith(".json"):
                if fetched := find_in_folders(call.source, folders):
                    borrowed.setdefault(directory, {})[call.name] = fetched
                elif lenient:
                    unread.setdefault(directory, {})[f"module.{call.name}"] = _explain_missing(call)
                    continue
            target = _find_target(call, directory, fetched, root)
            if target in callers:
                raise refusal(f"module {call.name!r} calls itself", f"{call.source} leads back here", call.position)
            waiting.append((key, target, (*callers, target)))
    return Tree(base, modules, unread, borrowed, tuple(folders))


def read_manifest(root: Path, manifest: Path) -> Mapping[str, Path]:
    """Return the directories of the modules that ``terraform init`` fetched, by key, from its ``modules.json``."""
    try:
        listed = json.loads(manifest.read_text(encoding="utf-8"))["Modules"]
        return {each["Key"]: Path(os.path.normpath(root / each["Dir"])) for each in listed}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def find_roots(directory: Path) -> tuple[Path, ...]:
    """Return ``directory`` if it holds Terraform files, else the roots below it: those that no other one calls."""
    return (directory,) if has_configuration(directory) else _find_uncalled(directory)


def find_other_roots(directory: Path) -> tuple[Path, ...]:
    """Return the roots below a directory that is one itself, which are not judged with it: no call leads to them."""
    below = _find_uncalled(directory) if has_configuration(directory) else ()
    return tuple(root for root in below if root != directory)


def _find_uncalled(directory: Path) -> tuple[Path, ...]:
    found, called = [], set()
    for place, inner, _ in os.walk(directory):
        inner[:] = sorted(name for name in inner if name not in PRUNED and not name.startswith("."))
        if has_configuration(Path(place)):
            found.append(Path(place))
    for each in found:
        module = Module(each, tuple(parse_files(each, directory)))
        local = (call.source for call in module.calls.values() if call.source.startswith("."))
        called |= {Path(os.path.normpath(each / source)) for source in local}
    return tuple(each for each in found if each not in called)


def _find_calls(source: Source) -> Iterator[ModuleCall]:
    if source.file.endswith(".json"):
        yield from _find_json_calls(source)
    for block in source.blocks:
        named = block.arguments.get("source")
        if block.kind == "module" and block.labels and named and named.literal is not None:
            yield ModuleCall(block.labels[0], named.literal, Position(source.file, block.line), block.arguments)


def _find_json_calls(source: Source) -> Iterator[ModuleCall]:
    try:
        stated: Any = json.loads(source.text, object_pairs_hook=keep_all).get("module", {})
    except (ValueError, AttributeError):
        return  # core will say what is wrong with it
    for calls in stated if isinstance(stated, list) else [stated]:
        for name, body in calls.items():
            stated_source = (body[0] if isinstance(body, list) else body).get("source", "")
            line = next((each.line for each in find_bodies(source, f"module.{name}")), 1)
            yield ModuleCall(name, str(stated_source), Position(source.file, line), {})


def _is_local(call: ModuleCall) -> bool:
    return call.source.startswith(("./", "../")) or call.source in (".", "..")


def _explain_missing(call: ModuleCall) -> str:
    return (
        f"could not be read, so nothing is known of what it makes: {call.source!r} is not here; run `terraform init` "
        "first, or name a folder that holds it with --modules"
    )


def _find_target(call: ModuleCall, directory: Path, fetched: Path | None, root: Path) -> Path:
    if _is_local(call):
        target = Path(os.path.normpath(directory / call.source))
        if not target.is_dir():
            raise refusal(
                f"module {call.name!r} is not there", f"its source {call.source!r} is no directory", call.position
            )
        return target
    if fetched is None or not fetched.is_dir():
        raise refusal(
            f"module {call.name!r} is not there: its source {call.source!r} is not a local directory",
            f"run `terraform init` in {root} first (the modules it fetches are used), or judge a plan.json instead",
            call.position,
        )
    return fetched
