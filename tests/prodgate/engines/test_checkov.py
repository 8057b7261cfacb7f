"""Checkov as a process: what it tells about a tree, and what becomes of a scan that fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate.engines import checkov as adapter
from prodgate.engines.checkov import DRIVER, ScannerRecord, ScannerReport, scanning
from prodgate.engines.environments import EngineError
from tests.prodgate.ending import ended

from .conftest import TREE, Scanned, quiet


def answers(report: ScannerReport, check: str, scan: str) -> dict[str, str]:
    return {each.resource: each.outcome for each in report.records if (each.check, each.scan) == (check, scan)}


def test_each_instance_of_a_module_has_results_of_its_own(scanned: Scanned) -> None:
    for scan in ("source", "plan"):
        assert answers(scanned.report, "CKV_AWS_21", scan) == {
            "module.articles.aws_s3_bucket.this": "passed",
            "module.pictures.aws_s3_bucket.this": "failed",
        }


def test_each_instance_of_for_each_has_results_of_its_own(scanned: Scanned) -> None:
    zones = {'aws_cloudwatch_log_group.by_zone["a"]': "failed", 'aws_cloudwatch_log_group.by_zone["c"]': "failed"}
    assert answers(scanned.report, "CKV_AWS_338", "plan") == zones


def test_what_checkov_itself_drops_is_kept(scanned: Scanned) -> None:
    assert answers(scanned.report, "CKV_AWS_325", "plan") == {"aws_rds_cluster.main": "unknown"}


def test_a_comment_silences_the_source_alone(scanned: Scanned) -> None:
    assert answers(scanned.report, "CKV_AWS_26", "source") == {"aws_sns_topic.alarms": "skipped"}
    assert answers(scanned.report, "CKV_AWS_26", "plan") == {"aws_sns_topic.alarms": "failed"}
    assert [each.reason for each in scanned.report.records if each.outcome == "skipped"] == ["nobody reads it"]


def test_the_whole_tree_was_looked_at(scanned: Scanned) -> None:
    assert scanned.report.faults == ()
    assert scanned.report.version == "3.3.30"
    assert scanned.report.count > 1000


def test_results_in_the_source_have_a_place(scanned: Scanned) -> None:
    (cluster,) = [each for each in scanned.report.records if (each.check, each.scan) == ("CKV_AWS_139", "source")]
    assert (cluster.file, cluster.line, cluster.attribute) == ("main.tf", 36, "deletion_protection")


def test_a_report_survives_being_stored(scanned: Scanned) -> None:
    assert ScannerReport.from_json(json.loads(json.dumps(scanned.report.to_json()))) == scanned.report


def test_what_cannot_be_looked_at_is_a_fault(checkov: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tf").write_text('resource "aws_sns_topic" {{{\n')
    (tmp_path / "main.tf").write_text('module "far" {\n  source = "example/far/aws"\n}\n')
    with scanning(tmp_path, tmp_path, checks=["CKV_AWS_26", "CKV_AWS_9999"], progress=quiet) as scan:
        report = scan.report()
    assert set(report.faults) == {
        "Checkov 3.3.30 has no check 'CKV_AWS_9999'",
        "broken.tf: Checkov can't parse it, and so did not look at it",
        "main.tf:1: Checkov did not find module 'far' (example/far/aws), and so did not look at it",
        "only the source was scanned, since Terraform gave no plan of it",
    }


PASSES_OVER = """
import argparse, importlib.util, json, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("driver", sys.argv[1])
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)
driver.plan_runner.Runner.run = lambda *_arguments, **_named: driver.Report("terraform_plan")
kept = driver.Recorder(Path("."))
driver.scan_plan(argparse.Namespace(check=[], var_file=[]), kept, Path(sys.argv[2]))
print("\\n" + json.dumps(kept.faults))
"""


def test_a_resource_that_checkov_passes_over_is_a_fault(checkov: Path, tmp_path: Path) -> None:
    topic = {"address": "module.a.aws_sns_topic.lost", "mode": "managed", "type": "aws_sns_topic"}
    unchecked = {"address": "module.a.aws_vpc_ipam.none", "mode": "managed", "type": "aws_vpc_ipam"}
    read = {"address": "module.a.data.aws_sns_topic.known", "mode": "data", "type": "aws_sns_topic"}
    root = {"child_modules": [{"address": "module.a", "resources": [topic, unchecked, read]}]}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"planned_values": {"root_module": root}}))
    command = [str(checkov), "-c", PASSES_OVER, str(DRIVER), str(plan)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        "module.a.aws_sns_topic.lost: Checkov has checks for aws_sns_topic, but gave no result on it"
    ]


def test_the_driver_ends_with_whoever_waits_for_it(checkov: Path, tmp_path: Path) -> None:
    command = [str(checkov), "-I", str(DRIVER), str(TREE), "--base", str(TREE)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (75, b"")


def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> ScannerReport:
    driver = tmp_path / "driver.py"
    driver.write_text(script)
    monkeypatch.setattr(adapter, "DRIVER", driver)
    monkeypatch.setattr(adapter, "ensure_python", lambda _name, _progress: Path(sys.executable))
    with scanning(tmp_path, tmp_path, progress=quiet) as scan:
        scan.submit_plan({})
        return scan.report()


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("import sys; sys.exit('no more memory')", "Checkov ended with exit code 1: no more memory"),
        ("import sys; sys.exit(7)", "Checkov ended with exit code 7: it said nothing"),
        ("import os; os.kill(os.getpid(), 9)", "Checkov was ended by SIGKILL: it said nothing"),
        ("print('Traceback')", "Checkov's answer can't be read: "),
        ("print('')", "Checkov's answer can't be read: "),
        ("print('{}')", "Checkov's answer can't be read: "),
        ("print('[]')", "Checkov's answer can't be read: "),
    ],
)
def test_a_scan_that_fails_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, fault: str) -> None:
    report = faked(monkeypatch, tmp_path, script)
    assert report.records == ()
    assert len(report.faults) == 1
    assert report.faults[0].startswith(fault)


def test_an_unknown_outcome_is_not_taken_for_a_pass() -> None:
    record = {"scan": "plan", "check": "CKV_AWS_1", "resource": "a.b", "outcome": "fine"}
    stated = {"version": "1", "count": 1, "titles": {}, "records": [record], "faults": []}
    with pytest.raises(ValueError, match="unknown outcomes"):
        ScannerReport.from_json(stated)


def test_a_scan_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODGATE_CHECKOV_TIMEOUT", "0.5")
    pid = tmp_path / "pid"
    script = f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid())); signal.pause()"
    report = faked(monkeypatch, tmp_path, script)
    assert report.faults == ("Checkov did not finish within 0.5 s; set PRODGATE_CHECKOV_TIMEOUT to more seconds",)
    assert ended(int(pid.read_text()))


def test_a_limit_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODGATE_CHECKOV_TIMEOUT", "soon")
    report = faked(monkeypatch, tmp_path, "print('{}')")
    assert report.faults == ("PRODGATE_CHECKOV_TIMEOUT: 'soon' is not a number of seconds; write 300",)


def test_a_missing_environment_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_name: str, _progress: object) -> Path:
        raise EngineError("checkov.lock: can't be installed")

    monkeypatch.setattr(adapter, "ensure_python", refuse)
    with scanning(tmp_path, tmp_path, progress=quiet) as scan:
        scan.submit_plan({})
        assert scan.report() == ScannerReport(titles={}, faults=("checkov.lock: can't be installed",))


def test_a_record_states_what_it_is_about() -> None:
    record = ScannerRecord(scan="plan", check="CKV_AWS_1", resource="a.b", outcome="passed")
    assert (record.file, record.line, record.reason) == ("", 0, "")


def test_what_a_new_resource_will_be_is_handed_over_once(tmp_path: Path) -> None:
    new = {"address": "a.b", "change": {"actions": ["create"], "before": None, "after": {"x": 1}, "after_unknown": {}}}
    old = {"address": "a.c", "change": {"actions": ["update"], "before": {"x": 0}, "after": {"x": 1}}}
    plan = {"planned_values": {"root_module": {}}, "prior_state": {}, "resource_changes": [new, old]}
    adapter.Scan(None, "", tmp_path).submit_plan(plan)
    handed = json.loads((tmp_path / "plan.json").read_text())
    assert set(handed) == {"planned_values", "resource_changes"}
    assert [each["change"]["after"] for each in handed["resource_changes"]] == [{}, {"x": 1}]
