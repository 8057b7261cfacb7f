"""The services of AWS that watch an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty, tags


@creates("aws_guardduty_detector")
def detector(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Switch GuardDuty on."""
    often = omit_empty(FindingPublishingFrequency=declared["finding_publishing_frequency"])
    made = aws("guardduty").create_detector(Enable=declared["enable"] is not False, **often)
    id_ = made["DetectorId"]
    arn = f"arn:aws:guardduty:{aws.region}:{aws.account}:detector/{id_}"
    return {"id": id_, "arn": arn, "account_id": aws.account}


@creates("aws_guardduty_detector_feature")
def detector_feature(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Switch a feature of GuardDuty on or off."""
    more = [{"Name": one["name"], "Status": one["status"]} for one in declared["additional_configuration"] or ()]
    feature = omit_empty(Name=declared["name"], Status=declared["status"], AdditionalConfiguration=more)
    aws("guardduty").update_detector(DetectorId=declared["detector_id"], Features=[feature])
    return {"id": f"{declared['detector_id']}/{declared['name']}"}


@creates("aws_securityhub_account")
def security_hub(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Switch Security Hub on."""
    wanted = omit_empty(ControlFindingGenerator=declared["control_finding_generator"])
    aws("securityhub").enable_security_hub(EnableDefaultStandards=declared["enable_default_standards"], **wanted)
    return {"id": aws.account, "arn": f"arn:aws:securityhub:{aws.region}:{aws.account}:hub/default"}


@creates("aws_securityhub_standards_subscription")
def standard(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Judge the account by a standard."""
    wanted = [{"StandardsArn": declared["standards_arn"]}]
    made = aws("securityhub").batch_enable_standards(StandardsSubscriptionRequests=wanted)
    return {"id": made["StandardsSubscriptions"][0]["StandardsSubscriptionArn"]}


@creates("aws_accessanalyzer_analyzer")
def analyzer(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an analyzer of access."""
    age = first(first(declared["configuration"]).get("unused_access")).get("unused_access_age")
    unused = {"unusedAccess": {"unusedAccessAge": int(age)}} if age else {}
    labels = declared.get("tags_all") or {}
    made = aws("accessanalyzer").create_analyzer(
        analyzerName=declared["analyzer_name"],
        type=declared["type"] or "ACCOUNT",
        **omit_empty(configuration=unused, tags=labels),
    )
    return {"id": declared["analyzer_name"], "arn": made["arn"]}


@creates("aws_inspector2_enabler")
def inspector(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Switch Inspector on."""
    accounts, kinds = sorted(declared["account_ids"]), sorted(declared["resource_types"])
    aws("inspector2").enable(accountIds=accounts, resourceTypes=kinds)
    return {"id": f"{':'.join(accounts)}-{':'.join(kinds)}"}


@creates("aws_config_configuration_recorder")
def recorder(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say what AWS Config records."""
    group = first(declared["recording_group"])
    wanted = omit_empty(
        allSupported=group.get("all_supported"), includeGlobalResourceTypes=group.get("include_global_resource_types")
    )
    named = {"name": declared["name"], "roleARN": declared["role_arn"]}
    aws("config").put_configuration_recorder(ConfigurationRecorder={**named, **omit_empty(recordingGroup=wanted)})
    return {"id": declared["name"]}


@creates("aws_config_delivery_channel")
def delivery_channel(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say where AWS Config delivers."""
    often = first(declared["snapshot_delivery_properties"]).get("delivery_frequency")
    aws("config").put_delivery_channel(
        DeliveryChannel=omit_empty(
            name=declared["name"],
            s3BucketName=declared["s3_bucket_name"],
            s3KmsKeyArn=declared["s3_kms_key_arn"],
            configSnapshotDeliveryProperties=omit_empty(deliveryFrequency=often),
        )
    )
    return {"id": declared["name"]}


@creates("aws_config_configuration_recorder_status")
def recorder_status(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Start the recorder."""
    if declared["is_enabled"]:
        aws("config").start_configuration_recorder(ConfigurationRecorderName=declared["name"])
    return {"id": declared["name"]}


@creates("aws_config_retention_configuration")
def retention(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say how long AWS Config keeps what it recorded."""
    days = int(declared["retention_period_in_days"])
    made = aws("config").put_retention_configuration(RetentionPeriodInDays=days)["RetentionConfiguration"]
    return {"id": made["Name"], "name": made["Name"]}


@creates("aws_config_config_rule")
def rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let AWS Config judge by a rule."""
    source = declared["source"][0]
    aws("config").put_config_rule(
        ConfigRule={
            "ConfigRuleName": declared["name"],
            "Source": {"Owner": source["owner"], "SourceIdentifier": source["source_identifier"]},
            **omit_empty(InputParameters=declared["input_parameters"]),
        },
        Tags=tags(declared),
    )
    (made,) = aws("config").describe_config_rules(ConfigRuleNames=[declared["name"]])["ConfigRules"]
    return {"id": declared["name"], "arn": made["ConfigRuleArn"], "rule_id": made["ConfigRuleId"]}


@creates("aws_cloudtrail")
def trail(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a trail, and let it log unless the configuration says otherwise."""
    client = aws("cloudtrail")
    made = client.create_trail(
        Name=declared["name"],
        S3BucketName=declared["s3_bucket_name"],
        TagsList=tags(declared),
        **omit_empty(
            S3KeyPrefix=declared["s3_key_prefix"],
            SnsTopicName=declared["sns_topic_name"],
            IncludeGlobalServiceEvents=declared["include_global_service_events"] is not False,
            IsMultiRegionTrail=declared["is_multi_region_trail"],
            EnableLogFileValidation=declared["enable_log_file_validation"],
            CloudWatchLogsLogGroupArn=declared["cloud_watch_logs_group_arn"],
            CloudWatchLogsRoleArn=declared["cloud_watch_logs_role_arn"],
            KmsKeyId=declared["kms_key_id"],
        ),
    )
    if selectors := _selectors(declared):
        client.put_event_selectors(TrailName=declared["name"], AdvancedEventSelectors=selectors)
    if declared["enable_logging"] is not False:
        client.start_logging(Name=declared["name"])
    return {"id": declared["name"], "arn": made["TrailARN"], "home_region": aws.region}


def _selectors(declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "Name": one["name"],
            "FieldSelectors": [
                omit_empty(Field=field["field"], Equals=field["equals"], StartsWith=field["starts_with"])
                for field in one["field_selector"]
            ],
        }
        for one in declared["advanced_event_selector"] or ()
    ]
