"""How AWS writes the id and the ARN of the resources that other resources name most.

A template may use the resource's own arguments, and: {uid} (letters and digits of its own), {region}, {account},
{partition}, {suffix} (the domain of the partition), and {name} (its name, or one that is made up). Types that are not
here get their ARN from the general form.
"""

from __future__ import annotations

from string import Formatter
from typing import Final

_ARN = "arn:{partition}:"
_HERE = "{region}:{account}:"

#: Service in ARNs where it is not the first word of the type.
SERVICES: Final = {
    "alb": "elasticloadbalancing", "ami": "ec2", "api": "apigateway", "appautoscaling": "application-autoscaling",
    "autoscaling": "autoscaling", "cloudtrail": "cloudtrail", "cloudwatch": "cloudwatch", "cognito": "cognito-idp",
    "customer": "ec2", "db": "rds", "default": "ec2", "docdb": "rds", "ebs": "ec2", "efs": "elasticfilesystem",
    "egress": "ec2", "eip": "ec2", "elb": "elasticloadbalancing", "flow": "ec2", "instance": "ec2", "internet": "ec2",
    "key": "ec2", "kinesis": "kinesis", "launch": "ec2", "lb": "elasticloadbalancing", "main": "ec2", "mwaa": "airflow",
    "nat": "ec2", "neptune": "rds", "network": "ec2", "opensearch": "es", "placement": "ec2", "route": "ec2",
    "route53": "route53", "security": "ec2", "service": "servicediscovery", "sfn": "states", "spot": "ec2",
    "ssoadmin": "sso", "subnet": "ec2", "volume": "ec2", "vpc": "ec2", "vpn": "ec2", "cloudfront": "cloudfront",
}  # fmt: skip

#: Services whose ARNs name no region (and, where the value is True, no account either).
GLOBAL: Final = {"iam": False, "cloudfront": False, "route53": True, "s3": True, "organizations": False}

