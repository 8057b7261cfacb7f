"""The cache of the edge: keeps what may be kept for everybody, as long as CloudFront would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Final

from .edge_settings import Behaviour

_SECONDS: Final = re.compile(r"\b(s-maxage|max-age)\s*=\s*(\d+)")
#: Bytes of one answer that is kept; a rehearsal's pages are far smaller.
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What an origin answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the values of a header, which is named in lower case, as one."""
        return ", ".join(value for header, value in self.headers if header.lower() == name)


@dataclass(slots=True)
class Cache:
    """Answers by address, each with when it came and until when it is kept."""

    kept: dict[str, tuple[float, float, Answer]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: str) -> tuple[Answer, int] | None:
        """Return an answer that is still fresh, and its age in seconds."""
        with self._lock:
            came, until, answer = self.kept.get(key, (0.0, 0.0, None))
        now = monotonic()
        return (answer, int(now - came)) if answer is not None and now < until else None

    def keep(self, key: str, answer: Answer, behaviour: Behaviour, *, whatever: bool = False) -> None:
        """Keep an answer as long as it may be; ``whatever`` it says, where a proof asks for it."""
        seconds = lifetime(answer, behaviour) or (60 if whatever and answer.status == 200 else 0)
        if seconds > 0 and len(answer.body) <= _LARGEST:
            now = monotonic()
            with self._lock:
                self.kept[key] = (now, now + seconds, answer)


def lifetime(answer: Answer, behaviour: Behaviour) -> int:
    """Return the seconds that an answer may be kept for everybody: what it says, within what the behaviour states."""
    least, default, most = behaviour.ttl
    said = answer.header("cache-control").lower()
    if answer.status != 200 or answer.header("set-cookie"):
        return 0
    if re.search(r"\b(no-store|no-cache|private)\b", said):
        return least
    stated = {name: int(number) for name, number in _SECONDS.findall(said)}
    return min(max(stated.get("s-maxage", stated.get("max-age", default)), least), most)
