"""Versions of the records that are written while a deployment is watched, and read here."""

from __future__ import annotations

from typing import Final

#: Of the record of a watch.
WATCH_FORMAT: Final = 1
#: Of the record of the requests in it.
STREAM_FORMAT: Final = 1
