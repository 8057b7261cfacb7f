"""A story as its source publishes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

CATEGORIES: Final = ("games", "trades", "injuries", "draft", "league")


@dataclass(frozen=True)
class Story:
    """The stored parts of an item; texts are plain, with an empty line between paragraphs."""

    external_id: str
    title: str
    summary: str
    body: str
    published_at: datetime
    category: str
    teams: tuple[str, ...] = ()
    japanese: Mapping[str, str] = field(default_factory=dict)
    """Title, summary and body, as far as the source has them."""
