"""Places where values come from that nobody stated, and whether that decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .use_effects import CHANGES, COUNTS, CUTS, DECIDES, EDITS, NULLS, ORDERS, REPEATS

#: What a stand-in may not do to an argument; a number of zones that was cut out is a number that is stated.
_DECISIONS: Final = frozenset({DECIDES, CHANGES, COUNTS, REPEATS, ORDERS})
_DECISIONS_BY_ZONES: Final = frozenset({DECIDES, CHANGES})
_ZONES: Final = "aws_availability_zones"


@dataclass(frozen=True, slots=True)
class Origin:
    """A place where a value comes from that nobody stated, and what became of it on its way."""

    source: str
    kind: str
    """``invented`` (nothing is known of it), ``stand-in`` (one of its kind), or ``computed`` (AWS sets it)."""
    how: frozenset[str]

    def decides(self, value: object) -> bool:
        """Whether a value of an argument that comes from here may be another one in production.

        What holds others may be as it is although one of them is not. A number can't merely hold a stand-in.
        """
        if isinstance(value, int | float):
            return self._decides_text or self._makes_number
        return self._decides_whole if isinstance(value, list | Mapping) else self._decides_text

    @property
    def decides_parts(self) -> bool:
        """Whether something in an argument that comes from here may be another one in production."""
        return self._decides_text or self._makes_number

    @property
    def _decides_whole(self) -> bool:
        """Whether it is more than handed on, so that the number of parts may follow from it."""
        return self._decides_text if self.kind != "invented" else bool(self.how & {*_DECISIONS, CUTS, EDITS})

    @property
    def _decides_text(self) -> bool:
        if self.kind == "stand-in":
            return bool(self.how & (_DECISIONS_BY_ZONES if self._is_cut else _DECISIONS))
        return self.kind == "invented" or bool(self.how & {DECIDES, CHANGES})

    @property
    def _makes_number(self) -> bool:
        if self.kind == "stand-in":
            return not self._is_cut and (NULLS not in self.how or bool(self.how & _DECISIONS))
        return bool(self.how & {CHANGES, EDITS})

    @property
    def decides_number(self) -> bool:
        """Whether the number of instances may be another one in production."""
        if self.kind == "stand-in":
            return not self._is_cut or bool(self.how & _DECISIONS_BY_ZONES)
        return self.kind == "invented" or bool(self.how & {DECIDES, CHANGES, EDITS})

    @property
    def decides_null(self) -> bool:
        """Whether a condition asks it, so that what comes from there may be null in production."""
        return DECIDES in self.how or (self.kind == "invented" and NULLS in self.how)

    @property
    def _is_cut(self) -> bool:
        return CUTS in self.how and f"data.{_ZONES}." in self.source
