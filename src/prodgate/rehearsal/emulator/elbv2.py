"""Load balancers: how forwarding is shown, and the health of targets where somebody observes it (``conducted``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .conducted import is_conducted
from .extension import FOLLOWS, UNREPORTED, Ledger, corrects

#: The state of a target that nobody has seen answer yet.
_INITIAL: Final = {
    "State": "initial",
    "Reason": "Elb.RegistrationInProgress",
    "Description": "Target registration is in progress",
}


@corrects("elbv2", "DescribeListeners", upstream=UNREPORTED)
def describe_listeners(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return listeners, whose forwarding states the weights of its target groups, also where there is one only."""
    found = ledger.moto()
    for listener in found["Listeners"]:
        listener["DefaultActions"] = [_with_weights(one) for one in listener["DefaultActions"]]
    return found


@corrects("elbv2", "DescribeRules", upstream=UNREPORTED)
def describe_rules(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return rules, likewise."""
    found = ledger.moto()
    for rule in found["Rules"]:
        rule["Actions"] = [_with_weights(one) for one in rule["Actions"]]
    return found


@corrects("elbv2", "DescribeTargetHealth", upstream=FOLLOWS)
def describe_target_health(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the health of targets as it was told, ``initial`` before; healthy where nobody observes it.

    What was told of a group is by ``address:port``. A target that drains is told of after it was deregistered.
    """
    told = ledger.of("health").get(params["TargetGroupArn"], {})
    rows, asked = ledger.moto()["TargetHealthDescriptions"], params.get("Targets")
    for row in rows:
        usual = _INITIAL if is_conducted(ledger) else row["TargetHealth"]
        row["TargetHealth"] = told.get(_place(row["Target"])) or usual
    known = {_place(row["Target"]) for row in rows}
    for place, health in () if asked else told.items():
        if place not in known and health["State"] == "draining":
            id, _, port = place.rpartition(":")
            target = {"Id": id, "Port": int(port)}
            rows.append({"Target": target, "HealthCheckPort": port, "TargetHealth": health})
    return {"TargetHealthDescriptions": rows}


def _place(target: Mapping[str, Any]) -> str:
    return f"{target['Id']}:{target['Port']}"


def _with_weights(action: Mapping[str, Any]) -> dict[str, Any]:
    group = action.get("TargetGroupArn")
    if action["Type"] != "forward" or "ForwardConfig" in action or not group:
        return dict(action)
    forward = {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    return {**action, "ForwardConfig": forward}
