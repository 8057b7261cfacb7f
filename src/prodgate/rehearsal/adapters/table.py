"""Resources that calls of AWS's API create as declared, by service: one row each."""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from ..unbuilt import read_built
from .registry import (
    ADAPTERS,
    ITSELF,
    MANAGED,
    Adapter,
    Clients,
    Declared,
    Source,
    always,
    call,
    either,
    first,
    for_each,
    omit_empty,
    one_of,
    tagged,
    tags,
    text,
    then,
    where,
)

#: The region for resources that belong to an account and to no region.
HOME: Final = "us-east-1"


def arn(service: str, resource: str) -> str:
    """Return the template of an ARN in the resource's account and region."""
    return f"arn:aws:{service}:{{region}}:{{account}}:{resource}"


def _flag(argument: str) -> Source:
    """Return the source of a flag that is off unless declared."""
    return lambda declared: bool(declared.get(argument))


def _unless_off(argument: str) -> Source:
    """Return the source of a flag that is on unless declared off."""
    return lambda declared: declared[argument] is not False


def _unique(_declared: Declared) -> str:
    return str(uuid.uuid4())


# ── IAM, KMS and Secrets Manager: permissions, and keys

_POLICY: Final[dict[str, Any]] = {"PolicyName": "name", "PolicyDocument": "policy"}

ADAPTERS |= {
    "aws_iam_role": call(
        "iam.create_role", {"id": "{name}", "arn": "{Role[Arn]}", "unique_id": "{Role[RoleId]}"},
        RoleName="name", AssumeRolePolicyDocument="assume_role_policy",
    ),
    "aws_iam_role_policy": call("iam.put_role_policy", {"id": "{role}:{name}"}, RoleName="role", **_POLICY),
    "aws_iam_role_policy_attachment": call("iam.attach_role_policy", {"id": "{role}/{policy_arn}"}, RoleName="role"),
    "aws_iam_policy": call(
        "iam.create_policy", {"id": "{Policy[Arn]}", "arn": "{Policy[Arn]}", "policy_id": "{Policy[PolicyId]}"},
        **_POLICY,
    ),
    "aws_iam_user": call(
        "iam.create_user", {"id": "{name}", "arn": "{User[Arn]}", "unique_id": "{User[UserId]}"}, UserName="name"
    ),
    "aws_iam_user_policy": call("iam.put_user_policy", {"id": "{user}:{name}"}, UserName="user", **_POLICY),
    "aws_iam_user_policy_attachment": call("iam.attach_user_policy", {"id": "{user}/{policy_arn}"}, UserName="user"),
    "aws_iam_service_linked_role": call(
        "iam.create_service_linked_role",
        {"id": "{Role[Arn]}", "arn": "{Role[Arn]}", "name": "{Role[RoleName]}", "unique_id": "{Role[RoleId]}"},
    ),
    "aws_iam_openid_connect_provider": call(
        "iam.create_open_id_connect_provider",
        {"id": "{OpenIDConnectProviderArn}", "arn": "{OpenIDConnectProviderArn}"},
    ),
    "aws_iam_instance_profile": then(
        call(
            "iam.create_instance_profile",
            {"id": "{name}", "arn": "{InstanceProfile[Arn]}", "unique_id": "{InstanceProfile[InstanceProfileId]}"},
            InstanceProfileName="name",
        ),
        call("iam.add_role_to_instance_profile", {}, when="role", InstanceProfileName="name", RoleName="role"),
    ),
    "aws_iam_account_password_policy": call(
        "iam.update_account_password_policy",
        {"id": "iam-account-password-policy", "expire_passwords": lambda known: bool(known["max_password_age"])},
    ),
    "aws_kms_key": then(
        call(
            "kms.create_key",
            {"id": "{KeyMetadata[KeyId]}", "key_id": "{KeyMetadata[KeyId]}", "arn": "{KeyMetadata[Arn]}"},
            KeySpec="customer_master_key_spec", CustomerMasterKeySpec=None,
        ),
        call("kms.enable_key_rotation", {}, when="enable_key_rotation"),
        call("kms.disable_key", {}, when=lambda declared: declared["is_enabled"] is False),
    ),
    "aws_kms_alias": then(
        call("kms.create_alias", {}, AliasName="name"),
        call(
            "kms.describe_key",
            {
                "id": "{name}", "target_key_arn": "{KeyMetadata[Arn]}",
                "arn": lambda known: f"{known['KeyMetadata']['Arn'].partition(':key/')[0]}:{known['name']}",
            },
            KeyId="target_key_id",
        ),
    ),
    "aws_secretsmanager_secret": call("secretsmanager.create_secret", {"id": "{ARN}", "arn": "{ARN}"}),
    # a write-only value is not sent; a stand-in takes its place
    "aws_secretsmanager_secret_version": call(
        "secretsmanager.put_secret_value",
        {"id": "{ARN}|{VersionId}", "arn": "{ARN}", "version_id": "{VersionId}"}, only=True, SecretId="secret_id",
        SecretString=lambda declared: declared["secret_string"] or declared["secret_binary"] or "-",
    ),
    "aws_secretsmanager_secret_policy": call(
        "secretsmanager.put_resource_policy", {"id": "{secret_arn}"},
        SecretId="secret_arn", ResourcePolicy="policy", BlockPublicPolicy=_flag("block_public_policy"),
    ),
    # the first rotation is the function's own job, and nothing runs it here
    "aws_secretsmanager_secret_rotation": call(
        "secretsmanager.rotate_secret", {"id": "{secret_id}", "rotation_enabled": True},
        RotateImmediately=_unless_off("rotate_immediately"),
    ),
}  # fmt: skip

# ── EC2: instances, their addresses, flow logs, and defaults for the whole account

#: An image that exists in every emulated account; those of AWS and of teams do not.
_IMAGE: Final = "ami-12c6146b"


_DISK: Final = {"VolumeSize": "volume_size", "VolumeType": "volume_type", "KmsKeyId": "kms_key_id"}
_METADATA: Final = {"HttpEndpoint": "http_endpoint", "HttpTokens": "http_tokens"}


def _renamed(names: Mapping[str, str], declared: Declared) -> dict[str, Any]:
    """Return the declared values of some arguments, under AWS's names for them."""
    return omit_empty(**{own: declared.get(argument) for own, argument in names.items()})


def _launch_data(declared: Declared) -> dict[str, Any]:
    """Return the outside settings of an instance: network, role, metadata, disks."""
    return omit_empty(
        ImageId=_IMAGE,
        **_renamed({"InstanceType": "instance_type", "KeyName": "key_name"}, declared),
        SecurityGroupIds=sorted(declared["vpc_security_group_ids"] or ()),
        IamInstanceProfile=_renamed({"Arn": "arn", "Name": "name"}, first(declared["iam_instance_profile"])),
        MetadataOptions=_renamed(_METADATA, first(declared["metadata_options"])),
        BlockDeviceMappings=[
            {"DeviceName": disk["device_name"], "Ebs": _disk(first(disk["ebs"]))}
            for disk in declared["block_device_mappings"] or ()
        ],
    )


def _disk(stated: Declared) -> dict[str, Any]:
    encrypted = stated.get("encrypted")
    return _renamed(_DISK, stated) | omit_empty(Encrypted=None if encrypted is None else text(encrypted) == "true")


def _recorded(declared: Declared) -> tuple[str, str]:
    return next(
        (kind, declared[argument])
        for kind, argument in {"VPC": "vpc_id", "Subnet": "subnet_id", "NetworkInterface": "eni_id"}.items()
        if declared[argument]
    )


def _flow_log_id(known: Mapping[str, Any]) -> str:
    if refused := known.get("Unsuccessful"):
        raise ValueError(f"{_recorded(known)[1]}: {refused[0]['Error']['Message']}")
    (made,) = known["FlowLogIds"]
    return str(made)


ADAPTERS |= {
    "aws_eip": call(
        "ec2.allocate_address",
        {
            "id": "{AllocationId}", "allocation_id": "{AllocationId}", "public_ip": "{PublicIp}",
            "arn": arn("ec2", "elastic-ip/{AllocationId}"),
        },
        Domain=always("vpc"), TagSpecifications=tagged("elastic-ip"),
    ),
    "aws_flow_log": call(
        "ec2.create_flow_logs",
        {"id": _flow_log_id, "arn": lambda known: arn("ec2", f"vpc-flow-log/{_flow_log_id(known)}").format_map(known)},
        ResourceType=lambda declared: _recorded(declared)[0], ResourceIds=lambda declared: [_recorded(declared)[1]],
        DeliverLogsPermissionArn="iam_role_arn", TagSpecifications=tagged("vpc-flow-log"),
        TagFieldSpecifications=None,
    ),
    "aws_launch_template": call(
        "ec2.create_launch_template",
        {
            "id": "{LaunchTemplate[LaunchTemplateId]}",
            "arn": arn("ec2", "launch-template/{LaunchTemplate[LaunchTemplateId]}"),
            "latest_version": "{LaunchTemplate[LatestVersionNumber]}",
            "default_version": "{LaunchTemplate[DefaultVersionNumber]}",
        },
        only=True, LaunchTemplateName="name", LaunchTemplateData=_launch_data,
        TagSpecifications=tagged("launch-template"),
    ),
    "aws_instance": call(
        "ec2.run_instances",
        {
            "id": "{Instances[0][InstanceId]}", "arn": arn("ec2", "instance/{Instances[0][InstanceId]}"),
            "private_ip": "{Instances[0][PrivateIpAddress]}", "instance_state": "running",
            "primary_network_interface_id": "{Instances[0][NetworkInterfaces][0][NetworkInterfaceId]}",
        },
        only=True, ImageId=always(_IMAGE), MinCount=always(1), MaxCount=always(1), InstanceType="instance_type",
        SubnetId="subnet_id", SecurityGroupIds="vpc_security_group_ids",
        MetadataOptions=lambda declared: _renamed(_METADATA, first(declared["metadata_options"])) or None,
        IamInstanceProfile=lambda declared: omit_empty(Name=declared["iam_instance_profile"]) or None,
        TagSpecifications=tagged("instance"),
    ),
    # its instances run at once, in its subnets, behind its target groups
    "aws_autoscaling_group": then(
        call(
            "autoscaling.create_auto_scaling_group", {"id": "{name}"},
            AutoScalingGroupName="name", Tags="tag",
            LaunchTemplateId=one_of("id", "launch_template_id"),
            VPCZoneIdentifier=lambda declared: ",".join(sorted(declared["vpc_zone_identifier"] or ())) or None,
        ),
        call(
            "autoscaling.describe_auto_scaling_groups", {"arn": "{AutoScalingGroups[0][AutoScalingGroupARN]}"},
            only=True, AutoScalingGroupNames="name",
        ),
    ),
    "aws_ebs_encryption_by_default": then(
        call("ec2.enable_ebs_encryption_by_default", {}, when=_unless_off("enabled")),
        lambda _declared, _aws: {"id": "terraform-encryption-by-default"},
    ),
    "aws_ebs_snapshot_block_public_access": call("ec2.enable_snapshot_block_public_access", {"id": "{region}"}),
    "aws_ec2_instance_metadata_defaults": call("ec2.modify_instance_metadata_defaults", {"id": "{region}"}),
}  # fmt: skip

