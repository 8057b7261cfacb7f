"""A run that holds one of everything, and one of ten thousand findings, to be exported."""

from pathlib import Path

import pytest

from prodgate.evidence import artifacts
from prodgate.evidence.runs import Run
from prodgate.report.formats.source import Source, read_source

from ..samples import criterion, failing, finding, not_built, run, showcase, waiver

HOSTILE = "a%b\x00\x1b[2J\u202e]]><x y='\"'>&\r\n::error::x\ud800\uffff`|` 日本語 {{7*7}}"
CRITERIA = """
system = "shop"

[criteria.backup-retention]
statement = { en = "Backups are kept.", ja = "保持する。" }
[criteria."log-retention"]
"""
WAIVERS = """
[[waivers]]
id = "W-6"
"""


@pytest.fixture
def whole(tmp_path: Path) -> Run:
    """A run with every outcome, a waiver in force, one that ended and one that covers nothing, on disk."""
    digests = {"criteria": artifacts.store(tmp_path, CRITERIA.encode(), ".toml")}
    digests |= {"waivers": artifacts.store(tmp_path, WAIVERS.encode(), ".toml")}
    made = showcase()
    about = {**made.about, **digests, "included": {}}
    return Run(**{**{name: getattr(made, name) for name in made.__slots__}, "about": about, "path": tmp_path})


@pytest.fixture
def source(whole: Run) -> Source:
    return read_source(whole)


def hostile() -> Source:
    """A run whose every text is hostile."""
    seen = [
        failing(
            "c", HOSTILE, observed=HOSTILE, expected=HOSTILE, remedy=HOSTILE, where=(f"{HOSTILE}:1",), check=HOSTILE
        ),
        finding("c", "undetermined", HOSTILE, reason=HOSTILE, check="t"),
        failing("c", "waived", check="w"),
    ]
    stated = criterion("c", wording=HOSTILE, why=HOSTILE, source=HOSTILE, controls=("NIST-800-53:CP-9", HOSTILE))
    accepted = waiver(covers="w", subject="waived", reason=HOSTILE, owner="o" + HOSTILE)
    return read_source(run([stated], seen, waivers=(accepted,), system=HOSTILE, layers=("static",)))


def many(number: int) -> Source:
    """A run of so many findings that all fail."""
    seen = [failing("c", f"module.database.aws_rds_cluster_instance.this[{n}]") for n in range(number)]
    stated = criterion("c", require=">= 30 d", controls=("NIST-800-53:CP-9",))
    return read_source(run([stated], seen, layers=("static",)))


def go(*, rehearsal: bool = False, partial: bool = False) -> Source:
    """A run that is GO."""
    stated = criterion("c", layers=("static", "live"), controls=("NIST-800-53:CP-9",))
    seen = [finding("c", "satisfied"), finding("c", "satisfied", layer="live", check="t")]
    layers = {"layers": ("static",)} if partial else {}
    return read_source(run([stated], seen[: 1 if partial else 2], rehearsal=rehearsal, **layers))


def insufficient() -> Source:
    """A run in which nothing fails and one layer says nothing."""
    stated = criterion("c", layers=("static", "live"), controls=("NIST-800-53:CP-9",))
    return read_source(run([stated], [finding("c", "satisfied"), not_built("c")]))
