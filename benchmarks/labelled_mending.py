"""Makes examples that were only written to be parsed evaluable: whatever they don't declare becomes unknown.

Only parts that core refuses are changed. A name that is declared nowhere becomes unknown, as does a value that the
provider does not take; an argument or block that left the provider is removed; a missing argument becomes unknown. A
variable without a value that names a bucket stands for that name. A resource that core still refuses is removed with
its label.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final

from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.hcl import HclBlock, Source, SyntaxNode, node_text, parse
from prodgate.terraform.provider.schema import Block, aws_schemas

#: A value of any type that is known only after apply.
LATER: Final = "jsondecode(terraform_data.undeclared.output)"
_MADE: Final = "undeclared.tf"
_DECLARED_LATER: Final = 'resource "terraform_data" "undeclared" {\n  input = "decided later"\n}\n'
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
_OUTSIDE: Final = re.compile(r"var|local|module|data|(aws|random|tls|archive|null|time|local|template|google)_\w+")
_READS: Final = frozenset({"file", "filebase64", "filebase64sha256", "filesha256", "filemd5", "templatefile"})
_LACKING: Final = re.compile(r'At least \d+ "(\w+)" blocks? (?:are|is) required')
_KEY: Final = re.compile(r"\baws_kms_key\.([A-Za-z_][\w-]*)\.")
_NAMED: Final = re.compile(r"\baws_\w+\.[A-Za-z_][\w-]*")
_NAMING: Final = re.compile(r"(?m)^\s*bucket\s*=\s*(var|local)\.(\w+)\s*$")
_HANDED: Final = re.compile(r"(?m)^\s*(\w+)\s*=\s*var\.(\w+)\s*$")
_VALUED: Final = 'variable "{0}" {{\n  default = "{0}"\n}}\n'
_REPEATED: Final = frozenset({"locals", "provider", "terraform"})
_MISSING: Final = re.compile(r'The argument "(\w+)" is required')
_FILE: Final = re.compile(r'"(?:\$\{path\.\w+\}/)?([^"$~]+)"')
#: The bytes of a file to replace, and their replacement.
Edit = tuple[int, int, str]


def prepare(folder: Path) -> tuple[dict[str, str], set[str]]:
    """Mend undeclared names in a folder.

    Return why addresses are left out, which are declared twice, and the addresses in which a value was made unknown.
    """
    sources = _read(folder)
    times = Counter(block.address for source in sources.values() for block in source.blocks)
    twice = {each for each, count in times.items() if count > 1 and each.partition(".")[0] not in _REPEATED}
    naming = _list_naming_variables(path.read_text("utf-8") for path in sources)
    for path, source in sources.items():
        stated = [block for block in source.blocks if _is_unstated(block) and block.labels[0] in naming]
        taken = [block for block in source.blocks if block.address in twice or _is_needless(block)]
        named = [(*block.span, _VALUED.format(block.labels[0])) for block in stated]
        _edit(path, [*named, *((*block.span, "") for block in taken if block not in stated)])
    keyed = {name for path in sources for name in _KEY.findall(path.read_text("utf-8"))}
    keys = (f'resource "aws_kms_key" "{name}" {{}}\n' for name in sorted(keyed) if f"aws_kms_key.{name}" not in times)
    (folder / _MADE).write_text(_DECLARED_LATER + "".join(keys), "utf-8")
    return dict.fromkeys(twice, "is declared more than once"), undeclare(folder)


def list_names(folder: Path) -> dict[str, set[str]]:
    """Return the addresses that each block of a folder names."""
    blocks = [block for source in _read(folder).values() for block in source.blocks]
    return {block.address: set(_NAMED.findall(node_text(block.node))) for block in blocks}


def _list_naming_variables(texts: Iterable[str]) -> set[str]:
    """Return the variables that hold a name, directly or through a local value: one name is one thing."""
    whole = "\n".join(texts)
    handed = dict(_HANDED.findall(whole))
    return {name if kind == "var" else handed.get(name, "") for kind, name in _NAMING.findall(whole)}


def _is_needless(block: HclBlock) -> bool:
    """Whether a block is a version constraint, or asks for a value that nobody states and that becomes unknown."""
    return block.kind == "terraform" or _is_unstated(block)


def _is_unstated(block: HclBlock) -> bool:
    return block.kind == "variable" and "default" not in block.arguments


def undeclare(folder: Path) -> set[str]:
    """Replace references to undeclared things, and to missing files, by unknown values.

    Return the addresses in which that was done.
    """
    sources, touched = _read(folder), set()
    declared = set(_list_declared(source for source in sources.values()))
    for path, source in sources.items():
        found = {block.address: list(_find_undeclared(block, declared, folder)) for block in source.blocks}
        touched |= {address for address, edits in found.items() if any(LATER in edit[2] for edit in edits)}
        _edit(path, [each for block in source.blocks for each in _find_undeclared(block, declared, folder)])
    return touched


def _read(folder: Path) -> dict[Path, Source]:
    return {path: parse(path, path.name) for path in sorted(folder.glob("*.tf"))}


def _list_declared(sources: Iterable[Source]) -> Iterator[str]:
    for block in (each for source in sources for each in source.blocks):
        if block.kind == "locals":
            yield from (f"local.{name}" for name in block.arguments)
        elif block.kind == "variable":
            yield from (f"var.{name}" for name in block.labels if "default" in block.arguments)
        else:
            yield block.address


def _find_undeclared(block: HclBlock, declared: Collection[str], folder: Path) -> Iterator[Edit]:
    for name, (start, end) in block.spans.items():
        value = block.arguments[name]
        found = list(_list_outside(value.node, declared, folder))
        if found and name in ("depends_on", "provider"):
            yield start, end, ""
        else:
            yield from found
    for inner in block.blocks:
        yield from _find_undeclared(inner, declared, folder)


def _list_outside(node: SyntaxNode, declared: Collection[str], folder: Path) -> Iterator[Edit]:
    children = node.named_children
    if node.type == "variable_expr" and node_text(node) in ("True", "False"):
        yield node.start_byte, node.end_byte, node_text(node).lower()
    if node.type == "function_call" and _is_missing(node, folder):
        yield node.start_byte, node.end_byte, LATER
        return
    for position, child in enumerate(children):
        accesses = list(takewhile(lambda each: each.type in _ACCESSES, children[position + 1 :]))
        parts = [node_text(each).strip('[]". ') for each in (child, *accesses)]
        named = ".".join(parts[: 3 if parts[0] == "data" else 2])
        if child.type == "variable_expr" and len(parts) > 1 and _OUTSIDE.fullmatch(parts[0]) and named not in declared:
            yield child.start_byte, accesses[-1].end_byte, LATER
        else:
            yield from _list_outside(child, declared, folder)


def _is_missing(call: SyntaxNode, folder: Path) -> bool:
    name, *given = [node_text(each) for each in call.named_children]
    stated = _FILE.match(given[0]) if given else None
    return name in _READS and not (stated and (folder / stated[1]).is_file())


def mend(folder: Path, error: Diagnostic) -> tuple[str, bool]:
    """Change a part that core refuses; return the address it belongs to, and whether that was removed.

    Raises LookupError if nothing can be changed.
    """
    if not error.position:
        raise LookupError(error.summary)
    path = folder / Path(error.position.file).name
    source = parse(path, path.name)
    block = next((each for each in source.blocks if each.line <= error.position.line <= each.last_line), None)
    if not block:
        raise LookupError(error.summary)
    edit = next(_propose(block, error.position.line, error, _find_schema(block)), None)
    _edit(path, [edit or (*block.span, "")])
    undeclare(folder)
    return block.address, not edit


def _find_schema(block: HclBlock) -> Block:
    known = block.kind == "resource" and block.labels[0] in aws_schemas().names("resource")
    return aws_schemas().block("resource", block.labels[0]) if known else {"attributes": {}, "block_types": {}}


def _make_block(name: str, schema: Block) -> str:
    """Return a block with only its required contents."""
    lines = [f"{each} = {LATER}" for each, stated in schema["attributes"].items() if stated.get("required")]
    inner = [_make_block(each, stated["block"]) for each, stated in schema["block_types"].items() if _is_needed(stated)]
    return "\n".join([f"{name} {{", *lines, *inner, "}\n"])


def _is_needed(stated: Block) -> bool:
    return bool(stated.get("min_items"))


def _propose(block: HclBlock, line: int, error: Diagnostic, schema: Block) -> Iterator[Edit]:
    inner = next((each for each in block.blocks if each.line <= line <= each.last_line), None)
    missing, lacking = _MISSING.search(error.detail), _LACKING.search(error.detail)
    opening = block.node.start_byte + node_text(block.node).encode().index(b"{") + 1
    nested = (schema["block_types"].get(inner.kind) or {}).get("block") if inner else None
    if inner and error.summary == "Unsupported block type" and inner.line == line:
        yield (*inner.span, "")
    elif inner:
        yield from _propose(inner, line, error, nested or {"attributes": {}, "block_types": {}})
    elif missing:
        yield opening, opening, f"\n{missing[1]} = {LATER}\n"
    elif lacking and lacking[1] in schema["block_types"]:
        yield opening, opening, f"\n{_make_block(lacking[1], schema['block_types'][lacking[1]]['block'])}"
    else:
        yield from _replace(block, line, error)


def _replace(block: HclBlock, line: int, error: Diagnostic) -> Iterator[Edit]:
    for name, value in block.arguments.items():
        if value.line <= line <= value.last_line:
            gone = error.summary == "Unsupported argument" or name in ("depends_on", "provider", "count", "for_each")
            if gone:
                yield (*block.spans[name], "")
            elif value.text != LATER:
                yield value.node.start_byte, value.node.end_byte, LATER


def _edit(path: Path, edits: Iterable[Edit]) -> None:
    text = path.read_bytes()
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead.encode() + text[end:]
    path.write_bytes(text)
