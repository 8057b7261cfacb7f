"""Source positions: a line of a file, and the lines behind each argument of a resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line of a file, relative to the directory the user named."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a resource and its arguments are written.

    ``arguments`` maps a dotted path without indices (``ingress.cidr_blocks``) to positions, innermost first: the
    argument itself, the module call that passes the value in, the line of the variable file it came from.
    """

    block: Position
    arguments: Mapping[str, tuple[Position, ...]] = field(default_factory=dict)

    def of(self, path: str) -> tuple[Position, ...]:
        """Return where ``path`` is written, or its nearest written parent, or the block itself."""
        while path:
            if path in self.arguments:
                return self.arguments[path]
            path = path.rpartition(".")[0]
        return (self.block,)
