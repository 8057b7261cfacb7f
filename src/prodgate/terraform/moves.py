"""Addresses after ``moved`` blocks: a renamed resource is the same one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Final

from .resources import Configuration
from .sources import list_roots, read_tree

#: The index of a module that is called several times.
_KEY: Final = r"(?:\[[^\]]*\])?"


@dataclass(frozen=True, slots=True)
class Move:
    """A ``moved`` block of the module at ``module``, from ``old`` to ``new``."""

    module: str
    old: str
    new: str

    def follow(self, text: str) -> str:
        """Return a text with its addresses replaced by the present ones.

        >>> Move("", "aws_sqs_queue.a", "module.q.aws_sqs_queue.this").follow("aws_sqs_queue.a[0]")
        'module.q.aws_sqs_queue.this[0]'
        >>> Move("module.q", "aws_sqs_queue.a", "aws_sqs_queue.b").follow('module.q["x"].aws_sqs_queue.a')
        'module.q["x"].aws_sqs_queue.b'
        """
        names = re.findall(r"module\.[\w-]+", self.module)
        within = "".join(re.escape(name) + _KEY + r"\." for name in names)
        return re.sub(rf"(?<![\w.\-])({within}){re.escape(self.old)}(?![\w\-])", lambda m: m[1] + self.new, text)


def follow_moves(text: str, moves: Sequence[Move]) -> str:
    """Return a text with its addresses replaced by the present ones, even after several moves."""
    for _ in moves:
        text, before = reduce(lambda now, move: move.follow(now), moves, text), text
        if text == before:
            break
    return text


def read_moves(path: Path, modules: Sequence[Path] = ()) -> tuple[Move, ...]:
    """Return the ``moved`` blocks below a directory; none for a plan.json. Raises TerraformError."""
    moves: list[Move] = []
    for root in list_roots(path) if path.is_dir() else ():
        real = root.resolve()
        tree = read_tree(real, path.resolve(), folders=[each.resolve() for each in modules], lenient=True)
        named = [(name, source) for name, module in tree.modules.items() for source in module.sources]
        for name, source in named:
            blocks = source.blocks if b"moved" in source.text else ()
            stated = [
                each.arguments for each in blocks if each.kind == "moved" and {"from", "to"} <= each.arguments.keys()
            ]
            moves += [Move(name, each["from"].text.strip('"'), each["to"].text.strip('"')) for each in stated]
    return tuple(dict.fromkeys(moves))


def find_renamed(before: Iterable[Configuration], after: Iterable[Configuration]) -> Iterator[tuple[str, str]]:
    """Yield the old and the new address of resources with equal declarations under different addresses.

    Without a ``moved`` block an apply destroys the one and creates the other.
    """
    old, new = ({one.address: one for each in some for one in each.resources} for some in (before, after))
    left = [one for address, one in old.items() if address not in new and one.mode == "managed"]
    for address, one in new.items():
        if address not in old and one.mode == "managed":
            alike = (each for each in left if each.type == one.type and repr(each.values) == repr(one.values))
            same = next(alike, None)
            if same:
                left.remove(same)
                yield same.address, address
