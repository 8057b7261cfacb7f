"""Criteria, findings and waivers made for tests: one sound baseline of each, to be changed in one place."""

from datetime import UTC, date, datetime
from typing import Any

from prodgate.criteria import Criterion
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound
from prodgate.waivers import Waiver

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


def criterion(id_: str = "backup-retention", **changes: Any) -> Criterion:
    given = {
        "wording": "Backups are kept.",
        "wording_ja": "バックアップを保持する。",
        "why": "They are needed.",
        "source": "OPS-2",
        "layers": ("static",),
        "bound": Bound.parse(">= 30 d"),
    }
    return Criterion(id=id_, **{**given, **changes})


def finding(outcome: Outcome = Outcome.SATISFIED, **changes: Any) -> Finding:
    given = {"criterion": "backup-retention", "check": "PG_REC_1", "layer": "static", "subject": "aws_rds_cluster.this"}
    return Finding(outcome=outcome, **{**given, **changes})


def waiver(**changes: Any) -> Waiver:
    given = {
        "id": "short-retention",
        "covers": "PG_REC_1",
        "subject": "aws_rds_cluster.this",
        "reason": "The cluster is rebuilt from the archive every night.",
        "owner": "ana@example.com",
        "approver": "ben@example.com",
        "opened": date(2026, 11, 1),
        "expires": date(2026, 12, 24),
    }
    return Waiver(**{**given, **changes})
