"""A copy of a configuration in which core may write: the user's own tree is only read.

Directories of modules, and those above them up to the repository, are created; everything in them is a symbolic link to
the original, so that ``../../modules/x``, ``file()`` and ``templatefile()`` still find their files. Only files that are
edited for the evaluation are copied. Directories above modules are linked only if a function reads files: a folder such
as a home may hold thousands.
"""

import json
import os
import re
import shutil
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .addresses import split_call
from .diagnostics import refusal
from .hcl import (
    LABELS,
    TEXT,
    Expression,
    HclBlock,
    Reference,
    Source,
    list_bodies,
    make_address,
    place_of,
    read_in_place,
)
from .outlines import OUTLINE
from .positions import Position
from .runner import WORKSPACES
from .sources import LEFT_OUT, MODULES, Module, Tree, find_repository, find_top, is_local, list_entries

# Takes blocks that can't be evaluated here out of a copy, so that all others can be.
#
# Names of such a block become a value that core itself calls unknown, of any type, so that everything that depends on
# it is unknown. The removed block is a gap.

#: The name of the replacement value, and of the resource whose id is equally unknown.
UNREAD: Final = "prodgate_unread"
#: The preamble of a module with removed parts: an unknown text may hold JSON of any type.
STAND_IN: Final = (
    f'resource "terraform_data" "{UNREAD}" {{}}\nlocals {{\n  {UNREAD} = jsondecode(terraform_data.{UNREAD}.id)\n}}\n'
)
#: (first byte, byte after the last, replacement; None blanks it but keeps its lines)
Edit = tuple[int, int, bytes | None]
#: The JSON replacement of a removed provider: one that every core has.
_SOME_PROVIDER: Final = b'{"source": "terraform.io/builtin/terraform"}'
#: Blocks about the migration of a state, which nobody has here.
_OF_STATE: Final = frozenset({"moved", "removed", "import"})
#: Lists of addresses, which may hold no value.
_OF_ADDRESSES: Final = ("depends_on", "replace_triggered_by")
#: Functions that read a file, whose content decides the value.
_READS: Final = re.compile(r"file(base64)?(sha\d+|md5|base64sha\d+)?|filemd5|filebase64|templatefile")
#: Blocks that make files when read or created, which need not exist before.
_MAKES_FILES: Final = frozenset({"data.archive_file", "local_file", "local_sensitive_file"})


def take_out(source: Source, unread: Collection[str]) -> Iterator[Edit]:
    """Yield the edits that take the blocks at the addresses out of a file, and that redirect their names."""
    for block in source.blocks if unread else ():
        if block.address in unread:
            yield (*block.span, None)
        elif block.kind == "terraform":
            yield from _take_out_settings(block, unread)
        elif block.kind in _OF_STATE:
            yield from [(*block.span, None)] if _mentions(block.references, unread) else []
        else:
            yield from _redirect(block, unread)


def take_out_of_json(source: Source, unread: Collection[str]) -> Iterator[Edit]:
    """Yield the same edits of a file in Terraform's JSON syntax, in which an empty list stands for no block at all."""
    stated = read_in_place(source) if unread else None
    if stated is None:
        return
    names = re.compile(rb"(?<![\w.-])(?:" + b"|".join(re.escape(each.encode()) for each in unread) + rb")(?![\w-])")
    for kind, value in (member for item in stated.items for member in item.members):
        for labels, body in list_bodies(value, LABELS.get(kind, 0)):
            if kind in _OF_STATE or make_address(kind, labels) in unread:
                yield _replace(source, body, b"[]")
    for name, value in _list_members(stated):
        if f"terraform.{name}" in unread or (name in _OF_ADDRESSES and names.search(source.text, *place_of(value))):
            yield _replace(source, value, b"[]")
        elif name == "required_providers":
            stood_for = (each for key, each in value.members if f"provider.{key}" in unread)
            yield from (_replace(source, each, _SOME_PROVIDER) for each in stood_for)
    yield from _redirect_texts(source.text, names)


def _redirect_texts(text: bytes, names: re.Pattern[bytes]) -> Iterator[Edit]:
    for template in (each for each in TEXT.finditer(text) if re.search(rb"[$%]\{", each[0])):
        found = names.finditer(text, *template.span())
        yield from ((*each.span(), f"local.{UNREAD}".encode()) for each in found)


