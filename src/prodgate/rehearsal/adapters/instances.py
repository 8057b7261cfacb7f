"""Instances of EC2, templates that launch them, and groups that keep so many of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .network import arn, tag_specifications
from .registry import Clients, creates, first, omit_empty

#: An image that is there in every emulated account; those of AWS and of teams are not.
_IMAGE: Final = "ami-12c6146b"


@creates("aws_launch_template")
def launch_template(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a template with what decides about an instance from outside: network, role, metadata, disks."""
    made = aws("ec2").create_launch_template(
        LaunchTemplateName=declared["name"],
        LaunchTemplateData=_launch_data(declared),
        TagSpecifications=tag_specifications("launch-template", declared),
    )["LaunchTemplate"]
    return {
        "id": made["LaunchTemplateId"],
        "arn": arn(aws, "launch-template", made["LaunchTemplateId"]),
        "latest_version": made["LatestVersionNumber"],
        "default_version": made["DefaultVersionNumber"],
    }


def _launch_data(declared: Mapping[str, Any]) -> dict[str, Any]:
    metadata, profile = first(declared["metadata_options"]), first(declared["iam_instance_profile"])
    return omit_empty(
        ImageId=_IMAGE,
        InstanceType=declared["instance_type"],
        KeyName=declared["key_name"],
        SecurityGroupIds=sorted(declared["vpc_security_group_ids"] or ()),
        IamInstanceProfile=omit_empty(Arn=profile.get("arn"), Name=profile.get("name")),
        MetadataOptions=_metadata(metadata),
        BlockDeviceMappings=[
            {"DeviceName": disk["device_name"], "Ebs": _disk(first(disk["ebs"]))}
            for disk in declared["block_device_mappings"] or ()
        ],
    )


def _metadata(stated: Mapping[str, Any]) -> dict[str, Any]:
    return omit_empty(HttpEndpoint=stated.get("http_endpoint"), HttpTokens=stated.get("http_tokens"))


def _disk(stated: Mapping[str, Any]) -> dict[str, Any]:
    encrypted = stated.get("encrypted")
    return omit_empty(
        VolumeSize=stated.get("volume_size"),
        VolumeType=stated.get("volume_type"),
        KmsKeyId=stated.get("kms_key_id"),
        Encrypted=None if encrypted is None else str(encrypted).lower() == "true",
    )


@creates("aws_instance")
def instance(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Run one instance; of its image nothing is known here."""
    profile = declared["iam_instance_profile"]
    (made,) = aws("ec2").run_instances(
        ImageId=_IMAGE,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=tag_specifications("instance", declared),
        **omit_empty(
            InstanceType=declared["instance_type"],
            SubnetId=declared["subnet_id"],
            SecurityGroupIds=sorted(declared["vpc_security_group_ids"] or ()),
            IamInstanceProfile={"Name": profile} if profile else None,
            MetadataOptions=_metadata(first(declared["metadata_options"])),
        ),
    )["Instances"]
    id = made["InstanceId"]
    return {
        "id": id,
        "arn": arn(aws, "instance", id),
        "private_ip": made["PrivateIpAddress"],
        "instance_state": "running",
        "primary_network_interface_id": made["NetworkInterfaces"][0]["NetworkInterfaceId"],
    }


@creates("aws_autoscaling_group")
def group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a group; its instances run at once, in its subnets, behind its target groups."""
    name, template = declared["name"], first(declared["launch_template"])
    scaling = aws("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=int(declared["min_size"]),
        MaxSize=int(declared["max_size"]),
        LaunchTemplate=omit_empty(LaunchTemplateId=template.get("id"), Version=template.get("version")),
        **omit_empty(
            DesiredCapacity=declared["desired_capacity"],
            VPCZoneIdentifier=",".join(sorted(declared["vpc_zone_identifier"] or ())),
            TargetGroupARNs=sorted(declared["target_group_arns"] or ()),
            HealthCheckType=declared["health_check_type"],
        ),
        Tags=[
            {"Key": tag["key"], "Value": tag["value"], "PropagateAtLaunch": tag["propagate_at_launch"]}
            for tag in declared["tag"] or ()
        ],
    )
    (made,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return {"id": name, "arn": made["AutoScalingGroupARN"]}
