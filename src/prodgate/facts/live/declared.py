"""Drift: whether each live attribute matches its declaration, and nothing is undeclared."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Missing, Unread, Unreadable
from ...semantics.json_texts import read_json
from .. import Fact
from ..observers import all_apart, observes
from .cloudwatch import EVERY_TYPE
from .distributions import GLOBAL, items, list_distributions
from .permissions import IDENTITIES

# ── How to find the live resource of a declared one, and the attributes that must match

Thing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place to look: an account, in the region that a resource is declared in."""

    account: Account
    region: str

    def one(
        self, service: str, operation: str, key: str, /, *, asked: Thing | None = None, **named: Any
    ) -> Thing | None:
        """Return the only item of a list with these values, or None; ``asked`` are parameters of the call.

        Raises Unnamed if a value is not known, and Unreadable if several items have it.
        """
        require_known(named)
        listed = self.account.list(service, operation, key, region=self.region, **(asked or {}))
        found = [item for item in listed if all(_read(item, name) == value for name, value in named.items())]
        if len(found) > 1:
            raise Unreadable(f"{service} {operation} lists {len(found)} things with {named}: which is meant?")
        return found[0] if found else None

    def find(self, service: str, operation: str, part: str = "", /, **asked: Any) -> Thing | None:
        """Return the response to one call, or a part of it; None if AWS has no such thing. Raises as ``one`` does."""
        require_known(asked)
        answer = self.account.find(service, operation, region=self.region, **asked)
        return answer and (answer[part] if part else answer)


#: Finds the live resource for declared arguments; None if AWS has none. Raises Unreadable, also as Unnamed.
Find = Callable[[Place, Thing], Thing | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """How resources of one type are found, and which of their attributes must match."""

    type: str
    find: Find
    same: Mapping[str, str | tuple[str, Any]] = field(default_factory=dict)
    """Declared path -> live path, or both with the default if the source or AWS's response states no value.

    ``a.b`` enters the first of several blocks, ``a[].b`` all of them; ``A{Name=Value}`` makes a map of a list.
    """
    identity: tuple[str, str] = ("arn", "Arn")
    """Declared and live path of the id that others refer to; with ``kind``, the live path of the ARN."""
    kind: str = ""
    """The beginning of such ARNs after ``arn:aws:``, account and region left out: ``rds:cluster``.

    Empty for resources without an ARN of their own.
    """


class Unnamed(Unreadable):
    """A declared resource can't be looked up: only an apply decides its name."""


def require_known(values: Mapping[str, Any]) -> None:
    """Raise Unnamed if a value is not known before an apply, and Unreadable if AWS omits it from a response."""
    for value in values.values():
        if (unread := find_unread(value)) is not None:
            raise (Unreadable if isinstance(unread, Missing) else Unnamed)(unread.reason)


def find_unread(value: Any) -> Unread | None:
    """Return the first unknown part of a declared value, or None."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return value if isinstance(value, Unread) else next((u for one in inner if (u := find_unread(one))), None)


def read_path(value: Any, path: str) -> Any:
    """Return the value at a path, as ``Counterpart.same`` writes it; None if there is none."""
    part, _, rest = path.partition(".")
    while isinstance(value, list | tuple):
        value = value[0] if value else None
    if not isinstance(value, Mapping):
        return value if isinstance(value, Unread) else None
    if part.endswith("[]"):
        items = value.get(part.removesuffix("[]")) or ()
        return items if isinstance(items, Unread) else [read_path(item, rest) if rest else item for item in items]
    name, _, pair = part.partition("{")
    if pair:
        key, _, held = pair.removesuffix("}").partition("=")
        return {item[key]: item[held] for item in value.get(name) or ()}
    return read_path(value.get(part), rest) if rest else value.get(part)


def _read(item: Any, path: str) -> Any:
    """Do the same as ``read_path``, at once if the path is a name: lists have thousands of items."""
    return item.get(path) if path.isidentifier() and isinstance(item, dict) else read_path(item, path)


def normalise(value: Any) -> Any:
    """Return a value in a form in which Terraform's and AWS's compare equal: numbers as text, lists as sets."""
    if value is None or value in ("", [], {}, ()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), normalise(item)) for key, item in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(normalise, value), key=repr)
        return items[0] if len(items) == 1 else tuple(items)
    text = str(value)
    # IAM answers an account in a policy by the ARN of its root
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    account = _ROOT.fullmatch(text)
    return _document(text) or _number(account[1] if account else text) or text


_ROOT: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")


def _is_version_of(wanted: Any, live: Any) -> bool:
    """Whether a version, such as 16.6, is one of a declared series, such as 16."""
    return f"{live}.".startswith(f"{wanted}.")


def _is_key_like(wanted: Any, live: Any) -> bool:
    """Whether two names of a type of key are the same; ACM is asked for EC_prime256v1 and answers EC-prime256v1."""
    return str(wanted).replace("-", "_") == str(live).replace("-", "_")


def _is_kms_key(wanted: Any, live: Any) -> bool:
    """Whether two names of a key are the same: an id stands for an ARN. A key's alias may be any key."""
    return normalise(wanted) == normalise(live) or f":key/{wanted}" in str(live)


#: Declared path -> whether a declared value and AWS's answer mean the same where AWS completes or spells it: as the
#: provider decides it.
_ALIKE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "engine_version": _is_version_of,
    "key_algorithm": _is_key_like,
    "kms_key_id": _is_kms_key,
    "kms_master_key_id": _is_kms_key,
}


