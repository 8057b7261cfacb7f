"""The settings of the `provider "aws"` block that show in resources, and what AWS would identify a resource by.

That is invented: the same for the same configuration, every time.
"""

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Final

from .schema import Block
from .values import drop_unset, is_unknown

#: Where nothing says which account or region: the account of AWS's own documentation, and the provider's usual region.
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one provider block."""

    region: str = REGION
    account: str = ACCOUNT
    default_tags: Any = field(default_factory=dict)
    """The tags of every resource by name; unknown, or with unknown values, where what they depend on is."""
    states_region: bool = False
    states_account: bool = False
    zones: tuple[str, ...] = ()
    """The availability zones that the account may use; of a region that has none here, they are not known."""

    @property
    def partition(self) -> str:
        """The partition that the region is in."""
        return partition(self.region)


def partition(region: str) -> str:
    """Return the partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """Return the domain under which the services of a region's partition are."""
    return "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"


def read_settings(config: Mapping[str, Any] | None, account: str = "", zones: tuple[str, ...] = ()) -> Settings:
    """Return the settings in a provider's configuration; what is unknown counts as not stated.

    ``account`` is the one that the criteria state, for a provider that does not name its own, and so are ``zones``.
    """
    stated = config or {}
    region = stated.get("region")
    accounts = [each for each in stated.get("allowed_account_ids") or () if isinstance(each, str)]
    known = isinstance(region, str) and region != ""
    return Settings(
        region=region if known and isinstance(region, str) else REGION,
        account=accounts[0] if len(accounts) == 1 else account or ACCOUNT,
        default_tags=_tags(stated.get("default_tags")),
        states_region=known,
        states_account=len(accounts) == 1 or bool(account),
        zones=zones,
    )


def _tags(blocks: Any) -> Any:
    first = blocks[0] if isinstance(blocks, list) and blocks else blocks
    tags = first.get("tags") if isinstance(first, Mapping) else first
    return tags if isinstance(tags, Mapping) or is_unknown(tags) else {}


# How AWS writes the id and the ARN of the resources that other resources name most.
#
# A template may use the resource's own arguments, and: {uid} (letters and digits of its own), {region}, {account},
# {partition}, {suffix} (the domain of the partition), and {name} (its name, or one that is made up). Types that are not
# here get their ARN from the general form.

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