# ── API Gateway and Lambda


def _code(declared: Declared) -> Mapping[str, Any]:
    if declared["filename"]:
        return {"ZipFile": read_built(declared["filename"])}
    names = {
        "ImageUri": "image_uri",
        "S3Bucket": "s3_bucket",
        "S3Key": "s3_key",
        "S3ObjectVersion": "s3_object_version",
    }
    return _renamed(names, declared)


ADAPTERS |= {
    "aws_apigatewayv2_api": call(
        "apigatewayv2.create_api",
        {
            "id": "{ApiId}", "arn": "arn:aws:apigateway:{region}::/apis/{ApiId}", "api_endpoint": "{ApiEndpoint}",
            "execution_arn": arn("execute-api", "{ApiId}"),
        },
    ),
    "aws_apigatewayv2_integration": call(
        "apigatewayv2.create_integration", {"id": "{IntegrationId}"}, ResponseParameters=None
    ),
    "aws_apigatewayv2_route": call(
        "apigatewayv2.create_route", {"id": "{RouteId}"}, RequestParameters=None
    ),
    "aws_apigatewayv2_authorizer": call(
        "apigatewayv2.create_authorizer", {"id": "{AuthorizerId}"}, IdentitySource="identity_sources"
    ),
    "aws_apigatewayv2_stage": call(
        "apigatewayv2.create_stage",
        {"id": "{name}", "arn": "arn:aws:apigateway:{region}::/apis/{api_id}/stages/{name}"}, StageName="name",
        RouteSettings=None,
    ),
    "aws_lambda_function": then(
        call(
            "lambda.create_function",
            {
                "id": "{FunctionName}", "arn": "{FunctionArn}", "qualified_arn": "{FunctionArn}:{Version}",
                "invoke_arn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{FunctionArn}/invocations",
                "version": "{Version}", "last_modified": "{LastModified}", "code_sha256": "{CodeSha256}",
                "source_code_size": "{CodeSize}",
            },
            # a layer may be another account's; a version of its own has another ARN
            Code=_code, Layers=None, Publish=None,
        ),
        call(
            "lambda.publish_version", {"version": "{Version}", "qualified_arn": "{FunctionArn}"}, only=True,
            when="publish", FunctionName="function_name",
        ),
        call(
            "lambda.put_function_concurrency", {},
            # the provider writes -1 for no limit
            when=lambda declared: (declared["reserved_concurrent_executions"] or 0) >= 0
            and declared["reserved_concurrent_executions"] is not None,
        ),
    ),
    "aws_lambda_permission": call("lambda.add_permission", {"id": "{statement_id}"}, Qualifier=None),
    "aws_lambda_alias": call(
        "lambda.create_alias",
        {
            "id": "{AliasArn}", "arn": "{AliasArn}",
            "invoke_arn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{AliasArn}/invocations",
        },
    ),
    "aws_lambda_event_source_mapping": call(
        "lambda.create_event_source_mapping",
        {
            "id": "{UUID}", "uuid": "{UUID}", "arn": "{EventSourceMappingArn}", "function_arn": "{FunctionArn}",
            "state": "{State}",
        },
        Destination="destination_arn",
    ),
    "aws_lambda_function_event_invoke_config": call(
        "lambda.put_function_event_invoke_config",
        {"id": lambda known: ":".join(filter(None, (known["function_name"], known["qualifier"])))},
    ),
}  # fmt: skip

# ── S3


def _content(declared: Declared) -> bytes:
    if declared["source"]:
        return read_built(declared["source"])
    if declared["content_base64"]:
        return base64.b64decode(declared["content_base64"])
    return (declared["content"] or "").encode()


_BUCKET: Final = {"id": "{bucket}"}
_ACCESS_BLOCK: Final[dict[str, Any]] = {
    "PublicAccessBlockConfiguration": ITSELF,
    "BlockPublicAcls": _flag("block_public_acls"), "BlockPublicPolicy": _flag("block_public_policy"),
    "IgnorePublicAcls": _flag("ignore_public_acls"), "RestrictPublicBuckets": _flag("restrict_public_buckets"),
}  # fmt: skip

ADAPTERS |= {
    "aws_s3_bucket": then(
        call(
            "s3.create_bucket",
            {
                "id": "{bucket}", "arn": "arn:aws:s3:::{bucket}", "bucket_domain_name": "{bucket}.s3.amazonaws.com",
                "bucket_regional_domain_name": "{bucket}.s3.{region}.amazonaws.com", "bucket_region": "{region}",
            },
            CreateBucketConfiguration=lambda declared: (
                None if declared["region"] == HOME else {"LocationConstraint": declared["region"]}
            ),
            ObjectLockEnabledForBucket=_flag("object_lock_enabled"),
        ),
        call("s3.put_bucket_tagging", {}, when="tags_all", Tagging=ITSELF, TagSet="tags_all"),
    ),
    "aws_s3_bucket_policy": call("s3.put_bucket_policy", _BUCKET),
    "aws_s3_bucket_public_access_block": call("s3.put_public_access_block", _BUCKET, **_ACCESS_BLOCK),
    "aws_s3_account_public_access_block": call(
        "s3control.put_public_access_block",
        {
            "id": lambda known: known["account_id"] or known["account"],
            "account_id": lambda known: known["account_id"] or known["account"],
        },
        AccountId=lambda declared: declared["account_id"] or declared["account"], **_ACCESS_BLOCK,
    ),
    "aws_s3_bucket_ownership_controls": call("s3.put_bucket_ownership_controls", _BUCKET, OwnershipControls=ITSELF),
    "aws_s3_bucket_versioning": call("s3.put_bucket_versioning", _BUCKET),
    "aws_s3_bucket_server_side_encryption_configuration": call(
        "s3.put_bucket_encryption", _BUCKET,
        ServerSideEncryptionConfiguration=ITSELF, BucketKeyEnabled=_flag("bucket_key_enabled"),
    ),
    "aws_s3_bucket_logging": call(
        "s3.put_bucket_logging", _BUCKET, BucketLoggingStatus=ITSELF, LoggingEnabled=ITSELF,
        TargetPrefix=lambda declared: declared["target_prefix"],
    ),
    # a bucket's events go only to EventBridge
    "aws_s3_bucket_notification": call(
        "s3.put_bucket_notification_configuration", _BUCKET, NotificationConfiguration=ITSELF,
        EventBridgeConfiguration=lambda declared: {} if declared["eventbridge"] else None,
    ),
    "aws_s3_bucket_object_lock_configuration": call(
        "s3.put_object_lock_configuration", _BUCKET,
        ObjectLockConfiguration=ITSELF, ObjectLockEnabled=always("Enabled"),
    ),
    "aws_s3_bucket_lifecycle_configuration": call(
        "s3.put_bucket_lifecycle_configuration", _BUCKET, LifecycleConfiguration=ITSELF, Prefix=None,
        Filter=lambda rule: omit_empty(Prefix=first(rule["filter"]).get("prefix")),
    ),
    "aws_s3_object": call(
        "s3.put_object",
        {
            "id": "{key}", "arn": "arn:aws:s3:::{bucket}/{key}", "etag": lambda known: known["ETag"].strip('"'),
            "version_id": lambda known: known.get("VersionId"),
        },
        Body=_content, SSEKMSKeyId="kms_key_id",
        ServerSideEncryption=lambda declared: (
            "aws:kms" if declared["kms_key_id"] else declared["server_side_encryption"]
        ),
    ),
}  # fmt: skip

# ── Queues, topics, chat channels, and rules of EventBridge

#: Terraform's name of an argument -> SQS's name of the attribute.
_QUEUE: Final = {
    "message_retention_seconds": "MessageRetentionPeriod", "visibility_timeout_seconds": "VisibilityTimeout",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds", "delay_seconds": "DelaySeconds",
    "max_message_size": "MaximumMessageSize", "kms_master_key_id": "KmsMasterKeyId",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds", "redrive_policy": "RedrivePolicy",
    "policy": "Policy",
}  # fmt: skip
_TOPIC: Final = {"kms_master_key_id": "KmsMasterKeyId", "signature_version": "SignatureVersion"}
_SUBSCRIPTION: Final = {
    "filter_policy": "FilterPolicy", "filter_policy_scope": "FilterPolicyScope", "redrive_policy": "RedrivePolicy",
    "delivery_policy": "DeliveryPolicy", "subscription_role_arn": "SubscriptionRoleArn",
}  # fmt: skip
_BUS: Final = either("event_bus_name", "default")


def attributes(names: Mapping[str, str], *on: tuple[str, str]) -> Source:
    """Return the source of attributes, which some services keep as a map of texts; those ``on`` are sent if true."""

    def read(declared: Declared) -> dict[str, str]:
        stated = omit_empty(**{own: declared[argument] for argument, own in names.items()})
        return {own: text(value) for own, value in stated.items()} | {own: "true" for name, own in on if declared[name]}

    return read


def _refused_target(known: Mapping[str, Any]) -> str:
    if refused := known["FailedEntries"]:
        raise ValueError(f"{known['target_id'] or known['rule']}: {refused[0]['ErrorMessage']}")
    return str(known["target_id"] or known["rule"])