def _replace(source: Source, value: Expression, instead: bytes) -> Edit:
    return _fill(source, *place_of(value), instead)


def _fill(source: Source, start: int, end: int, instead: bytes) -> Edit:
    """Return the edit that replaces a whole value, on as many lines."""
    return start, end, instead + b"\n" * source.text.count(b"\n", start, end)


def _list_members(value: Expression) -> Iterator[tuple[str, Expression]]:
    for item in value.items:
        for name, inner in item.members:
            yield name, inner
            yield from _list_members(inner)


def _take_out_settings(block: HclBlock, unread: Container[str]) -> Iterator[Edit]:
    for inner in block.blocks:
        if inner.kind == "required_providers":
            yield from ((*span, None) for name, span in inner.spans.items() if f"provider.{name}" in unread)
        elif f"terraform.{inner.kind}" in unread:
            yield (*inner.span, None)


def _redirect(block: HclBlock, unread: Container[str]) -> Iterator[Edit]:
    for name, value in block.arguments.items():
        if name in _OF_ADDRESSES:
            yield from [(*block.spans[name], None)] if _mentions(value.references, unread) else []
        elif name == "providers" and block.kind == "module":
            yield from _take_out_handed(value, unread)
        else:
            found = (each for each in value.references if each.address in unread)
            yield from ((each.start, each.end, f"local.{UNREAD}".encode()) for each in found)
    for inner in block.blocks:
        yield from _redirect(inner, unread)


def _take_out_handed(providers: Expression, unread: Container[str]) -> Iterator[Edit]:
    """Yield the edits that hand a module no provider that stands for nothing here."""
    for _, value in providers.members:
        entry = value.node.parent
        if entry is not None and f"provider.{value.text.partition('.')[0]}" in unread:
            comma = entry.next_sibling if entry.next_sibling is not None and entry.next_sibling.type == "," else entry
            yield entry.start_byte, comma.end_byte, None


#: The key of the instance of a block whose ``for_each`` nobody knows.
_SOME_KEY: Final = b'{ "(unknown)" = local.' + UNREAD.encode() + b" }"
_REPEATED: Final = {"count": b"1", "for_each": _SOME_KEY}


def count_once(source: Source, directory: Path, once: Container[tuple[Path, str]]) -> Iterator[Edit]:
    """Yield the edits that make one instance of a block whose number nobody knows, with an unknown key or index."""
    for block in (each for each in source.blocks if (directory, each.address) in once):
        for name in _REPEATED.keys() & block.arguments.keys():
            stated = block.arguments[name].node
            yield _fill(source, stated.start_byte, stated.end_byte, _REPEATED[name])
        for used in (each for each in block.references if each.parts[:2] in (("each", "key"), ("count", "index"))):
            yield used.start, used.end, f"local.{UNREAD}".encode()


def _mentions(references: Any, unread: Container[str]) -> bool:
    return any(each.address in unread for each in references)


def remove_imports(source: Source, declared: Container[str]) -> Iterator[Edit]:
    """Yield the edits that remove imports into declared resources: they are judged as declared, imported or created."""
    for block in (each for each in source.blocks if each.kind == "import"):
        to = block.arguments.get("to")
        address = re.sub(r"\[(?:\"[^\"]*\"|[^\[\]\"])*\]", "", to.text).strip() if to else ""
        if address in declared or address.startswith("module."):
            yield (*block.span, None)


def replace_reads_of_made_files(source: Source, local_values: Mapping[str, Expression]) -> Iterator[Edit]:
    """Yield the edits that make values read from files of the run itself unknown."""
    for block in source.blocks if b"file" in source.text else ():
        for call in _find_reads(block.node):
            if any(_makes_files(each, local_values) for each in Expression(source.file, 1, call).references):
                yield call.start_byte, call.end_byte, f"local.{UNREAD}".encode()


#: The names from which a value is computed, if they can be used in its place: none depends on a loop's index.
_NAMED: Final = re.compile(
    rb"(?<![\w.])(?:(?:data|ephemeral)\.[\w-]+\.[\w-]+(?:\[(?:\d+|\"[^\"$]*\"|each\.key|count\.index)\])?(?:\.[\w-]+)?"
    rb"|local\.[\w-]+)(?![\w-]*\[[^\d\"])"
)


