"""A text that is shown as it is written in every language."""

from __future__ import annotations


class Verbatim(str):
    """In the words of a team."""

    __slots__ = ()