ADAPTERS |= {
    "aws_sqs_queue": call(
        "sqs.create_queue", {"id": "{QueueUrl}", "url": "{QueueUrl}", "arn": arn("sqs", "{name}")},
        QueueName="name", Attributes=attributes(_QUEUE, ("fifo_queue", "FifoQueue")),
    ),
    "aws_sqs_queue_policy": call(
        "sqs.set_queue_attributes", {"id": "{queue_url}"}, Attributes=attributes({"policy": "Policy"})
    ),
    "aws_sqs_queue_redrive_policy": call(
        "sqs.set_queue_attributes", {"id": "{queue_url}"}, Attributes=attributes({"redrive_policy": "RedrivePolicy"})
    ),
    "aws_sqs_queue_redrive_allow_policy": call(
        "sqs.set_queue_attributes", {"id": "{queue_url}"},
        Attributes=attributes({"redrive_allow_policy": "RedriveAllowPolicy"}),
    ),
    "aws_sns_topic": call(
        "sns.create_topic", {"id": "{TopicArn}", "arn": "{TopicArn}", "owner": "{account}"},
        Attributes=attributes(_TOPIC), DataProtectionPolicy=None,
    ),
    "aws_sns_topic_policy": call(
        "sns.set_topic_attributes", {"id": "{arn}", "owner": "{account}"},
        TopicArn="arn", AttributeName=always("Policy"), AttributeValue="policy",
    ),
    # an endpoint that confirms itself does so at once; people have not yet
    "aws_sns_topic_subscription": then(
        call(
            "sns.subscribe", {"id": "{SubscriptionArn}", "arn": "{SubscriptionArn}", "owner_id": "{account}"},
            Attributes=attributes(_SUBSCRIPTION, ("raw_message_delivery", "RawMessageDelivery")),
            ReturnSubscriptionArn=always(True),
        ),
        call("sns.confirm_subscription", {}, when="endpoint_auto_confirms", Token="endpoint"),  # noqa: S106 - an argument's name
        call(
            "sns.get_subscription_attributes",
            {"pending_confirmation": lambda known: known["Attributes"]["PendingConfirmation"] == "true"},
            SubscriptionArn="arn",
        ),
    ),
    "aws_chatbot_slack_channel_configuration": call(
        "chatbot.create_slack_channel_configuration",
        {
            "chat_configuration_arn": "{ChannelConfiguration[ChatConfigurationArn]}",
            "slack_team_name": "{ChannelConfiguration[SlackTeamName]}", "slack_channel_name": "{slack_channel_id}",
        },
    ),
    "aws_cloudwatch_event_bus": call("events.create_event_bus", {"id": "{name}", "arn": "{EventBusArn}"}),
    "aws_cloudwatch_event_bus_policy": call(
        "events.put_permission", {"id": lambda known: known["event_bus_name"] or "default"},
        only=True, EventBusName=_BUS, Policy="policy",
    ),
    "aws_cloudwatch_event_rule": call(
        "events.put_rule",
        {
            "id": lambda known: f"{bus}/{known['name']}" if (bus := known["event_bus_name"] or "default") != "default"
            else known["name"],
            "arn": "{RuleArn}", "name": "{name}", "event_bus_name": lambda known: known["event_bus_name"] or "default",
        },
        EventBusName=_BUS,
        State=lambda declared: declared["state"] or ("DISABLED" if declared["is_enabled"] is False else "ENABLED"),
    ),
    "aws_cloudwatch_event_target": call(
        "events.put_targets",
        {"id": lambda known: f"{known['rule']}-{_refused_target(known)}", "target_id": _refused_target},
        EventBusName=_BUS, Targets=ITSELF, Id=lambda declared: declared["target_id"] or declared["rule"],
    ),
}  # fmt: skip

# ── Logs, alarms, canaries and traces

_ALARM: Final = {"id": "{alarm_name}", "arn": arn("cloudwatch", "alarm:{alarm_name}")}
_VAULT: Final = call("backup.describe_backup_vault", {"backup_vault_arn": "{BackupVaultArn}"}, only=True,
                     BackupVaultName="backup_vault_name")  # fmt: skip


def _script(declared: Declared) -> dict[str, Any]:
    packed = {"ZipFile": read_built(declared["zip_file"])} if declared["zip_file"] else omit_empty(
        S3Bucket=declared["s3_bucket"], S3Key=declared["s3_key"], S3Version=declared["s3_version"]
    )  # fmt: skip
    return {"Handler": declared["handler"], **packed}


ADAPTERS |= {
    # without a retention it keeps everything for ever
    "aws_cloudwatch_log_group": then(
        call(
            "logs.create_log_group", {"id": "{name}", "arn": arn("logs", "log-group:{name}")}, logGroupName="name"
        ),
        call("logs.put_retention_policy", {}, when="retention_in_days", logGroupName="name"),
    ),
    "aws_cloudwatch_log_metric_filter": call(
        "logs.put_metric_filter", {"id": "{name}"}, filterName="name",
        filterPattern=lambda declared: declared["pattern"],
        metricName="name", metricNamespace="namespace", metricValue="value",
    ),
    "aws_cloudwatch_log_delivery_source": call(
        "logs.put_delivery_source", {"arn": "{deliverySource[arn]}", "service": "{deliverySource[service]}"}
    ),
    "aws_cloudwatch_log_delivery_destination": call(
        "logs.put_delivery_destination",
        {
            "arn": "{deliveryDestination[arn]}",
            "delivery_destination_type": "{deliveryDestination[deliveryDestinationType]}",
        },
    ),
    "aws_cloudwatch_log_delivery": call(
        "logs.create_delivery", {"id": "{delivery[id]}", "arn": "{delivery[arn]}"}
    ),
    "aws_cloudwatch_log_resource_policy": call("logs.put_resource_policy", {"id": "{policy_name}"}),
    "aws_cloudwatch_dashboard": call(
        "cloudwatch.put_dashboard",
        {"id": "{dashboard_name}", "dashboard_arn": "arn:aws:cloudwatch::{account}:dashboard/{dashboard_name}"},
    ),
    "aws_cloudwatch_metric_alarm": call(
        "cloudwatch.put_metric_alarm", _ALARM,
        ActionsEnabled=_unless_off("actions_enabled"), TreatMissingData=either("treat_missing_data", "missing"),
        EvaluateLowSampleCountPercentile="evaluate_low_sample_count_percentiles",
        Metrics="metric_query", MetricStat="metric", Metric=ITSELF,
        ReturnData=lambda query: query["return_data"] is True,
    ),
    "aws_cloudwatch_composite_alarm": call(
        "cloudwatch.put_composite_alarm", _ALARM, ActionsEnabled=_unless_off("actions_enabled"),
        ActionsSuppressor=lambda declared: first(declared["actions_suppressor"]).get("alarm"),
        ActionsSuppressorWaitPeriod=lambda declared: first(declared["actions_suppressor"]).get("wait_period"),
        ActionsSuppressorExtensionPeriod=lambda declared: first(declared["actions_suppressor"]).get("extension_period"),
    ),
    "aws_synthetics_canary": then(
        call(
            "synthetics.create_canary",
            {"id": "{name}", "arn": arn("synthetics", "canary:{name}"), "status": "{Canary[Status][State]}"},
            Code=_script, SuccessRetentionPeriodInDays="success_retention_period",
            FailureRetentionPeriodInDays="failure_retention_period", KmsKeyArn="kms_key_arn",
            ProvisionedResourceCleanup=lambda declared: "AUTOMATIC" if declared["delete_lambda"] else None,
        ),
        call("synthetics.start_canary", {}, when="start_canary"),
    ),
    "aws_xray_encryption_config": call("xray.put_encryption_config", {"id": "{region}"}),
    "aws_xray_sampling_rule": call(
        "xray.create_sampling_rule",
        {"id": "{SamplingRuleRecord[SamplingRule][RuleName]}", "arn": "{SamplingRuleRecord[SamplingRule][RuleARN]}"},
        SamplingRule=ITSELF, RuleARN=None,
    ),
    "aws_xray_group": call("xray.create_group", {"id": "{Group[GroupARN]}", "arn": "{Group[GroupARN]}"}),
}  # fmt: skip

# ── ECS, ECR and CodeDeploy


def _deployment(declared: Declared) -> dict[str, Any]:
    breaker, alarms = first(declared["deployment_circuit_breaker"]), first(declared["alarms"])
    shift = first(declared["deployment_configuration"])
    baking = shift.get("bake_time_in_minutes")
    return omit_empty(
        maximumPercent=declared["deployment_maximum_percent"],
        minimumHealthyPercent=declared["deployment_minimum_healthy_percent"],
        strategy=shift.get("strategy"),
        bakeTimeInMinutes=int(baking) if baking else None,
        deploymentCircuitBreaker=dict(breaker),
        alarms=alarms
        and {"alarmNames": alarms["alarm_names"], "enable": alarms["enable"], "rollback": alarms["rollback"]},
    )


_SHARES: Final[dict[str, Any]] = {"base": either("base", 0), "weight": either("weight", 0)}
_REPOSITORY: Final = {"registry_id": "{account}"}

