"""The modules that a root reaches, as written: their files, where module calls lead, and what can't be read here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import Final

from ..processes.regular_files import MOST, read_measured
from .diagnostics import refusal
from .hcl import LABELS, TOFU, Expression, HclBlock, Source, name_for_core, parse
from .positions import Position
from .provider.utility_providers import BUILT_IN, REMOTE_STATE

# The Terraform files of one directory: which of them core reads, and in which order.

#: How the names of files end that core reads.
_CONFIGURATION: Final = (".tf", ".tf.json", *TOFU)
READ: Final = (*_CONFIGURATION, ".tfvars", ".tfvars.json")


def has_configuration(directory: Path) -> bool:
    """Whether a directory holds Terraform files itself."""
    return any(True for _ in list_configuration_files(directory))


def list_configuration_files(directory: Path) -> list[str]:
    """Return the files that core reads in a directory, overriding ones last; ``x.tofu`` is read and not ``x.tf``."""
    every = list_entries(directory)
    read = [name for name in every if name.endswith(_CONFIGURATION) and not name.startswith(".")]
    replaced = {name_for_core(name) for name in read if name_for_core(name) != name}
    return sorted(set(read) - replaced, key=lambda name: (name.split(".")[0].endswith("override"), name))


def list_entries(directory: Path) -> list[str]:
    """Return the names in a directory in order; none of one that can't be read."""
    try:
        return sorted(each.name for each in directory.iterdir())
    except OSError:
        return []


def list_automatic_files(root: Path) -> list[Path]:
    """Return the variable files that core reads by default, in its order."""
    named = (root / name for name in ("terraform.tfvars", "terraform.tfvars.json"))
    matching = sorted([*root.glob("*.auto.tfvars"), *root.glob("*.auto.tfvars.json")])
    return [each for each in (*named, *matching) if each.is_file()]


#: What git-crypt, age, SOPS, GnuPG and Ansible write in place of a text.
_CIPHER: Final = re.compile(rb"\0|age-encryption\.org/|ENC\[AES256_GCM,|-----BEGIN PGP MESSAGE|\A\$ANSIBLE_VAULT;")


def is_encrypted(file: Path) -> bool:
    """Whether a variable file holds a cipher, so that nobody reads values in it here."""
    data = read_measured(file)
    return _CIPHER.search(data) is not None or "\ufffd" in data.decode("utf-8", "replace")


def parse_files(directory: Path, base: Path) -> Iterator[Source]:
    """Parse the files that core reads; they are named relative to ``base``.

    Raises TerraformError for what can't be read whole.
    """
    _refuse_endless(directory, base)
    for name in list_configuration_files(directory):
        try:
            yield parse(directory / name, os.path.relpath(directory / name, base))
        except OSError:
            continue  # core will say that it can't read the file


def _refuse_endless(directory: Path, base: Path) -> None:
    """Raise TerraformError for what core would read for ever: a pipe or device, or a file beyond all measure."""
    for path in (directory / name for name in list_entries(directory) if name.endswith(READ)):
        file = os.path.relpath(path, base)
        if path.is_file() and path.stat().st_size > MOST:
            raise refusal(f"{file} is larger than {MOST:,} bytes", "Split it, or read it as data.", Position(file, 1))
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise refusal(f"{file} is no regular file", "Nobody reads it to its end; write a file.", Position(file, 1))


# Finds modules of registries and repositories in folders where somebody keeps copies of them.

#: ``[HOST/]NAMESPACE/NAME/PROVIDER``, as registries have it.
_REGISTRY: Final = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?/)?([\w-]+)/([\w-]+)/([\w-]+)")
#: Parts of a source before and after the path of a repository or an archive.
_AROUND: Final = re.compile(r"^[a-z0-9]+::|\?.*$")
_ENDINGS: Final = re.compile(r"\.(git|zip|tar\.gz|tgz|tar\.xz|tar\.bz2)$")


def find_in_folders(source: str, folders: Iterable[Path]) -> Path | None:
    """Return the directory of a module in the first folder that holds it under one of its names, or None.

    A module of a registry may be there as ``NAMESPACE/NAME/PROVIDER``, as ``terraform-PROVIDER-NAME`` (the repository
    that it must be in) or as ``NAME``; one of a repository or an archive by the last part of its address.
    """
    address, inner = _split_inner(_AROUND.sub("", source))
    candidates = (folder / name for folder in folders for name in _list_names(address))
    found = next((each for each in candidates if each.is_dir()), None)
    directory = Path(normpath(found / inner)) if found else None
    return directory if directory and directory.is_dir() else None