#: type -> (id, arn); None: the general form.
IDENTITIES: Final[dict[str, tuple[str | None, str | None]]] = {
    "aws_acm_certificate": ("{arn}", f"{_ARN}acm:{_HERE}certificate/{{uuid}}"),
    "aws_appautoscaling_target": ("{resource_id}", f"{_ARN}application-autoscaling:{_HERE}scalable-target/{{uid}}"),
    "aws_backup_plan": ("{uuid}", f"{_ARN}backup:{_HERE}backup-plan:{{uuid}}"),
    "aws_backup_vault": ("{name}", f"{_ARN}backup:{_HERE}backup-vault:{{name}}"),
    "aws_budgets_budget": ("{account}:{name}", f"{_ARN}budgets::{{account}}:budget/{{name}}"),
    "aws_cloudfront_distribution": ("E{UID}", f"{_ARN}cloudfront::{{account}}:distribution/E{{UID}}"),
    "aws_cloudfront_function": ("{name}", f"{_ARN}cloudfront::{{account}}:function/{{name}}"),
    "aws_cloudfront_origin_access_control": ("E{UID}", f"{_ARN}cloudfront::{{account}}:origin-access-control/E{{UID}}"),
    "aws_cloudfront_origin_access_identity": ("E{UID}", None),
    "aws_cloudtrail": ("{arn}", f"{_ARN}cloudtrail:{_HERE}trail/{{name}}"),
    "aws_cloudwatch_composite_alarm": ("{alarm_name}", f"{_ARN}cloudwatch:{_HERE}alarm:{{alarm_name}}"),
    "aws_cloudwatch_dashboard": ("{dashboard_name}", f"{_ARN}cloudwatch::{{account}}:dashboard/{{dashboard_name}}"),
    "aws_cloudwatch_event_rule": ("{name}", f"{_ARN}events:{_HERE}rule/{{name}}"),
    "aws_cloudwatch_log_group": ("{name}", f"{_ARN}logs:{_HERE}log-group:{{name}}"),
    "aws_cloudwatch_metric_alarm": ("{alarm_name}", f"{_ARN}cloudwatch:{_HERE}alarm:{{alarm_name}}"),
    "aws_codedeploy_app": ("{uuid}:{name}", f"{_ARN}codedeploy:{_HERE}application:{{name}}"),
    "aws_codedeploy_deployment_group":
        ("{uuid}", f"{_ARN}codedeploy:{_HERE}deploymentgroup:{{app_name}}/{{deployment_group_name}}"),
    "aws_db_instance": ("db-{UID}", f"{_ARN}rds:{_HERE}db:{{identifier}}"),
    "aws_db_parameter_group": ("{name}", f"{_ARN}rds:{_HERE}pg:{{name}}"),
    "aws_db_subnet_group": ("{name}", f"{_ARN}rds:{_HERE}subgrp:{{name}}"),
    "aws_dynamodb_table": ("{name}", f"{_ARN}dynamodb:{_HERE}table/{{name}}"),
    "aws_ecr_repository": ("{name}", f"{_ARN}ecr:{_HERE}repository/{{name}}"),
    "aws_ecs_cluster": ("{arn}", f"{_ARN}ecs:{_HERE}cluster/{{name}}"),
    "aws_ecs_service": ("{arn}", f"{_ARN}ecs:{_HERE}service/{{cluster_name}}/{{name}}"),
    "aws_ecs_task_definition": ("{family}", f"{_ARN}ecs:{_HERE}task-definition/{{family}}:1"),
    "aws_guardduty_detector": ("{uid}", f"{_ARN}guardduty:{_HERE}detector/{{uid}}"),
    "aws_iam_group": ("{name}", f"{_ARN}iam::{{account}}:group{{path}}{{name}}"),
    "aws_iam_instance_profile": ("{name}", f"{_ARN}iam::{{account}}:instance-profile{{path}}{{name}}"),
    "aws_iam_openid_connect_provider": ("{arn}", f"{_ARN}iam::{{account}}:oidc-provider/{{host}}"),
    "aws_iam_policy": ("{arn}", f"{_ARN}iam::{{account}}:policy{{path}}{{name}}"),
    "aws_iam_role": ("{name}", f"{_ARN}iam::{{account}}:role{{path}}{{name}}"),
    "aws_iam_saml_provider": ("{arn}", f"{_ARN}iam::{{account}}:saml-provider/{{name}}"),
    "aws_iam_user": ("{name}", f"{_ARN}iam::{{account}}:user{{path}}{{name}}"),
    "aws_kinesis_firehose_delivery_stream": ("{arn}", f"{_ARN}firehose:{_HERE}deliverystream/{{name}}"),
    "aws_kms_alias": ("{name}", f"{_ARN}kms:{_HERE}{{name}}"),
    "aws_kms_key": ("{uuid}", f"{_ARN}kms:{_HERE}key/{{uuid}}"),
    "aws_kms_replica_key": ("{uuid}", f"{_ARN}kms:{_HERE}key/{{uuid}}"),
    "aws_lambda_function": ("{function_name}", f"{_ARN}lambda:{_HERE}function:{{function_name}}"),
    "aws_lb": ("{arn}", f"{_ARN}elasticloadbalancing:{_HERE}loadbalancer/{{balancer}}/{{name}}/{{uid}}"),
    "aws_lb_listener": ("{arn}", f"{_ARN}elasticloadbalancing:{_HERE}listener/app/{{uid}}"),
    "aws_lb_listener_rule": ("{arn}", f"{_ARN}elasticloadbalancing:{_HERE}listener-rule/app/{{uid}}"),
    "aws_lb_target_group": ("{arn}", f"{_ARN}elasticloadbalancing:{_HERE}targetgroup/{{name}}/{{uid}}"),
    "aws_mwaa_environment": ("{name}", f"{_ARN}airflow:{_HERE}environment/{{name}}"),
    "aws_rds_cluster": ("{cluster_identifier}", f"{_ARN}rds:{_HERE}cluster:{{cluster_identifier}}"),
    "aws_rds_cluster_instance": ("{identifier}", f"{_ARN}rds:{_HERE}db:{{identifier}}"),
    "aws_rds_cluster_parameter_group": ("{name}", f"{_ARN}rds:{_HERE}cluster-pg:{{name}}"),
    "aws_route53_zone": ("Z{UID}", f"{_ARN}route53:::hostedzone/Z{{UID}}"),
    "aws_s3_bucket": ("{bucket}", f"{_ARN}s3:::{{bucket}}"),
    "aws_secretsmanager_secret": ("{arn}", f"{_ARN}secretsmanager:{_HERE}secret:{{name}}-{{uid:.6}}"),
    "aws_secretsmanager_secret_version": ("{secret_id}|{uuid}", "{secret_id}"),
    "aws_security_group": ("sg-{uid}", f"{_ARN}ec2:{_HERE}security-group/sg-{{uid}}"),
    "aws_sfn_state_machine": ("{arn}", f"{_ARN}states:{_HERE}stateMachine:{{name}}"),
    "aws_sns_topic": ("{arn}", f"{_ARN}sns:{_HERE}{{name}}"),
    "aws_sns_topic_subscription": ("{arn}", "{topic_arn}:{uuid}"),
    "aws_sqs_queue": ("https://sqs.{region}.{suffix}/{account}/{name}", f"{_ARN}sqs:{_HERE}{{name}}"),
    "aws_ssm_parameter": ("{name}", f"{_ARN}ssm:{_HERE}parameter/{{bare_name}}"),
    "aws_subnet": ("subnet-{uid}", f"{_ARN}ec2:{_HERE}subnet/subnet-{{uid}}"),
    "aws_vpc": ("vpc-{uid}", f"{_ARN}ec2:{_HERE}vpc/vpc-{{uid}}"),
    "aws_wafv2_ip_set": ("{uuid}", f"{_ARN}wafv2:{{waf_region}}:{{account}}:{{waf_scope}}/ipset/{{name}}/{{uuid}}"),
    "aws_wafv2_rule_group":
        ("{uuid}", f"{_ARN}wafv2:{{waf_region}}:{{account}}:{{waf_scope}}/rulegroup/{{name}}/{{uuid}}"),
    "aws_wafv2_web_acl": ("{uuid}", f"{_ARN}wafv2:{{waf_region}}:{{account}}:{{waf_scope}}/webacl/{{name}}/{{uuid}}"),
}  # fmt: skip
for _alias, _type in (("aws_alb", "aws_lb"), ("aws_alb_target_group", "aws_lb_target_group"),
                      ("aws_alb_listener", "aws_lb_listener"), ("aws_alb_listener_rule", "aws_lb_listener_rule"),
                      ("aws_default_vpc", "aws_vpc")):  # fmt: skip
    IDENTITIES[_alias] = IDENTITIES[_type]