ADAPTERS |= {
    "aws_ecs_cluster": call(
        "ecs.create_cluster", {"id": "{cluster[clusterArn]}", "arn": "{cluster[clusterArn]}"}, clusterName="name"
    ),
    "aws_ecs_cluster_capacity_providers": call(
        "ecs.put_cluster_capacity_providers", {"id": "{cluster_name}"}, cluster="cluster_name", **_SHARES
    ),
    "aws_ecs_task_definition": call(
        "ecs.register_task_definition",
        {
            "id": "{family}", "arn": "{taskDefinition[taskDefinitionArn]}", "revision": "{taskDefinition[revision]}",
            "arn_without_revision": lambda known: known["taskDefinition"]["taskDefinitionArn"].rpartition(":")[0],
        },
        containerDefinitions=lambda declared: json.loads(declared["container_definitions"]),
    ),
    "aws_ecs_service": call(
        "ecs.create_service", {"id": "{service[serviceArn]}", "arn": "{service[serviceArn]}"},
        serviceName="name", desiredCount=either("desired_count", 0), **_SHARES,
        enableExecuteCommand=_flag("enable_execute_command"),
        deploymentController=lambda declared: {"type": first(declared["deployment_controller"]).get("type") or "ECS"},
        deploymentConfiguration=_deployment, networkConfiguration=ITSELF, awsvpcConfiguration="network_configuration",
        assignPublicIp=lambda block: "ENABLED" if block.get("assign_public_ip") else "DISABLED",
    ),
    "aws_appautoscaling_target": call(
        "application-autoscaling.register_scalable_target",
        {"id": "{resource_id}", "arn": lambda known: known.get("ScalableTargetARN", "")},
    ),
    "aws_appautoscaling_policy": call(
        "application-autoscaling.put_scaling_policy", {"id": "{name}", "arn": "{PolicyARN}"}, PolicyName="name"
    ),
    "aws_ecr_repository": call(
        "ecr.create_repository",
        {
            "id": "{name}", "arn": "{repository[repositoryArn]}", "registry_id": "{repository[registryId]}",
            "repository_url": "{repository[repositoryUri]}",
        },
        repositoryName="name", imageTagMutability=either("image_tag_mutability", "MUTABLE"),
    ),
    "aws_ecr_lifecycle_policy": call(
        "ecr.put_lifecycle_policy", {"id": "{repository}", **_REPOSITORY},
        repositoryName="repository", lifecyclePolicyText="policy",
    ),
    "aws_ecr_pull_through_cache_rule": call(
        "ecr.create_pull_through_cache_rule", {"id": "{ecr_repository_prefix}", **_REPOSITORY}
    ),
    "aws_ecr_registry_scanning_configuration": call(
        "ecr.put_registry_scanning_configuration", {"id": "{account}", **_REPOSITORY}
    ),
    "aws_codedeploy_app": call(
        "codedeploy.create_application",
        {
            "id": "{applicationId}:{name}", "application_id": "{applicationId}",
            "arn": arn("codedeploy", "application:{name}"),
        },
        applicationName="name", computePlatform=either("compute_platform", "Server"),
    ),
    "aws_codedeploy_deployment_config": call(
        "codedeploy.create_deployment_config",
        {
            "id": "{deployment_config_name}", "deployment_config_id": "{deploymentConfigId}",
            "arn": arn("codedeploy", "deploymentconfig:{deployment_config_name}"),
        },
        computePlatform=either("compute_platform", "Server"), canaryPercentage="percentage",
        canaryInterval="interval", linearPercentage="percentage", linearInterval="interval",
    ),
    "aws_codedeploy_deployment_group": call(
        "codedeploy.create_deployment_group",
        {
            "id": "{deploymentGroupId}", "deployment_group_id": "{deploymentGroupId}",
            "arn": arn("codedeploy", "deploymentgroup:{app_name}/{deployment_group_name}"),
            "compute_platform": lambda known: "ECS" if known["ecs_service"] else "Server",
        },
        applicationName="app_name", blueGreenDeploymentConfiguration="blue_green_deployment_config",
        targetGroupPairInfoList="target_group_pair_info",
    ),
}  # fmt: skip

# ── Databases: DynamoDB tables, and resources that RDS clusters need


def _keys(declared: Declared) -> dict[str, str]:
    return {key: kind for key, kind in ((declared["hash_key"], "HASH"), (declared["range_key"], "RANGE")) if key}


def _key_types(declared: Declared) -> list[dict[str, str]]:
    types = {each["name"]: each["type"] for each in declared["attribute"] or ()}
    return [{"AttributeName": key, "AttributeType": types[key]} for key in _keys(declared)]


def _master_secret(field: str) -> Source:
    """Return the secret in which RDS keeps a master password, as Terraform shows it; none if RDS keeps none."""
    names = {"secret_arn": "SecretArn", "secret_status": "SecretStatus", "kms_key_id": "KmsKeyId"}

    def read(known: Mapping[str, Any]) -> list[dict[str, Any]]:
        secret = known[field].get("MasterUserSecret")
        return [{argument: secret.get(name) for argument, name in names.items()}] if secret else []

    return read


def _parameter_group(operation: str, field: str) -> Adapter:
    """Return the adapter of a parameter group, which RDS takes in batches of 20."""
    name: dict[str, Any] = {f"{field}Name": "name"}
    return then(
        call(
            f"rds.create_{operation}", {"id": "{name}", "name": "{name}", "arn": f"{{{field}[{field}Arn]}}"},
            DBParameterGroupFamily="family", Description=either("description", MANAGED), **name,
        ),
        for_each(
            lambda declared: [
                {"batch": declared["parameter"][start : start + 20]}
                for start in range(0, len(declared["parameter"] or ()), 20)
            ],
            call(
                f"rds.modify_{operation}", {}, Parameters="batch", ParameterName="name", ParameterValue="value",
                ApplyMethod=either("apply_method", "immediate"), **name,
            ),
        ),
    )  # fmt: skip


#: Instances, of clusters and stand-alone, whose arguments Terraform names differently.
_INSTANCE: Final[dict[str, Any]] = {
    "DBInstanceIdentifier": "identifier", "DBInstanceClass": "instance_class",
    "CACertificateIdentifier": "ca_cert_identifier", "EnablePerformanceInsights": "performance_insights_enabled",
    "OptionGroupName": None,
}  # fmt: skip
_MADE_INSTANCE: Final = {
    "arn": "{DBInstance[DBInstanceArn]}", "identifier": "{DBInstance[DBInstanceIdentifier]}",
    "engine_version_actual": "{DBInstance[EngineVersion]}",
}  # fmt: skip

ADAPTERS |= {
    # indexes and replicas are left out
    "aws_dynamodb_table": then(
        call(
            "dynamodb.create_table",
            {
                "id": "{name}", "arn": "{TableDescription[TableArn]}",
                "stream_arn": lambda known: known["TableDescription"].get("LatestStreamArn", ""),
            },
            TableName="name", BillingMode=always("PAY_PER_REQUEST"), ProvisionedThroughput=None,
            AttributeDefinitions=_key_types, LocalSecondaryIndexes=None, GlobalSecondaryIndexes=None,
            KeySchema=lambda declared: [
                {"AttributeName": key, "KeyType": kind} for key, kind in _keys(declared).items()
            ],
            DeletionProtectionEnabled=_flag("deletion_protection_enabled"),
            StreamSpecification=ITSELF, SSESpecification="server_side_encryption", KMSMasterKeyId="kms_key_arn",
            SSEType=lambda block: "KMS" if block.get("kms_key_arn") else None,
        ),
        call(
            "dynamodb.update_continuous_backups", {}, TableName="name",
            when=lambda declared: first(declared["point_in_time_recovery"]).get("enabled"),
            PointInTimeRecoverySpecification=always({"PointInTimeRecoveryEnabled": True}),
        ),
    ),
    "aws_db_subnet_group": call(
        "rds.create_db_subnet_group",
        {"id": "{name}", "arn": "{DBSubnetGroup[DBSubnetGroupArn]}", "vpc_id": "{DBSubnetGroup[VpcId]}"},
        DBSubnetGroupName="name", DBSubnetGroupDescription=either("description", MANAGED),
    ),
    "aws_rds_cluster_parameter_group": _parameter_group("db_cluster_parameter_group", "DBClusterParameterGroup"),
    "aws_db_parameter_group": _parameter_group("db_parameter_group", "DBParameterGroup"),
    "aws_rds_cluster": call(
        "rds.create_db_cluster",
        {
            "id": "{DBCluster[DBClusterIdentifier]}", "arn": "{DBCluster[DBClusterArn]}",
            "cluster_identifier": "{DBCluster[DBClusterIdentifier]}", "endpoint": "{DBCluster[Endpoint]}",
            "cluster_resource_id": "{DBCluster[DbClusterResourceId]}", "reader_endpoint": "{DBCluster[ReaderEndpoint]}",
            "hosted_zone_id": "{DBCluster[HostedZoneId]}", "engine_version_actual": "{DBCluster[EngineVersion]}",
            "master_user_secret": _master_secret("DBCluster"),
        },
        DBClusterIdentifier="cluster_identifier", MasterUserPassword="master_password",
        ServerlessV2ScalingConfiguration="serverlessv2_scaling_configuration",
        EnableIAMDatabaseAuthentication="iam_database_authentication_enabled",
        EnableCloudwatchLogsExports="enabled_cloudwatch_logs_exports",
        # others that nothing creates here
        GlobalClusterIdentifier=None, ReplicationSourceIdentifier=None,
    ),
    "aws_rds_cluster_instance": call(
        "rds.create_db_instance",
        {
            **_MADE_INSTANCE, "id": "{DBInstance[DBInstanceIdentifier]}",
            "dbi_resource_id": "{DBInstance[DbiResourceId]}", "endpoint": "{DBInstance[Endpoint][Address]}",
        },
        DBClusterIdentifier="cluster_identifier", **_INSTANCE,
    ),
    # a replica and a restored one start empty here
    "aws_db_instance": call(
        "rds.create_db_instance",
        {
            **_MADE_INSTANCE, "id": "{DBInstance[DbiResourceId]}", "resource_id": "{DBInstance[DbiResourceId]}",
            "address": "{DBInstance[Endpoint][Address]}", "status": "{DBInstance[DBInstanceStatus]}",
            "endpoint": "{DBInstance[Endpoint][Address]}:{DBInstance[Endpoint][Port]}",
            "master_user_secret": _master_secret("DBInstance"),
        },
        MasterUsername="username", MasterUserPassword="password", DBParameterGroupName="parameter_group_name",
        PreferredBackupWindow="backup_window", PreferredMaintenanceWindow="maintenance_window",
        PubliclyAccessible=_flag("publicly_accessible"),
        EnableIAMDatabaseAuthentication="iam_database_authentication_enabled",
        EnableCloudwatchLogsExports="enabled_cloudwatch_logs_exports", **_INSTANCE,
    ),
}  # fmt: skip

# ── AWS Backup