def replace_uncomputable(source: Source, module: Module, values: Iterable[tuple[str, int, int]]) -> Iterator[Edit]:
    """Yield the edits that make values at bytes of files unknown, but keep their sources.

    An unknown condition makes an unknown value that is as sensitive as the names in the condition.
    """
    for file, start, end in values:
        if file == source.file:
            found = dict.fromkeys(
                each for each in _NAMED.findall(source.text, start, end) if _is_declared(each, module)
            )
            named = b", ".join(b"try(" + each + b", null)" for each in found)  # its index may be what core refuses
            unknown = f"local.{UNREAD}".encode()
            asked = unknown + b" == jsonencode([" + named + b"]) ? " + unknown + b" : " + unknown
            yield _fill(source, start, end, b"(" + asked + b")" if named else unknown)


def _is_declared(name: bytes, module: Module) -> bool:
    """Whether a name is one of the module, and not that of a loop."""
    kind, *parts = name.decode().split(".")
    address = ".".join((kind, *(each.partition("[")[0] for each in parts[:2])))
    return parts[0] in module.local_values if kind == "local" else kind == "ephemeral" or address in module.resources


def _find_reads(node: Any) -> Iterator[Any]:
    for child in node.named_children:
        if child.type == "function_call" and _READS.fullmatch((child.named_children[0].text or b"").decode()):
            yield child
        else:
            yield from _find_reads(child)


def _makes_files(used: Reference, local_values: Mapping[str, Expression]) -> bool:
    if used.parts[0] == "local" and used.parts[1:2] and used.parts[1] in local_values:
        return any(_makes_files(each, {}) for each in local_values[used.parts[1]].references)
    return used.address.rpartition(".")[0] in _MAKES_FILES


def forget_stand_ins(plan: Mapping[str, Any], begin: str = UNREAD) -> dict[str, Any]:
    """Return a plan without the resources of removed parts, or others that were added and whose names ``begin`` so."""
    changes = [each for each in plan.get("resource_changes") or () if not _is_added(each, begin)]
    planned = {**plan["planned_values"], "root_module": _forget(plan["planned_values"].get("root_module") or {}, begin)}
    return {**plan, "resource_changes": changes, "planned_values": planned}


def _forget(module: Mapping[str, Any], begin: str) -> dict[str, Any]:
    kept = {**module, "resources": [each for each in module.get("resources") or () if not _is_added(each, begin)]}
    return kept | {"child_modules": [_forget(each, begin) for each in module.get("child_modules") or ()]}


def _is_added(stated: Mapping[str, Any], begin: str) -> bool:
    """Whether a resource has a kind that creates nothing, and such a name, which is no proof alone."""
    return stated.get("type") == "terraform_data" and str(stated.get("name")).startswith(begin)


# Edits to a copied file so that one plan decides everything. Each keeps every line where it was.
#
# Core delays reading a data source until apply if it names a managed resource directly, or depends on one. An
# evaluation applies nothing, and the stand-in provider knows the values while planning; so a data source names the
# resource through a local value instead, and its ``depends_on`` is removed, as is that of a module call. Provisioners
# are removed from every copy, so that none can run by mistake, and imports, since there is nothing to import from. So
# are actions and their triggers: they run something, and declare nothing.

#: A reference as edited; the number is its index in the list of addresses.
REFERENCE: Final = re.compile(r"local\.prodgate_reference_(\d+)\b")


#: Blocks removed from every copy, by the kind of the block around them: at the top of a file, "".
_NEVER_RUN: Final = {"": ("action",), "resource": ("provisioner",), "lifecycle": ("action_trigger",)}
_CONDITIONS: Final = {
    "lifecycle": ("precondition", "postcondition"), "output": ("precondition",), "variable": ("validation",),
}  # fmt: skip
_AROUND: Final = ("resource", "data", "output", "variable", "lifecycle")


