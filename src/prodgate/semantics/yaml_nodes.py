"""YAML as GitHub reads it, with the line of every value.

PyYAML speaks YAML 1.1, where the key ``on`` is the boolean true; GitHub does not. Keys are therefore always text
here, and only ``true`` and ``false`` are booleans. Numbers stay text as well: nothing compares them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

__all__ = ["Node", "YamlError", "parse_yaml"]

_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_DEEPEST = 50
#: The maximum number of characters of a file, and of values in it after expanding every alias.
_LONGEST, _MOST = 256 * 1024, 50_000


class YamlError(ValueError):
    """The text is not YAML that GitHub would read; the message begins with the line."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it is written on (its key's, if it has one); None for null and for a missing value."""

    value: bool | str | Mapping[str, "Node"] | tuple["Node", ...] | None
    line: int

    def at(self, *keys: str) -> "Node":
        """Return the value under nested keys; a missing one has the line of its nearest parent."""
        node = self
        for key in keys:
            children = node.value if isinstance(node.value, Mapping) else {}
            node = children.get(key, Node(None, node.line))
        return node

    def text(self) -> str:
        """Return a scalar as text; an empty string for anything else."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return self.value if isinstance(self.value, str) else ""

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Yield the keys and values of a mapping; nothing for anything else."""
        yield from self.value.items() if isinstance(self.value, Mapping) else ()

    def nodes(self) -> tuple["Node", ...]:
        """Return the values of a list; a single scalar counts as a list of one."""
        if isinstance(self.value, tuple):
            return self.value
        return (self,) if isinstance(self.value, str) else ()

    def texts(self) -> dict[str, str]:
        """Return a mapping of scalars as text."""
        return {key: node.text() for key, node in self.items()}


def parse_yaml(text: str) -> Node:
    """Read one document. Raises YamlError for invalid YAML, for a repeated key and for endless nesting."""
    if len(text) > _LONGEST:
        raise YamlError(f"1: is longer than {_LONGEST:,} characters; split it")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"{line}: is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise YamlError(f"1: is not YAML: {' '.join(str(error).split())}") from None
    except (RecursionError, ValueError) as error:
        raise YamlError(f"1: is not YAML that can be read: {type(error).__name__}; write it flatter") from None
    if root is not None:
        _refuse_bomb(root)
    return _convert(root, 0) if root is not None else Node(None, 1)


def _refuse_bomb(root: yaml.Node) -> None:
    """Raise YamlError if expanded aliases make more values than anybody writes; each node is counted once."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, depth: int) -> int:
        line = node.start_mark.line + 1
        if depth > _DEEPEST:
            raise YamlError(f"{line}: is nested more than {_DEEPEST} deep; an anchor that holds itself?")
        if id(node) not in sizes:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            inner = node.value if isinstance(node, yaml.SequenceNode) else [each for pair in pairs for each in pair]
            sizes[id(node)] = 1 + sum(size(each, depth + 1) for each in inner)
        return sizes[id(node)]

    if (values := size(root, 0)) > _MOST:
        raise YamlError(f"1: holds {values:,} values with its aliases written out, more than {_MOST:,}; write fewer")


def _convert(node: yaml.Node, depth: int) -> Node:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        raise YamlError(f"{line}: is nested more than {_DEEPEST} deep; an anchor that holds itself?")
    if isinstance(node, yaml.MappingNode):
        return Node(_convert_mapping(node, depth), line)
    if isinstance(node, yaml.SequenceNode):
        return Node(tuple(_convert(item, depth + 1) for item in node.value), line)
    if node.tag == _NULL:
        return Node(None, line)
    if node.tag == _BOOL and node.value.lower() in ("true", "false"):
        return Node(node.value.lower() == "true", line)
    return Node(node.value, line)


def _convert_mapping(node: yaml.MappingNode, depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"{key.start_mark.line + 1}: has a key that is not a text; write a plain key")
        if key.value in found:
            raise YamlError(f"{key.start_mark.line + 1}: repeats the key {key.value!r}; keep one")
        found[key.value] = Node(_convert(value, depth + 1).value, key.start_mark.line + 1)
    return found
