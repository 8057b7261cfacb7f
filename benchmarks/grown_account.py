"""An emulated account as large as a company's: many alarms, roles, log groups, buckets and security groups."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from prodgate.aws.clients import Clients, rehearsal_clients
from prodgate.rehearsal.emulator_process import running_emulator
from prodgate.terraform.evaluate import scratch_directory
from prodgate.terraform.runner import prepare_environment

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
#: How many of each an account of size 1 has.
COUNTS = {"alarms": 2000, "roles": 500, "log groups": 300, "buckets": 60, "security groups": 100}
#: One of so many log groups had events in the last two weeks; a company's account is full of leftovers from tests.
WRITTEN = 4
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@contextmanager
def empty_account() -> Iterator[str]:
    """Yield the endpoint of an empty account."""
    with (
        scratch_directory() as scratch,
        running_emulator(ACCOUNT, scratch, prepare_environment(os.environ, scratch)) as made,
    ):
        yield made.endpoint


def grow(endpoint: str, name: str, share: float) -> None:
    """Add a share of the counts to an account, all with this name."""
    aws = rehearsal_clients(endpoint, REGION)
    topic = aws("sns").create_topic(Name=f"{name}-alerts")["TopicArn"]
    network = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    makers: dict[str, Callable[[str], None]] = {
        "alarms": lambda each: _alarm(aws, each, topic),
        "roles": lambda each: _role(aws, each),
        "log groups": lambda each: _log_group(aws, each),
        "buckets": lambda each: _bucket(aws, each),
        "security groups": lambda each: _security_group(aws, each, network),
    }
    with ThreadPoolExecutor(4) as pool:
        for kind, make in makers.items():
            list(pool.map(make, [f"{name}-{number}" for number in range(round(COUNTS[kind] * share))]))


def slow_down(endpoint: str, seconds: float) -> None:
    """Delay every response by this long, as a network would; 0 for no delay."""
    _administer(endpoint, "DELETE", "faults")
    if seconds:
        _administer(endpoint, "POST", "faults", {"delay": seconds})


def calls(endpoint: str) -> int:
    """Return the number of calls since the last time."""
    answered: dict[str, int] = _administer(endpoint, "GET", "calls")
    _administer(endpoint, "DELETE", "calls")
    return sum(answered.values())


def _administer(endpoint: str, method: str, what: str, stated: Any = None) -> Any:
    data = None if stated is None else json.dumps(stated).encode()
    with urlopen(Request(f"{endpoint}/_prodgate/{what}", data, method=method), timeout=30) as answer:
        return json.load(answer)


def _alarm(aws: Clients, name: str, topic: str) -> None:
    aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription="too many requests fail; the runbook says what to do",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": f"app/{name}/50dc6c495c0c9188"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=5,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )


def _role(aws: Clients, name: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_document(TRUST))
    aws("iam").put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=_document(statement))


def _log_group(aws: Clients, name: str) -> None:
    group, logs = f"/service/{name}", aws("logs")
    logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=400)
    if int(name.rpartition("-")[2]) % WRITTEN == 0:
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        line = {"timestamp": int(time.time() * 1000), "message": '{"level": "INFO", "message": "answered"}'}
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[line])


def _bucket(aws: Clients, name: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    aws("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True))
    aws("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _security_group(aws: Clients, name: str, network: str) -> None:
    made = aws("ec2").create_security_group(GroupName=name, Description="a service", VpcId=network)
    opening = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[opening])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
