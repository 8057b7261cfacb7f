"""CloudWatch Synthetics: canaries that can be started and have runs, which moto's do not."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .extension import Ledger, answers, corrects


@corrects("synthetics", "CreateCanary", upstream="since getmoto/moto#9314")
def create_canary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a canary that is ready and has never run."""
    name, now = params["Name"], datetime.now(UTC)
    run = {"TimeoutInSeconds": 60, "MemoryInMB": 1000, "ActiveTracing": False} | dict(params.get("RunConfig", {}))
    run.pop("EnvironmentVariables", None)  # AWS never shows them again
    made = {key: value for key, value in params.items() if key != "Code"} | {
        "Id": str(uuid.uuid4()),
        "Code": {"Handler": params["Code"].get("Handler")},
        "RunConfig": run,
        "EngineArn": f"arn:aws:lambda:{ledger.region}:{ledger.account}:function:cwsyn-{name}:1",
        "Status": {"State": "READY"},
        "Timeline": {"Created": now, "LastModified": now},
    }
    ledger.add("canary", name, made, "ConflictException", f"A canary with the name {name} exists.")
    return {"Canary": made}


@answers("synthetics", "StartCanary")
def start_canary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start a canary; its runs are part of the scenario."""
    _set_state(_canary(ledger, params["Name"]), "RUNNING", "LastStarted")
    return {}


@answers("synthetics", "StopCanary")
def stop_canary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stop a canary."""
    _set_state(_canary(ledger, params["Name"]), "STOPPED", "LastStopped")
    return {}


@corrects("synthetics", "GetCanary", upstream="since getmoto/moto#9314")
def get_canary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one canary."""
    return {"Canary": _canary(ledger, params["Name"])}


@corrects("synthetics", "DescribeCanaries", upstream="since getmoto/moto#9314")
def describe_canaries(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return canaries."""
    return {"Canaries": _select(ledger, params)}


@answers("synthetics", "DescribeCanariesLastRun")
def describe_last_runs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the last run of each canary that has run."""
    runs = [_runs(ledger, one["Name"])[-1:] for one in _select(ledger, params)]
    return {"CanariesLastRun": [{"CanaryName": run["Name"], "LastRun": run} for last in runs for run in last]}


@answers("synthetics", "GetCanaryRuns")
def get_canary_runs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the runs of a canary, the newest first."""
    _canary(ledger, params["Name"])
    return {"CanaryRuns": _runs(ledger, params["Name"])[::-1]}


def record_run(ledger: Ledger, name: str, ended: datetime, state: str = "PASSED") -> None:
    """Add a run to the history of a canary."""
    canary, started = _canary(ledger, name), ended - timedelta(seconds=8)
    run = {
        "Id": str(uuid.uuid4()),
        "Name": name,
        "Status": {"State": state, "TestResult": state},
        "Timeline": {"Started": started, "Completed": ended},
        "ArtifactS3Location": f"{canary['ArtifactS3Location']}/{ended:%Y/%m/%d/%H/%M}",
    }
    _runs(ledger, name).append(run)
    _runs(ledger, name).sort(key=lambda one: one["Timeline"]["Completed"])


def _runs(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ledger.of("runs").setdefault(name, [])
    return found


def _select(ledger: Ledger, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = params.get("Names")
    return [one for name, one in ledger.of("canary").items() if not names or name in names]


def _canary(ledger: Ledger, name: str) -> dict[str, Any]:
    message = f"No canary with the name {name} exists."
    found: dict[str, Any] = ledger.find("canary", name, "ResourceNotFoundException", message)
    return found


def _set_state(canary: dict[str, Any], state: str, moment: str) -> None:
    canary["Status"] = {"State": state}
    canary["Timeline"] |= {moment: datetime.now(UTC)}
