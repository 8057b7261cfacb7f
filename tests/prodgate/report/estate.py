"""A run of ten thousand findings, for the size of its report and for the benchmark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from prodgate.criteria import Criteria, Criterion
from prodgate.evidence.runs import Run
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound
from prodgate.sections.criteria_file import CriteriaFile

FINDINGS = 10_000
CRITERIA = 60
STARTED = datetime(2026, 11, 24, 13, tzinfo=UTC)


def estate(every: int) -> Run:
    """Return a run in which one finding of ``every`` is not satisfied."""
    criteria = [
        Criterion(
            id=f"criterion-{n}",
            statement=f"Every resource keeps agreement number {n} of the team that runs the system.",
            statement_ja=f"すべてのリソースは、システムを運用するチームの取り決め {n} を守る。",
            why="Without it an outage lasts longer than the agreed time.",
            source=f"INF-{n % 12}",
            layers=("static",),
            bound=Bound.parse(">= 30 d"),
        )
        for n in range(CRITERIA)
    ]
    digest = sha256(b"plan").hexdigest()
    return Run(
        path=Path("runs/2026-11-24T130000Z-3f2a9c1"),
        about={
            "target": "aws://prod@ap-northeast-1",
            "rehearsal": False,
            "layers": ["static"],
            "started": STARTED.isoformat(),
        },
        criteria=CriteriaFile(
            path=Path("criteria.toml"), system="estate", criteria=Criteria({c.id: c for c in criteria})
        ),
        waivers=(),
        findings=tuple(_finding(n, digest, failing=n % every == 0) for n in range(FINDINGS)),
        facts=(),
        finished=STARTED + timedelta(minutes=3),
    )


def _finding(n: int, digest: str, *, failing: bool) -> Finding:
    return Finding(
        criterion=f"criterion-{n % CRITERIA}",
        check=f"PG_BENCH_{n % CRITERIA}",
        layer="static",
        subject=f"module.service_{n % 97}.aws_cloudwatch_log_group.this[{n}]",
        outcome=Outcome.NOT_SATISFIED if failing else Outcome.SATISFIED,
        expected=">= 30 d" if failing else "",
        observed=f"{n % 29} d" if failing else "",
        remedy="Set retention_in_days to the agreed number of days." if failing else "",
        where=(f"modules/service_{n % 97}/logs.tf:{n}",),
        evidence=(digest,),
    )