#: Arguments that name a resource, the most telling first. AWS makes up a name when a computed one is left out.
NAMES: Final = (
    "bucket", "name", "function_name", "cluster_identifier", "identifier", "alarm_name", "dashboard_name", "family",
    "repository_name", "replication_group_id", "cluster_id", "domain_name", "domain", "table_name", "username",
)  # fmt: skip
#: Arguments that the provider makes up when they are left out, beside those that may have a prefix instead.
_MADE_UP: Final = frozenset({"bucket", "name", "cluster_identifier", "identifier", "function_name"})
#: Strings that only AWS can say, and that other resources use to name this one.
_IDENTIFYING: Final = re.compile(
    r"(.+_)?(arn|arns|id|url|uri|endpoint|dns_name|domain_name|fqdn|address|name|arn_suffix|path)"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The values for the templates of one resource."""

    type: str
    fields: Mapping[str, str]

    def fill(self, template: str, values: Mapping[str, Any]) -> str | None:
        """Return the template with the resource's own values in it, or None when one of them is not known."""
        known = {name: value for name, value in values.items() if isinstance(value, str | int)}
        try:
            return template.format_map({**known, **self.fields})
        except KeyError:
            return None


class Identities:
    """Gives out identities; the second resource with the very same configuration gets another one than the first.

    Core does not say which resource it asks for, and asks in no fixed order: which twin is the first may change.
    """

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    def identify(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Identity:
        """Return the identity of a resource type with a configuration."""
        key = [kind, settings.region, settings.account, drop_unset(config)]
        text = json.dumps(key, sort_keys=True, default=bytes.hex)
        with self._lock:
            count = self._given[text]
            self._given[text] += 1
        digest = hashlib.sha256(f"{text}{count or ''}".encode()).hexdigest()
        return Identity(kind, _derive_fields(digest, config, settings))


def _derive_fields(digest: str, config: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    stated = config.get("region")
    region = stated if isinstance(stated, str) and stated else settings.region
    uid = digest[:17]
    name = next((config[each] for each in NAMES if isinstance(config.get(each), str) and config[each]), None)
    prefixes = (config.get(f"{each}_prefix") for each in NAMES)
    made_up = f"{next((each for each in prefixes if isinstance(each, str) and each), 'terraform-')}{uid}"
    fields = {
        "uid": uid, "UID": uid[:13].upper(), "region": region, "account": settings.account,
        "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        "partition": partition(region), "suffix": dns_suffix(region),
        "made_up": made_up, "name": name or made_up, "bare_name": (name or made_up).lstrip("/"),
    }  # fmt: skip
    url, path, cluster = (
        value if isinstance(value := config.get(each), str) else "" for each in ("url", "path", "cluster")
    )
    edge = config.get("scope") == "CLOUDFRONT"
    return fields | {
        "balancer": {"network": "net", "gateway": "gwy"}.get(str(config.get("load_balancer_type")), "app"),
        "host": re.sub(r"^https://", "", url),
        "path": path or "/",
        "cluster_name": cluster.rpartition("/")[2] or "default",
        "waf_region": "us-east-1" if edge else region,
        "waf_scope": "global" if edge else "regional",
    }


def name_unnamed(block: Block, values: dict[str, Any], identity: Identity, *, settable: bool) -> None:
    """Name what was left without a name, as the real provider does before it asks AWS.

    With ``settable``, only arguments: what AWS alone can say stays null.
    """
    for name, attribute in block["attributes"].items():
        argument = attribute.get("optional") and attribute.get("computed")
        prefixed = argument and f"{name}_prefix" in block["attributes"]
        named = name in _MADE_UP and (argument or (attribute.get("computed") and not settable))
        if (named or prefixed) and values.get(name) is None:
            values[name] = f"{values.get(f'{name}_prefix') or 'terraform-'}{identity.fields['uid']}"


def invent(identity: Identity, block: Block, values: dict[str, Any]) -> None:
    """Fill the identifying attributes that are still null in `values`; leave all else as it is."""
    name_unnamed(block, values, identity, settable=False)
    own_id, arn = IDENTITIES.get(identity.type, (None, None))
    wanted = {"arn": arn or _general_arn(identity), "id": own_id or _general_id(identity)}
    for name, template in {**wanted, **DERIVED.get(identity.type, {})}.items():
        if _is_left_open(block, name, values):
            values[name] = identity.fill(template, values) or identity.fields["uid"]
    for name, attribute in block["attributes"].items():
        only_computed = attribute.get("computed") and not attribute.get("optional")
        if attribute["type"] == "string" and only_computed and values.get(name) is None:
            values[name] = _invent_identifier(identity, name)


def _is_left_open(block: Block, name: str, values: Mapping[str, Any]) -> bool:
    attribute = block["attributes"].get(name)
    return attribute is not None and bool(attribute.get("computed")) and values.get(name) is None


def _invent_identifier(identity: Identity, name: str) -> str | None:
    """Return a value for an attribute that only AWS sets, or None when it does not identify the resource."""
    if name in ("owner_id", "account_id", "registry_id", "owner"):
        return identity.fields["account"]
    if name == "public_ip":
        return f"203.0.113.{int(identity.fields['uid'][:2], 16)}"  # of the range that is set aside for documentation
    if not _IDENTIFYING.fullmatch(name):
        return None
    if name.endswith("arn"):
        return identity.fill(f"{_general_arn(identity)}/{name}", {})
    return f"{identity.fields['uid']}.{name.replace('_', '-')}"


def _general_arn(identity: Identity) -> str:
    first, _, rest = identity.type.removeprefix("aws_").partition("_")
    service = SERVICES.get(first, first)
    kind = (identity.type.removeprefix("aws_") if service == "ec2" else rest or first).replace("_", "-")
    whole = "{region}:{account}"
    where = whole if service not in GLOBAL else ":" if GLOBAL[service] else ":{account}"
    name = _general_id(identity) if identity.type in PREFIXES else "{name}"
    return f"arn:{{partition}}:{service}:{where}:{kind}/{name}"


def _general_id(identity: Identity) -> str:
    return f"{PREFIXES[identity.type]}-{{uid}}" if identity.type in PREFIXES else "{uid}"