def edit_source(
    source: Source, module: Module, tree: Tree, references: list[str], *, conditions: bool = True, applied: bool = False
) -> bytes:
    """Return the edited text of a file of a module.

    Appends the address behind each new local value to ``references``. Without ``conditions`` it also removes the
    preconditions and postconditions of resources, and the validations of variables. A file that will be ``applied``
    loses only its provisioners, actions and imports.
    """
    text, unread = source.text, tree.unread.get(module.directory, {})
    if source.is_json:
        edits = [*take_out_of_json(source, unread)]
    elif source.broken:
        return text  # core refuses it anyway, and should see the user's own text
    else:
        edits = [*_remove(source.blocks, _NEVER_RUN), *remove_imports(source, module.resources)]
        edits += [*_name_sources(source, module, tree), *take_out(source, unread)]
        edits += count_once(source, module.directory, tree.once)
        edits += replace_uncomputable(source, module, tree.uncomputable)
        edits += [(start, end, None) for file, start, end in tree.unsupported if file == source.file]
        edits += [] if applied else replace_reads_of_made_files(source, module.local_values)
        edits += [] if applied else _undo_deferrals(source, module, unread, references)
        edits += [] if conditions else _remove(source.blocks, _CONDITIONS)
    for start, end, instead in sorted(_keep_outermost(edits), reverse=True):
        kept = instead if instead is not None else re.sub(rb"[^\n]", b" ", text[start:end])
        text = text[:start] + kept + text[end:]
    return text


