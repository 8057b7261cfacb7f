import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from prodgate.aws import sessions
from prodgate.cli import main
from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.findings import Outcome
from prodgate.report.formats.asff import list_asff, render_asff
from prodgate.report.formats.source import Source, list_results, read_source
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

from ...sample_run import ABOUT, CRITERIA, judge
from .conftest import go, hostile, insufficient, many


@cache
def shape() -> Any:
    return (
        botocore.session.get_session()
        .get_service_model("securityhub")
        .operation_model("BatchImportFindings")
        .input_shape
    )


def real(source: Source) -> Source:
    scope = replace(source.verdict.scope, rehearsal=False)
    return replace(source, verdict=replace(source.verdict, scope=scope), account=ACCOUNT, region=REGION)


def asff(source: Source) -> list[dict[str, Any]]:
    found = list_asff(real(source))
    assert json.loads(render_asff(real(source))) == found
    report = ParamValidator().validate({"Findings": found}, shape())
    assert not report.has_errors(), report.generate_report()
    for each in found:
        assert len(each["Title"]) <= 256
        assert len(each["Description"]) <= 1024
        assert len(each["Id"]) <= 512
        assert len(each.get("Remediation", {}).get("Recommendation", {}).get("Text", "")) <= 512
        assert len(json.dumps(each)) < 240_000
    return found


def test_every_finding_has_its_outcome_and_an_id_of_its_own(source: Source) -> None:
    verdict, *found = asff(source)
    assert verdict["Title"] == "prod-gate verdict: NO-GO"
    outcomes = [result.finding.outcome for result in list_results(source.verdict)]
    assert [each["ProductFields"]["prod-gate/outcome"] for each in found] == outcomes
    statuses = {each["ProductFields"]["prod-gate/outcome"]: each["Compliance"]["Status"] for each in found}
    assert statuses == {
        Outcome.SATISFIED: "PASSED", Outcome.NOT_SATISFIED: "FAILED", Outcome.WAIVED: "FAILED",
        Outcome.UNDETERMINED: "WARNING", Outcome.NOT_APPLICABLE: "NOT_AVAILABLE",
    }  # fmt: skip
    suppressed = [each for each in found if each["Workflow"]["Status"] == "SUPPRESSED"]
    assert [each["ProductFields"]["prod-gate/waiver"] for each in suppressed] == ["W-7"]
    assert not [id_ for id_, count in Counter(each["Id"] for each in found).items() if count > 1]


@pytest.mark.parametrize(("made", "status"), [(go(), "PASSED"), (many(1), "FAILED"), (insufficient(), "WARNING")])
def test_the_verdict_is_the_first_finding(made: Source, status: str) -> None:
    assert asff(made)[0]["Compliance"]["Status"] == status
    assert str(made.verdict.decision) in asff(made)[0]["Description"]


def test_hostile_texts_stay_texts() -> None:
    asff(hostile())


@pytest.mark.parametrize("made", [go(rehearsal=True), go()])
def test_a_run_about_no_account_is_refused(made: Source) -> None:
    with pytest.raises(UsageError, match="is about no account of AWS"):
        list_asff(made)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A run of a real account, with more findings than one call takes."""
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    about = {**ABOUT, "target": f"aws://{REGION}"}
    made = runs.create(tmp_path, about, tmp_path / "criteria.toml", tmp_path / "none.toml")
    journal = Journal.of(made)
    journal.record_fact("live", "account", f"{ACCOUNT} in {REGION}", "0" * 64, "sts")
    for number in range(120):
        journal.write(
            "finding",
            layer="static",
            check="PG_REC_2",
            criterion="backup-retention",
            subject=f"vault {number}",
            outcome="satisfied",
        )
    judge(made)
    return made


@pytest.mark.xdist_group("emulator")
def test_the_command_imports_every_finding(
    written: Path, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: account.clients)
    hub = account("securityhub")
    hub.enable_security_hub()
    assert main(["publish", str(written), "--via", f"aws://{REGION}"]) == 0
    number = len(list_asff(read_source(runs.read(written))))
    assert number > 100
    assert capsys.readouterr().out == f"imported: {number} findings, the verdict first\n"
    pages = hub.get_paginator("get_findings").paginate()
    held = [each for page in pages for each in page["Findings"]]
    assert len({each["Id"] for each in held}) == number


def test_what_is_not_taken_is_said(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hub:
        def batch_import_findings(self, Findings: list[dict[str, Any]]) -> Any:
            failed = [{"Id": Findings[-1]["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "too old"}]
            return {"FailedCount": 1, "SuccessCount": len(Findings) - 1, "FailedFindings": failed}

    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: lambda service: Hub())
    assert main(["publish", str(written), "--via", f"aws://{REGION}"]) == 4
    said = capsys.readouterr().err
    assert "99 of " in said
    assert "InvalidInput: too old" in said
    assert main(["publish", str(written), "--via", "rehearsal://"]) == 4
