"""The limits of containers, as control groups of both versions state them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.load.cgroup import Quota, read_quota

STAT = "usage_usec 30000000\nuser_usec 1\nnr_periods 9\nthrottled_usec 2000000\n"
TIGHT = {"cpu.max": "50000 100000\n", "cpu.stat": STAT.replace("3", "6")}
LIMITED = {"cpu.max": "200000 100000\n", "cpu.stat": STAT}
FREE = {"cpu.max": "max 100000\n", "cpu.stat": STAT}
OLD = {
    "cpu.cfs_quota_us": "150000\n",
    "cpu.cfs_period_us": "100000\n",
    "cpuacct.usage": "30000000000\n",
    "cpu.stat": "nr_periods 9\nnr_throttled 1\nthrottled_time 2000000000\n",
}
TWO = Quota(processors=2.0, used=30.0, refused=2.0)


def machine(root: Path, own: str, groups: Mapping[str, Mapping[str, str]]) -> Path:
    """Return a root with these files of groups, and of the one that holds this process."""
    files = {"proc/self/cgroup": own}
    files |= {f"sys/fs/cgroup/{name}/{file}": text for name, held in groups.items() for file, text in held.items()}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    ("own", "groups", "quota"),
    [
        ("0::/\n", {".": LIMITED}, TWO),
        ("0::/pod/app\n", {"pod/app": FREE, "pod": LIMITED}, TWO),
        ("0::/pod/app\n", {"pod/app": LIMITED, "pod": TIGHT}, Quota(processors=0.5, used=60.0, refused=2.0)),
        ("0::/not/seen/from/here\n", {".": LIMITED}, TWO),
        ("0::/pod\n", {"pod": FREE, ".": {"cpu.stat": STAT}}, None),
        ("0::/pod\n", {"other": LIMITED}, None),
        ("4:cpu,cpuacct:/app\n0::/\n", {"cpu,cpuacct/app": OLD}, Quota(processors=1.5, used=30.0, refused=2.0)),
        ("4:cpuacct,cpu:/elsewhere\n", {"cpu": OLD}, Quota(processors=1.5, used=30.0, refused=2.0)),
        ("4:cpu:/app\n5:memory:/app\n", {"cpu/app": {**OLD, "cpu.cfs_quota_us": "-1\n"}}, None),
        ("nonsense", {}, None),
    ],
    ids=["own root", "above", "tightest", "path of the host", "free", "another's", "v1", "v1 host", "v1 free", "odd"],
)
def test_the_tightest_quota_counts(
    tmp_path: Path, own: str, groups: Mapping[str, Mapping[str, str]], quota: Quota | None
) -> None:
    found = read_quota(machine(tmp_path, own, groups))
    assert (found is None) == (quota is None)
    if found and quota:
        assert (found.processors, found.used, found.refused) == pytest.approx(
            (quota.processors, quota.used, quota.refused)
        )


def test_where_there_are_no_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert read_quota(tmp_path) is None
