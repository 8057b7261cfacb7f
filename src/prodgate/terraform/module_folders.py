"""Finds modules of registries and repositories in folders where somebody keeps copies of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from os.path import normpath
from pathlib import Path
from typing import Final

#: ``[HOST/]NAMESPACE/NAME/PROVIDER``, as registries have it.
_REGISTRY: Final = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?/)?([\w-]+)/([\w-]+)/([\w-]+)")
#: What stands around the path of a repository or an archive.
_AROUND: Final = re.compile(r"^[a-z0-9]+::|\?.*$")
_ENDINGS: Final = re.compile(r"\.(git|zip|tar\.gz|tgz|tar\.xz|tar\.bz2)$")


def find_in_folders(source: str, folders: Iterable[Path]) -> Path | None:
    """Return the directory of a module in the first folder that holds it under one of its names, or None.

    A module of a registry may be there as ``NAMESPACE/NAME/PROVIDER``, as ``terraform-PROVIDER-NAME`` (the repository
    that it must be in) or as ``NAME``; one of a repository or an archive by the last part of its address.
    """
    address, inner = _split_inner(_AROUND.sub("", source))
    candidates = (folder / name for folder in folders for name in _list_names(address))
    found = next((each for each in candidates if each.is_dir()), None)
    directory = Path(normpath(found / inner)) if found else None
    return directory if directory and directory.is_dir() else None


def is_filed_in_full(source: str, found: Path, folders: Iterable[Path]) -> bool:
    """Whether a folder has a module under its whole address in a registry; by a name alone it may be another one."""
    address, inner = _split_inner(source)
    registry = _REGISTRY.fullmatch(address)
    if not registry:
        return False
    return any(found == Path(normpath(folder.joinpath(*registry.groups(), inner))) for folder in folders)


def _split_inner(source: str) -> tuple[str, str]:
    """Split off what follows ``//``, which is a directory in the module; not the ``//`` of ``https://``."""
    scheme, separator, rest = source.rpartition("://")
    address, _, inner = rest.partition("//")
    return f"{scheme}{separator}{address}", inner


def _list_names(address: str) -> Iterator[str]:
    if registry := _REGISTRY.fullmatch(address):
        namespace, name, provider = registry.groups()
        yield from (f"{namespace}/{name}/{provider}", f"terraform-{provider}-{name}", name)
    last = _ENDINGS.sub("", re.split(r"[/:]", address.rstrip("/"))[-1])
    if last.strip(".") and not registry:
        yield last