def _document(text: str) -> Any:
    """Return a JSON document in this form, or an empty string."""
    if not text.startswith("{"):
        return ""
    try:
        return normalise(read_json(text))
    except ValueError:
        return ""


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    return f"{number.normalize():f}" if number.is_finite() else ""


def _listed(
    service: str, operation: str, key: str, asked: Thing | None = None, region: str = "", /, **named: str
) -> Find:
    """Find the item of a list whose values, by live name, match those of the declared names."""

    def find(here: Place, declared: Thing) -> Thing | None:
        values = {live: declared[name] for live, name in named.items()}
        return Place(here.account, region or here.region).one(service, operation, key, asked=asked, **values)

    return find


def _answered(service: str, operation: str, part: str = "", /, **asked: str) -> Find:
    """Find the response, or its part, to a call whose parameters are the values of declared names."""
    return lambda here, d: here.find(service, operation, part, **{name: d[stated] for name, stated in asked.items()})


# ── Attributes that must match: databases, buckets, queues, keys, backups, secrets


def _queue(here: Place, declared: Thing) -> Thing | None:
    require_known({"name": declared["name"]})
    urls = here.account.list("sqs", "ListQueues", "QueueUrls", region=here.region)
    url = next((one for one in urls if one.endswith(f"/{declared['name']}")), None)
    return url and here.find("sqs", "GetQueueAttributes", "Attributes", QueueUrl=url, AttributeNames=["All"])


def _bucket(here: Place, declared: Thing) -> Thing | None:
    found = here.one("s3", "ListBuckets", "Buckets", Name=declared["bucket"])
    return found and {**found, "Arn": f"arn:aws:s3:::{declared['bucket']}"}


