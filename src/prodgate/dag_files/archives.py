"""DAG files in archives: Airflow imports the modules that lie at the top of one, where they speak of DAGs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: Words without which no module of an archive declares a DAG, and Airflow passes over it.
_WORDS: Final = (b"dag", b"airflow")


def read_archived(folder: Path, archives: list[str]) -> dict[str, str]:
    """Return the text of each DAG file in archives below a folder, by a name such as ``team.zip/news.py``."""
    return {name: text for archive in archives for name, text in _read_archive(folder / archive, archive)}


def write_archived(texts: dict[str, str], folder: Path) -> None:
    """Write the files as they are named below a folder, for a tool that reads no archives."""
    for name, text in texts.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")


def _read_archive(path: Path, archive: str) -> Iterator[tuple[str, str]]:
    try:
        with zipfile.ZipFile(path) as opened:
            for member in opened.infolist():
                if not _is_module(member):
                    continue
                text = opened.read(member)
                if all(word in text.lower() for word in _WORDS):
                    yield f"{archive}/{member.filename}", text.decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return  # Airflow can't read it either, and says so


def _is_module(member: zipfile.ZipInfo) -> bool:
    return "/" not in member.filename and member.filename.endswith(".py")