def is_filed_in_full(source: str, found: Path, folders: Iterable[Path]) -> bool:
    """Whether a folder has a module under its whole address in a registry; by a name alone it may be another one."""
    address, inner = _split_inner(source)
    registry = _REGISTRY.fullmatch(address)
    if not registry:
        return False
    return any(found == Path(normpath(folder.joinpath(*registry.groups(), inner))) for folder in folders)


def _split_inner(source: str) -> tuple[str, str]:
    """Split off what follows ``//``, which is a directory in the module; not the ``//`` of ``https://``."""
    scheme, separator, rest = source.rpartition("://")
    address, _, inner = rest.partition("//")
    return f"{scheme}{separator}{address}", inner


def _list_names(address: str) -> Iterator[str]:
    if registry := _REGISTRY.fullmatch(address):
        namespace, name, provider = registry.groups()
        yield from (f"{namespace}/{name}/{provider}", f"terraform-{provider}-{name}", name)
    last = _ENDINGS.sub("", re.split(r"[/:]", address.rstrip("/"))[-1])
    if last.strip(".") and not registry:
        yield last


#: Why nothing is known of a module.
_MISSING: Final = (
    "could not be read, so nothing is known of what it makes: {} is not here; run `terraform init` first, or name a "
    "folder that holds it with --modules"
)
_ABSENT: Final = "could not be read, so nothing is known of what it makes: its source {} holds no Terraform files"
#: What is said of a block whose number depends on what nobody stated.
UNCOUNTED: Final = "is there in a number that can't be read here"
#: Directories that never hold a root of their own.
PRUNED = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


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
        least = LABELS.get(kind, 0)
        named = (block for source in self.sources for block in source.blocks if len(block.labels) >= least)
        return (block for block in named if block.kind == kind)

    @cached_property
    def resources(self) -> Mapping[str, tuple[HclBlock, ...]]:
        """The blocks by their address in this module (``aws_x.y``, ``data.aws_x.y``), overriding ones last."""
        return self._group("resource", "data")

    @cached_property
    def declared(self) -> Mapping[str, tuple[HclBlock, ...]]:
        """The same, and those of module calls (``module.x``)."""
        return self._group("resource", "data", "module")

    def _group(self, *kinds: str) -> dict[str, tuple[HclBlock, ...]]:
        found: dict[str, tuple[HclBlock, ...]] = {}
        for block in (each for kind in kinds for each in self.of(kind)):
            found[block.address] = (*found.get(block.address, ()), block)
        return found

    @cached_property
    def calls(self) -> Mapping[str, ModuleCall]:
        """The module calls by name."""
        stated = ((block, block.arguments.get("source")) for block in self.of("module"))
        return {block.labels[0]: _make_call(block, source) for block, source in stated if source}

    def find_position(self, address: str) -> Position | None:
        """Return where a resource, data source or module call is written, by its address in this module."""
        blocks = (block for source in self.sources for block in source.blocks if block.address == address)
        return next((Position(each.file, each.line) for each in blocks), None)

    @cached_property
    def required_providers(self) -> Mapping[str, Expression]:
        """The requirements on each provider, by its name in this module."""
        blocks = (inner for outer in self.of("terraform") for inner in outer.blocks)
        return {k: v for block in blocks if block.kind == "required_providers" for k, v in block.arguments.items()}

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
    unsupported: frozenset[tuple[str, int, int]] = frozenset()
    """Files and bytes of arguments and blocks that core refuses; the rest of their blocks is judged."""
    once: frozenset[tuple[Path, str]] = frozenset()
    """Directories and addresses of blocks whose number nobody knows: they are judged as if there were one."""
    encrypted: tuple[str, ...] = ()
    """The root's variable files that hold ciphers; core does not see them."""
    fetched: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Name of a call ("a.b") -> what ``terraform init`` says of the module that it fetched."""

    @property
    def root(self) -> Module:
        """The module that core is started in."""
        return self.modules[""]

    @property
    def distinct(self) -> tuple[Module, ...]:
        """The modules, each once, however often it is called."""
        return tuple({each.directory: each for each in self.modules.values()}.values())

    @property
    def own_directories(self) -> frozenset[Path]:
        """The directories of the modules that are no copies from ``folders``."""
        every = (each.directory for each in self.distinct)
        return frozenset(each for each in every if not any(map(each.is_relative_to, self.folders)))

    def find_place(self, position: Position) -> tuple[Module, HclBlock] | None:
        """Return the outermost block that holds a line, and its module."""
        for module in self.modules.values():
            for source in (each for each in module.sources if each.file == position.file):
                for block in source.blocks:
                    if block.line <= position.line <= block.last_line:
                        return module, block
        return None

    def is_unread(self, path: str, address: str) -> bool:
        """Whether a block of the module at a path was taken out, by its address there."""
        return path in self.modules and address in self.unread.get(self.modules[path].directory, ())

    def is_uncounted(self, path: str, address: str) -> bool:
        """Whether nobody knows how many there are of a block of the module at a path."""
        return path in self.modules and (self.modules[path].directory, address) in self.once

    def explain(self, path: str, parts: Sequence[str]) -> tuple[str, str] | None:
        """Return the address of the unread or uncounted block that a name in a module leads to, and what it is."""
        address = ".".join(parts[: 3 if parts[0] in ("data", "ephemeral") else 2])
        if self.is_unread(path, address):
            return f"{path}.{address}".lstrip("."), self.unread[self.modules[path].directory][address]
        return (f"{path}.{address}".lstrip("."), UNCOUNTED) if self.is_uncounted(path, address) else None

    def without(self, directory: Path, blocks: Mapping[str, str]) -> Tree:
        """Return the tree with more blocks of a module that can't be evaluated, by address, and why."""
        return replace(self, unread={**self.unread, directory: {**self.unread.get(directory, {}), **blocks}})


