"""Changes of who holds rights that the live layer must notice."""

import json
from typing import Any

from tests.suites.live.harness import Sabotage

ROLE = "nba-news-prod-api-task"
AIRFLOW = "nba-news-prod-airflow"


def granting(action: str, resource: str = "*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trusting(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def given(role: str, document: str) -> Any:
    return lambda aws: aws("iam").put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=document)


def taken_by(role: str, document: str) -> Any:
    return lambda aws: aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)


GITHUB = {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}
SABOTAGES = (
    Sabotage(
        "a role may do anything in a service",
        breaks={"iam-no-wildcards"},
        by=given(ROLE, granting("ecs:*", "arn:aws:ecs:ap-northeast-1:123456789012:cluster/nba-news-prod")),
    ),
    Sabotage(
        "a ready-made administrator policy is attached",
        breaks={"iam-no-wildcards"},
        by=lambda aws: aws("iam").attach_role_policy(
            RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
    ),
    Sabotage("a role may read every object", breaks={"iam-resources-named"}, by=given(ROLE, granting("s3:GetObject"))),
    Sabotage(
        "a role may pass any role to any service",
        breaks={"iam-pass-role-restricted"},
        by=given(ROLE, granting("iam:PassRole")),
    ),
    Sabotage(
        "a role may write policies", breaks={"iam-no-privilege-editing"}, by=given(ROLE, granting("iam:PutRolePolicy"))
    ),
    Sabotage(
        "a role may be taken from another account",
        breaks={"iam-trust-conditions", "external-access-findings"},
        by=taken_by(ROLE, trusting({"AWS": "arn:aws:iam::210987654321:root"})),
    ),
    Sabotage(
        "a role may be taken by any repository",
        breaks={"iam-trust-conditions"},
        by=taken_by(ROLE, trusting(GITHUB, "sts:AssumeRoleWithWebIdentity")),
    ),
    Sabotage(
        "somebody gets a user", breaks={"iam-no-static-keys"}, by=lambda aws: aws("iam").create_user(UserName="visitor")
    ),
    Sabotage(
        "Airflow may run tasks of other services",
        breaks={"mwaa-role-least-privilege"},
        by=given(
            AIRFLOW, granting("ecs:UpdateService", "arn:aws:ecs:ap-northeast-1:123456789012:service/nba-news-prod/api")
        ),
    ),
    Sabotage(
        "Airflow may rewrite its own DAGs",
        breaks={"mwaa-role-least-privilege"},
        by=given(AIRFLOW, granting("s3:PutObject", "arn:aws:s3:::nba-news-prod-dags-123456789012/*")),
    ),
    Sabotage(
        "tasks may take the role of Airflow",
        breaks={"mwaa-role-trust"},
        by=taken_by(
            AIRFLOW,
            trusting(
                {"Service": "ecs-tasks.amazonaws.com"},
                Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}},
            ),
        ),
    ),
)