_CONDITIONS: Final[dict[str, Any]] = {"ConditionKey": "key", "ConditionValue": "value"}
_TESTS: Final = {
    "StringEquals": "string_equals", "StringLike": "string_like", "StringNotEquals": "string_not_equals",
    "StringNotLike": "string_not_like",
}  # fmt: skip


def _conditions(declared: Declared) -> dict[str, Any] | None:
    """Return the conditions of a selection, all of which must hold, from all of its blocks."""
    blocks = declared["condition"] or ()
    found = {
        own: [_renamed(_CONDITIONS, test) for block in blocks for test in block[argument] or ()]
        for own, argument in _TESTS.items()
    }
    return omit_empty(**found) or None


ADAPTERS |= {
    "aws_backup_vault": call(
        "backup.create_backup_vault", {"id": "{name}", "arn": "{BackupVaultArn}", "recovery_points": 0},
        BackupVaultName="name", EncryptionKeyArn="kms_key_arn", BackupVaultTags="tags_all",
    ),
    "aws_backup_vault_lock_configuration": then(
        call("backup.put_backup_vault_lock_configuration", {"id": "{backup_vault_name}"}), _VAULT
    ),
    "aws_backup_vault_policy": then(
        call("backup.put_backup_vault_access_policy", {"id": "{backup_vault_name}"}), _VAULT
    ),
    "aws_backup_plan": call(
        "backup.create_backup_plan", {"id": "{BackupPlanId}", "arn": "{BackupPlanArn}", "version": "{VersionId}"},
        BackupPlanTags="tags_all", BackupPlan=ITSELF, BackupPlanName="name", TargetBackupVaultName="target_vault_name",
        ScheduleExpression="schedule", EnableContinuousBackup=_flag("enable_continuous_backup"),
        StartWindowMinutes="start_window", CompletionWindowMinutes="completion_window",
        DeleteAfterDays="delete_after", MoveToColdStorageAfterDays="cold_storage_after",
        DestinationBackupVaultArn="destination_vault_arn",
    ),
    "aws_backup_selection": call(
        "backup.create_backup_selection", {"id": "{SelectionId}"}, BackupPlanId="plan_id", BackupSelection=ITSELF,
        SelectionName="name", ListOfTags="selection_tag", ConditionType="type", Conditions=_conditions, **_CONDITIONS,
    ),
    "aws_backup_restore_testing_plan": call(
        "backup.create_restore_testing_plan", {"arn": "{RestoreTestingPlanArn}"},
        RestoreTestingPlan=ITSELF, RestoreTestingPlanName="name",
    ),
    "aws_backup_restore_testing_selection": call(
        "backup.create_restore_testing_selection", {},
        RestoreTestingSelection=ITSELF, RestoreTestingSelectionName="name",
    ),
}  # fmt: skip

# ── Names and certificates


def _record_values(declared: Declared) -> list[dict[str, str]] | None:
    quoted = declared["type"] in ("TXT", "SPF")
    values = [f'"{one}"' if quoted and not one.startswith('"') else one for one in declared["records"] or ()]
    return [{"Value": one} for one in values] or None


def _bare(declared: Declared) -> str:
    return str(declared["name"].rstrip("."))


def _validations(known: Mapping[str, Any]) -> list[dict[str, str]]:
    asked = [each for each in known["Certificate"]["DomainValidationOptions"] if "ResourceRecord" in each]
    return [
        {
            "domain_name": each["DomainName"],
            **{f"resource_record_{name.lower()}": each["ResourceRecord"][name] for name in ("Name", "Type", "Value")},
        }
        for each in asked
    ]


def _names(declared: Declared) -> list[str]:
    return sorted({declared["domain_name"], *(declared["subject_alternative_names"] or ())})


def _issued(known: Mapping[str, Any]) -> str:
    found = known["Certificate"]
    if found["Status"] != "ISSUED":
        raise ValueError(f"certificate {known['certificate_arn']}: is {found['Status']}; validate it through DNS")
    return str(found["IssuedAt"].isoformat())


def _zone_servers(known: Mapping[str, Any]) -> list[str]:
    return sorted((known.get("DelegationSet") or {}).get("NameServers", ()))


def _networks(declared: Declared) -> list[dict[str, str]]:
    """Return the networks in which a zone is private; none for a public one."""
    return [
        {"VPCId": one["vpc_id"], "VPCRegion": one["vpc_region"] or declared["region"]} for one in declared["vpc"] or ()
    ]


ADAPTERS |= {
    "aws_route53_zone": then(
        call(
            "route53.create_hosted_zone",
            {
                "id": lambda known: known["HostedZone"]["Id"].rpartition("/")[2],
                "zone_id": lambda known: known["HostedZone"]["Id"].rpartition("/")[2],
                "name_servers": _zone_servers,
                "primary_name_server": lambda known: next(iter(_zone_servers(known)), ""),
            },
            CallerReference=_unique, DelegationSetId=None, VPC=lambda declared: next(iter(_networks(declared)), None),
            HostedZoneConfig=lambda declared: {
                "Comment": declared["comment"] or MANAGED, "PrivateZone": bool(declared["vpc"]),
            },
        ),
        for_each(
            lambda declared: [{"network": one} for one in _networks(declared)[1:]],
            call("route53.associate_vpc_with_hosted_zone", {}, only=True, HostedZoneId="id",
                 VPC=lambda declared: declared["network"]),
        ),
        call(
            "route53.change_tags_for_resource", {}, when="tags_all",
            ResourceType=always("hostedzone"), ResourceId="id", AddTags="tags_all",
        ),
        lambda declared, _aws: {"arn": f"arn:aws:route53:::hostedzone/{declared['id']}"},
    ),
    # an existing record is replaced only if the declaration allows it
    "aws_route53_record": call(
        "route53.change_resource_record_sets",
        {"id": lambda known: f"{known['zone_id']}_{_bare(known)}_{known['type']}", "fqdn": _bare},
        HostedZoneId="zone_id", ChangeBatch=ITSELF, Changes=ITSELF, ResourceRecordSet=ITSELF, Name=_bare,
        Action=lambda declared: "UPSERT" if declared["allow_overwrite"] else "CREATE",
        ResourceRecords=_record_values, AliasTarget="alias", DNSName="name",
    ),
    "aws_route53_query_log": call(
        "route53.create_query_logging_config",
        {"id": "{QueryLoggingConfig[Id]}", "arn": "arn:aws:route53:::queryloggingconfig/{QueryLoggingConfig[Id]}"},
        HostedZoneId="zone_id", CloudWatchLogsLogGroupArn="cloudwatch_log_group_arn",
    ),
    "aws_route53_key_signing_key": call(
        "route53.create_key_signing_key",
        {
            "id": "{hosted_zone_id},{name}",
            **{
                argument: f"{{KeySigningKey[{field}]}}"
                for argument, field in {
                    "ds_record": "DSRecord", "dnskey_record": "DNSKEYRecord", "public_key": "PublicKey",
                    "flag": "Flag", "key_tag": "KeyTag", "digest_value": "DigestValue",
                    "digest_algorithm_mnemonic": "DigestAlgorithmMnemonic",
                    "digest_algorithm_type": "DigestAlgorithmType",
                    "signing_algorithm_mnemonic": "SigningAlgorithmMnemonic",
                    "signing_algorithm_type": "SigningAlgorithmType",
                }.items()
            },
        },
        KeyManagementServiceArn="key_management_service_arn", Status=either("status", "ACTIVE"),
        CallerReference=_unique,
    ),
    "aws_route53_hosted_zone_dnssec": then(
        call(
            "route53.enable_hosted_zone_dnssec", {}, when=lambda declared: declared["signing_status"] != "NOT_SIGNING"
        ),
        lambda declared, _aws: {"id": declared["hosted_zone_id"]},
    ),
    "aws_acm_certificate": then(
        call(
            "acm.request_certificate",
            {"id": "{CertificateArn}", "arn": "{CertificateArn}", "subject_alternative_names": _names},
            SubjectAlternativeNames=_names, DomainValidationOptions=None, Options=None,
        ),
        call(
            "acm.describe_certificate",
            {
                "status": "{Certificate[Status]}", "type": "{Certificate[Type]}",
                "domain_validation_options": _validations,
                "not_after": lambda known: known["Certificate"]["NotAfter"].isoformat(),
                "not_before": lambda known: known["Certificate"]["NotBefore"].isoformat(),
            },
            CertificateArn="arn",
        ),
    ),
    # with DNS validation it is issued at once
    "aws_acm_certificate_validation": call("acm.describe_certificate", {"id": _issued}),
}  # fmt: skip

# ── Costs

ADAPTERS |= {
    "aws_budgets_budget": call(
        "budgets.create_budget",
        {"id": "{account}:{name}", "arn": "arn:aws:budgets::{account}:budget/{name}", "account_id": "{account}"},
        region=HOME, AccountId="account", Budget=ITSELF, BudgetName="name", BudgetLimit=ITSELF, Amount="limit_amount",
        Unit="limit_unit", CostFilters=None, CostTypes=None, TimePeriod=None, PlannedBudgetLimits=None,
        AutoAdjustData=None, FilterExpression=None, ResourceTags=None,
        NotificationsWithSubscribers="notification", Notification=ITSELF,
        Subscribers=lambda block: [
            {"SubscriptionType": kind, "Address": address}
            for kind, argument in (("EMAIL", "subscriber_email_addresses"), ("SNS", "subscriber_sns_topic_arns"))
            for address in block[argument] or ()
        ],
    ),
    "aws_ce_anomaly_monitor": call(
        "ce.create_anomaly_monitor", {"id": "{MonitorArn}", "arn": "{MonitorArn}"}, region=HOME,
        AnomalyMonitor=ITSELF, MonitorName="name", ResourceTags="tags_all", MonitorArn=None, CreationDate=None,
        MonitorSpecification=lambda declared: json.loads(declared["monitor_specification"] or "null"),
    ),
    "aws_ce_anomaly_subscription": call(
        "ce.create_anomaly_subscription",
        {"id": "{SubscriptionArn}", "arn": "{SubscriptionArn}", "account_id": "{account}"}, region=HOME,
        AnomalySubscription=ITSELF, SubscriptionName="name", ResourceTags="tags_all", ThresholdExpression=None,
        AccountId=None, SubscriptionArn=None,
    ),
    "aws_ce_cost_allocation_tag": call(
        "ce.update_cost_allocation_tags_status", {"id": "{tag_key}", "type": "UserDefined"}, region=HOME,
        CostAllocationTagsStatus=ITSELF,
    ),
}  # fmt: skip