def read_tree(root: Path, base: Path, *, folders: Sequence[Path] = (), lenient: bool = False) -> Tree:
    """Read the modules reached from ``root``; positions are relative to ``base``.

    A module that an earlier ``terraform init`` did not fetch is looked for in ``folders``. Raises TerraformError, with
    the line of the call, for a module that is nowhere; a ``lenient`` reading goes on without it where it is of a
    registry or a repository.
    """
    manifest = _list_fetched(root)
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
            record = manifest.get(".".join(key))
            fetched = Path(os.path.normpath(root / record["Dir"])) if record else None
            if not is_local(call.source) and not (fetched and fetched.is_dir()):
                in_json = call.position.file.endswith(".json")
                if fetched := None if in_json else find_in_folders(call.source, folders):
                    borrowed.setdefault(directory, {})[call.name] = fetched
                elif lenient:
                    unread.setdefault(directory, {})[f"module.{call.name}"] = _MISSING.format(repr(call.source))
                    continue
            if lenient and is_local(call.source) and not has_configuration(directory / call.source):
                unread.setdefault(directory, {})[f"module.{call.name}"] = _ABSENT.format(repr(call.source))
                continue
            target = _find_target(call, directory, fetched, root)
            if target in callers:
                raise refusal(f"module {call.name!r} calls itself", f"{call.source} leads back here", call.position)
            waiting.append((key, target, (*callers, target)))
    return Tree(base, modules, unread, borrowed, tuple(folders), fetched=manifest)