#: Prefix of the ids that EC2 gives.
PREFIXES: Final = {
    "aws_customer_gateway": "cgw", "aws_ebs_volume": "vol", "aws_eip": "eipalloc", "aws_flow_log": "fl",
    "aws_instance": "i", "aws_internet_gateway": "igw", "aws_launch_template": "lt", "aws_nat_gateway": "nat",
    "aws_network_acl": "acl", "aws_network_interface": "eni", "aws_route_table": "rtb",
    "aws_route_table_association": "rtbassoc", "aws_security_group_rule": "sgrule", "aws_vpc_endpoint": "vpce",
    "aws_vpc_peering_connection": "pcx", "aws_vpc_security_group_egress_rule": "sgr",
    "aws_vpc_security_group_ingress_rule": "sgr", "aws_efs_file_system": "fs", "aws_efs_access_point": "fsap",
}  # fmt: skip

#: Further values that AWS derives from the identity, by type.
DERIVED: Final = {
    "aws_cloudfront_distribution": {"domain_name": "d{uid}.cloudfront.net", "hosted_zone_id": "Z2FDTNDATAQYW2"},
    "aws_cloudfront_origin_access_identity": {
        "iam_arn": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E{UID}",
        "cloudfront_access_identity_path": "origin-access-identity/cloudfront/E{UID}",
    },
    "aws_db_instance": {
        "address": "{identifier}.{uid}.{region}.rds.{suffix}",
        "endpoint": "{identifier}.{uid}.{region}.rds.{suffix}:{port}",
        "resource_id": "db-{UID}",
    },
    "aws_ecr_repository": {
        "registry_id": "{account}",
        "repository_url": "{account}.dkr.ecr.{region}.{suffix}/{name}",
    },
    "aws_ecs_task_definition": {"arn_without_revision": f"{_ARN}ecs:{_HERE}task-definition/{{family}}"},
    "aws_kms_key": {"key_id": "{uuid}"},
    "aws_kms_replica_key": {"key_id": "{uuid}"},
    "aws_lambda_function": {
        "invoke_arn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "qualified_arn": "{arn}:1",
    },
    "aws_lb": {
        "arn_suffix": "{balancer}/{name}/{uid}",
        "dns_name": "{name}-{uid}.{region}.elb.{suffix}",
    },
    "aws_lb_target_group": {"arn_suffix": "targetgroup/{name}/{uid}"},
    "aws_rds_cluster": {
        "cluster_resource_id": "cluster-{UID}",
        "endpoint": "{cluster_identifier}.cluster-{uid}.{region}.rds.{suffix}",
        "reader_endpoint": "{cluster_identifier}.cluster-ro-{uid}.{region}.rds.{suffix}",
    },
    "aws_rds_cluster_instance": {"endpoint": "{identifier}.{uid}.{region}.rds.{suffix}"},
    "aws_route53_zone": {"zone_id": "Z{UID}"},
    "aws_s3_bucket": {
        "bucket_domain_name": "{bucket}.s3.{suffix}",
        "bucket_regional_domain_name": "{bucket}.s3.{region}.{suffix}",
    },
    "aws_sqs_queue": {"url": "https://sqs.{region}.{suffix}/{account}/{name}"},
}
DERIVED["aws_alb"], DERIVED["aws_alb_target_group"] = DERIVED["aws_lb"], DERIVED["aws_lb_target_group"]

#: What of an identity the settings of the provider say.
OF_ACCOUNT: Final = frozenset({"account"})
OF_REGION: Final = frozenset({"region", "partition", "suffix"})
#: Fields that no argument is called after: drawn by lot, or worked out in a way of their own.
_OTHERS: Final = frozenset(
    {"uid", "UID", "uuid", "made_up", "bare_name", "balancer", "host", "cluster_name", "waf_region", "waf_scope"}
)


def list_fields(kind: str, attribute: str) -> frozenset[str] | None:
    """Return what AWS makes an attribute of, by names of arguments and of what the settings say.

    None where something else is in it, or it is not known how AWS makes it.
    """
    own = dict(zip(("id", "arn"), IDENTITIES.get(kind, (None, None)), strict=True)) | DERIVED.get(kind, {})
    template = own.get(attribute)
    fields = (field for _, field, *_ in Formatter().parse(template or "") if field)
    found = {field.partition(":")[0] for field in fields}
    if "arn" in found and attribute != "arn":
        inner = list_fields(kind, "arn")
        found |= inner if inner is not None else _OTHERS
    counted = template and template.endswith(":1")  # of revisions and versions
    found.discard("arn")
    return frozenset(found) if template and not counted and not found & _OTHERS else None
