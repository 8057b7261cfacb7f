"""The Terraform files of one directory: which of them core reads, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .diagnostics import refusal
from .hcl import Source, parse
from .positions import Position

#: How the names of files end that OpenTofu reads in the place of those that are called .tf, or beside them.
TOFU: Final = {".tofu": ".tf", ".tofu.json": ".tf.json"}
#: How the names of files end that core reads.
_CONFIGURATION: Final = (".tf", ".tf.json", *TOFU)
_READ: Final = (*_CONFIGURATION, ".tfvars", ".tfvars.json")


def has_configuration(directory: Path) -> bool:
    """Whether a directory holds Terraform files itself."""
    return any(True for _ in list_configuration_files(directory))


def list_configuration_files(directory: Path) -> list[str]:
    """Return the files that core reads in a directory, overriding ones last; ``x.tofu`` is read and not ``x.tf``."""
    every = list_entries(directory)
    read = [name for name in every if name.endswith(_CONFIGURATION) and not name.startswith(".")]
    replaced = {name_for_core(name) for name in read if name_for_core(name) != name}
    return sorted(set(read) - replaced, key=lambda name: (name.split(".")[0].endswith("override"), name))


def name_for_core(name: str) -> str:
    """Return the name by which every core reads a file: that of ``x.tofu`` is ``x.tf``."""
    ending = next((each for each in TOFU if name.endswith(each)), "")
    return name.removesuffix(ending) + TOFU[ending] if ending else name


def list_entries(directory: Path) -> list[str]:
    """Return the names in a directory in order; none of one that can't be read."""
    try:
        return sorted(each.name for each in directory.iterdir())
    except OSError:
        return []


def parse_files(directory: Path, base: Path) -> Iterator[Source]:
    """Parse the files that core reads; they are named relative to ``base``. Raises TerraformError for pipes."""
    _refuse_pipes(directory, base)
    for name in list_configuration_files(directory):
        try:
            yield parse(directory / name, os.path.relpath(directory / name, base))
        except OSError:
            continue  # core will say that it can't read the file


def _refuse_pipes(directory: Path, base: Path) -> None:
    """Raise TerraformError for a pipe or device in the place of a file: core would wait for it, and so would we."""
    for name in list_entries(directory):
        path = directory / name
        if name.endswith(_READ) and path.exists() and not (path.is_file() or path.is_dir()):
            file = os.path.relpath(path, base)
            raise refusal(f"{file} is no regular file", "Nobody reads it to its end; write a file.", Position(file, 1))
