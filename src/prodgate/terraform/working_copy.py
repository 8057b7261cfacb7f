"""A copy of a configuration in which core may write: the user's own tree is only read.

Directories of modules, and those above them up to the repository, are created; everything in them is a symbolic link to
the original, so that ``../../modules/x``, ``file()`` and ``templatefile()`` find what they found before. Only files
that are edited for the evaluation are copied. What lies above modules is not linked where no function reads files: a
folder such as a home may hold thousands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .diagnostics import refusal
from .directory_files import list_entries, name_for_core
from .edits import REFERENCE, Surroundings, edit_source
from .hermetic import WORKSPACES
from .positions import Position
from .sources import Module, Tree
from .unread import STAND_IN, UNREAD

#: What is never linked: core's own working files, and state that belongs to the real infrastructure.
LEFT_OUT: Final = re.compile(
    r"\.terraform|\.terraform\.lock\.hcl|\.git|.*\.tfstate(\..*)?|terraform\.tfstate\.d|.*\.(tf|tofu)test\.(hcl|json)|"
    r".*\.(tfquery|tfcomponent|tfstack|tfdeploy)\.(hcl|json)"
)
#: A call of a function that reads files, or asks which there are, also one with a comment before its bracket. What JSON
#: holds may be written in other ways.
_READS_FILES: Final = re.compile(rb"file\w*\s*[(/#]")
#: Where core looks for tests beside a root, which it reads and checks whatever it is asked to do.
TESTS: Final = "tests"
OVERRIDE: Final = "zzzz_prodgate_override.tf"
ADDED: Final = "zzzz_prodgate.tf"
LOCAL_STATE: Final = 'terraform {{\n  backend "local" {{\n    workspace_dir = {}\n  }}\n}}\n'
ANY_VERSION: Final = 'terraform {\n  required_version = ">= 0.1"\n}\n'


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """Where the copy is, and how names in it become the user's again.

    ``references`` are the resource addresses that stand behind the numbered local values of the edits.
    """

    scratch: Path
    place: Path
    tree: Tree
    top: Path
    references: tuple[str, ...]
    state: str
    """The block that says where core keeps the state."""
    _directories: Mapping[Path, Path] = field(repr=False)
    _renamed: Mapping[Path, Path] = field(repr=False)

    @property
    def root(self) -> Path:
        """The directory that core is started in."""
        return self._directories[self.tree.root.directory]

    def locate(self, file: str) -> str:
        """Turn a file name as core prints it, relative to the root of the copy, into one relative to the base."""
        absolute = self.restore(os.path.normpath(self.root / file))
        return os.path.relpath(self._renamed.get(Path(absolute), absolute), self.tree.base)

    def restore(self, text: str) -> str:
        """Put the user's own paths and expressions back into something that core wrote."""
        text = text.replace(str(self.place), "" if self.top == Path("/") else str(self.top))
        return REFERENCE.sub(lambda match: self.references[int(match[1])], text)

    def accept_any_version(self) -> None:
        """Let this core evaluate a configuration that asks for another version of Terraform."""
        for copied in self._directories.values():
            state = self.state if copied == self.root else ""
            (copied / OVERRIDE).write_text(state + ANY_VERSION, encoding="utf-8")


def copy_tree(tree: Tree, scratch: Path, *, conditions: bool = True, applied: str = "") -> WorkingCopy:
    """Lay out the copy below ``scratch``, with or without the resources' own pre- and postconditions.

    A copy that will be ``applied`` is given the backend for its state, and keeps every ``depends_on``. Another copy in
    the same place is removed. Raises TerraformError where somebody's file has the name of one that is added.
    """
    originals = {module.directory for module in tree.modules.values()}
    _refuse_taken_names(originals, tree.base)
    top = find_top(tree.root.directory, originals) if find_repository(tree.root.directory) else Path("/")
    place = scratch / "tree"
    expanded = {above for each in originals for above in (each, *each.parents) if above.is_relative_to(top)}
    expanded |= {each / TESTS for each in originals if (each / TESTS).is_dir() and not (each / TESTS).is_symlink()}
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    beside = expanded if _reads_files(tree) else {each for each in expanded if each in originals or each.name == TESTS}
    _mirror(top, place, expanded, beside)
    directories = {each: place / each.relative_to(top) for each in originals}
    references = _edit_modules(tree, directories, conditions=conditions, applied=bool(applied))
    renamed = dict(_list_renamed(tree))
    state = applied or LOCAL_STATE.format(json.dumps(str(scratch / WORKSPACES)))
    copy = WorkingCopy(scratch, place, tree, top, references, state, directories, renamed)
    (copy.root / OVERRIDE).write_text(copy.state, encoding="utf-8")
    if handed := "".join(_write_handed_providers(tree)):
        with (copy.root / ADDED).open("a", encoding="utf-8") as file:
            file.write(handed)
    return copy


