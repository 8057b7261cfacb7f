"""Where the roots of a configuration are, and what ``terraform init`` left there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from .diagnostics import refusal
from .directory_files import list_entries
from .sources import find_roots

#: Where ``terraform init`` lists the modules it fetched, from the root.
MANIFEST: Final = Path(os.environ.get("TF_DATA_DIR", ".terraform"), "modules", "modules.json")

#: How the names of files end that declare a stack: which roots are deployed together, and with what.
STACK: Final = (".tfcomponent.hcl", ".tfstack.hcl", ".tfdeploy.hcl", ".tfcomponent.json", ".tfdeploy.json")


def find_only_root(path: Path) -> Path:
    """Return the root at or below a directory. Raises TerraformError when there is not exactly one."""
    roots = list_roots(path)
    if len(roots) > 1:
        names = ", ".join(os.path.relpath(root, path.resolve()) for root in roots)
        raise refusal(f"{path}: holds {len(roots)} roots: {names}", "name one of them")
    return roots[0]


def list_roots(path: Path) -> tuple[Path, ...]:
    """Return the roots at or below a directory. Raises TerraformError when there is none."""
    if path.is_file():
        raise refusal(f"{path}: is a file, and only a root can be applied", "name it: [terraform] source")
    if not path.is_dir():
        raise refusal(f"{path}: there is no such file or directory", "name a Terraform root or a plan.json")
    roots = find_roots(path.resolve())
    if not roots and any(each.endswith(STACK) for each in list_entries(path)):
        raise refusal(f"{path}: declares a stack", "name the folder of one of its components")
    if not roots:
        raise refusal(f"{path}: holds no Terraform files (*.tf)", "name a Terraform root or a plan.json")
    return roots