# ── The AWS services that watch an account, the web ACLs that guard it, and Airflow


def _response_bodies(declared: Declared) -> dict[str, Any] | None:
    names = {"Content": "content", "ContentType": "content_type"}
    return {block["key"]: _renamed(names, block) for block in declared["custom_response_body"] or ()} or None


def _body_limits(declared: Declared) -> dict[str, Any]:
    names = {"DefaultSizeInspectionLimit": "default_size_inspection_limit"}
    limits = first(declared["request_body"])
    return {kind.upper(): _renamed(names, first(blocks)) for kind, blocks in limits.items() if blocks}


ADAPTERS |= {
    "aws_guardduty_detector": call(
        "guardduty.create_detector",
        {"id": "{DetectorId}", "arn": arn("guardduty", "detector/{DetectorId}"), "account_id": "{account}"},
        Enable=_unless_off("enable"), DataSources=None,
    ),
    "aws_guardduty_detector_feature": call(
        "guardduty.update_detector", {"id": "{detector_id}/{name}"}, Features=ITSELF
    ),
    "aws_securityhub_account": call(
        "securityhub.enable_security_hub", {"id": "{account}", "arn": arn("securityhub", "hub/default")}
    ),
    "aws_securityhub_standards_subscription": call(
        "securityhub.batch_enable_standards", {"id": "{StandardsSubscriptions[0][StandardsSubscriptionArn]}"},
        StandardsSubscriptionRequests=ITSELF,
    ),
    "aws_accessanalyzer_analyzer": call(
        "accessanalyzer.create_analyzer", {"id": "{analyzer_name}", "arn": "{arn}"}, type=either("type", "ACCOUNT")
    ),
    "aws_inspector2_enabler": call(
        "inspector2.enable",
        {"id": lambda known: f"{':'.join(sorted(known['account_ids']))}-{':'.join(sorted(known['resource_types']))}"},
    ),
    "aws_config_configuration_recorder": call(
        "config.put_configuration_recorder", {"id": "{name}"}, ConfigurationRecorder=ITSELF
    ),
    "aws_config_delivery_channel": call(
        "config.put_delivery_channel", {"id": "{name}"}, DeliveryChannel=ITSELF,
        configSnapshotDeliveryProperties="snapshot_delivery_properties",
    ),
    "aws_config_configuration_recorder_status": then(
        call("config.start_configuration_recorder", {}, when="is_enabled", ConfigurationRecorderName="name"),
        lambda declared, _aws: {"id": declared["name"]},
    ),
    "aws_config_retention_configuration": call(
        "config.put_retention_configuration",
        {"id": "{RetentionConfiguration[Name]}", "name": "{RetentionConfiguration[Name]}"},
    ),
    "aws_config_config_rule": then(
        call("config.put_config_rule", {}, ConfigRule=ITSELF, ConfigRuleName="name"),
        call(
            "config.describe_config_rules",
            {"id": "{name}", "arn": "{ConfigRules[0][ConfigRuleArn]}", "rule_id": "{ConfigRules[0][ConfigRuleId]}"},
            only=True, ConfigRuleNames="name",
        ),
    ),
    "aws_cloudtrail": then(
        call(
            "cloudtrail.create_trail", {"id": "{name}", "arn": "{TrailARN}", "home_region": "{region}"},
            TagsList="tags_all", IncludeGlobalServiceEvents=_unless_off("include_global_service_events"),
            CloudWatchLogsLogGroupArn="cloud_watch_logs_group_arn",
        ),
        call(
            "cloudtrail.put_event_selectors", {}, when="advanced_event_selector", TrailName="name", EventSelectors=None
        ),
        call("cloudtrail.start_logging", {}, when=_unless_off("enable_logging")),
    ),
    "aws_wafv2_web_acl": call(
        "wafv2.create_web_acl",
        {
            "id": "{Summary[Id]}", "arn": "{Summary[ARN]}", "lock_token": "{Summary[LockToken]}", "capacity": 1,
            "name": "{Summary[Name]}",
        },
        CustomResponseBodies=_response_bodies, RequestBody=_body_limits,
    ),
    "aws_wafv2_web_acl_logging_configuration": call(
        "wafv2.put_logging_configuration", {"id": "{resource_arn}"}, LoggingConfiguration=ITSELF
    ),
    "aws_mwaa_environment": then(
        call("mwaa.create_environment", {}, KmsKey="kms_key"),
        call(
            "mwaa.get_environment",
            {
                "id": "{name}", "arn": "{Environment[Arn]}", "status": "{Environment[Status]}",
                "webserver_url": "{Environment[WebserverUrl]}", "service_role_arn": "{Environment[ServiceRoleArn]}",
                "created_at": lambda known: known["Environment"]["CreatedAt"].isoformat(),
            },
        ),
    ),
}  # fmt: skip


# ── Networks: subnets, gateways, routes, network ACLs, endpoints and security groups

#: EC2 shows protocols of network ACLs by number.
PROTOCOLS: Final = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1"}


def _in_ec2(kind: str, id: str) -> dict[str, str]:
    """Return the attributes of an EC2 resource: its id, its ARN and its owner."""
    return {"id": id, "arn": f"arn:aws:ec2:{{region}}:{{account}}:{kind}/{id}", "owner_id": "{account}"}


def _add_routes(table: str) -> Adapter:
    return for_each(
        "route",
        call(
            "ec2.create_route", {}, RouteTableId=table, DestinationCidrBlock="cidr_block",
            DestinationIpv6CidrBlock="ipv6_cidr_block", EgressOnlyInternetGatewayId="egress_only_gateway_id",
        ),
    )  # fmt: skip


def _add_entry(acl: str, **place: Any) -> Adapter:
    """Return the step that adds one entry, a block of an ACL or a resource, to the ACL that an argument names."""
    return call(
        "ec2.create_network_acl_entry", {}, NetworkAclId=acl, IcmpTypeCode=None,
        Protocol=lambda rule: PROTOCOLS.get(rule["protocol"], rule["protocol"]),
        PortRange=lambda rule: {"From": rule["from_port"] or 0, "To": rule["to_port"] or 0}, **place,
    )  # fmt: skip


def _add_entries(acl: str) -> Adapter:
    numbered: dict[str, Any] = {"RuleNumber": "rule_no", "RuleAction": "action"}
    return then(
        for_each("ingress", _add_entry(acl, Egress=always(False), **numbered)),
        for_each("egress", _add_entry(acl, Egress=always(True), **numbered)),
    )


def _take_subnets(declared: Declared, aws: Clients) -> Mapping[str, Any]:
    """Associate subnets with an ACL, in place of their present one."""
    for subnet in declared["subnet_ids"] or ():
        within = [{"Name": "association.subnet-id", "Values": [subnet]}]
        acls = aws("ec2").describe_network_acls(Filters=within)["NetworkAcls"]
        (current,) = {
            one["NetworkAclAssociationId"] for acl in acls for one in acl["Associations"] if one["SubnetId"] == subnet
        }
        aws("ec2").replace_network_acl_association(AssociationId=current, NetworkAclId=declared["id"])
    return {}


def _clear_acl(declared: Declared, aws: Clients) -> Mapping[str, Any]:
    id = declared["default_network_acl_id"]
    acl = aws("ec2").describe_network_acls(NetworkAclIds=[id])["NetworkAcls"][0]
    for entry in acl["Entries"]:
        if entry["RuleAction"] == "allow":
            place = {"RuleNumber": entry["RuleNumber"], "Egress": entry["Egress"]}
            aws("ec2").delete_network_acl_entry(NetworkAclId=id, **place)
    filled = {
        name: text.format(region=aws.region, account=aws.account) for name, text in _in_ec2("network-acl", id).items()
    }
    return {**filled, "vpc_id": acl["VpcId"]}


def _is_stated(argument: str) -> Source:
    return lambda declared: declared[argument] is not None


