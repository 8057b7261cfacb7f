"""Lists who reaches administrator in Terraform that was written to test such tools.

python benchmarks/iam_vulnerable.py FOLDER [--paid]

FOLDER is github.com/BishopFox/iam-vulnerable (kept outside this repository). With --paid the script copies it and
uncomments the functions, instances and stacks that hold roles, which its author leaves out because they cost money. Its
principals come in families of a user and a role: `privesc…` real paths, `fn…` paths that tools miss, `fp…` false paths
that tools report.
"""

import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prodgate.iam.reach import Reach, find_reach
from prodgate.iam.truth import Doubt
from prodgate.layers.static.principals import read_account
from prodgate.terraform.evaluate import open_configurations

_ANSWERS: Final = ("yes", "undetermined", "no")
_KINDS: Final = {"privesc": "a way", "fn": "a way that tools miss", "fp": "no way, and blamed by tools"}


def main(folder: Path, paid: bool) -> int:
    """Print the count of each answer; exit 1 if a real path is denied, or a false one reported."""
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
    """Return a copy in which every module is enabled."""
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
