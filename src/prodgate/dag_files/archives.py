"""DAG files in archives: Airflow imports the modules that lie at the top of one, where they speak of DAGs."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Final

#: Words without which no module of an archive declares a DAG, and Airflow passes over it.
_WORDS: Final = (b"dag", b"airflow")
#: What is raised for one that is cut or damaged, encrypted, or compressed in a way that Python does not know.
_UNREADABLE: Final = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def read_archived(folder: Path, archives: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the text of each DAG file in archives below a folder, and why archives can't be read.

    A file is named as ``team.zip/news.py``.
    """
    texts, unread = dict[str, str](), dict[str, str]()
    for archive in archives:
        try:
            texts |= _read_archive(folder / archive, archive)
        except _UNREADABLE as error:
            unread[archive] = f"can't be read: {error}"
    return texts, unread


def write_archived(texts: dict[str, str], folder: Path) -> None:
    """Write the files as they are named below a folder, for a tool that reads no archives."""
    for name, text in texts.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")


def _read_archive(path: Path, archive: str) -> dict[str, str]:
    with zipfile.ZipFile(path) as opened:
        modules = {each.filename: opened.read(each) for each in opened.infolist() if _is_module(each)}
    declaring = {name: text for name, text in modules.items() if all(word in text.lower() for word in _WORDS)}
    return {f"{archive}/{name}": text.decode("utf-8", "replace") for name, text in declaring.items()}


def _is_module(member: zipfile.ZipInfo) -> bool:
    return "/" not in member.filename and member.filename.endswith(".py")