ADAPTERS |= {
    # AWS has put a route table, an ACL and a security group into it
    "aws_vpc": then(
        call("ec2.create_vpc", _in_ec2("vpc", "{Vpc[VpcId]}"), TagSpecifications=tagged("vpc")),
        *(
            call(
                "ec2.modify_vpc_attribute", {}, when=_is_stated(argument), only=True, VpcId="id", **{member: argument},
            )
            for argument, member in (
                ("enable_dns_support", "EnableDnsSupport"), ("enable_dns_hostnames", "EnableDnsHostnames"),
            )
        ),
        call(
            "ec2.describe_route_tables",
            {
                "default_route_table_id": "{RouteTables[0][RouteTableId]}",
                "main_route_table_id": "{RouteTables[0][RouteTableId]}",
            },
            only=True, Filters=where(vpc_id="id"),
        ),
        call(
            "ec2.describe_network_acls", {"default_network_acl_id": "{NetworkAcls[0][NetworkAclId]}"},
            only=True, Filters=where(vpc_id="id", default="true"),
        ),
        call(
            "ec2.describe_security_groups", {"default_security_group_id": "{SecurityGroups[0][GroupId]}"},
            only=True, Filters=where(vpc_id="id", group_name="default"),
        ),
    ),
    "aws_subnet": then(
        call(
            "ec2.create_subnet",
            {
                **_in_ec2("subnet", "{Subnet[SubnetId]}"), "availability_zone": "{Subnet[AvailabilityZone]}",
                "availability_zone_id": lambda known: known["Subnet"].get("AvailabilityZoneId", ""),
            },
            TagSpecifications=tagged("subnet"),
        ),
        # addresses are given out as declared, and not at all if nothing is stated
        call(
            "ec2.modify_subnet_attribute", {}, only=True, SubnetId="id",
            MapPublicIpOnLaunch=lambda declared: {"Value": bool(declared["map_public_ip_on_launch"])},
        ),
    ),
    "aws_internet_gateway": then(
        call(
            "ec2.create_internet_gateway", _in_ec2("internet-gateway", "{InternetGateway[InternetGatewayId]}"),
            TagSpecifications=tagged("internet-gateway"),
        ),
        call("ec2.attach_internet_gateway", {}, when="vpc_id", InternetGatewayId="id"),
    ),
    "aws_nat_gateway": call(
        "ec2.create_nat_gateway", {"id": "{NatGateway[NatGatewayId]}"},
        ConnectivityType=either("connectivity_type", "public"), TagSpecifications=tagged("natgateway"),
    ),
    "aws_route_table": then(
        call(
            "ec2.create_route_table", _in_ec2("route-table", "{RouteTable[RouteTableId]}"),
            TagSpecifications=tagged("route-table"),
        ),
        _add_routes("id"),
    ),
    # it holds nothing beyond the network's own route
    "aws_default_route_table": then(
        call("ec2.create_tags", {}, when="tags_all", Resources="default_route_table_id"),
        _add_routes("default_route_table_id"),
        call(
            "ec2.describe_route_tables",
            {**_in_ec2("route-table", "{default_route_table_id}"), "vpc_id": "{RouteTables[0][VpcId]}"},
            only=True, RouteTableIds="default_route_table_id",
        ),
    ),
    "aws_route": call(
        "ec2.create_route", {"id": "r-{route_table_id}", "state": "active", "origin": "CreateRoute"},
        EgressOnlyInternetGatewayId="egress_only_gateway_id",
    ),
    "aws_route_table_association": call("ec2.associate_route_table", {"id": "{AssociationId}"}),
    "aws_network_acl": then(
        call(
            "ec2.create_network_acl", _in_ec2("network-acl", "{NetworkAcl[NetworkAclId]}"),
            TagSpecifications=tagged("network-acl"),
        ),
        _add_entries("id"),
        _take_subnets,
    ),
    # AWS's own rules go, the declared ones come
    "aws_default_network_acl": then(_clear_acl, _add_entries("default_network_acl_id")),
    "aws_network_acl_rule": then(
        _add_entry("network_acl_id", RuleNumber="rule_number", RuleAction="rule_action",
                   Egress=lambda rule: bool(rule["egress"])),
        lambda rule, _aws: {"id": f"{rule['network_acl_id']}-{rule['rule_number']}-{rule['egress']}"},
    ),
    "aws_vpc_endpoint": then(
        call(
            "ec2.create_vpc_endpoint",
            {**_in_ec2("vpc-endpoint", "{VpcEndpoint[VpcEndpointId]}"), "state": "available"},
            PolicyDocument="policy", TagSpecifications=tagged("vpc-endpoint"),
        ),
        call(
            "ec2.describe_managed_prefix_lists",
            {"prefix_list_id": lambda known: next((one["PrefixListId"] for one in known["PrefixLists"]), None)},
            only=True, Filters=where(prefix_list_name="service_name"),
        ),
    ),
}  # fmt: skip

# ── Security groups and their rules

#: EC2's list of peers -> its name for one, and the arguments that name such peers in Terraform's three forms of a rule.
_PEERS: Final = {
    "IpRanges": ("CidrIp", ("cidr_blocks", "cidr_ipv4")),
    "Ipv6Ranges": ("CidrIpv6", ("ipv6_cidr_blocks", "cidr_ipv6")),
    "PrefixListIds": ("PrefixListId", ("prefix_list_ids", "prefix_list_id")),
    "UserIdGroupPairs": (
        "GroupId", ("security_groups", "source_security_group_id", "referenced_security_group_id"),
    ),
}  # fmt: skip


def _permission(rule: Declared, group: str) -> dict[str, Any]:
    protocol = rule.get("ip_protocol") or rule["protocol"]
    number = "-1" if protocol == "all" else protocol
    ports = {} if number == "-1" else omit_empty(FromPort=rule["from_port"], ToPort=rule["to_port"])
    why, lists = omit_empty(Description=rule.get("description")), {}
    for name, (key, arguments) in _PEERS.items():
        stated = [rule[argument] for argument in arguments if rule.get(argument)]
        peers = [peer for one in stated for peer in ([one] if isinstance(one, str) else one)]
        if name == "UserIdGroupPairs" and rule.get("self"):
            peers.append(group)
        lists[name] = [{key: peer, **why} for peer in peers]
    return {"IpProtocol": number, **ports, **omit_empty(**lists)}


def _replace_rules(declared: Declared, aws: Clients) -> Mapping[str, Any]:
    """Replace the rules that AWS has put into a group with the declared ones."""
    ec2, id = aws("ec2"), declared["id"]
    found = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
    for direction, field in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        if found[field]:
            getattr(ec2, f"revoke_security_group_{direction}")(GroupId=id, IpPermissions=found[field])
    for direction in ("ingress", "egress"):
        if wanted := [_permission(one, id) for one in declared[direction] or ()]:
            getattr(ec2, f"authorize_security_group_{direction}")(GroupId=id, IpPermissions=wanted)
    return {}


def _rule(direction: str) -> Adapter:
    return call(
        f"ec2.authorize_security_group_{direction}",
        {
            "id": "{SecurityGroupRules[0][SecurityGroupRuleId]}",
            "arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{SecurityGroupRules[0][SecurityGroupRuleId]}",
            "security_group_rule_id": "{SecurityGroupRules[0][SecurityGroupRuleId]}",
        },
        only=True, GroupId="security_group_id",
        IpPermissions=lambda rule: [_permission(rule, rule["security_group_id"])],
    )  # fmt: skip


def _old_rule(direction: str) -> Adapter:
    """Return the adapter of the older form, which adds one rule or several at once."""
    return call(
        f"ec2.authorize_security_group_{direction}",
        {
            "id": "{SecurityGroupRules[0][SecurityGroupRuleId]}",
            "security_group_rule_id": lambda known: (
                known["SecurityGroupRules"][0]["SecurityGroupRuleId"] if len(known["SecurityGroupRules"]) == 1 else ""
            ),
        },
        when=lambda rule: rule["type"] == direction, only=True, GroupId="security_group_id",
        IpPermissions=lambda rule: [_permission(rule, rule["security_group_id"])],
    )  # fmt: skip


ADAPTERS |= {
    # the egress rule that AWS adds to a new one is removed, as the provider does
    "aws_security_group": then(
        call(
            "ec2.create_security_group", _in_ec2("security-group", "{GroupId}"), GroupName="name",
            Description=either("description", MANAGED), TagSpecifications=tagged("security-group"),
        ),
        _replace_rules,
    ),
    "aws_default_security_group": then(
        call(
            "ec2.describe_security_groups",
            {
                **_in_ec2("security-group", "{SecurityGroups[0][GroupId]}"), "name": "default",
                "description": "{SecurityGroups[0][Description]}",
            },
            only=True, Filters=where(vpc_id="vpc_id", group_name="default"),
        ),
        call("ec2.create_tags", {}, when="tags_all", Resources="id"),
        _replace_rules,
    ),
    "aws_vpc_security_group_ingress_rule": _rule("ingress"),
    "aws_vpc_security_group_egress_rule": _rule("egress"),
    "aws_security_group_rule": then(_old_rule("ingress"), _old_rule("egress")),
}  # fmt: skip


# ── Load balancers: target groups, listeners and their rules

#: Arguments that the load balancer keeps as attributes.
BALANCER = {
    "enable_deletion_protection": "deletion_protection.enabled",
    "enable_http2": "routing.http2.enabled",
    "enable_zonal_shift": "zonal_shift.config.enabled",
    "enable_cross_zone_load_balancing": "load_balancing.cross_zone.enabled",
    "enable_waf_fail_open": "waf.fail_open.enabled",
    "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
    "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
    "preserve_host_header": "routing.http.preserve_host_header.enabled",
    "xff_header_processing_mode": "routing.http.xff_header_processing.mode",
    "idle_timeout": "idle_timeout.timeout_seconds",
}
TARGET_GROUP = {
    "deregistration_delay": "deregistration_delay.timeout_seconds",
    "load_balancing_algorithm_type": "load_balancing.algorithm.type",
    "load_balancing_cross_zone_enabled": "load_balancing.cross_zone.enabled",
    "slow_start": "slow_start.duration_seconds",
}
LISTENER = {
    "routing_http_response_server_enabled": "routing.http.response.server.enabled",
    "tcp_idle_timeout_seconds": "tcp.idle_timeout.seconds",
}


def _attributes(names: Mapping[str, str], declared: Declared) -> list[dict[str, str]]:
    found = {key: declared[argument] for argument, key in names.items() if declared.get(argument) is not None}
    return [{"Key": key, "Value": text(value)} for key, value in found.items()]


def _balancer_attributes(declared: Declared) -> list[dict[str, str]]:
    return _attributes(BALANCER, declared) + [
        {"Key": f"{kind}.s3.{name}", "Value": text(value)}
        for kind in ("access_logs", "connection_logs")
        for block in declared[kind] or ()
        for name, value in (
            ("enabled", bool(block["enabled"])), ("bucket", block["bucket"]), ("prefix", block["prefix"]),
        )
        if value not in (None, "")
    ]  # fmt: skip


def _actions(blocks: Any) -> list[dict[str, Any]]:
    return [
        omit_empty(
            Type=block["type"],
            Order=block.get("order") or number,
            TargetGroupArn=block.get("target_group_arn"),
            ForwardConfig=next(map(_forward, block.get("forward") or ()), None),
            RedirectConfig=next(map(_redirect, block.get("redirect") or ()), None),
            FixedResponseConfig=next(
                (
                    omit_empty(
                        ContentType=one["content_type"],
                        MessageBody=one["message_body"],
                        StatusCode=one["status_code"] or "200",
                    )
                    for one in block.get("fixed_response") or ()
                ),
                None,
            ),
        )
        for number, block in enumerate(blocks or (), 1)
    ]


def _forward(block: Declared) -> dict[str, Any]:
    groups = [omit_empty(TargetGroupArn=one["arn"], Weight=one["weight"]) for one in block["target_group"]]
    return {"TargetGroups": groups}


def _redirect(block: Declared) -> dict[str, Any]:
    kept = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "Port": "#{port}", "Protocol": "#{protocol}"}
    said = {name: block.get(name.lower()) or usual for name, usual in kept.items()}
    return {**said, "StatusCode": block["status_code"]}


