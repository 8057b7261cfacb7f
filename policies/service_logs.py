"""Services that log what they do only where they are told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prodgate import Block, Configuration, Criterion, Resource, policy

SETTINGS = "aws_api_gateway_method_settings"
#: Parts of a replication that say what came from the source and what the target took (DMS.8, DMS.7).
REPLICATION = ("SOURCE_CAPTURE", "SOURCE_UNLOAD", "TARGET_APPLY", "TARGET_LOAD")
#: Levels that say what a replication does; those before them say no more than that, and of what, it complains.
ENOUGH = ("LOGGER_SEVERITY_DEFAULT", "LOGGER_SEVERITY_DEBUG", "LOGGER_SEVERITY_DETAILED_DEBUG")


def _logs_fields(api: Resource) -> bool:
    return any(one.text("field_log_level", "NONE") != "NONE" for one in api.blocks("log_config"))


def _logs_methods(stage: Resource) -> bool:
    stated = stage.configuration.once(_list_settings).get(stage.text("stage_name") or "", ())
    apis = stage.related("rest_api_id", "aws_api_gateway_rest_api")
    own = [one for one in stated if not apis or one.related("rest_api_id", "aws_api_gateway_rest_api") == apis]
    levels = [block.text("logging_level", "OFF") for one in own for block in one.blocks("settings")]
    return bool(levels) and "OFF" not in levels


def _list_settings(tree: Configuration) -> Mapping[str, list[Resource]]:
    """Return the settings of methods by the name of their stage."""
    found: dict[str, list[Resource]] = {}
    for one in tree.of(SETTINGS):
        found.setdefault(one.text("stage_name") or "", []).append(one)
    return found


def _logs_routes(stage: Resource) -> bool:
    levels = [one.text("logging_level", "OFF") for one in stage.blocks("default_route_settings")]
    return bool(levels) and "OFF" not in levels


def _tells_usage(group: Resource) -> bool:
    return all(one.flag("publish_cloudwatch_metrics_enabled", True) for one in group.blocks("configuration"))


def _logs_builds(project: Resource) -> bool:
    stated = project.blocks("logs_config")
    streams = [one for block in stated for one in block.blocks("cloudwatch_logs")]
    files = [one for block in stated for one in block.blocks("s3_logs")]
    streamed = all(one.text("status", "ENABLED") != "DISABLED" for one in streams)
    return streamed or any(one.text("status", "DISABLED") == "ENABLED" for one in files)


def _logs_replication(task: Resource) -> bool:
    stated: Mapping[str, Any] = (task.json("replication_task_settings") or {}).get("Logging") or {}
    levels = {one.get("Id"): one.get("Severity") for one in stated.get("LogComponents") or ()}
    silent = [name for name in REPLICATION if levels and levels.get(name) not in ENOUGH]
    return bool(stated.get("EnableLogging")) and not silent


def _logs_transfers(task: Resource) -> bool:
    levels = [one.text("log_level", "OFF") for one in task.blocks("options")]
    return any(level != "OFF" for level in levels) and task.has("cloudwatch_log_group_arn")


def _logs_connector(connector: Resource) -> bool:
    return connector.has("logging_role")


def _streams_logs(environment: Resource) -> bool:
    stated = [one.text("value") for one in environment.blocks("setting") if one.text("name") == "StreamLogs"]
    return [str(each).lower() for each in stated] == ["true"]


#: Services -> (what says that they log, whether it does).
JOBS: Mapping[str, tuple[str, Callable[[Resource], bool]]] = {
    "aws_api_gateway_stage": (f"{SETTINGS} with logging_level = ERROR", _logs_methods),
    "aws_apigatewayv2_stage": ("default_route_settings.logging_level = ERROR", _logs_routes),
    "aws_appsync_graphql_api": ("log_config.field_log_level = ERROR", _logs_fields),
    "aws_athena_workgroup": ("publish_cloudwatch_metrics_enabled = true", _tells_usage),
    "aws_codebuild_project": ("logs_config with a log that is ENABLED", _logs_builds),
    "aws_datasync_task": ("options.log_level = BASIC, and a log group", _logs_transfers),
    "aws_dms_replication_task": ("EnableLogging, of source and target", _logs_replication),
    "aws_elastic_beanstalk_environment": ("StreamLogs = true", _streams_logs),
    "aws_transfer_connector": ("logging_role", _logs_connector),
}


@policy(
    "PG_OBS_32",
    criterion="workflow-logs",
    resources=tuple(JOBS),
    population=0,
    remedy="Switch its log on, at the level of errors at least, and let it go to CloudWatch Logs.",
)
def services_log_what_they_run(service: Resource, criterion: Criterion) -> None:
    """Stages of APIs, GraphQL, queries, builds, replications, transfers and environments log what they do.

    Builds and the figures of queries are logged where nothing is said; the others log nothing then. Stages of HTTP APIs
    have access logs alone.
    """
    if service.type == "aws_apigatewayv2_stage" and not _is_of_sockets(service):
        raise criterion.not_applicable("is of no WebSocket API, and has an access log alone")
    expected, logs = JOBS[service.type]
    criterion.hold(logs(service), expected=expected, observed="no log")


def _is_of_sockets(stage: Resource) -> bool:
    return "WEBSOCKET" in [api.text("protocol_type") for api in stage.related("api_id", "aws_apigatewayv2_api")]


@policy(
    "PG_EDGE_19",
    criterion="access-logs",
    resources=("aws_ec2_client_vpn_endpoint", "aws_vpn_connection", "aws_networkfirewall_firewall"),
    population=0,
    remedy=(
        "Set connection_log_options of a client VPN, log_enabled of both tunnels of a connection, and declare "
        "aws_networkfirewall_logging_configuration of a firewall."
    ),
)
def ways_into_the_network_write_logs(way: Resource, criterion: Criterion) -> None:
    """VPN endpoints, both tunnels of a VPN connection and network firewalls log who comes in; unset means no log."""
    silent = [place for place, logged in _list_logged(way) if not logged]
    criterion.exclude(silent, expected="a log", observed="no log of {}")


def _list_logged(way: Resource) -> list[tuple[str, bool]]:
    if way.type == "aws_ec2_client_vpn_endpoint":
        return [("connections", any(one.flag("enabled") for one in way.blocks("connection_log_options")))]
    if way.type == "aws_vpn_connection":
        return [(name, _logs_tunnel(way.blocks(f"{name}_log_options"))) for name in ("tunnel1", "tunnel2")]
    stated = way.configuration.naming(way, "firewall_arn", "aws_networkfirewall_logging_configuration")
    told = [one for each in stated for one in each.blocks("logging_configuration")]
    return [("flows and alerts", any(one.blocks("log_destination_config") for one in told))]


def _logs_tunnel(options: tuple[Block, ...]) -> bool:
    return any(one.flag("log_enabled") for each in options for one in each.blocks("cloudwatch_log_options"))
