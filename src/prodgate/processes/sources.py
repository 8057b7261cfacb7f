"""Modules of a team are compiled from their source: bytecode that lies beside it may be of another text."""

import sys
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType


class _FromSource(SourceFileLoader):
    """Reads no bytecode, and leaves none."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def read_sources_only(root: Path, names: Iterable[str]) -> None:
    """Let this process compile what it imports from a project, and from all below these folders of it, anew."""
    folders = tuple((root / name).resolve() for name in names)
    make = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES))

    def find_in(place: str) -> object:
        path = Path(place).resolve()
        if path != root.resolve() and not any(path.is_relative_to(folder) for folder in folders):
            raise ImportError(f"{place} is no folder of the project")
        return make(place)

    sys.path_hooks.insert(0, find_in)  # type: ignore[arg-type]  # a hook returns a finder, which typeshed narrows
    sys.path_importer_cache.clear()