def _rule_conditions(declared: Declared) -> list[dict[str, Any]]:
    """Return the conditions of a rule, each of one kind, where a block of Terraform may state several."""
    kinds = {"path_pattern": "PathPattern", "host_header": "HostHeader", "source_ip": "SourceIp",
             "http_header": "HttpHeader"}  # fmt: skip
    return [
        {
            "Field": argument.replace("_", "-"),
            f"{kind}Config": omit_empty(HttpHeaderName=one.get("http_header_name"), Values=one["values"]),
        }
        for block in declared["condition"] or ()
        for argument, kind in kinds.items()
        for one in block.get(argument) or ()
    ]


def _health_check(**members: str) -> dict[str, Any]:
    """Return the sources of members that are arguments of the block ``health_check``."""
    return {
        member: lambda declared, argument=argument: first(declared["health_check"]).get(argument) or None
        for member, argument in members.items()
    }


_BALANCER = then(
    call(
        "elbv2.create_load_balancer",
        {
            "id": "{LoadBalancers[0][LoadBalancerArn]}", "arn": "{LoadBalancers[0][LoadBalancerArn]}",
            "arn_suffix": lambda known: known["LoadBalancers"][0]["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "dns_name": "{LoadBalancers[0][DNSName]}", "zone_id": "{LoadBalancers[0][CanonicalHostedZoneId]}",
            "vpc_id": "{LoadBalancers[0][VpcId]}",
        },
        Scheme=lambda declared: "internal" if declared["internal"] else "internet-facing",
        Type=lambda declared: declared["load_balancer_type"] or "application",
    ),
    call(
        "elbv2.modify_load_balancer_attributes", {}, when=_balancer_attributes, LoadBalancerArn="arn",
        Attributes=_balancer_attributes,
    ),
)  # fmt: skip
_TARGET_GROUP = then(
    call(
        "elbv2.create_target_group",
        {
            "id": "{TargetGroups[0][TargetGroupArn]}", "arn": "{TargetGroups[0][TargetGroupArn]}",
            "arn_suffix": lambda known: known["TargetGroups"][0]["TargetGroupArn"].rpartition(":")[2],
        },
        HealthCheckEnabled=lambda declared: first(declared["health_check"]).get("enabled"),
        Matcher=lambda declared: omit_empty(HttpCode=first(declared["health_check"]).get("matcher")) or None,
        **_health_check(
            HealthCheckProtocol="protocol", HealthCheckPath="path", HealthCheckPort="port",
            HealthCheckIntervalSeconds="interval", HealthCheckTimeoutSeconds="timeout",
            HealthyThresholdCount="healthy_threshold", UnhealthyThresholdCount="unhealthy_threshold",
        ),
    ),
    call(
        "elbv2.modify_target_group_attributes", {}, when=partial(_attributes, TARGET_GROUP), TargetGroupArn="arn",
        Attributes=partial(_attributes, TARGET_GROUP),
    ),
)  # fmt: skip
_LISTENER = then(
    call(
        "elbv2.create_listener", {"id": "{Listeners[0][ListenerArn]}", "arn": "{Listeners[0][ListenerArn]}"},
        DefaultActions=lambda declared: _actions(declared["default_action"]), Certificates="certificate_arn",
    ),
    call(
        "elbv2.modify_listener_attributes", {}, when=partial(_attributes, LISTENER), ListenerArn="arn",
        Attributes=partial(_attributes, LISTENER),
    ),
)  # fmt: skip
_RULE = call(
    "elbv2.create_rule", {"id": "{Rules[0][RuleArn]}", "arn": "{Rules[0][RuleArn]}"},
    Conditions=_rule_conditions, Actions=lambda declared: _actions(declared["action"]),
)  # fmt: skip

ADAPTERS |= {
    f"aws_{prefix}{name}": adapter
    for prefix in ("lb", "alb")
    for name, adapter in (
        ("", _BALANCER), ("_target_group", _TARGET_GROUP), ("_listener", _LISTENER), ("_listener_rule", _RULE),
    )
}  # fmt: skip


# ── CloudFront: distributions, their origins, and the policies of their cache, requests and headers

#: The hosted zone of all CloudFront names, for aliases in Route 53.
HOSTED_ZONE: Final = "Z2FDTNDATAQYW2"


def with_quantity(items: Iterable[Any] | None) -> dict[str, Any]:
    """Return CloudFront's form of a list."""
    found = list(items or ())
    return omit_empty(Quantity=len(found), Items=found)


def _methods(behaviour: Declared) -> dict[str, Any]:
    cached = with_quantity(sorted(behaviour["cached_methods"]))
    return {**with_quantity(sorted(behaviour["allowed_methods"])), "CachedMethods": cached}


def _bucket(origin: Declared) -> dict[str, Any] | None:
    """Return how an origin reaches a bucket; none for an origin that is no bucket."""
    if origin.get("custom_origin_config") or origin.get("vpc_origin_config"):
        return None
    return {"OriginAccessIdentity": first(origin.get("s3_origin_config")).get("origin_access_identity") or ""}


def _custom_headers(origin: Declared) -> dict[str, Any]:
    headers = origin.get("custom_header") or ()
    return with_quantity({"HeaderName": each["name"], "HeaderValue": each["value"]} for each in headers)


def _origin_groups(distribution: Declared) -> dict[str, Any]:
    return with_quantity(
        {
            "Id": each["origin_id"],
            "FailoverCriteria": {
                "StatusCodes": with_quantity(sorted(first(each.get("failover_criteria")).get("status_codes") or ()))
            },
            "Members": with_quantity({"OriginId": member["origin_id"]} for member in each["member"]),
        }
        for each in distribution["origin_group"] or ()
    )


def _viewer_certificate(distribution: Declared) -> dict[str, Any]:
    declared = first(distribution["viewer_certificate"])
    if not (arn := declared.get("acm_certificate_arn")):
        return {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"}
    return {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": arn,
        "SSLSupportMethod": declared["ssl_support_method"],
        "MinimumProtocolVersion": declared["minimum_protocol_version"] or "TLSv1",
    }


def _geography(restrictions: Declared) -> dict[str, Any]:
    declared = first(restrictions["geo_restriction"])
    places = with_quantity(sorted(declared.get("locations") or ()))
    return {"RestrictionType": declared.get("restriction_type", "none"), **places}


def _seconds(argument: str, usual: int) -> Source:
    return lambda declared: usual if declared[argument] is None else declared[argument]


def _at_edge(field: str, **more: str) -> Mapping[str, str]:
    return {"id": f"{{{field}[Id]}}", "etag": "{ETag}", **more}


ADAPTERS |= {
    "aws_cloudfront_origin_access_control": call(
        "cloudfront.create_origin_access_control",
        _at_edge(
            "OriginAccessControl", arn="arn:aws:cloudfront::{account}:origin-access-control/{OriginAccessControl[Id]}"
        ),
        region=HOME, OriginAccessControlConfig=ITSELF, Description=either("description", MANAGED),
    ),
    # CloudFront's way to a private load balancer
    "aws_cloudfront_vpc_origin": call(
        "cloudfront.create_vpc_origin", _at_edge("VpcOrigin", arn="{VpcOrigin[Arn]}"), region=HOME,
        Tags=lambda declared: omit_empty(Items=tags(declared)) or None,
    ),
    "aws_cloudfront_distribution": call(
        "cloudfront.create_distribution_with_tags",
        _at_edge(
            "Distribution", arn="{Distribution[ARN]}", domain_name="{Distribution[DomainName]}",
            status="{Distribution[Status]}", hosted_zone_id=HOSTED_ZONE,
        ),
        region=HOME, DistributionConfigWithTags=ITSELF, DistributionConfig=ITSELF,
        Tags=lambda declared: {"Items": tags(declared)}, CallerReference=_unique,
        Comment=either("comment", ""), Aliases=lambda declared: with_quantity(sorted(declared["aliases"] or ())),
        DefaultRootObject=either("default_root_object", ""), PriceClass=either("price_class", "PriceClass_All"),
        Id=one_of("origin_id", "id"), OriginPath=either("origin_path", ""), CustomHeaders=_custom_headers,
        OriginGroups=_origin_groups,
        OriginAccessControlId=either("origin_access_control_id", ""), S3OriginConfig=_bucket,
        CacheBehaviors="ordered_cache_behavior", AllowedMethods=_methods, Compress=_flag("compress"),
        TrustedSigners=None, TrustedKeyGroups=None, LambdaFunctionARN="lambda_arn", FunctionARN="function_arn",
        ResponseCode=lambda error: str(error["response_code"]) if error["response_code"] else None,
        ViewerCertificate=_viewer_certificate, GeoRestriction=_geography, WebACLId=either("web_acl_id", ""),
        HttpVersion=lambda declared: (declared["http_version"] or "http2").lower(),
        IsIPV6Enabled=_flag("is_ipv6_enabled"),
    ),
    "aws_cloudfront_monitoring_subscription": call(
        "cloudfront.create_monitoring_subscription", {"id": "{distribution_id}"}, region=HOME
    ),
    "aws_cloudfront_cache_policy": call(
        "cloudfront.create_cache_policy", _at_edge("CachePolicy"), region=HOME, CachePolicyConfig=ITSELF,
        MinTTL=either("min_ttl", 0), DefaultTTL=_seconds("default_ttl", 86400), MaxTTL=_seconds("max_ttl", 31536000),
        EnableAcceptEncodingGzip=_flag("enable_accept_encoding_gzip"),
        EnableAcceptEncodingBrotli=_flag("enable_accept_encoding_brotli"),
    ),
    "aws_cloudfront_origin_request_policy": call(
        "cloudfront.create_origin_request_policy", _at_edge("OriginRequestPolicy"), region=HOME,
        OriginRequestPolicyConfig=ITSELF,
    ),
    "aws_cloudfront_response_headers_policy": call(
        "cloudfront.create_response_headers_policy", _at_edge("ResponseHeadersPolicy"), region=HOME,
        ResponseHeadersPolicyConfig=ITSELF, IncludeSubdomains=_flag("include_subdomains"), Preload=_flag("preload"),
    ),
}  # fmt: skip
