"""What ``moved`` blocks say of addresses: a resource that has another name is the same one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .flow import read_native
from .resources import Configuration, Resource
from .roots import MANIFEST, list_roots
from .sources import Module, read_manifest, read_tree

#: What may stand behind the name of a module that is called several times.
_KEY: Final = r"(?:\[[^\]]*\])?"


@dataclass(frozen=True, slots=True)
class Move:
    """A ``moved`` block: what the module at ``module`` named ``old`` is named ``new`` there."""

    module: str
    old: str
    new: str

    def follow(self, text: str) -> str:
        """Return a text that names addresses, with those of today.

        >>> Move("", "aws_sqs_queue.a", "module.q.aws_sqs_queue.this").follow("aws_sqs_queue.a[0]")
        'module.q.aws_sqs_queue.this[0]'
        >>> Move("module.q", "aws_sqs_queue.a", "aws_sqs_queue.b").follow('module.q["x"].aws_sqs_queue.a')
        'module.q["x"].aws_sqs_queue.b'
        """
        names = re.findall(r"module\.[\w-]+", self.module)
        within = "".join(re.escape(name) + _KEY + r"\." for name in names)
        return re.sub(rf"(?<![\w.\-])({within}){re.escape(self.old)}(?![\w\-])", lambda m: m[1] + self.new, text)


def follow_moves(text: str, moves: Sequence[Move]) -> str:
    """Return a text that names addresses with those of today, also where one was moved several times."""
    for _ in moves:
        text, before = _follow_once(text, moves), text
        if text == before:
            break
    return text


def _follow_once(text: str, moves: Iterable[Move]) -> str:
    for move in moves:
        text = move.follow(text)
    return text


def read_moves(path: Path, modules: Sequence[Path] = ()) -> tuple[Move, ...]:
    """Return what the ``moved`` blocks below a directory say; nothing for a plan.json. Raises TerraformError."""
    moves: list[Move] = []
    for root in list_roots(path) if path.is_dir() else ():
        real = root.resolve()
        manifest = read_manifest(real, real / MANIFEST)
        tree = read_tree(real, path.resolve(), manifest, folders=[each.resolve() for each in modules], lenient=True)
        for name, module in tree.modules.items():
            moves += _list_moves(name, module)
    return tuple(dict.fromkeys(moves))


def _list_moves(name: str, module: Module) -> Iterator[Move]:
    for source in module.sources:
        for block in read_native(source).blocks if b"moved" in source.text else ():
            stated = block.arguments
            if block.kind == "moved" and {"from", "to"} <= stated.keys():
                yield Move(name, stated["from"].text.strip('"'), stated["to"].text.strip('"'))


def find_renamed(before: Iterable[Configuration], after: Iterable[Configuration]) -> Iterator[tuple[str, str]]:
    """Yield the old and the new address of resources that are declared alike, and under another address than before.

    Without a ``moved`` block an apply destroys the one and creates the other.
    """
    old, new = ({one.address: one for each in some for one in each.resources} for some in (before, after))
    left = [one for address, one in old.items() if address not in new and one.mode == "managed"]
    for address, one in new.items():
        if address not in old and one.mode == "managed":
            same = next((each for each in left if _is_declared_alike(each, one)), None)
            if same:
                left.remove(same)
                yield same.address, address


def _is_declared_alike(before: Resource, after: Resource) -> bool:
    return before.type == after.type and repr(before.values) == repr(after.values)
