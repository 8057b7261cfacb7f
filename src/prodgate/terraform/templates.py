"""Templates in files, written into the expressions that fill them in.

``templatefile("t.tftpl", { zone = local.zone })`` is the text of the file with ``zone`` in it: what the template does
with a name, it does with what that name is given. So the call is replaced by a heredoc of that text, inside of a loop
over one element for each name, and whatever follows values through expressions follows them through templates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .hcl import Source, SyntaxNode, node_text, parse_text

_MARK: Final = "PRODGATE_TEMPLATE"
#: Bytes of a template beyond which it is not followed, and all that it is given counts as changed.
_LARGEST: Final = 1_000_000
#: How deep templates may stand in what others are given.
_DEEPEST: Final = 5


def write_templates(source: Source, module: Path, root: Path) -> Source:
    """Return a file with the text of each template in the place of the call that reads it, where that can be told.

    Positions in what is returned mean nothing.
    """
    for _ in range(_DEEPEST):
        if b"templatefile" not in source.text or not (calls := [*_find_calls(source, module, root)]):
            break
        text = source.text
        for start, end, written in reversed(calls):
            text = text[:start] + written + text[end:]
        source = parse_text(text, source.file)
    return source


def _find_calls(source: Source, module: Path, root: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield the bytes of each outermost call that can be followed, and what is written there instead."""
    for block in source.blocks:
        yield from _find_calls_in(block.node, module, root)


def _find_calls_in(node: SyntaxNode, module: Path, root: Path) -> Iterator[tuple[int, int, bytes]]:
    written = _write_call(node, module, root) if node.type == "function_call" else None
    if written is not None:
        yield node.start_byte, node.end_byte, written
        return
    for child in node.named_children:
        yield from _find_calls_in(child, module, root)


def _write_call(node: SyntaxNode, module: Path, root: Path) -> bytes | None:
    name, *rest = node.named_children
    arguments = [each for part in rest for each in part.named_children if each.type == "expression"]
    if node_text(name).removeprefix("core::") != "templatefile" or len(arguments) != 2:
        return None
    text = _read_template(node_text(arguments[0]).strip(), module, root)
    if text is None:
        return None
    loop = f"<<{_MARK}\n{text}\n{_MARK}\n"
    for given in _list_names(loop):
        loop = f"[for {given} in [({node_text(arguments[1])}).{given}] : {loop}][0]"
    return loop.encode()


def _read_template(path: str, module: Path, root: Path) -> str | None:
    """Return the text of a template whose path is written out; None when it can't be told which that is."""
    written = path.strip('"').replace("${path.module}", str(module)).replace("${path.root}", str(root))
    if not path.startswith('"') or path.count('"') != 2 or "${" in written:
        return None
    try:
        data = (root / written).read_bytes()
        text = data.decode()
    except (OSError, ValueError):
        return None
    return text if len(data) <= _LARGEST and _MARK not in text and "templatefile" not in text else None


def _list_names(template: str) -> list[str]:
    """The names that a template uses, those of its own loops among them."""
    parsed = parse_text(f"x = {template}".encode(), "")
    return sorted({name for each in parsed.arguments.values() for name in _find_names(each.node)})


def _find_names(node: SyntaxNode) -> Iterator[str]:
    if node.type == "variable_expr":
        yield node_text(node)
    for child in node.named_children:
        yield from _find_names(child)
