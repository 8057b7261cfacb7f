"""Log groups, metric filters, and logs that AWS delivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .network import tag_specifications
from .registry import Clients, creates, first, omit_empty


@creates("aws_cloudwatch_log_group")
def log_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a log group; without a retention it keeps everything for ever."""
    name, logs = declared["name"], aws("logs")
    key = omit_empty(kmsKeyId=declared["kms_key_id"], tags=declared.get("tags_all"))
    logs.create_log_group(logGroupName=name, **key)
    if declared["retention_in_days"]:
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(declared["retention_in_days"]))
    return {"id": name, "arn": f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{name}"}


@creates("aws_cloudwatch_log_metric_filter")
def metric_filter(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Count what a pattern finds in a log group."""
    transformations = [
        omit_empty(
            metricName=one["name"],
            metricNamespace=one["namespace"],
            metricValue=one["value"],
            defaultValue=None if one["default_value"] in (None, "") else float(one["default_value"]),
            unit=one["unit"],
            dimensions=one["dimensions"],
        )
        for one in declared["metric_transformation"]
    ]
    aws("logs").put_metric_filter(
        logGroupName=declared["log_group_name"],
        filterName=declared["name"],
        filterPattern=declared["pattern"],
        metricTransformations=transformations,
    )
    return {"id": declared["name"]}


@creates("aws_cloudwatch_log_resource_policy")
def resource_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let AWS services write to log groups."""
    name = declared["policy_name"]
    aws("logs").put_resource_policy(policyName=name, policyDocument=declared["policy_document"])
    return {"id": name}


@creates("aws_cloudwatch_log_delivery_source")
def delivery_source(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Name a resource whose log can be delivered."""
    made = aws("logs").put_delivery_source(
        name=declared["name"], resourceArn=declared["resource_arn"], logType=declared["log_type"]
    )["deliverySource"]
    return {"arn": made["arn"], "service": made["service"]}


@creates("aws_cloudwatch_log_delivery_destination")
def delivery_destination(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Name a place that logs can be delivered to."""
    target = declared["delivery_destination_configuration"][0]["destination_resource_arn"]
    made = aws("logs").put_delivery_destination(
        name=declared["name"],
        deliveryDestinationConfiguration={"destinationResourceArn": target},
        **omit_empty(outputFormat=declared["output_format"]),
    )["deliveryDestination"]
    return {"arn": made["arn"], "delivery_destination_type": made["deliveryDestinationType"]}


@creates("aws_cloudwatch_log_delivery")
def delivery(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Deliver a source's log to a destination."""
    form = first(declared["s3_delivery_configuration"])
    to_bucket = omit_empty(
        suffixPath=form.get("suffix_path"), enableHiveCompatiblePath=form.get("enable_hive_compatible_path")
    )
    made = aws("logs").create_delivery(
        deliverySourceName=declared["delivery_source_name"],
        deliveryDestinationArn=declared["delivery_destination_arn"],
        **omit_empty(s3DeliveryConfiguration=to_bucket, recordFields=declared["record_fields"]),
    )["delivery"]
    return {"id": made["id"], "arn": made["arn"]}


@creates("aws_flow_log")
def flow_log(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Record the traffic of a VPC, a subnet or an interface."""
    watched = {"VPC": declared["vpc_id"], "Subnet": declared["subnet_id"], "NetworkInterface": declared["eni_id"]}
    kind, target = next((kind, target) for kind, target in watched.items() if target)
    made = aws("ec2").create_flow_logs(
        ResourceType=kind,
        ResourceIds=[target],
        **omit_empty(
            TrafficType=declared["traffic_type"],
            LogDestinationType=declared["log_destination_type"],
            LogDestination=declared["log_destination"],
            LogFormat=declared["log_format"],
            DeliverLogsPermissionArn=declared["iam_role_arn"],
            MaxAggregationInterval=declared["max_aggregation_interval"],
            TagSpecifications=tag_specifications("vpc-flow-log", declared),
        ),
    )
    if made.get("Unsuccessful"):
        raise ValueError(f"{target}: {made['Unsuccessful'][0]['Error']['Message']}")
    (id_,) = made["FlowLogIds"]
    return {"id": id_, "arn": f"arn:aws:ec2:{aws.region}:{aws.account}:vpc-flow-log/{id_}"}
