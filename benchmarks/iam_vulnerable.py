"""Says who reaches administrator in Terraform that was written to test tools that ask that.

    python benchmarks/iam_vulnerable.py FOLDER [--paid]

FOLDER is github.com/BishopFox/iam-vulnerable (kept outside this repository). With --paid a copy is asked that has what
its author leaves to be uncommented, as it costs money: functions, instances and stacks that hold the roles. Its
principals come in families of a user and a role: `privesc…` ways that exist, `fn…` ways that tools miss, `fp…` what is
no way, and tools call one.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prodgate.iam.reach import Reach, find_reach
from prodgate.iam.truth import Doubt
from prodgate.terraform.evaluate import open_configurations
from prodgate.terraform.principals import read_account

_ANSWERS: Final = ("yes", "undetermined", "no")
_KINDS: Final = {"privesc": "a way", "fn": "a way that tools miss", "fp": "no way, and blamed by tools"}


def main(folder: Path, paid: bool) -> int:
    """Print the count of each answer; exit 1 where a way is denied, or what is none is called one."""
    with TemporaryDirectory() as made:
        if paid:
            folder = _pay(folder, Path(made) / "copy")
        (configuration,) = open_configurations(folder)
    families: dict[str, str] = {}
    for reach in find_reach(read_account(configuration, "2026-01-01T00:00:00+00:00")):
        if isinstance(reach.administrator, Doubt) and "--verbose" in sys.argv:
            print(f"{reach.principal.name}: {reach.administrator}")
        family = re.sub(r"-(user|role)$", "", reach.principal.name)
        families[family] = min(families.get(family, "no"), _say(reach), key=_ANSWERS.index)
    counts = Counter((kind, answer) for name, answer in families.items() for kind in _KINDS if name.startswith(kind))
    for (kind, answer), count in sorted(counts.items()):
        print(f"{_KINDS[kind]}: {answer}: {count}")
    wrong = counts["privesc", "no"] + counts["fn", "no"] + counts["fp", "yes"]
    return 1 if wrong or not counts["privesc", "yes"] else 0


def _pay(folder: Path, copy: Path) -> Path:
    """Return a copy in which every module is called."""
    shutil.copytree(folder, copy)
    main_file = copy / "main.tf"
    calls = re.sub(r"^# ?(?=module |\s*\w+ += |\})", "", main_file.read_text("utf-8"), flags=re.MULTILINE)
    main_file.write_text(calls, "utf-8")
    return copy


def _say(reach: Reach) -> str:
    if isinstance(reach.administrator, Doubt):
        return "undetermined"
    return "yes" if reach.administrator else "no"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--paid" in sys.argv))