def _list_fetched(root: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the entry of ``modules.json`` on each module in its own folder, by key; nothing for any other file.

    ``terraform init`` puts what it fetches there. Who leads core elsewhere may have written what will not be applied.
    """
    try:
        listed = json.loads(read_measured(root / MANIFEST))["Modules"]
        return {each["Key"]: each for each in listed if is_fetched(root, Path(os.path.normpath(root / each["Dir"])))}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def is_fetched(root: Path, directory: Path) -> bool:
    """Whether a directory is one to which ``terraform init`` fetches the modules of a root."""
    place = Path(os.path.normpath((root / MANIFEST).parent))
    return directory != place and directory.is_relative_to(place)


def leave_out_encrypted(tree: Tree, given: Container[str]) -> Tree:
    """Return the tree without its encrypted variable files: any variable that is not ``given`` may be set there."""
    root = tree.root.directory
    names = tuple(each.name for each in list_automatic_files(root) if is_encrypted(each))
    why = f"may be set in {' and '.join(names)}, which is encrypted"
    unknown = {f"var.{each}": why for each in tree.root.variables if each not in given}
    return replace(tree.without(root, unknown), encrypted=names) if names else tree


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


def _make_call(block: HclBlock, source: Expression) -> ModuleCall:
    address = source.text if source.literal is None else source.literal
    return ModuleCall(block.labels[0], address, Position(block.file, block.line), block.arguments)


def is_local(source: str) -> bool:
    """Whether a module call names a directory beside it."""
    return source.startswith(("./", "../")) or source in (".", "..")


def _find_target(call: ModuleCall, directory: Path, fetched: Path | None, root: Path) -> Path:
    if is_local(call.source):
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


# Where the roots of a configuration are, and what ``terraform init`` left there.

#: Where ``terraform init`` lists the modules it fetched, from the root.
MODULES: Final = Path("modules", "modules.json")
MANIFEST: Final = Path(os.environ.get("TF_DATA_DIR", ".terraform"), MODULES)

#: How the names of files end that declare a stack: which roots are deployed together, and with what.
STACK: Final = (".tfcomponent.hcl", ".tfstack.hcl", ".tfdeploy.hcl", ".tfcomponent.json", ".tfdeploy.json")


def find_only_root(path: Path) -> Path:
    """Return the root at or below a directory. Raises TerraformError when there is not exactly one."""
    roots = list_roots(path)
    if len(roots) > 1:
        names = ", ".join(os.path.relpath(root, path.resolve()) for root in roots)
        raise refusal(f"{path}: holds {len(roots)} roots: {names}", "name one of them")
    return roots[0]


def list_roots(path: Path) -> tuple[Path, ...]:
    """Return the roots at or below a directory. Raises TerraformError when there is none."""
    if path.is_file():
        raise refusal(f"{path}: is a file, and only a root can be applied", "name it: [terraform] source")
    if not path.is_dir():
        raise refusal(f"{path}: there is no such file or directory", "name a Terraform root or a plan.json")
    roots = find_roots(path.resolve())
    if not roots and any(each.endswith(STACK) for each in list_entries(path)):
        raise refusal(f"{path}: declares a stack", "name the folder of one of its components")
    if not roots:
        raise refusal(f"{path}: holds no Terraform files (*.tf)", "name a Terraform root or a plan.json")
    return roots


# Finds unsupported parts, so that the rest can be judged without them: other providers, and remote states


def leave_out_foreign(tree: Tree, known: Container[str], *, opentofu: bool = False) -> Tree:
    """Return the tree without the blocks of providers whose source addresses are not ``known``.

    OpenTofu requests the keys for state encryption, and may run a program for one, so that block is removed as well.
    """
    tree = tree.without(tree.root.directory, {"terraform.encryption": ""}) if opentofu else tree
    for module in tree.distinct:
        taken = dict(_find_foreign(module, known))
        tree = tree.without(module.directory, taken) if taken else tree
    return tree


def _find_foreign(module: Module, known: Container[str]) -> Iterator[tuple[str, str]]:
    stated = {name: each.entries.get("source") for name, each in module.required_providers.items()}
    required = {name: (each and each.literal) or f"hashicorp/{name}" for name, each in stated.items()}

    def is_foreign(provider: str) -> bool:
        source = required.get(provider, f"hashicorp/{provider}")
        return (source if source.count("/") > 1 else f"registry.terraform.io/{source}") not in known

    for block in (each for kind in ("resource", "data", "ephemeral") for each in module.of(kind)):
        name = _name_provider(block)
        source = required.get(name, f"hashicorp/{name}")
        if block.address.startswith(f"data.{REMOTE_STATE}."):
            yield block.address, "is a remote state, and is not read here; judge a plan.json of your pipeline"
        elif name != BUILT_IN and is_foreign(name):
            yield block.address, f"is of the provider {source!r}, of which nothing is known here"
    yield from ((block.address, "") for block in module.of("check") if any(map(is_foreign, _list_asked(block))))
    for name, source in required.items():
        if name != BUILT_IN and is_foreign(name):
            yield f"provider.{name}", f"is the provider {source!r}, of which nothing is known here"
    handed = [block.arguments["providers"] for block in module.of("module") if "providers" in block.arguments]
    named = {value.text.partition(".")[0] for each in handed for value in each.entries.values()} - required.keys()
    for name in sorted(named.union(block.labels[0] for block in module.of("provider"))):
        if name != BUILT_IN and is_foreign(name):
            yield f"provider.{name}", ""


def _list_asked(check: HclBlock) -> list[str]:
    """Return the providers in a check; it warns, and declares nothing. In JSON, its data is an argument."""
    names = [_name_provider(each) for each in check.blocks if each.kind == "data" and len(each.labels) > 1]
    data = check.arguments.get("data")
    return names + [kind.partition("_")[0] for kind in (data.entries if data else ())]


def _name_provider(block: HclBlock) -> str:
    stated = block.arguments.get("provider")
    return stated.text.partition(".")[0].strip('" ') if stated else block.labels[0].partition("_")[0]


# The repository around a configuration.

#: Never linked: core's own working files, and state that belongs to the real infrastructure.
LEFT_OUT: Final = re.compile(
    r"\.terraform|\.terraform\.lock\.hcl|\.git|.*\.tfstate(\..*)?|terraform\.tfstate\.d|.*\.(tf|tofu)test\.(hcl|json)|"
    r".*\.(tfquery|tfcomponent|tfstack|tfdeploy)\.(hcl|json)"
)


def find_top(root: Path, originals: Iterable[Path]) -> Path:
    """Find the repository that holds the root, or the nearest directory above all modules if that is higher."""
    return Path(os.path.commonpath([find_repository(root) or root, *originals]))


def find_repository(directory: Path) -> Path | None:
    """Find the repository that holds a directory; None if there is none."""
    return next((above for above in (directory, *directory.parents) if (above / ".git").exists()), None)
