"""What a configuration uses of the schemas, so that core need not read all the rest."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .schema import UsedTypes

SUFFIXES: Final = (".tf", ".tf.json", ".tofu", ".tofu.json")
#: A type name stands literally in the file that declares it.
_TYPE: Final = re.compile(rb"\b[a-z][a-z0-9]*_\w+")
_LOGICAL: Final = re.compile(rb"\b(?:and|or|not)_statement\b")


def make_type_finder(tree: Path) -> Callable[[], UsedTypes]:
    """Return a function that looks through the files below `tree` as they are when it is called."""

    def look() -> UsedTypes:
        found: set[bytes] = set()
        deepest = 0
        for directory, _, files in os.walk(tree):
            for text in (Path(directory, name).read_bytes() for name in files if name.endswith(SUFFIXES)):
                found.update(_TYPE.findall(text))
                deepest = max(deepest, len(_LOGICAL.findall(text)))  # each level is written out
        return UsedTypes(frozenset(each.decode() for each in found), deepest + 1) if found else UsedTypes()

    return look