def _keep_outermost(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the outermost edits, from the front; of several at one place, the first."""
    last = -1
    for edit in sorted(edits, key=lambda each: (each[0], -each[1])):
        if edit[0] >= last:
            last = edit[1]
            yield edit


def _name_sources(source: Source, module: Module, tree: Tree) -> Iterator[Edit]:
    borrowed = tree.borrowed.get(module.directory, {})
    for block in source.blocks:
        if block.kind == "module" and block.labels and block.labels[0] in borrowed:
            named = name_borrowed(borrowed[block.labels[0]], module.directory)
            yield (*block.spans["source"], f"source = {json.dumps(named)}".encode())
            yield from [(*block.spans["version"], None)] if "version" in block.spans else []


def _undo_deferrals(source: Source, module: Module, unread: Container[str], references: list[str]) -> Iterator[Edit]:
    for block in source.blocks:
        if block.kind in ("data", "module") and "depends_on" in block.spans:
            yield (*block.spans["depends_on"], None)
        for reference in block.references if block.kind == "data" else ():
            address = ".".join(reference.parts[:2])
            if address in module.resources and address not in unread:
                yield reference.start, reference.end, f"local.prodgate_reference_{len(references)}".encode()
                references.append(address)


def _remove(blocks: Iterable[HclBlock], removed: Mapping[str, Container[str]], around: str = "") -> Iterator[Edit]:
    for block in blocks:
        if block.kind in removed.get(around, ()):
            yield (*block.span, None)
        elif block.kind in _AROUND:
            yield from _remove(block.blocks, removed, block.kind)


#: A call of a function that reads or lists files, also one with a comment before its bracket. JSON may write it in
#: other ways.
_READS_FILES: Final = re.compile(rb"file\w{0,20}\s*[(/#]")
#: Core's folder for tests beside a root, which it reads and checks with every command.
TESTS: Final = "tests"
#: The last of the override files: its settings for the state win.
OVERRIDE: Final = os.fsdecode("\U0010ffff_prodgate_override.tf".encode())  # also where the locale has no such letter
ADDED: Final = "zzzz_prodgate.tf"
_ADDED_NAMES: Final = (ADDED, "zzzz_prodgate.tofu")
LOCAL_STATE: Final = 'terraform {{\n  backend "local" {{\n    workspace_dir = {}\n  }}\n}}\n'
ANY_VERSION: Final = 'terraform {\n  required_version = ">= 0.1"\n}\n'


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """The location of the copy, and how its names become the user's again.

    ``references`` are the resource addresses behind the numbered local values of the edits.
    """

    scratch: Path
    place: Path
    tree: Tree
    top: Path
    references: tuple[str, ...]
    state: str
    """The block that states where core keeps the state."""
    _directories: Mapping[Path, Path] = field(repr=False)
    _renamed: Mapping[Path, Path] = field(repr=False)

    @property
    def root(self) -> Path:
        """The directory that core is started in."""
        return self._directories[self.tree.root.directory]

    def locate(self, file: str) -> str:
        """Turn a file name in core's output, relative to the root of the copy, into one relative to the base."""
        absolute = self.restore(os.path.normpath(self.root / file))
        return os.path.relpath(self._renamed.get(Path(absolute), absolute), self.tree.base)

    def restore(self, text: str) -> str:
        """Restore the user's own paths and expressions in core's output."""
        text = text.replace(str(self.place), "" if self.top == Path("/") else str(self.top))
        return REFERENCE.sub(lambda match: self.references[int(match[1])], text)

    def add_file(self, name: str, content: bytes) -> bool:
        """Add a file that core misses, by core's name for it; return whether the copy has a place for it."""
        own = Path(os.path.normpath(self.root / name))
        if Path(name).is_absolute() and own.is_relative_to(self.top) and not own.is_relative_to(self.place):
            own = self.place / own.relative_to(self.top)  # messages name the user's own folder
        if not own.is_relative_to(self.place) or own.exists():
            return False
        for above in reversed(own.relative_to(self.place).parents):
            folder = self.place / above
            if folder.is_symlink():  # a folder of the user becomes one of the copy, with the same entries
                original = folder.readlink()
                folder.unlink()
                folder.mkdir()
                _mirror(original, folder, {original: list_entries(original)}, {original})
            folder.mkdir(exist_ok=True)
        own.unlink(missing_ok=True)  # of a link that leads nowhere
        own.write_bytes(content)
        return True

    def accept_any_version(self) -> None:
        """Let this core evaluate a configuration that requires another version of Terraform."""
        for copied in self._directories.values():
            state = self.state if copied == self.root else ""
            (copied / OVERRIDE).write_text(state + ANY_VERSION, encoding="utf-8")


def copy_tree(tree: Tree, scratch: Path, *, conditions: bool = True, applied: str = "") -> WorkingCopy:
    """Lay out the copy below ``scratch``, with or without the resources' own pre- and postconditions.

    A copy that will be ``applied`` gets the backend for its state, and keeps every ``depends_on``. Another copy in the
    same place is removed. Raises TerraformError if a file of the user has the name of an added one.
    """
    originals = {module.directory for module in tree.modules.values()}
    top = find_top(tree.root.directory, originals) if find_repository(tree.root.directory) else Path("/")
    place = scratch / "tree"
    expanded = {above for each in originals for above in (each, *each.parents) if above.is_relative_to(top)}
    expanded |= {each / TESTS for each in originals if (each / TESTS).is_dir() and not (each / TESTS).is_symlink()}
    entries = {each: list_entries(each) for each in expanded}
    _refuse_taken_names((each / name for each in sorted(originals) for name in entries[each]), tree.base)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    sources = [source for module in tree.distinct for source in module.sources]
    reads_files = any(each.is_json or _READS_FILES.search(each.text) for each in sources)
    beside = expanded if reads_files else {each for each in expanded if each in originals or each.name == TESTS}
    _mirror(top, place, entries, beside)
    directories = {each: place / each.relative_to(top) for each in originals}
    references = _edit_modules(tree, directories, conditions=conditions, applied=bool(applied))
    files = ((module.directory, source) for module in tree.distinct for source in module.sources)
    renamed = {place / Path(each.core_file).name: place / Path(each.file).name for place, each in files}
    state = applied or LOCAL_STATE.format(json.dumps(str(scratch / WORKSPACES)))
    copy = WorkingCopy(scratch, place, tree, top, references, state, directories, renamed)
    (copy.root / OVERRIDE).write_text(copy.state, encoding="utf-8")
    for name in tree.encrypted:
        (copy.root / name).unlink()
    if handed := "".join(_write_handed_providers(tree)):
        with (copy.root / ADDED).open("a", encoding="utf-8") as file:
            file.write(handed)
    _write_manifest(copy)
    return copy


def _write_manifest(copy: WorkingCopy) -> None:
    """Write the manifest of modules for core, so that it fetches none: an unlisted one does not exist."""
    file, listed = copy.scratch / "data" / MODULES, [{"Key": "", "Source": "", "Dir": "."}]
    for path, module in copy.tree.modules.items():
        place = os.path.relpath(copy._directories[module.directory], copy.root)
        listed += [_describe_module(copy.tree, path) | {"Dir": place}] if path else []
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"Modules": listed}), encoding="utf-8")


