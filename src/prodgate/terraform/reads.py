"""What a running policy reads: the last of it places its finding, a sensitive one hides what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from .positions import Origin


class Declaration(Protocol):
    """The resource that a block belongs to, as far as reading needs it."""

    address: str
    type: str
    origin: Origin | None
    references: Mapping[str, tuple[str, ...]]
    sensitive: frozenset[str]


#: What the running policy has read so far, as (resource, dotted path).
_READS: ContextVar[list[tuple[Declaration, str]] | None] = ContextVar("reads", default=None)


@contextmanager
def recorded_reads() -> Iterator[list[tuple[Declaration, str]]]:
    """Collect what is read from resources while the context is open, in order."""
    reads: list[tuple[Declaration, str]] = []
    token = _READS.set(reads)
    try:
        yield reads
    finally:
        _READS.reset(token)


def note_reads(reads: Iterable[tuple[Declaration, str]]) -> None:
    """Note what is read, or would be once more if it were not known already."""
    if (noted := _READS.get()) is not None:
        noted.extend(reads)


def reads_sensitive(reads: Iterable[tuple[Declaration, str]]) -> bool:
    """Whether anything that was read is marked as sensitive."""
    return any(path.split(".")[0] in resource.sensitive for resource, path in reads)
