"""Packages that a build makes before it deploys: an empty archive stands in for one that is not here yet.

No check reads what is in a package; without a stand-in, a function would be missing, and all that depends on it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..terraform.core import Core
from ..terraform.diagnostics import Diagnostic, TerraformError

#: The end of an archive's directory, which is all that an empty one has.
EMPTY: Final = b"PK\x05\x06" + bytes(18)
_PACKAGES: Final = (".jar", ".zip")
#: Core's message on a missing file whose content or digest is an argument.
_MISSING: Final = re.compile(r'Call to function "file\w{1,20}" failed: open ([^\n]{1,4096}): no such file')


def read_built(file: str) -> bytes:
    """Return the content of a file; of a package that is not there, the stand-in. Raises OSError."""
    place = Path(file)
    return EMPTY if place.suffix in _PACKAGES and not place.exists() else place.read_bytes()


def apply_unbuilt(core: Core, var_files: Sequence[Path]) -> tuple[Diagnostic, ...]:
    """Apply as ``core.apply`` does, with stand-ins for the packages of which core misses the digest."""
    while True:
        try:
            return core.apply(var_files)
        except TerraformError as error:
            missed = {found[1] for each in error.diagnostics if (found := _MISSING.search(each.detail))}
            packages = sorted(each for each in missed if each.endswith(_PACKAGES))
            if not sum(core.copy.add_file(each, EMPTY) for each in packages):
                raise
