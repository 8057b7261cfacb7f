"""Lists come in AWS's pages, from moto as from our own answers, and add up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from prodgate.rehearsal.emulator.calls import Call
from prodgate.rehearsal.emulator.paging import Pages, paginator
from tests.prodgate.rehearsal.emulated import Zygote, start_zygote

pytestmark = pytest.mark.xdist_group("emulator")


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with start_zygote() as running:
        for number in range(121):
            name = f"each-{number:03}"
            running("logs").create_log_group(logGroupName=name)
            running("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            running("iam").create_policy(
                PolicyName=name,
                PolicyDocument='{"Version": "2012-10-17", "Statement": '
                '[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}',
            )
            running("cloudwatch").put_metric_alarm(
                AlarmName=name,
                Namespace="x",
                MetricName="y",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )
        yield running


@pytest.mark.parametrize(
    ("operation", "path", "sizes"),
    [
        ("logs.describe_log_groups", "logGroups.logGroupName", [50, 50, 21]),
        ("iam.list_roles", "Roles.RoleName", [100, 21]),
        ("cloudwatch.describe_alarms", "MetricAlarms.AlarmName", [50, 50, 21]),
    ],
)
def test_a_list_comes_in_pages_of_the_usual_size(zygote: Zygote, operation: str, path: str, sizes: list[int]) -> None:
    (service, method), (key, name) = operation.split("."), path.split(".")
    pages = list(zygote(service).get_paginator(method).paginate())
    assert [len(page[key]) for page in pages] == sizes
    assert sorted(each[name] for page in pages for each in page[key]) == [f"each-{n:03}" for n in range(121)]


def test_the_size_asked_for_counts(zygote: Zygote) -> None:
    pages = (
        zygote("iam")
        .get_paginator("get_account_authorization_details")
        .paginate(Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": 50})
    )
    found = [(len(page["RoleDetailList"]), len(page["Policies"])) for page in pages]
    assert found == [(50, 0), (50, 0), (21, 29), (0, 50), (0, 42)]


def test_pages_hold_what_was_there_when_the_first_was_asked_for(zygote: Zygote) -> None:
    with zygote.branch() as account:
        cloudwatch = account("cloudwatch")
        first = cloudwatch.describe_alarms(MaxRecords=100)
        cloudwatch.delete_alarms(AlarmNames=["each-000"])
        assert len(cloudwatch.describe_alarms(MaxRecords=100, NextToken=first["NextToken"])["MetricAlarms"]) == 21


@pytest.mark.slow
def test_a_token_that_expired_is_an_error_and_no_end(zygote: Zygote) -> None:
    with pytest.raises(ClientError, match="InvalidNextToken"):
        zygote("logs").describe_log_groups(nextToken="prodgate-gone-50")


def test_a_short_list_is_left_alone(zygote: Zygote) -> None:
    assert "Marker" not in zygote("iam").list_users()


def test_what_is_counted_and_nested_is_paged_as_well() -> None:
    pages, items = Pages(), [{"Id": str(number)} for number in range(120)]
    call = Call(service="cloudfront", operation="ListDistributions", region="us-east-1", protocol="rest-xml")
    page = pages.first_page(call, {"DistributionList": {"Quantity": 120, "IsTruncated": False, "Items": items}})
    listed = page["DistributionList"]
    assert (listed["Quantity"], listed["IsTruncated"], len(listed["Items"])) == (100, True, 100)
    call.params["Marker"] = listed["NextMarker"]
    rest = pages.next_page(call)
    assert rest is not None
    assert (rest["DistributionList"]["Quantity"], rest["DistributionList"]["IsTruncated"]) == (20, False)
    assert rest["DistributionList"]["Items"][0] == {"Id": "100"}


def test_lists_with_several_tokens_page_as_moto_does() -> None:
    assert paginator("route53", "ListResourceRecordSets") is None
    assert paginator("s3", "ListObjects") is None
    assert paginator("iam", "CreateRole") is None
