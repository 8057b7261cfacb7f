"""Bytecode beside a team's module has no say, and none is left there."""

from __future__ import annotations

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT = """
import sys
from pathlib import Path
from types import ModuleType
root = Path(sys.argv[1])
if "anew" in sys.argv:
    from prodgate.processes.sources import read_sources_only
    read_sources_only(root, ("policies",))
package = sys.modules.setdefault("policies", ModuleType("policies"))
package.__path__ = [str(root / "policies")]
import policies.inner.shop
print(policies.inner.shop.SAID)
"""


def forge(path: Path, text: str) -> None:
    """Leave bytecode of another text that Python takes for that of the file."""
    found, cache = path.stat(), Path(importlib.util.cache_from_source(str(path)))
    cache.parent.mkdir()
    head = importlib.util.MAGIC_NUMBER + bytes(4)
    told = int(found.st_mtime).to_bytes(4, "little") + found.st_size.to_bytes(4, "little")
    cache.write_bytes(head + told + marshal.dumps(compile(text, str(path), "exec")))


@pytest.mark.parametrize(("how", "said"), [("as usual", "forged"), ("anew", "written")])
def test_a_module_says_what_is_written_in_it(tmp_path: Path, how: str, said: str) -> None:
    module = tmp_path / "policies" / "inner" / "shop.py"
    module.parent.mkdir(parents=True)
    (module.parent / "__init__.py").write_text("")
    module.write_text('SAID = "written"\n')
    forge(module, 'SAID = "forged"\n')
    command = [sys.executable, "-c", IMPORT, str(tmp_path), how]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.stdout == f"{said}\n", done.stderr
    left = {path.name.partition(".")[0] for path in module.parent.rglob("*.pyc")}
    assert left == ({"shop"} if how == "anew" else {"shop", "__init__"})