DATA: Final = (
    Counterpart(
        type="aws_rds_cluster",
        find=_listed("rds", "DescribeDBClusters", "DBClusters", DBClusterIdentifier="cluster_identifier"),
        kind="rds:cluster",
        identity=("arn", "DBClusterArn"),
        same={
            "backup_retention_period": "BackupRetentionPeriod",
            "copy_tags_to_snapshot": ("CopyTagsToSnapshot", False),
            "database_name": "DatabaseName",
            "deletion_protection": ("DeletionProtection", False),
            "enabled_cloudwatch_logs_exports": ("EnabledCloudwatchLogsExports", ()),
            "engine": "Engine",
            "engine_version": "EngineVersion",
            "iam_database_authentication_enabled": ("IAMDatabaseAuthenticationEnabled", False),
            "kms_key_id": "KmsKeyId",
            "port": "Port",
            "serverlessv2_scaling_configuration.max_capacity": "ServerlessV2ScalingConfiguration.MaxCapacity",
            "serverlessv2_scaling_configuration.min_capacity": "ServerlessV2ScalingConfiguration.MinCapacity",
            "storage_encrypted": "StorageEncrypted",
        },
    ),
    Counterpart(
        type="aws_rds_cluster_instance",
        find=_listed("rds", "DescribeDBInstances", "DBInstances", DBInstanceIdentifier="identifier"),
        kind="rds:db",
        identity=("arn", "DBInstanceArn"),
        same={
            "auto_minor_version_upgrade": ("AutoMinorVersionUpgrade", True),
            "engine": "Engine",
            "instance_class": "DBInstanceClass",
            "monitoring_interval": ("MonitoringInterval", 0),
            "performance_insights_enabled": "PerformanceInsightsEnabled",
            "promotion_tier": ("PromotionTier", 0),
            "publicly_accessible": "PubliclyAccessible",
        },
    ),
    Counterpart(type="aws_s3_bucket", find=_bucket, kind="s3"),
    Counterpart(
        type="aws_s3_bucket_versioning",
        find=_answered("s3", "GetBucketVersioning", Bucket="bucket"),
        same={"versioning_configuration.status": "Status"},
    ),
    Counterpart(
        type="aws_s3_bucket_public_access_block",
        find=_answered("s3", "GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket="bucket"),
        same={
            "block_public_acls": ("BlockPublicAcls", False),
            "block_public_policy": ("BlockPublicPolicy", False),
            "ignore_public_acls": ("IgnorePublicAcls", False),
            "restrict_public_buckets": ("RestrictPublicBuckets", False),
        },
    ),
    Counterpart(
        type="aws_s3_bucket_server_side_encryption_configuration",
        find=_answered("s3", "GetBucketEncryption", "ServerSideEncryptionConfiguration", Bucket="bucket"),
        same={
            "rule.apply_server_side_encryption_by_default.kms_master_key_id": (
                "Rules.ApplyServerSideEncryptionByDefault.KMSMasterKeyID"
            ),
            "rule.apply_server_side_encryption_by_default.sse_algorithm": (
                "Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm"
            ),
        },
    ),
    Counterpart(
        type="aws_sqs_queue",
        find=_queue,
        kind="sqs",
        identity=("arn", "QueueArn"),
        same={
            "delay_seconds": ("DelaySeconds", 0),
            "kms_master_key_id": ("KmsMasterKeyId", ""),
            "message_retention_seconds": ("MessageRetentionPeriod", 345600),
            "redrive_policy": "RedrivePolicy",
            "visibility_timeout_seconds": ("VisibilityTimeout", 30),
        },
    ),
    Counterpart(
        type="aws_kms_alias",
        find=_listed("kms", "ListAliases", "Aliases", AliasName="name"),
        identity=("target_key_id", "TargetKeyId"),
    ),
    Counterpart(
        type="aws_backup_vault",
        find=_answered("backup", "DescribeBackupVault", BackupVaultName="name"),
        kind="backup:backup-vault",
        identity=("arn", "BackupVaultArn"),
        same={"kms_key_arn": "EncryptionKeyArn"},
    ),
    Counterpart(
        type="aws_backup_vault_lock_configuration",
        find=_answered("backup", "DescribeBackupVault", BackupVaultName="backup_vault_name"),
        same={"max_retention_days": ("MaxRetentionDays", ""), "min_retention_days": ("MinRetentionDays", "")},
    ),
    Counterpart(
        type="aws_secretsmanager_secret",
        find=_listed("secretsmanager", "ListSecrets", "SecretList", Name="name"),
        kind="secretsmanager:secret",
        identity=("arn", "ARN"),
        same={"description": ("Description", ""), "kms_key_id": ("KmsKeyId", "")},
    ),
)


# ── Attributes that must match: the distribution, its cache, its web ACL, its names and certificates


_KEYS: Final = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def _distribution(here: Place, declared: Thing) -> Thing | None:
    require_known({"aliases": declared["aliases"]})
    if not declared["aliases"]:
        raise Unreadable("a distribution without aliases has nothing to be found by")
    wanted = set(declared["aliases"])
    return next((site for site in list_distributions(here.account) if wanted & set(items(site, "Aliases"))), None)


def _web_acl(here: Place, declared: Thing) -> Thing | None:
    asked = {"Scope": declared["scope"]}
    listed = here.one("wafv2", "ListWebACLs", "WebACLs", asked=asked, Name=declared["name"])
    return listed and here.find("wafv2", "GetWebACL", "WebACL", Name=listed["Name"], Id=listed["Id"], **asked)


def _certificate(here: Place, declared: Thing) -> Thing | None:
    asked = {"Includes": {"keyTypes": _KEYS}}
    call = ("acm", "ListCertificates", "CertificateSummaryList")
    listed = here.one(*call, asked=asked, DomainName=declared["domain_name"])
    return listed and here.find("acm", "DescribeCertificate", "Certificate", CertificateArn=listed["CertificateArn"])


def _record(here: Place, declared: Thing) -> Thing | None:
    require_known({"name": declared["name"], "type": declared["type"]})
    everywhere, inside = Place(here.account, here.account.region), _is_inside(here, declared["zone_id"])
    name = declared["name"].rstrip(".").lower().replace("*", "\\052")
    for zone in here.account.list("route53", "ListHostedZones", "HostedZones"):
        if f".{name}.".endswith(f".{zone['Name']}") and zone["Config"]["PrivateZone"] == inside:
            call = ("route53", "ListResourceRecordSets", "ResourceRecordSets")
            of_zone = {"HostedZoneId": zone["Id"]}
            return _strip_quotes(everywhere.one(*call, asked=of_zone, Name=f"{name}.", Type=declared["type"]))
    return None


def _strip_quotes(record: Thing | None) -> Thing | None:
    """Strip the quotes that Route 53 puts around text in a record."""
    values = record and [one["Value"] for one in record.get("ResourceRecords", ())]
    return record and {**record, "Values": [one.strip('"') if one.startswith('"') else one for one in values or ()]}


def _is_inside(here: Place, zone_id: Any) -> bool:
    """Whether a declared zone is private; one declared elsewhere counts as public."""
    zones = here.account.declared("aws_route53_zone").values()
    return any(zone["zone_id"] == zone_id and zone["vpc"] for zone in zones)


def _zone(here: Place, declared: Thing) -> Thing | None:
    named: dict[str, Any] = {"Name": f"{declared['name']}.", "Config.PrivateZone": bool(declared["vpc"])}
    found = here.one("route53", "ListHostedZones", "HostedZones", **named)
    return found and {**found, "Id": found["Id"].rpartition("/")[2]}


EDGE: Final = (
    Counterpart(
        type="aws_cloudfront_distribution",
        find=_distribution,
        kind="cloudfront:distribution",
        identity=("arn", "ARN"),
        same={
            "aliases": "Aliases.Items",
            "default_cache_behavior.viewer_protocol_policy": "DefaultCacheBehavior.ViewerProtocolPolicy",
            "enabled": "Enabled",
            "http_version": ("HttpVersion", "http2"),
            "is_ipv6_enabled": ("IsIPV6Enabled", False),
            "ordered_cache_behavior[].path_pattern": ("CacheBehaviors.Items[].PathPattern", ()),
            "ordered_cache_behavior[].viewer_protocol_policy": ("CacheBehaviors.Items[].ViewerProtocolPolicy", ()),
            "price_class": ("PriceClass", "PriceClass_All"),
            "viewer_certificate.minimum_protocol_version": "ViewerCertificate.MinimumProtocolVersion",
            "web_acl_id": ("WebACLId", ""),
        },
    ),
    Counterpart(
        type="aws_cloudfront_cache_policy",
        find=_listed(
            "cloudfront",
            "ListCachePolicies",
            "CachePolicyList.Items",
            None,
            GLOBAL,
            **{"CachePolicy.CachePolicyConfig.Name": "name"},
        ),
        identity=("id", "CachePolicy.Id"),
        same={
            "default_ttl": ("CachePolicy.CachePolicyConfig.DefaultTTL", 86400),
            "max_ttl": ("CachePolicy.CachePolicyConfig.MaxTTL", 31536000),
            "min_ttl": ("CachePolicy.CachePolicyConfig.MinTTL", 0),
            "parameters_in_cache_key_and_forwarded_to_origin.cookies_config.cookie_behavior": (
                "CachePolicy.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.CookieBehavior"
            ),
        },
    ),
    Counterpart(
        type="aws_wafv2_web_acl",
        find=_web_acl,
        kind="wafv2:global",
        identity=("arn", "ARN"),
        same={
            "rule[].name": ("Rules[].Name", ()),
            "rule[].priority": ("Rules[].Priority", ()),
            "rule[].statement.rate_based_statement.limit": "Rules[].Statement.RateBasedStatement.Limit",
        },
    ),
    Counterpart(
        type="aws_acm_certificate",
        find=_certificate,
        kind="acm:certificate",
        identity=("arn", "CertificateArn"),
        same={"domain_name": "DomainName", "key_algorithm": "KeyAlgorithm"},
    ),
    Counterpart(
        type="aws_route53_record",
        find=_record,
        same={"records": ("Values", ()), "ttl": ("TTL", "")},
    ),
    Counterpart(
        type="aws_route53_zone",
        find=_zone,
        identity=("zone_id", "Id"),
        same={"comment": ("Config.Comment", "Managed by Terraform")},
    ),
)


# ── Attributes that must match: services and their network, roles and images, Airflow


def _service(here: Place, declared: Thing) -> Thing | None:
    asked = {"cluster": declared["cluster"], "services": [declared["name"]]}
    answer = here.find("ecs", "DescribeServices", **asked) or {"services": ()}
    found = next((one for one in answer["services"] if one["status"] != "INACTIVE"), None)
    public = read_path(found, "networkConfiguration.awsvpcConfiguration.assignPublicIp") not in (None, "DISABLED")
    return found and {**found, "AssignsPublicIp": public}


def _balancer(here: Place, declared: Thing) -> Thing | None:
    found = here.one("elbv2", "DescribeLoadBalancers", "LoadBalancers", LoadBalancerName=declared["name"])
    return found and {**found, "Internal": found["Type"] != "gateway" and found["Scheme"] == "internal"}


def _security_group(here: Place, declared: Thing) -> Thing | None:
    found = here.one("ec2", "DescribeSecurityGroups", "SecurityGroups", GroupName=declared["name"])
    return found and {**found, "Arn": _group_arn(here, found)}


_vpc: Final = _listed("ec2", "DescribeVpcs", "Vpcs", CidrBlock="cidr_block")


def _default_group(here: Place, declared: Thing) -> Thing | None:
    networks = [one for one in here.account.declared("aws_vpc").values() if one["id"] == declared["vpc_id"]]
    if not networks:
        raise Unnamed(f"the network {declared['vpc_id']!r} of a default security group is declared elsewhere")
    network = _vpc(here, networks[0])
    call = ("ec2", "DescribeSecurityGroups", "SecurityGroups")
    found = network and here.one(*call, GroupName="default", VpcId=network["VpcId"])
    return found and {**found, "Arn": _group_arn(here, found)}


def _group_arn(here: Place, group: Thing) -> str:
    return f"arn:aws:ec2:{here.region}:{here.account.id}:security-group/{group['GroupId']}"


SERVING: Final = (
    Counterpart(
        type="aws_ecs_service",
        find=_service,
        kind="ecs:service",
        identity=("arn", "serviceArn"),
        same={
            "deployment_controller.type": ("deploymentController.type", "ECS"),
            "enable_execute_command": ("enableExecuteCommand", False),
            "health_check_grace_period_seconds": ("healthCheckGracePeriodSeconds", ""),
            "launch_type": "launchType",
            "network_configuration.assign_public_ip": ("AssignsPublicIp", False),
            "network_configuration.security_groups": "networkConfiguration.awsvpcConfiguration.securityGroups",
            "network_configuration.subnets": "networkConfiguration.awsvpcConfiguration.subnets",
            "propagate_tags": ("propagateTags", ""),
        },
    ),
    Counterpart(
        type="aws_ecs_task_definition",
        find=_answered("ecs", "DescribeTaskDefinition", "taskDefinition", taskDefinition="family"),
        same={
            "cpu": "cpu",
            "execution_role_arn": ("executionRoleArn", ""),
            "memory": "memory",
            "network_mode": "networkMode",
            "requires_compatibilities": ("requiresCompatibilities", ()),
            "task_role_arn": ("taskRoleArn", ""),
        },
    ),
    Counterpart(
        type="aws_appautoscaling_target",
        find=lambda here, d: here.one(
            "application-autoscaling",
            "DescribeScalableTargets",
            "ScalableTargets",
            asked={"ServiceNamespace": d["service_namespace"]},
            ResourceId=d["resource_id"],
            ScalableDimension=d["scalable_dimension"],
        ),
        same={"max_capacity": "MaxCapacity", "min_capacity": "MinCapacity"},
    ),
    Counterpart(
        type="aws_codedeploy_deployment_group",
        find=_answered(
            "codedeploy",
            "GetDeploymentGroup",
            "deploymentGroupInfo",
            applicationName="app_name",
            deploymentGroupName="deployment_group_name",
        ),
        same={
            "alarm_configuration.alarms": ("alarmConfiguration.alarms[].name", ()),
            "alarm_configuration.enabled": ("alarmConfiguration.enabled", False),
            "auto_rollback_configuration.enabled": ("autoRollbackConfiguration.enabled", False),
            "auto_rollback_configuration.events": ("autoRollbackConfiguration.events", ()),
            "deployment_config_name": "deploymentConfigName",
            "deployment_style.deployment_type": "deploymentStyle.deploymentType",
        },
    ),
    Counterpart(
        type="aws_ecr_repository",
        find=_listed("ecr", "DescribeRepositories", "repositories", repositoryName="name"),
        kind="ecr:repository",
        identity=("arn", "repositoryArn"),
        same={
            "encryption_configuration.kms_key": "encryptionConfiguration.kmsKey",
            "image_scanning_configuration.scan_on_push": ("imageScanningConfiguration.scanOnPush", False),
            "image_tag_mutability": ("imageTagMutability", "MUTABLE"),
        },
    ),
    Counterpart(
        type="aws_lambda_function",
        find=_listed("lambda", "ListFunctions", "Functions", FunctionName="function_name"),
        kind="lambda:function",
        identity=("arn", "FunctionArn"),
        same={
            "handler": "Handler",
            "memory_size": ("MemorySize", 128),
            "role": "Role",
            "runtime": "Runtime",
            "timeout": ("Timeout", 3),
        },
    ),
    Counterpart(
        type="aws_iam_role",
        find=_listed(
            "iam", "GetAccountAuthorizationDetails", "RoleDetailList", {"Filter": IDENTITIES}, RoleName="name"
        ),
        identity=("arn", "Arn"),
        same={
            "assume_role_policy": "AssumeRolePolicyDocument",
            "permissions_boundary": ("PermissionsBoundary.PermissionsBoundaryArn", ""),
        },
    ),
    Counterpart(
        type="aws_lb",
        find=_balancer,
        kind="elasticloadbalancing:loadbalancer",
        identity=("arn", "LoadBalancerArn"),
        same={
            "internal": "Internal",
            "ip_address_type": "IpAddressType",
            "load_balancer_type": ("Type", "application"),
            "security_groups": "SecurityGroups",
            "subnets": "AvailabilityZones[].SubnetId",
        },
    ),
    Counterpart(
        type="aws_lb_target_group",
        find=_listed("elbv2", "DescribeTargetGroups", "TargetGroups", TargetGroupName="name"),
        kind="elasticloadbalancing:targetgroup",
        identity=("arn", "TargetGroupArn"),
        same={
            "health_check.healthy_threshold": "HealthyThresholdCount",
            "health_check.interval": "HealthCheckIntervalSeconds",
            "health_check.matcher": "Matcher.HttpCode",
            "health_check.path": "HealthCheckPath",
            "health_check.timeout": "HealthCheckTimeoutSeconds",
            "health_check.unhealthy_threshold": "UnhealthyThresholdCount",
            "port": "Port",
            "protocol": "Protocol",
            "target_type": ("TargetType", "instance"),
        },
    ),
    Counterpart(
        type="aws_subnet",
        find=_listed("ec2", "DescribeSubnets", "Subnets", CidrBlock="cidr_block"),
        identity=("id", "SubnetId"),
        same={
            "availability_zone": "AvailabilityZone",
            "map_public_ip_on_launch": ("MapPublicIpOnLaunch", False),
        },
    ),
    Counterpart(
        type="aws_vpc",
        find=_vpc,
        identity=("id", "VpcId"),
        same={"cidr_block": "CidrBlock"},
    ),
    Counterpart(type="aws_default_security_group", find=_default_group, kind="ec2:security-group"),
    Counterpart(
        type="aws_security_group",
        find=_security_group,
        kind="ec2:security-group",
        identity=("arn", "Arn"),
        same={"description": ("Description", "Managed by Terraform")},
    ),
    Counterpart(
        type="aws_mwaa_environment",
        find=_answered("mwaa", "GetEnvironment", "Environment", Name="name"),
        kind="airflow:environment",
        identity=("arn", "Arn"),
        same={
            "airflow_version": "AirflowVersion",
            "dag_s3_path": "DagS3Path",
            "environment_class": "EnvironmentClass",
            "execution_role_arn": "ExecutionRoleArn",
            "kms_key": "KmsKey",
            "max_workers": "MaxWorkers",
            "min_workers": "MinWorkers",
            "webserver_access_mode": "WebserverAccessMode",
            "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
        },
    ),
)


# ── Attributes that must match: alarms, logs, topics, rules, trails, budgets


def _topic(here: Place, declared: Thing) -> Thing | None:
    arn = f"arn:aws:sns:{here.region}:{here.account.id}:{declared['name']}"
    return here.find("sns", "GetTopicAttributes", "Attributes", TopicArn=arn)


def _trail(here: Place, declared: Thing) -> Thing | None:
    trails = (here.find("cloudtrail", "DescribeTrails", includeShadowTrails=False) or {}).get("trailList") or ()
    return next((trail for trail in trails if trail.get("Name") == declared["name"]), None)


WATCHING: Final = (
    Counterpart(
        type="aws_cloudwatch_metric_alarm",
        find=_listed("cloudwatch", "DescribeAlarms", "MetricAlarms", EVERY_TYPE, AlarmName="alarm_name"),
        kind="cloudwatch:alarm",
        identity=("arn", "AlarmArn"),
        same={
            "actions_enabled": ("ActionsEnabled", True),
            "alarm_actions": ("AlarmActions", ()),
            "comparison_operator": "ComparisonOperator",
            "datapoints_to_alarm": "DatapointsToAlarm",
            "dimensions": ("Dimensions{Name=Value}", {}),
            "evaluation_periods": "EvaluationPeriods",
            "extended_statistic": ("ExtendedStatistic", ""),
            "insufficient_data_actions": ("InsufficientDataActions", ()),
            "metric_name": ("MetricName", ""),
            "metric_query[].expression": ("Metrics[].Expression", ()),
            "namespace": ("Namespace", ""),
            "ok_actions": ("OKActions", ()),
            "period": "Period",
            "statistic": ("Statistic", ""),
            "threshold": "Threshold",
            "treat_missing_data": ("TreatMissingData", "missing"),
        },
    ),
    Counterpart(
        type="aws_cloudwatch_composite_alarm",
        find=_listed("cloudwatch", "DescribeAlarms", "CompositeAlarms", EVERY_TYPE, AlarmName="alarm_name"),
        kind="cloudwatch:alarm",
        identity=("arn", "AlarmArn"),
        same={
            "actions_enabled": ("ActionsEnabled", True),
            "alarm_actions": ("AlarmActions", ()),
            "alarm_rule": "AlarmRule",
            "ok_actions": ("OKActions", ()),
        },
    ),
    Counterpart(
        type="aws_cloudwatch_log_group",
        find=_listed("logs", "DescribeLogGroups", "logGroups", logGroupName="name"),
        kind="logs:log-group",
        identity=("arn", "arn"),
        same={"kms_key_id": ("kmsKeyId", ""), "retention_in_days": ("retentionInDays", "")},
    ),
    Counterpart(
        type="aws_sns_topic",
        find=_topic,
        kind="sns",
        identity=("arn", "TopicArn"),
        same={"kms_master_key_id": ("KmsMasterKeyId", "")},
    ),
    Counterpart(
        type="aws_cloudwatch_event_rule",
        find=_listed("events", "ListRules", "Rules", Name="name"),
        kind="events:rule",
        identity=("arn", "Arn"),
        same={
            "event_pattern": ("EventPattern", ""),
            "schedule_expression": ("ScheduleExpression", ""),
            "state": ("State", "ENABLED"),
        },
    ),
    Counterpart(
        type="aws_cloudtrail",
        find=_trail,
        kind="cloudtrail:trail",
        identity=("arn", "TrailARN"),
        same={
            "enable_log_file_validation": ("LogFileValidationEnabled", False),
            "include_global_service_events": ("IncludeGlobalServiceEvents", True),
            "is_multi_region_trail": ("IsMultiRegionTrail", False),
            "kms_key_id": ("KmsKeyId", ""),
            "s3_bucket_name": "S3BucketName",
        },
    ),
    Counterpart(
        type="aws_budgets_budget",
        find=lambda here, d: Place(here.account, GLOBAL).one(
            "budgets", "DescribeBudgets", "Budgets", asked={"AccountId": here.account.id}, BudgetName=d["name"]
        ),
        same={
            "budget_type": "BudgetType",
            "limit_amount": "BudgetLimit.Amount",
            "limit_unit": "BudgetLimit.Unit",
            "time_unit": "TimeUnit",
        },
    ),
)


TABLE: Final = (*DATA, *EDGE, *SERVING, *WATCHING)
#: Types with ids that AWS assigns: a declared value that contains the id of a resource not found live can't be
#: compared.
_REFERENCED_TYPES: Final = (
    "aws_acm_certificate", "aws_cloudfront_distribution", "aws_kms_key", "aws_lb", "aws_lb_target_group",
    "aws_security_group", "aws_subnet", "aws_vpc", "aws_wafv2_web_acl",
)  # fmt: skip
#: Shorter parts of an id, such as version numbers, may have another meaning elsewhere.
_SHORTEST_PART: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeclaredResource(Fact):
    """A declared resource of a type in the table; ``subject`` is its address."""

    live: str
    """The live resource: its ARN or another name; empty if AWS has none."""
    differences: tuple[str, ...]
    """Attributes that differ: path, declared value, live value."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaggedResource(Fact):
    """A live resource with the common tags of declared ones, of a kind in the table; ``subject`` is its ARN."""

    declared: bool
    """Whether it is the live resource of a declared one."""


@dataclass(frozen=True, slots=True)
class _Pair:
    counterpart: Counterpart
    address: str
    declared: Mapping[str, Any]
    live: Mapping[str, Any] | Unread | None
    named: bool = True
    """Whether it can be looked up; other criteria cover resources that only an apply names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    """Parts of ids that AWS assigns and for which the plan has placeholders."""

    live: Mapping[str, str]
    """Placeholder -> real part."""
    unread: Mapping[str, Unread]
    """Placeholders of resources that could not be read."""
    made_up: set[str]


@observes(DeclaredResource)
def observe_declared(account: Account) -> Iterator[DeclaredResource]:
    """Look up every declared resource of the table that has a name before an apply, and compare both."""
    pairs = account.once(_pairs)
    ids = _Ids(
        live=dict(pair for one in pairs for pair in _translations(one)),
        unread=dict(pair for one in pairs for pair in _untranslatable(one)),
        made_up=_list_made_up_ids(account),
    )
    for pair in (one for one in pairs if one.named):
        live = pair.live if isinstance(pair.live, Unread) else _name(pair) if pair.live else ""
        differences = account.attempt(_list_differences, pair, ids) if pair.live else ()
        yield DeclaredResource(subject=pair.address, live=live, differences=differences)  # type: ignore[arg-type]


@observes(TaggedResource)
def observe_tagged(account: Account) -> Iterator[TaggedResource]:
    """Observe every live resource that carries the tags of the declared ones."""
    pairs, ours = account.once(_pairs), _common_tags(account)
    lost = {pair.counterpart.kind: pair.live for pair in pairs if isinstance(pair.live, Unread)}
    named = {_name(pair) for pair in pairs if pair.live}
    kinds = {one.kind for one in TABLE if one.kind}

    def look(row: Mapping[str, Any]) -> Iterator[TaggedResource]:
        if ours <= {(tag["Key"], tag["Value"]) for tag in row["Tags"]} and (kind := _kind(row["ResourceARN"])) in kinds:
            declared: Any = lost.get(kind, row["ResourceARN"] in named)
            yield TaggedResource(subject=row["ResourceARN"], declared=declared)

    for found in map(all_apart(TaggedResource, look, "ResourceARN"), _list_tagged(account)):
        yield from found


def _pairs(account: Account) -> tuple[_Pair, ...]:
    stated = [(one, address, values) for one in TABLE for address, values in sorted(account.declared(one.type).items())]

    def look_up(each: tuple[Counterpart, str, Mapping[str, Any]]) -> _Pair:
        one, address, values = each
        try:
            found = one.find(_place(account, values), values)
            # missing details of a response can't be compared; that a resource is known can
            return _Pair(one, address, values, Unread(found.reason) if isinstance(found, Missing) else found)
        except Unreadable as error:
            return _Pair(one, address, values, Unread(error.reason), named=not isinstance(error, Unnamed))

    return account.each(look_up, stated)


def _place(account: Account, declared: Mapping[str, Any]) -> Place:
    region = declared.get("region")
    return Place(account, region if isinstance(region, str) and region else account.region)


def _name(pair: _Pair) -> str:
    return str(read_path(pair.live, pair.counterpart.identity[1]) or pair.address).removesuffix(":*")


def _translations(pair: _Pair) -> Iterator[tuple[str, str]]:
    """Yield the parts of ids that AWS assigns: the placeholder, and the real part."""
    declared, live = pair.declared.get(pair.counterpart.identity[0]), read_path(pair.live, pair.counterpart.identity[1])
    if isinstance(declared, str) and isinstance(live, str):
        parts = _parts(declared), _parts(live.removesuffix(":*"))
        if len(parts[0]) == len(parts[1]):
            yield from ((left, right) for left, right in zip(*parts, strict=True) if len(left) >= _SHORTEST_PART)


def _untranslatable(pair: _Pair) -> Iterator[tuple[str, Unread]]:
    """Yield the placeholders in ids of resources that could not be read."""
    declared = pair.declared.get(pair.counterpart.identity[0])
    if isinstance(pair.live, Unread) and isinstance(declared, str):
        yield _parts(declared)[-1], pair.live


def _parts(id_: str) -> list[str]:
    return id_.replace("/", ":").split(":")


def _list_made_up_ids(account: Account) -> set[str]:
    """Return the placeholders for ids that other resources refer to."""
    ids = [values.get("id") for type_ in _REFERENCED_TYPES for values in account.declared(type_).values()]
    return {_parts(id_)[-1] for id_ in ids if isinstance(id_, str)}


def _list_differences(pair: _Pair, ids: _Ids) -> tuple[str, ...]:
    """Return the differing attributes. Raises Unreadable if one needs a missing response."""
    if isinstance(pair.live, Unread):
        raise Unreadable(pair.live.reason)
    found = []
    for path, target in pair.counterpart.same.items():
        where, unset = (target, None) if isinstance(target, str) else target
        wanted = _resolve(read_path(pair.declared, path), unset, ids)
        live = read_path(pair.live, where)
        live = unset if live is None else live
        alike = _ALIKE.get(path, lambda one, other: bool(normalise(one) == normalise(other)))
        if wanted is not None and not alike(wanted, live):
            found.append(f"{path} is declared {wanted!r} and is {live!r}")
    return tuple(found)


def _resolve(value: Any, unset: Any, ids: _Ids) -> Any:
    """Return a declared value with real ids; None if it is not stated, or only an apply decides it."""
    value = unset if value is None or value == [] else _translate(value, ids.live)
    if find_unread(value):
        return None
    text = repr(value)
    if reasons := [unread.reason for id_, unread in ids.unread.items() if id_ in text]:
        raise Unreadable(reasons[0])
    return None if any(id_ in text for id_ in ids.made_up - set(ids.live)) else value


def _translate(value: Any, ids: Mapping[str, str]) -> Any:
    """Return a declared value with real ids in place of placeholders."""
    if isinstance(value, str):
        separated = value.replace("/", "\0/\0").replace(":", "\0:\0").split("\0")
        return "".join(ids.get(part, part) for part in separated)
    if isinstance(value, Mapping):
        return {key: _translate(item, ids) for key, item in value.items()}
    return [_translate(item, ids) for item in value] if isinstance(value, list) else value


def _common_tags(account: Account) -> set[tuple[str, str]]:
    """Return the tags that every declared resource has. Raises Unreadable if there is none."""
    tags = [values.get("tags_all") for one in TABLE for values in account.declared(one.type).values()]
    stated = [set(one.items()) for one in tags if isinstance(one, Mapping) and find_unread(one) is None]
    if not (common := set.intersection(*stated) if stated else set()):
        raise Unreadable("the declared resources share no tag by which others of this system could be known")
    return common


def _list_tagged(account: Account) -> list[Mapping[str, Any]]:
    """Return the tagged resources, each once, in every region with declared resources."""
    regions = {_place(account, values).region for one in TABLE for values in account.declared(one.type).values()}
    rows = [
        row
        for region in sorted({account.region, GLOBAL, *regions})
        for row in account.list("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", region=region)
    ]
    different = {row.get("ResourceARN", f" {number}"): row for number, row in enumerate(rows)}
    return [different[name] for name in sorted(different)]


def _kind(arn: str) -> str:
    """Return the service of an ARN, and the resource type if the ARN states one: ``rds:cluster``."""
    service, rest = arn.split(":")[2], arn.split(":", maxsplit=5)[5]
    begins = rest.replace("/", ":").partition(":")
    return f"{service}:{begins[0]}" if begins[1] and service not in ("s3", "sns", "sqs") else service
