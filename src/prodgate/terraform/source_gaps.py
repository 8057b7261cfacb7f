"""What the text of a configuration says that its values do not: what depends on a workspace, what one core reads."""

from __future__ import annotations

from collections.abc import Iterator

from .directory_files import name_for_core
from .flow import read_native
from .positions import Position
from .resources import Gap
from .sources import Tree


def find_source_gaps(tree: Tree, engine: str, workspace: str = "") -> Iterator[Gap]:
    """Yield the gaps that the files of a tree leave, evaluated by an engine, in a workspace where one is stated."""
    if not workspace:
        yield from _find_workspace_gaps(tree)
    yield from _find_files_of_opentofu(tree, engine)


def _find_workspace_gaps(tree: Tree) -> Iterator[Gap]:
    """Yield a gap where a value depends on the workspace, of which core knows only the default one here."""
    reason = 'is "default" here, and may be another in production; judge a plan.json of it, or check --workspace NAME'
    for source in {each.file: each for module in tree.modules.values() for each in module.sources}.values():
        blocks = read_native(source).blocks if b"workspace" in source.text else ()
        found = (name for block in blocks for name in block.references if name.parts == ("terraform", "workspace"))
        for name in found:
            yield Gap("terraform.workspace", reason, Position(source.file, name.line))


def _find_files_of_opentofu(tree: Tree, engine: str) -> Iterator[Gap]:
    """Yield a gap for each file that OpenTofu alone reads, where nothing says that it is what production uses."""
    reason = "is judged as OpenTofu reads it{}, which Terraform does not; put tofu on PATH if you use it, or write .tf"
    for source in {each.file: each for module in tree.modules.values() for each in module.sources}.values():
        read = name_for_core(source.file)
        if read != source.file and not engine.startswith("OpenTofu"):
            replaced = f", in the place of {read}" if (tree.base / read).exists() else ""
            yield Gap(source.file, reason.format(replaced), Position(source.file, 1))
