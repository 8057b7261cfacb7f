"""Changes of what watches the account and its bill that the live layer must notice."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from tests.suites.live.harness import Sabotage

ACCOUNT = "123456789012"
BUDGET = "nba-news-prod-monthly"


def detector(aws: Any) -> str:
    (id_,) = aws("guardduty").list_detectors()["DetectorIds"]
    return str(id_)


def without_standards(aws: Any) -> None:
    found = aws("securityhub").get_enabled_standards()["StandardsSubscriptions"]
    arns = [one["StandardsSubscriptionArn"] for one in found]
    aws("securityhub").batch_disable_standards(StandardsSubscriptionArns=arns)


def found(aws: Any, account: str, region: str = "") -> None:
    """Let Security Hub find something critical in an account and region."""
    where = region or aws.region
    about = {
        "SchemaVersion": "2018-10-08", "Id": f"{account} {where}", "GeneratorId": "scan", "AwsAccountId": account,
        "ProductArn": f"arn:aws:securityhub:{where}:{account}:product/{account}/default",
        "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
        "Severity": {"Label": "CRITICAL"}, "Title": "A port is open", "Description": "To the whole world.",
        "Resources": [{"Type": "Other", "Id": "port"}],
    }  # fmt: skip
    aws("securityhub", region).batch_import_findings(Findings=[about])


def trail(aws: Any) -> str:
    (found,) = aws("cloudtrail").describe_trails()["trailList"]
    return str(found["TrailARN"])


def recorder(aws: Any) -> str:
    (found,) = aws("config").describe_configuration_recorders()["ConfigurationRecorders"]
    return str(found["name"])


def refuse_deliveries(service: str) -> Callable[[Any], None]:
    """Return what makes the buckets of the account refuse what a service of AWS delivers."""

    def refused(aws: Any) -> None:
        for bucket in aws("s3").list_buckets()["Buckets"]:
            with suppress(ClientError):
                policy = json.loads(aws("s3").get_bucket_policy(Bucket=bucket["Name"])["Policy"])
                kept = [one for one in policy["Statement"] if service not in json.dumps(one["Principal"])]
                if len(kept) < len(policy["Statement"]):
                    aws("s3").put_bucket_policy(Bucket=bucket["Name"], Policy=json.dumps(policy | {"Statement": kept}))

    return refused


def without_analyzer(aws: Any) -> None:
    (found,) = aws("accessanalyzer").list_analyzers(type="ACCOUNT")["analyzers"]
    aws("accessanalyzer").delete_analyzer(analyzerName=found["name"])


def analyzed_elsewhere(aws: Any) -> None:
    without_analyzer(aws)
    aws("iam").create_service_linked_role(AWSServiceName="access-analyzer.amazonaws.com")


def smaller(aws: Any) -> None:
    budgets = aws("budgets", "us-east-1")
    named = {"AccountId": ACCOUNT, "BudgetName": BUDGET}
    told = [
        {
            "Notification": one,
            "Subscribers": budgets.describe_subscribers_for_notification(**named, Notification=one)["Subscribers"],
        }
        for one in budgets.describe_notifications_for_budget(**named)["Notifications"]
    ]
    budgets.delete_budget(**named)
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": BUDGET, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
        },
        NotificationsWithSubscribers=told,
    )  # fmt: skip


def nobody_told(aws: Any) -> None:
    budgets = aws("budgets", "us-east-1")
    named = {"AccountId": ACCOUNT, "BudgetName": BUDGET}
    for notification in budgets.describe_notifications_for_budget(**named)["Notifications"]:
        about = {**named, "Notification": notification}
        for one in budgets.describe_subscribers_for_notification(**about)["Subscribers"]:
            budgets.delete_subscriber(**about, Subscriber=one)


def without_anomaly_subscriptions(aws: Any) -> None:
    explorer = aws("ce", "us-east-1")
    for one in explorer.get_anomaly_subscriptions()["AnomalySubscriptions"]:
        explorer.delete_anomaly_subscription(SubscriptionArn=one["SubscriptionArn"])


SABOTAGES = (
    Sabotage("the trail logs into nothing", {"audit-trail"}, refuse_deliveries("cloudtrail.amazonaws.com")),
    Sabotage(
        "what Config records is not delivered", {"configuration-recorder"}, refuse_deliveries("config.amazonaws.com")
    ),
    Sabotage(
        "GuardDuty is switched off",
        breaks={"threat-detection"},
        unsettles={"threat-findings"},
        by=lambda aws: aws("guardduty").update_detector(DetectorId=detector(aws), Enable=False),
    ),
    Sabotage(
        "a feature of GuardDuty is switched off",
        breaks={"threat-detection"},
        by=lambda aws: aws("guardduty").update_detector(
            DetectorId=detector(aws), Features=[{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]
        ),
    ),
    Sabotage(
        "GuardDuty finds something",
        breaks={"threat-findings"},
        by=lambda aws: aws("guardduty").create_sample_findings(DetectorId=detector(aws)),
    ),
    Sabotage(
        "Security Hub judges by no standard",
        breaks={"security-hub"},
        unsettles={"security-hub-findings"},
        by=without_standards,
    ),
    Sabotage(
        "Security Hub finds something critical", breaks={"security-hub-findings"}, by=lambda aws: found(aws, ACCOUNT)
    ),
    Sabotage(
        "the trail is stopped",
        breaks={"audit-trail"},
        by=lambda aws: aws("cloudtrail").stop_logging(Name=trail(aws)),
    ),
    Sabotage(
        "the trail sees one region",
        breaks={"audit-trail"},
        by=lambda aws: aws("cloudtrail").update_trail(Name=trail(aws), IsMultiRegionTrail=False),
    ),
    Sabotage(
        "AWS Config is stopped",
        breaks={"configuration-recorder"},
        by=lambda aws: aws("config").stop_configuration_recorder(ConfigurationRecorderName=recorder(aws)),
    ),
    Sabotage(
        "nobody looks for access from outside",
        breaks={"access-analyzer"},
        unsettles={"external-access-findings"},
        by=without_analyzer,
    ),
    Sabotage(
        "the analyzer is the organization's",
        breaks=set(),
        unsettles={"access-analyzer", "external-access-findings"},
        by=analyzed_elsewhere,
    ),
    Sabotage(
        "there is no budget",
        breaks={"budget", "budget-notification"},
        unsettles={"cost-within-budget"},
        by=lambda aws: aws("budgets", "us-east-1").delete_budget(AccountId=ACCOUNT, BudgetName=BUDGET),
    ),
    Sabotage("the budget is less than the month costs", breaks={"cost-within-budget"}, by=smaller),
    Sabotage("nobody is told of the budget", breaks={"budget-notification"}, by=nobody_told),
    Sabotage("nobody is told of anomalies", breaks={"cost-anomaly-detection"}, by=without_anomaly_subscriptions),
    Sabotage(
        "a queue never said whose it is",
        breaks={"cost-allocation-tags", "encryption-customer-managed-keys", "messaging-in-transit"},
        by=lambda aws: aws("sqs").create_queue(QueueName="forgotten"),
    ),
)
