"""State machines of Step Functions: whether somebody could see afterwards what one did."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

MACHINE = ("aws_sfn_state_machine",)


@policy(
    "PG_OBS_30",
    criterion="workflow-logs",
    resources=MACHINE,
    population=0,
    remedy="Add logging_configuration with a log group as log_destination, and a level of ERROR or more.",
)
def state_machines_write_logs(machine: Resource, criterion: Criterion) -> None:
    """Every state machine logs its executions, its failures at least; unset means nothing is logged.

    The history of an execution is gone after 90 days, and of an express workflow there is none.
    """
    levels = [one.text("level") or "OFF" for one in machine.blocks("logging_configuration")]
    logged = any(level != "OFF" for level in levels)
    criterion.hold(logged, expected="ERROR, ALL or FATAL", observed=", ".join(levels) or "OFF", held=", ".join(levels))


@policy(
    "PG_OBS_31",
    criterion="tracing",
    resources=MACHINE,
    population=0,
    remedy="Set tracing_configuration { enabled = true }.",
)
def state_machines_send_traces(machine: Resource, criterion: Criterion) -> None:
    """Every state machine sends traces, so that one request can be followed through it; unset means none."""
    traced = any(one.flag("enabled") for one in machine.blocks("tracing_configuration"))
    criterion.hold(traced, expected="tracing_configuration.enabled = true", observed="off")
