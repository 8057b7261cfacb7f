"""How much processor time a container may use and has used: by its control group, version 2 or 1.

Within a container the counters of the machine are those of the whole host, which may look idle while the container is
at its limit.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MOUNTED: Final = "sys/fs/cgroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Processor time that a group may use, and has used since it was made."""

    processors: float
    """Processor seconds per second that it may use."""
    used: float
    """Processor seconds that it has used; 0 where version 1 counts them apart from the limit."""


def read_quota(root: Path = Path("/")) -> Quota | None:
    """Return the tightest quota on this process's group or one above it, None where nothing limits it."""
    found: list[Quota] = []
    for folder, version in _list_groups(root):
        with suppress(OSError, ValueError):  # a group without a limit, or without this controller
            found += _read_v2(folder) if version else _read_v1(folder)
    return min(found, key=lambda each: each.processors, default=None)


def _list_groups(root: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of each group that holds this process, and whether it is of version 2.

    A container that sees its own group as the root has its files right where groups are mounted.
    """
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            names = controllers.split(",")
            if controllers and "cpu" not in names:
                continue
            places = [root / _MOUNTED] if not controllers else [root / _MOUNTED / name for name in (controllers, "cpu")]
            for mounted in places:
                below = Path(path.strip("/"))
                yield from ((mounted / part, not controllers) for part in (below, *below.parents))


def _read_v2(folder: Path) -> Iterator[Quota]:
    quota, period = (folder / "cpu.max").read_text("utf-8").split()
    if quota != "max":
        used = re.search(r"^usage_usec (\d+)$", (folder / "cpu.stat").read_text("utf-8"), re.MULTILINE)
        yield Quota(processors=int(quota) / int(period), used=int(used[1]) * 1e-6 if used else 0.0)


def _read_v1(folder: Path) -> Iterator[Quota]:
    quota, period = (int((folder / f"cpu.cfs_{name}_us").read_text("utf-8")) for name in ("quota", "period"))
    if quota > 0:
        counter = folder / "cpuacct.usage"
        used = int(counter.read_text("utf-8")) if counter.exists() else 0
        yield Quota(processors=quota / period, used=used * 1e-9)
