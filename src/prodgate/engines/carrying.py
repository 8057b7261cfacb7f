"""Carrying what engines are made of to a machine that reaches no package index: a folder, filled on one that does.

DIR/packages/    what uv has downloaded, as it keeps it; of the system, the processor and the Python that filled it
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ..processes.ending import naming
from .environments import EngineError

_PACKAGES: Final = "packages"


@contextmanager
def filling(folder: Path) -> Iterator[None]:
    """Let every environment be made anew, elsewhere, of what is downloaded into a folder."""
    packages = (folder / _PACKAGES).absolute()
    with naming(packages):
        packages.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="prodgate-") as elsewhere,
        _settings(PRODGATE_CACHE=elsewhere, UV_CACHE_DIR=str(packages)),
    ):
        yield


@contextmanager
def offline(folder: Path) -> Iterator[None]:
    """Let environments be made of a folder that was filled; nobody is asked. Raises EngineError for another folder."""
    packages = (folder / _PACKAGES).absolute()
    if not packages.is_dir():
        raise EngineError(f"{folder}: holds no packages; fill it by prodgate setup --keep where there is an index")
    with _settings(UV_CACHE_DIR=str(packages), UV_OFFLINE="1"):
        yield


@contextmanager
def _settings(**more: str) -> Iterator[None]:
    """Set variables of this process, and put them back."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
