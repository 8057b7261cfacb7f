"""What goes wrong on demand goes wrong as AWS's things do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from prodgate.rehearsal.emulator.calls import Call
from prodgate.rehearsal.emulator.faults import Faults
from tests.prodgate.rehearsal.emulated import Account

pytestmark = pytest.mark.xdist_group("emulator")


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("iam", "list_users", "AccessDenied", 403),
        ("ec2", "describe_addresses", "UnauthorizedOperation", 403),
        ("ecs", "list_clusters", "AccessDeniedException", 400),
        ("lambda", "list_functions", "AccessDeniedException", 403),
        ("route53", "list_hosted_zones", "AccessDenied", 403),
        ("s3", "list_buckets", "AccessDenied", 403),
        ("mwaa", "list_environments", "AccessDeniedException", 403),
    ],
)
def test_denied_in_each_protocol(account: Account, service: str, operation: str, code: str, status: int) -> None:
    account.fault(service=service, kind="deny")
    with pytest.raises(ClientError) as raised:
        getattr(account(service), operation)()
    answer: Any = raised.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert sum(account.admin("GET", "calls").values()) == 1, "a denied call is not tried again"
    account.heal()
    getattr(account(service), operation)()


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("iam", "list_users"),
        ("ec2", "describe_addresses"),
        ("ecs", "list_clusters"),
        ("lambda", "list_functions"),
        ("s3", "list_buckets"),
    ],
)
@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_throttled_and_failed_calls_are_tried_again(account: Account, service: str, operation: str, kind: str) -> None:
    account.fault(service=service, kind=kind, times=1)
    answer = getattr(account(service), operation)()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_only_the_operation_stated_is_hit_and_only_after_the_calls_stated(account: Account) -> None:
    account.fault(service="iam", operation="ListUsers", kind="deny", after=1)
    account("iam").list_roles()
    account("iam").list_users()
    with pytest.raises(ClientError, match="AccessDenied"):
        account("iam").list_users()


def test_a_code_of_ones_own(account: Account) -> None:
    account.fault(code="ExpiredToken", status=400, message="too late")
    with pytest.raises(ClientError, match="ExpiredToken.*too late"):
        account("sts").get_caller_identity()


def test_an_answer_that_breaks_off_is_no_answer(account: Account) -> None:
    account("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    account.fault(service="iam", truncate=60)
    with pytest.raises((BotoCoreError, ResponseParserError)):
        account("iam").list_roles()


def test_late_answers_and_wrong_clocks(account: Account) -> None:
    account.fault(delay=0.2, clock_skew=-3600)
    began = time.monotonic()
    answer = account("sts").get_caller_identity()
    assert time.monotonic() - began >= 0.2
    told = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(told - datetime.now(UTC) + timedelta(hours=1)) < timedelta(minutes=1)


def test_a_bucket_lets_a_rate_pass() -> None:
    now, call = [0.0], Call(service="iam", operation="GetRole", region="", protocol="query")
    faults = Faults(clock=lambda: now[0])
    faults.add({"kind": "throttle", "calls_per_second": 20.0})
    assert [len(faults.striking(call)) for _ in range(25)] == [0] * 20 + [1] * 5
    now[0] = 0.5
    assert [len(faults.striking(call)) for _ in range(12)] == [0] * 10 + [1] * 2


def test_a_fault_with_an_unknown_field_is_refused(account: Account) -> None:
    with pytest.raises(OSError, match="400"):
        account.fault(servce="iam")
