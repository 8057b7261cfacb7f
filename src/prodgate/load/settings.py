"""The settings of the Locust process: a JSON object in the environment, or in a file named there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from ..semantics.json_texts import read_json
from .profile import Profile

#: Names the JSON file, or holds the JSON object itself where a file is awkward, as in a container.
VARIABLE: Final = "PRODGATE_LOAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One load run: which load, on which host, and where its record goes."""

    profile: Profile
    host: str
    """Scheme, name and port: ``https://www.example.org``."""
    record: str
    """The file for the record, which the master or the single process writes."""
    workers: int = 0
    other_host: str = ""
    """A second host, which receives every second arrival, as when blue and green are compared."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host, and the other one if there is one."""
        return (self.host, self.other_host) if self.other_host else (self.host,)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the settings. Raises ValueError, which names what is wrong."""
        try:
            return cls(**{**data, "profile": Profile(**data["profile"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"{VARIABLE}: these are no settings of a load run: {error}") from error

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self | None:
        """Return the settings that the environment names, None when it names none. Raises ValueError."""
        given = environment.get(VARIABLE, "")
        if not given:
            return None
        try:
            text = given if given.lstrip().startswith("{") else Path(given).read_text("utf-8")
            data = read_json(text)
        except (OSError, ValueError) as error:
            raise ValueError(f"{VARIABLE}: {error}; name a JSON file, or give the JSON object itself") from error
        return cls.from_json(data)
