"""Ways to let secrets out, or to keep them for ever, and the checks that see it."""

import re
from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage
from .releasing import list_containers, register
from .test_airflow import DAGS, set_to

ROTATION, MIGRATION = "nba-news-prod-rotate-session-keys", "nba-news-prod-migration"


def revise(change: Callable[[dict[str, Any]], None]) -> Callable[[Aws], None]:
    """Return what registers the migration's task definition anew, with a change of its first container."""

    def revised(aws: Aws) -> None:
        containers = list_containers(aws, MIGRATION)
        change(containers[0])
        register(aws, MIGRATION, containerDefinitions=containers)

    return revised


def exporting(name: str, value: str) -> Callable[[Aws], None]:
    """Return what exports another value in the startup script of Airflow."""

    def exported(aws: Aws) -> None:
        s3, mwaa = aws("s3"), aws("mwaa")
        text = s3.get_object(Bucket=DAGS, Key="startup.sh")["Body"].read().decode()
        body = re.sub(rf"(?m)^export {name}=.*$", f"export {name}='{value}'", text)
        version = s3.put_object(Bucket=DAGS, Key="startup.sh", Body=body.encode())["VersionId"]
        mwaa.update_environment(Name="nba-news-prod", StartupScriptS3ObjectVersion=version)

    return exported


def told(name: str, value: str) -> Callable[[Aws], None]:
    """Return what registers the migration's task definition with another value of a variable."""
    return revise(lambda one: one["environment"].append({"name": name, "value": value}))


SABOTAGES = (
    Sabotage("a task that takes itself for staging", {"environment-name"}, told("APP_ENV", "staging")),
    Sabotage("Airflow takes itself for staging", {"environment-name"}, exporting("ENVIRONMENT", "staging")),
    Sabotage("a task that traces everything", {"log-level"}, told("RUST_LOG", "trace")),
    Sabotage("Airflow writes debug logs", {"log-level"}, set_to(logging__logging_level="DEBUG")),
    Sabotage("a task that asks staging", {"environment-addresses"}, told("API_URL", "https://staging.example/api")),
    Sabotage(
        "a password in the environment of a task",
        breaks={"secrets-no-plain-values"},
        by=revise(lambda one: one["environment"].append({"name": "DB_PASSWORD", "value": "correct-horse"})),
    ),
    Sabotage(
        "a token in the environment of a function",
        breaks={"secrets-no-plain-values"},
        by=lambda aws: aws("lambda").update_function_configuration(
            FunctionName=ROTATION, Environment={"Variables": {"NOTE": "ghp_" + "a1B2" * 9}}
        ),
    ),
    Sabotage(
        "a secret from a parameter",
        breaks={"secrets-in-secrets-manager"},
        by=revise(
            lambda one: one.setdefault("secrets", []).append(
                {"name": "TOKEN", "valueFrom": "arn:aws:ssm:ap-northeast-1:123456789012:parameter/token"}
            )
        ),
    ),
    Sabotage(
        "a password that somebody has set",
        breaks={"secrets-in-secrets-manager"},
        by=lambda aws: aws("rds").modify_db_cluster(
            DBClusterIdentifier="nba-news-prod", ManageMasterUserPassword=False, MasterUserPassword="correct-horse"
        ),
    ),
    Sabotage(
        "session keys that never change",
        breaks={"secrets-rotation"},
        by=lambda aws: aws("secretsmanager").cancel_rotate_secret(SecretId="nba-news-prod/session-keys"),
    ),
)