def _reads_files(tree: Tree) -> bool:
    sources = [source for module in tree.modules.values() for source in module.sources]
    return any(source.file.endswith(".json") or _READS_FILES.search(source.text) for source in sources)


def find_top(root: Path, originals: Iterable[Path]) -> Path:
    """Return the repository that holds the root, or the nearest directory above all modules when that is higher."""
    return Path(os.path.commonpath([find_repository(root) or root, *originals]))


def find_repository(directory: Path) -> Path | None:
    """Return the repository that holds a directory; None where nothing says what belongs to it."""
    return next((above for above in (directory, *directory.parents) if (above / ".git").exists()), None)


def _write_handed_providers(tree: Tree) -> Iterator[str]:
    """Yield a provider block for each that whoever calls the root as a module hands in: nobody does where it is one."""
    blocks = [*tree.root.of("provider")]
    own = {(block.labels[0], each.literal) for block in blocks if (each := block.arguments.get("alias"))}
    for block in (inner for outer in tree.root.of("terraform") for inner in outer.blocks):
        for name, stated in block.arguments.items() if block.kind == "required_providers" else ():
            named = stated.entries.get("configuration_aliases")
            handed = named.references if named and not tree.is_unread("", f"provider.{name}") else ()
            for alias in (each.parts[1] for each in handed if len(each.parts) == 2):
                if (name, alias) not in own:
                    yield f'provider "{name}" {{\n  alias = "{alias}"\n}}\n'


def _refuse_taken_names(directories: Iterable[Path], base: Path) -> None:
    """Raise TerraformError for a file in whose place, and not beside which, the added one would be read."""
    for path in (each / name for each in sorted(directories) for name in list_entries(each)):
        if name_for_core(path.name) in (ADDED, OVERRIDE):
            file = os.path.relpath(path, base)
            raise refusal(f"{file} has a name that the gate needs for itself", "rename the file", Position(file, 1))


def _list_renamed(tree: Tree) -> Iterator[tuple[Path, Path]]:
    """Yield each file that core reads by another name: that name and its own."""
    for module in tree.modules.values():
        names = (Path(source.file).name for source in module.sources)
        yield from ((module.directory / name_for_core(name), module.directory / name) for name in names)


def _mirror(original: Path, copied: Path, expanded: set[Path], linked: set[Path]) -> None:
    """Create the directories that are expanded, and link what else is in those whose entries are to be linked.

    A link is linked in any case: a module's directory may be found by it.
    """
    inner = {each.name for each in expanded if each.parent == original and each != original}
    for name in inner:
        (copied / name).mkdir()
        _mirror(original / name, copied / name, expanded, linked)
    for each in _list_entries(original):
        if each.name not in inner and not LEFT_OUT.fullmatch(each.name) and (original in linked or each.is_symlink()):
            (copied / each.name).symlink_to(each)


def _list_entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []  # core can read no more of it than we can


def _edit_modules(tree: Tree, directories: Mapping[Path, Path], *, conditions: bool, applied: bool) -> tuple[str, ...]:
    """Write the edited files of every module; return the addresses behind the local values they use."""
    references: list[str] = []
    for module in {each.directory: each for each in tree.modules.values()}.values():
        copied, before, unread = directories[module.directory], len(references), False
        around = _describe_surroundings(tree, module)
        for source in module.sources:
            text = edit_source(source, around, references, conditions=conditions, applied=applied)
            unread = unread or f"local.{UNREAD}".encode() in text
            name = Path(source.file).name
            if text != source.text or name_for_core(name) != name:
                (copied / name).unlink()
                (copied / name_for_core(name)).unlink(missing_ok=True)
                (copied / name_for_core(name)).write_bytes(text)
        stated = "".join(f"  prodgate_reference_{n} = {references[n]}\n" for n in range(before, len(references)))
        added = (f"locals {{\n{stated}}}\n" if stated else "") + (STAND_IN if unread else "")
        if added:
            (copied / ADDED).write_text(added, encoding="utf-8")
    return tuple(references)


def _describe_surroundings(tree: Tree, module: Module) -> Surroundings:
    borrowed = tree.borrowed.get(module.directory, {})
    sources = {name: os.path.relpath(each, module.directory) for name, each in borrowed.items()}
    sources = {name: each if each.startswith(".") else f"./{each}" for name, each in sources.items()}
    unread = tree.unread.get(module.directory, {})
    return Surroundings(module.resources, module.local_values, unread, sources, tree.uncomputable)
