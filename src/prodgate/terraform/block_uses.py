"""What the arguments of a resource, a data source or a module call name, and which of its instances a name means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .hcl import HclBlock, SyntaxNode
from .uses import EACH, INSTANCES, PICK, Use, fill_in, find_block_uses, find_dynamic_uses, find_uses, substitute

#: What leads to a part of a value: names of arguments, blocks and keys, and indices.
Path = tuple[str | int, ...]


def list_block_uses(block: HclBlock) -> Iterator[tuple[str, Iterator[Use]]]:
    """Yield each top-level argument and nested block with what it names; several of one name come one by one."""
    for name, value in block.arguments.items():
        if name != "depends_on":
            yield name, find_uses(value.node, fields=(INSTANCES,) if name == "for_each" else ())
    for inner in block.blocks:
        enabled = inner.arguments.get("enabled") if inner.kind == "lifecycle" else None
        if enabled:
            yield "enabled", find_uses(enabled.node)
        elif inner.kind == "dynamic" and inner.labels:
            yield inner.labels[0], find_dynamic_uses(inner)
        elif inner.kind != "lifecycle":
            yield inner.kind, find_block_uses(inner)


def find_part_uses(block: HclBlock, path: Path, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield what a block names in the value at a path of names and indices, such as ``("retry_policy", 0, "most")``."""
    name, inside = str(path[0]), path[1:]
    if name in block.arguments:
        fields = tuple(EACH if isinstance(each, int) else each for each in inside)
        yield from find_uses(block.arguments[name].node, how, fields)
    within = inside[1:] if inside and isinstance(inside[0], int) else inside
    for inner in block.blocks if within else ():
        if inner.kind == name:
            yield from find_part_uses(inner, within, how)
        elif inner.kind == "dynamic" and inner.labels == (name,):
            yield from fill_in(inner, (use for each in inner.blocks for use in find_part_uses(each, within, how)))


def list_repeated(blocks: Iterable[HclBlock]) -> list[SyntaxNode]:
    """What ``for_each`` of some blocks goes over."""
    return [block.arguments["for_each"].node for block in blocks if "for_each" in block.arguments]


def stand_for_each(uses: Iterable[Use], repeated: Sequence[SyntaxNode]) -> Iterator[Use]:
    """Yield uses, with what ``for_each`` names in the place of ``each``."""
    for use in substitute(uses, "each.value", "each.key", repeated):
        if use.parts == ("each",):
            yield from (each for node in repeated for each in find_uses(node, use.how))
        elif use.parts[0] != "each":
            yield use


def drop_instance(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name without the part that says which instance of a resource, data source or module is meant."""
    length = {"data": 3, "module": 2, "local": 0, "var": 0}.get(parts[0], 2)
    return (
        (*parts[:length], *parts[length + 1 :])
        if length and parts[length : length + 1] in ((EACH,), (PICK,))
        else parts
    )
