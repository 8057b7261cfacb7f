"""Files of a test, stated as what they hold."""

from collections.abc import Mapping
from pathlib import Path


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, by their path below a directory, and return it; directories are made as they are needed."""
    for name, held in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(held if isinstance(held, bytes) else held.encode("utf-8"))
    return root
