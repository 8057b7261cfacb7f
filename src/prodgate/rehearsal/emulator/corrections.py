"""Operations that moto has but answers differently from AWS, by service."""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from moto.iam.access_control import PermissionResult
from moto.iam.models import ManagedPolicy
from moto.s3.models import FakeBucket

from .calls import find_backend
from .codedeploy import is_conducted
from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, answers, corrects, patch

# ── IAM: the name and the id of each policy in GetAccountAuthorizationDetails, which moto leaves out

_MISSING_SINCE = "since getmoto/moto#1736"

patch(ManagedPolicy, "policy_name", property(lambda policy: policy.name), upstream=_MISSING_SINCE)
patch(ManagedPolicy, "policy_id", property(lambda policy: policy.id), upstream=_MISSING_SINCE)


# ── KMS: moto leaves out a key's usage if nobody states it


@corrects("kms", "CreateKey", upstream=UNREPORTED)
def create_key(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a key, for encryption unless the request states another usage."""
    return ledger.moto(**{"KeyUsage": "ENCRYPT_DECRYPT", **params})


# ── S3: moto treats every condition in a bucket policy as met, and so refuses whatever a policy denies under one


# the decision is left to the steps after the policy: whoever signs a request in this account is its owner
patch(
    FakeBucket,
    "get_permission",
    lambda _bucket, _action, _resource: PermissionResult.NEUTRAL,
    upstream="getmoto/moto#5820",
)


# ── Secrets Manager: rotation, for which moto would run the function's code

_DAY = 86_400


@corrects("secretsmanager", "RotateSecret", upstream="since getmoto/moto#3912")
def rotate_secret(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Schedule the rotation of a secret, assuming that its function works."""
    try:
        secret = ledger.backend.secrets[params["SecretId"]]
    except KeyError:
        raise Refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.") from None
    rules = params.get("RotationRules") or {}
    secret.rotation_enabled = secret.rotation_requested = True
    secret.rotation_lambda_arn = params.get("RotationLambdaARN") or secret.rotation_lambda_arn or ""
    secret.auto_rotate_after_days = rules.get("AutomaticallyAfterDays") or secret.auto_rotate_after_days
    now = int(time.time())
    if params.get("RotateImmediately", True):
        secret.last_rotation_date = now
    secret.next_rotation_date = now + secret.auto_rotate_after_days * _DAY
    return {"ARN": secret.arn, "Name": secret.name}


# ── SQS: moto drops the policy of a queue whenever another attribute is set, and writes JSON with blanks. CloudWatch
# counts sent messages, and reports the age of the oldest message on every request

QUEUES: Final = "AWS/SQS"


@corrects("sqs", "SetQueueAttributes", upstream="since getmoto/moto#4091")
def set_queue_attributes(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set attributes of a queue, and leave the others alone."""
    queue = ledger.backend.queues.get(params["QueueUrl"].rpartition("/")[2])
    policy = queue.policy if queue else None
    answer = ledger.moto()
    if queue and "Policy" not in params["Attributes"]:
        queue.policy = policy
    return answer


@corrects("sqs", "GetQueueAttributes", upstream=UNREPORTED)
def get_queue_attributes(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return attributes of a queue; Terraform compares the text of a redrive policy."""
    found = ledger.moto()
    if policy := found.get("Attributes", {}).get("RedrivePolicy"):
        found["Attributes"]["RedrivePolicy"] = json.dumps(json.loads(policy), separators=(",", ":"))
    return found


@corrects("sqs", "SendMessage", upstream=UNREPORTED)
def _send_message(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = ledger.moto()
    _report_sent(ledger, params["QueueUrl"], 1)
    return answer


@corrects("sqs", "SendMessageBatch", upstream=UNREPORTED)
def _send_message_batch(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = ledger.moto()
    _report_sent(ledger, params["QueueUrl"], len(answer.get("Successful") or ()))
    return answer


def measure_queues(account: str, region: str) -> Iterator[dict[str, Any]]:
    """Yield the metrics of each queue that holds messages, as PutMetricData takes them."""
    now = datetime.now(UTC)
    for queue in find_backend("sqs", account, region).queues.values():
        if there := queue.messages:
            age = now.timestamp() - min(message.sent_timestamp for message in there) / 1000
            yield _datum(queue.name, "ApproximateAgeOfOldestMessage", max(0.0, age), "Seconds")
            yield _datum(queue.name, "ApproximateNumberOfMessagesVisible", len(there), "Count")


def _report_sent(ledger: Ledger, url: str, messages: int) -> None:
    if messages:
        sent = _datum(url.rpartition("/")[2], "NumberOfMessagesSent", messages, "Count")
        ledger.ask("cloudwatch", "PutMetricData", Namespace=QUEUES, MetricData=[sent])


def _datum(queue: str, name: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Timestamp": datetime.now(UTC),
        "Value": float(value),
        "Unit": unit,
    }


# ── CloudWatch Logs: filtering events by regular expression, where moto returns every event


@corrects("logs", "FilterLogEvents", upstream="since getmoto/moto#5428")
def filter_log_events(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the events that match a pattern; one between ``%`` is a regular expression."""
    pattern = params.get("filterPattern", "")
    if not re.fullmatch(r"%.+%", pattern):
        return ledger.moto()
    found = ledger.moto(**{name: value for name, value in params.items() if name not in ("filterPattern", "limit")})
    return {**found, "events": [one for one in found["events"] if re.search(pattern[1:-1], one["message"])]}


@corrects("logs", "PutLogEvents", upstream=UNREPORTED)
def put_log_events(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Store events, and let CloudWatch count them.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
    """
    answer = ledger.moto()
    dimensions = [{"Name": "LogGroupName", "Value": params["logGroupName"]}]
    sizes = [len(one["message"].encode()) + 26.0 for one in params["logEvents"]]
    counted = {"IncomingLogEvents": (float(len(sizes)), "None"), "IncomingBytes": (sum(sizes), "Bytes")}
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit}
        for name, (value, unit) in counted.items()
    ]
    ledger.ask("cloudwatch", "PutMetricData", Namespace="AWS/Logs", MetricData=data)
    return answer


# ── AWS Budgets: subscribers of a budget, and the money spent


@corrects("budgets", "DescribeBudgets", upstream="since getmoto/moto#4619")
def describe_budgets(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the budgets with the cost of the month; in moto everything is free."""
    return {"Budgets": [{**one, **ledger.of("spent").get(one["BudgetName"], {})} for one in ledger.moto()["Budgets"]]}


@answers("budgets", "DescribeSubscribersForNotification")
def describe_subscribers(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the subscribers of a notification, which moto keeps but can't list."""
    return {"Subscribers": list(_find_subscribers(ledger, params))}


@answers("budgets", "DeleteSubscriber")
def _delete_subscriber(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    _find_subscribers(ledger, params).remove(params["Subscriber"])
    return {}


def _find_subscribers(ledger: Ledger, params: Mapping[str, Any]) -> list[Any]:
    budget, wanted = (
        ledger.backend.budgets[params["AccountId"]].get(params["BudgetName"]),
        _notification_key(params["Notification"]),
    )
    for notification in budget.notifications if budget else ():
        if _notification_key(notification.details) == wanted:
            subscribers: list[Any] = notification.subscribers
            return subscribers
    raise Refused("NotFoundException", f"no such notification of {params['BudgetName']}")


def _notification_key(details: Mapping[str, Any]) -> tuple[Any, ...]:
    stated = (details[name] for name in ("NotificationType", "ComparisonOperator"))
    return *stated, details.get("ThresholdType", "PERCENTAGE"), float(details["Threshold"])


# ── ACM: moto keeps certificates; this adds how they were requested, and that those validated through DNS are issued

#: How long ACM's certificates are valid.
TERM = timedelta(days=395)
#: Key types of the certificates that ACM lists by default.
LISTED_BY_DEFAULT = ("RSA_1024", "RSA_2048")


@corrects("acm", "RequestCertificate", upstream=UNREPORTED)
def request_certificate(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Request a certificate; DNS validation issues it at once, as if the validation records were there."""
    made = ledger.moto()
    method, now = params.get("ValidationMethod", "EMAIL"), datetime.now(UTC)
    names = list(dict.fromkeys([params["DomainName"], *params.get("SubjectAlternativeNames", ())]))
    ledger.of("asked")[made["CertificateArn"]] = {
        "SubjectAlternativeNames": names,
        "KeyAlgorithm": params.get("KeyAlgorithm", "RSA_2048"),
        "Status": "ISSUED" if method == "DNS" else "PENDING_VALIDATION",
        "NotBefore": now - timedelta(days=1),
        "NotAfter": now + TERM,
        "DomainValidationOptions": [_validation(name, method) for name in names],
    }
    return made


@corrects("acm", "DescribeCertificate", upstream=FOLLOWS)
def _describe_certificate(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    found = {**ledger.moto()["Certificate"], **ledger.of("asked").get(params["CertificateArn"], {})}
    # AWS spells here with a hyphen what it is asked for, and lists, with an underscore
    return {"Certificate": {**found, "KeyAlgorithm": found["KeyAlgorithm"].replace("_", "-")}}


@corrects("acm", "ListCertificates", upstream="since getmoto/moto#9419")
def list_certificates(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return certificates; like AWS, only those with RSA keys of up to 2048 bits unless the request names others."""
    wanted = (params.get("Includes") or {}).get("keyTypes") or LISTED_BY_DEFAULT
    found = ledger.moto(CertificateStatuses=params.get("CertificateStatuses", []))["CertificateSummaryList"]
    known = ("KeyAlgorithm", "Status", "NotBefore", "NotAfter")
    asked = {arn: {name: one[name] for name in known} for arn, one in ledger.of("asked").items()}
    shown = [{**one, **asked.get(one["CertificateArn"], {})} for one in found]
    return {"CertificateSummaryList": [one for one in shown if one["KeyAlgorithm"] in wanted]}


def _validation(name: str, method: str) -> Mapping[str, Any]:
    host = name.removeprefix("*.")
    shown = {"DomainName": name, "ValidationDomain": host, "ValidationMethod": method}
    if method != "DNS":
        return {**shown, "ValidationStatus": "PENDING_VALIDATION"}
    record = {"Name": f"_d930b28be6c5927595552b219965053e.{host}.", "Type": "CNAME",
              "Value": "_c9edd76ee4a0e2a74388032f3861cc50.ykybfrwcxw.acm-validations.aws."}  # fmt: skip
    return {**shown, "ValidationStatus": "SUCCESS", "ResourceRecord": record}


# ── Route 53: DNSSEC signing, which moto only knows as switched off, and the ARNs of query logs as AWS takes them


@answers("route53", "CreateKeySigningKey")
def _create_key_signing_key(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    zone = _zone(params["HostedZoneId"])
    made = {"Name": params["Name"], "KmsArn": params["KeyManagementServiceArn"], "Flag": 257, "KeyTag": 12345,
            "SigningAlgorithmMnemonic": "ECDSAP256SHA256", "SigningAlgorithmType": 13,
            "DigestAlgorithmMnemonic": "SHA-256", "DigestAlgorithmType": 2, "DigestValue": "00" * 32,
            "PublicKey": "rehearsal", "DSRecord": f"12345 13 2 {'00' * 32}", "DNSKEYRecord": "257 3 13 rehearsal",
            "Status": params["Status"], "CreatedDate": now, "LastModifiedDate": now}  # fmt: skip
    ledger.of(f"keys of {zone}")[params["Name"]] = made
    return {"ChangeInfo": _change(), "KeySigningKey": made, "Location": f"/keysigningkey/{zone}/{params['Name']}"}


@answers("route53", "EnableHostedZoneDNSSEC")
def _enable_signing(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    zone = _zone(params["HostedZoneId"])
    if not any(key["Status"] == "ACTIVE" for key in ledger.of(f"keys of {zone}").values()):
        raise Refused("KeySigningKeyWithActiveStatusNotFound", "The zone has no active key-signing key.")
    ledger.of("signed")[zone] = True
    return {"ChangeInfo": _change()}


@corrects("route53", "GetDNSSEC", upstream="since getmoto/moto#5197")
def _get_dnssec(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    zone = _zone(params["HostedZoneId"])
    status = "SIGNING" if zone in ledger.of("signed") else "NOT_SIGNING"
    return {"Status": {"ServeSignature": status}, "KeySigningKeys": list(ledger.of(f"keys of {zone}").values())}


@corrects("route53", "CreateQueryLoggingConfig", upstream="since getmoto/moto#4437")
def create_query_logging_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Log the queries of a zone; moto requires a suffix on the log group's ARN that AWS rejects."""
    arn = params["CloudWatchLogsLogGroupArn"].removesuffix(":*")
    made = ledger.moto(HostedZoneId=params["HostedZoneId"], CloudWatchLogsLogGroupArn=f"{arn}:*")
    return {**made, "QueryLoggingConfig": {**made["QueryLoggingConfig"], "CloudWatchLogsLogGroupArn": arn}}


@corrects("route53", "ListQueryLoggingConfigs", upstream="since getmoto/moto#4437")
def _list_query_logging_configs(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    found = ledger.moto()["QueryLoggingConfigs"]
    named = [{**one, "CloudWatchLogsLogGroupArn": one["CloudWatchLogsLogGroupArn"].removesuffix(":*")} for one in found]
    return {"QueryLoggingConfigs": named}


def _zone(id_: str) -> str:
    return id_.rpartition("/")[2]


def _change() -> Mapping[str, Any]:
    return {"Id": "/change/C0", "Status": "INSYNC", "SubmittedAt": datetime.now(UTC)}


# ── EC2: account-wide settings, and flow logs whose log group is stated by its ARN

#: boto3's names of the defaults for instance metadata.
_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


@answers("ec2", "EnableSnapshotBlockPublicAccess", "DisableSnapshotBlockPublicAccess")
def _set_snapshot_block_public_access(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    ledger.of("settings")["snapshots"] = params.get("State", "unblocked")
    return {"State": ledger.of("settings")["snapshots"]}


@answers("ec2", "GetSnapshotBlockPublicAccessState")
def _get_snapshot_block_public_access(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"State": ledger.of("settings").get("snapshots", "unblocked"), "ManagedBy": "account"}


@answers("ec2", "ModifyInstanceMetadataDefaults")
def _modify_instance_metadata_defaults(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    ledger.of("metadata").update({name: params[name] for name in _METADATA if name in params})
    return {"Return": True}


@answers("ec2", "GetInstanceMetadataDefaults")
def _get_instance_metadata_defaults(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"AccountLevel": {**ledger.of("metadata"), "ManagedBy": "account"}}


@corrects("ec2", "DescribeFlowLogs", upstream="since getmoto/moto#3337")
def describe_flow_logs(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return flow logs; without their log group they are not delivered."""
    answer = ledger.moto()
    for flow in answer["FlowLogs"]:
        group = (flow.get("LogDestination") or "").partition(":log-group:")[2].removesuffix(":*")
        if flow.get("LogDestinationType") == "cloud-watch-logs" and group:
            flow.pop("DeliverLogsErrorMessage", None)
            flow |= {"LogGroupName": group, "DeliverLogsStatus": "SUCCESS"}
            there = ledger.ask("logs", "DescribeLogGroups", logGroupNamePrefix=group)["logGroups"]
            if all(one["logGroupName"] != group for one in there):
                flow |= {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"}
    return answer


# ── EC2: subnets that another account shares through RAM, and the interfaces in them. The owner sees all interfaces,
# and alone sees its flow logs; a participant sees its own interfaces and their subnets.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html

#: The ledger's kind for interfaces in subnets of others.
_INTERFACE: Final = "interface elsewhere"


@corrects("ec2", "DescribeSubnets", upstream=UNREPORTED)
def describe_subnets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return subnets; a request for all of them includes shared ones."""
    answer = ledger.moto()
    for owner, subnets in _list_shared(ledger, params, "SubnetIds"):
        answer["Subnets"] += owner.ask("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"]
    return answer


@corrects("ec2", "DescribeVpcs", upstream=UNREPORTED)
def describe_vpcs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return networks; a request for all of them includes those with a shared subnet."""
    answer = ledger.moto()
    for owner, subnets in _list_shared(ledger, params, "VpcIds"):
        within = {one["VpcId"] for one in owner.ask("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"]}
        answer["Vpcs"] += owner.ask("ec2", "DescribeVpcs", VpcIds=sorted(within))["Vpcs"]
    return answer


@corrects("ec2", "CreateNetworkInterface", upstream=UNREPORTED)
def create_network_interface(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create an interface in a subnet, which may be another account's; its groups belong to its own account."""
    for owner, subnets in _list_shared(ledger, {}, ""):
        if params["SubnetId"] in subnets:
            made = owner.ask("ec2", "CreateNetworkInterface", SubnetId=params["SubnetId"])["NetworkInterface"]
            groups = [{"GroupId": id_} for id_ in params.get("Groups") or ()]
            kept = {**made, "OwnerId": ledger.account, "Groups": groups}
            ledger.of(_INTERFACE)[made["NetworkInterfaceId"]] = kept
            return {"NetworkInterface": kept}
    return ledger.moto()


@corrects("ec2", "DescribeNetworkInterfaces", upstream=UNREPORTED)
def describe_network_interfaces(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return interfaces; a request for all of them includes those in subnets of others."""
    answer = ledger.moto()
    if not params.get("NetworkInterfaceIds") and not params.get("Filters"):
        answer["NetworkInterfaces"] += ledger.of(_INTERFACE).values()
    return answer


def _list_shared(ledger: Ledger, params: Mapping[str, Any], ids: str) -> list[tuple[Ledger, list[str]]]:
    """Return the owners that share subnets; none if the request names particular resources."""
    if params.get(ids) or params.get("Filters"):
        return []
    found: dict[str, list[str]] = defaultdict(list)
    owners = {owner.account: owner for owner in ledger.strangers()}
    for account in owners:
        for share in find_backend("ram", account, ledger.region).resource_shares:
            if ledger.account in share.principals and share.status == "ACTIVE":
                found[account] += [arn.rpartition("/")[2] for arn in share.resource_arns if ":subnet/" in arn]
    return [(owners[account], subnets) for account, subnets in found.items() if subnets]


# ── Load balancers: how forwarding is shown, and the health of targets if a conductor observes it (``codedeploy``)

#: The state of a target that nobody has seen respond yet.
_INITIAL: Final = {
    "State": "initial",
    "Reason": "Elb.RegistrationInProgress",
    "Description": "Target registration is in progress",
}


def _show_weights(rows: str, actions: str, ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return listeners or rules, whose forwarding states the weights of its target groups, even of a single one."""
    found = ledger.moto()
    for one in found[rows]:
        one[actions] = [_with_weights(action) for action in one[actions]]
    return found


corrects("elbv2", "DescribeListeners", upstream=UNREPORTED)(partial(_show_weights, "Listeners", "DefaultActions"))
corrects("elbv2", "DescribeRules", upstream=UNREPORTED)(partial(_show_weights, "Rules", "Actions"))


@corrects("elbv2", "DescribeTargetHealth", upstream=FOLLOWS)
def describe_target_health(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reported health of targets, ``initial`` before a report; healthy if nobody observes it.

    Reports of a group are keyed by ``address:port``. A draining target is still reported after it was deregistered.
    """
    told = ledger.of("health").get(params["TargetGroupArn"], {})
    rows, asked = ledger.moto()["TargetHealthDescriptions"], params.get("Targets")
    for row in rows:
        usual = _INITIAL if is_conducted(ledger) else row["TargetHealth"]
        row["TargetHealth"] = told.get(_target_place(row["Target"])) or usual
    known = {_target_place(row["Target"]) for row in rows}
    for place, health in () if asked else told.items():
        if place not in known and health["State"] == "draining":
            id, _, port = place.rpartition(":")
            rows.append({"Target": {"Id": id, "Port": int(port)}, "HealthCheckPort": port, "TargetHealth": health})
    return {"TargetHealthDescriptions": rows}


def _target_place(target: Mapping[str, Any]) -> str:
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


# ── RDS: restorable times, scaling and exported logs of clusters, and Performance Insights of instances

#: Aurora's restorable time trails by this much.
_BEHIND: Final = timedelta(minutes=3)
#: Backups older than the retention disappear in steps.
_STEP: Final = timedelta(hours=2)
#: Argument of a call about an instance -> field of the instance; moto drops them.
_INSIGHTS: Final = {
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}


@corrects("rds", "DescribeDBClusters", upstream="since getmoto/moto#5634")
def describe_clusters(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return clusters, each restorable from the start of its retention, or of its life, until a moment ago."""
    found = ledger.moto()
    now = datetime.now(UTC)
    for cluster in found["DBClusters"]:
        created = cluster["ClusterCreateTime"]
        kept = timedelta(days=cluster["BackupRetentionPeriod"]) + _STEP
        cluster["EarliestRestorableTime"] = max(created, now - kept)
        cluster["LatestRestorableTime"] = max(created, now - _BEHIND)
        if cluster.get("EngineMode") != "serverless":
            cluster.pop("ScalingConfigurationInfo", None)  # only for Serverless version 1
    return found


@corrects("rds", "CreateDBCluster", upstream=UNREPORTED)
def create_cluster(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a cluster; RDS rotates the secret that it manages."""
    made = ledger.moto()
    _rotate_master_secret(ledger, made["DBCluster"])
    return made


def _rotate_master_secret(ledger: Ledger, made: Mapping[str, Any]) -> None:
    """Rotate the secret of the master user every week, as RDS does with each that it manages."""
    if arn := (made.get("MasterUserSecret") or {}).get("SecretArn"):
        ledger.ask("secretsmanager", "RotateSecret", SecretId=arn, RotationRules={"AutomaticallyAfterDays": 7})


@corrects("rds", "ModifyDBCluster", upstream="since getmoto/moto#5550")
def modify_cluster(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a cluster, including its exported logs, which moto leaves unchanged."""
    found = ledger.moto()
    chosen = params.get("CloudwatchLogsExportConfiguration") or {}
    cluster = ledger.backend.clusters[found["DBCluster"]["DBClusterIdentifier"]]
    kept = [one for one in cluster.enabled_cloudwatch_logs_exports if one not in chosen.get("DisableLogTypes", ())]
    cluster.enabled_cloudwatch_logs_exports = [*kept, *chosen.get("EnableLogTypes", ())]
    found["DBCluster"]["EnabledCloudwatchLogsExports"] = cluster.enabled_cloudwatch_logs_exports
    return found


@corrects("rds", "CreateDBInstance", "ModifyDBInstance", upstream=UNREPORTED)
def put_instance(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change an instance, and remember the fields that moto drops."""
    made = ledger.moto()
    kept = ledger.of("insights").setdefault(params["DBInstanceIdentifier"], {"PerformanceInsightsEnabled": False})
    kept.update({said: params[asked] for asked, said in _INSIGHTS.items() if asked in params})
    _rotate_master_secret(ledger, made["DBInstance"])
    return {"DBInstance": {**made["DBInstance"], **kept}}


@corrects("rds", "DescribeDBInstances", upstream=FOLLOWS)
def describe_instances(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return instances, with the fields that moto drops."""
    kept = ledger.of("insights")
    found = ledger.moto()["DBInstances"]
    return {"DBInstances": [{**one, **kept.get(one["DBInstanceIdentifier"], {})} for one in found]}


# ── CloudTrail and AWS Config: they deliver only into buckets that admit them


def why_refused(ledger: Ledger, bucket: str, service: str) -> str:
    """Return S3's error code, or an empty string: the bucket must exist, and its policy must name the service."""
    try:
        policy = json.loads(ledger.ask("s3", "GetBucketPolicy", Bucket=bucket)["Policy"])
    except Refused as refused:
        return refused.code if refused.code == "NoSuchBucket" else "AccessDenied"
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    return "" if any(service in json.dumps(one["Principal"]) for one in allowed) else "AccessDenied"


# ── CloudTrail: whether a trail's logs arrive, and the trails of an organization


@corrects("cloudtrail", "GetTrailStatus", upstream=UNREPORTED)
def get_trail_status(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the status with S3's last error: a trail goes on logging while its bucket refuses the logs.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """
    status = dict(ledger.moto())
    trails = ledger.ask("cloudtrail", "DescribeTrails")["trailList"]
    (bucket,) = {one["S3BucketName"] for one in trails if params["Name"] in (one["TrailARN"], one["Name"])}
    error = why_refused(ledger, bucket, "cloudtrail.amazonaws.com")
    return status | ({"LatestDeliveryError": error, "LatestDigestDeliveryError": error} if error else {})


@corrects("cloudtrail", "DescribeTrails", upstream=UNREPORTED)
def describe_trails(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return trails; shadow trails include other accounts' trails for the organization, to which all here belong.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    answer = ledger.moto()
    if params.get("includeShadowTrails", True):
        everywhere = (one for other in ledger.strangers() for one in other.backend.describe_trails(True))
        shadows = (one.description(include_region=True) for one in everywhere if one.is_org_trail)
        answer["trailList"] += [{key: value for key, value in one.items() if value is not None} for one in shadows]
    return answer


# ── AWS Config: the status of its recordings and deliveries


@corrects("config", "DescribeConfigurationRecorderStatus", upstream=UNREPORTED)
def describe_recorder_status(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return statuses in AWS's spelling: ``Pending``, ``Success``, ``Failure``, ``NotApplicable``; moto has capitals.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorderStatus.html
    """
    found = ledger.moto()["ConfigurationRecordersStatus"]
    for one in found:
        one["lastStatus"] = "Success" if one["recording"] else "NotApplicable"
    return {"ConfigurationRecordersStatus": found}


@corrects("config", "DescribeDeliveryChannelStatus", upstream=UNREPORTED)
def describe_channel_status(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the result of the last deliveries.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannelStatus.html
    """
    channels = ledger.ask("config", "DescribeDeliveryChannels")["DeliveryChannels"]
    return {"DeliveryChannelsStatus": [_delivery_status(ledger, channel) for channel in channels]}


def _delivery_status(ledger: Ledger, channel: Mapping[str, Any]) -> dict[str, Any]:
    error, now = why_refused(ledger, channel["s3BucketName"], "config.amazonaws.com"), datetime.now(UTC)
    said = {"lastErrorCode": error, "lastErrorMessage": "the bucket refuses it"} if error else {}
    last = {"lastStatus": "Failure" if error else "Success", "lastAttemptTime": now, **said}
    return {"name": channel["name"], "configHistoryDeliveryInfo": last, "configSnapshotDeliveryInfo": last}


# ── Tags of all resources that the extension keeps, beside those that moto keeps


@corrects("resourcegroupstaggingapi", "GetResources", upstream=FOLLOWS)
def get_resources(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return tagged resources: those that have an ARN and tags in their store."""
    found = ledger.moto()["ResourceTagMappingList"]
    known = {each["ResourceARN"] for each in found}
    own = [{"ResourceARN": arn, "Tags": tags} for arn, tags in _list_tagged(ledger) if arn not in known]
    return {"ResourceTagMappingList": found + [each for each in own if _has_tags(each, params)]}


def _list_tagged(ledger: Ledger) -> Iterator[tuple[str, list[dict[str, str]]]]:
    for neighbour in ledger.neighbours():
        for kind in neighbour.kept.values():
            for held in kind.values():
                if isinstance(held, Mapping):
                    arn = next((held[name] for name in held if str(name).lower().endswith("arn")), "")
                    tags = _tag_pairs(held.get("Tags") or held.get("tags") or {})
                    if arn and tags:
                        yield arn, tags


def _tag_pairs(tags: Any) -> list[dict[str, str]]:
    """Return tags in one form: some services keep a map, others pairs with names of their own."""
    if isinstance(tags, Mapping):
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{name.lower().removeprefix("tag").title(): value for name, value in tag.items()} for tag in tags]


def _has_tags(each: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether it passes the filters: types such as ``airflow:environment``, and keys with values."""
    *_, service, _region, _account, resource = each["ResourceARN"].split(":", 5)
    tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
    types = params.get("ResourceTypeFilters") or [service]
    arns = params.get("ResourceARNList") or [each["ResourceARN"]]
    return (
        each["ResourceARN"] in arns
        and any(wanted in (service, f"{service}:{resource.split('/')[0].split(':')[0]}") for wanted in types)
        and all(
            asked["Key"] in tags and tags[asked["Key"]] in (asked.get("Values") or [tags[asked["Key"]]])
            for asked in params.get("TagFilters") or ()
        )
    )