def _describe_module(tree: Tree, path: str) -> dict[str, str]:
    """Return the key of a module, and its source: as written, or as it was fetched before."""
    (caller, name), key = split_call(path), ".".join(path.split(".")[1::2])
    calling = tree.modules[caller]
    borrowed = tree.borrowed.get(calling.directory, {}).get(name)
    source = name_borrowed(borrowed, calling.directory) if borrowed else calling.calls[name].source
    if not is_local(source):
        return dict(tree.fetched.get(key, {}))
    clean = os.path.normpath(source)
    start = "" if clean.startswith("..") else "./"
    return {"Key": key, "Source": {".": "./", "..": "../"}.get(clean, start + clean)}


def name_borrowed(directory: Path, caller: Path) -> str:
    """Return the source that leads from a module to one that was found in another folder."""
    source = os.path.relpath(directory, caller)
    return source if source.startswith(".") else f"./{source}"


def _write_handed_providers(tree: Tree) -> Iterator[str]:
    """Yield a provider block for each that a caller or a wrapper of the root would write: nobody does for a root."""
    aliases = ((block.labels[0], block.arguments.get("alias")) for block in tree.root.of("provider"))
    own = {(name, each.literal) for name, each in aliases if each}
    named = [each.entries.get("configuration_aliases") for each in tree.root.required_providers.values()]
    for block in (each for kind in ("resource", "data", "module") for each in tree.root.of(kind)):
        if not tree.is_unread("", block.address):
            named += [block.arguments.get("provider"), block.arguments.get("providers")]
    handed = [used for each in named if each for used in each.references]
    for name, alias in sorted({each.parts for each in handed if len(each.parts) == 2} - own):
        if not tree.is_unread("", f"provider.{name}"):
            yield f'provider "{name}" {{\n  alias = "{alias}"\n}}\n'


def _refuse_taken_names(paths: Iterable[Path], base: Path) -> None:
    """Raise TerraformError for a file that has an added one's name, or would be read after it."""
    for path in paths:
        if path.name in _ADDED_NAMES or os.fsencode(path.name) >= os.fsencode(OVERRIDE):
            file = os.path.relpath(path, base)
            raise refusal(f"{file} has a name that the gate needs for itself", "rename the file", Position(file, 1))


def _mirror(original: Path, copied: Path, entries: Mapping[Path, Iterable[str]], linked: Container[Path]) -> None:
    """Create the directories that have ``entries``, and link everything else in those that are to be ``linked``.

    A link is always linked: a module's directory may be found through it.
    """
    inner = {each.name for each in entries if each.parent == original and each != original}
    for name in inner:
        (copied / name).mkdir()
        _mirror(original / name, copied / name, entries, linked)
    for each in (original / name for name in entries[original]):
        if each.name not in inner and not LEFT_OUT.fullmatch(each.name) and (original in linked or each.is_symlink()):
            (copied / each.name).symlink_to(each)


def _edit_modules(tree: Tree, directories: Mapping[Path, Path], *, conditions: bool, applied: bool) -> tuple[str, ...]:
    """Write the edited files of every module; return the addresses behind the local values they use."""
    references: list[str] = []
    for module in tree.distinct:
        copied, before, unread = directories[module.directory], len(references), False
        for source in module.sources:
            text = edit_source(source, module, tree, references, conditions=conditions, applied=applied)
            unread = unread or f"local.{UNREAD}".encode() in text
            if text != source.text or OUTLINE.encode() in text or source.core_file != source.file:
                (copied / Path(source.file).name).unlink()
                written = copied / Path(source.core_file).name
                written.unlink(missing_ok=True)
                written.write_bytes(text)
        stated = "".join(f"  prodgate_reference_{n} = {references[n]}\n" for n in range(before, len(references)))
        added = (f"locals {{\n{stated}}}\n" if stated else "") + (STAND_IN if unread else "")
        if added:
            (copied / ADDED).write_text(added, encoding="utf-8")
    return tuple(references)
