"""Who may deploy: only a job that waited for an approval."""

from __future__ import annotations

import re

from prodgate import Criterion, Resource, policy
from prodgate.semantics.policy_documents import Statement

from .roles import grants, managed_by_aws

GITHUB = "token.actions.githubusercontent.com"
#: Actions that put a new version, or new rights, into production.
DEPLOYING = (
    "codedeploy:CreateDeployment", "ecs:UpdateService", "ecs:RegisterTaskDefinition", "iam:PassRole",
    "iam:PutRolePolicy", "iam:AttachRolePolicy", "cloudformation:UpdateStack", "lambda:UpdateFunctionCode",
    "cloudfront:UpdateDistribution",
)  # fmt: skip
ADMINISTRATORS = {"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"}
ENVIRONMENT = re.compile(r"repo:[^*?]+:environment:[^*?]+")


@policy(
    "PG_DEP_9",
    criterion="deploy-role-needs-approval",
    resources=("aws_iam_role",),
    remedy='Pin the subject of the GitHub token to "repo:OWNER/NAME:environment:production" in the trust policy.',
    population=1,
)
def deploy_roles_wait_for_an_approval(role: Resource, criterion: Criterion) -> None:
    """A role with which GitHub Actions can deploy is taken only by jobs of a protected environment.

    GitHub lets a job into an environment after its reviewers agreed. Pinned to a branch instead, any workflow that is
    merged or dispatched there deploys, with or without a gate.
    """
    trusts = [
        one for one in role.allow_statements("assume_role_policy") if any(GITHUB in p.name for p in one.principals)
    ]
    if not trusts or not _can_deploy(role):
        raise criterion.not_applicable("not a role with which GitHub Actions deploys")
    open_ = [subject for one in trusts for subject in _subjects(one) if not ENVIRONMENT.fullmatch(subject)]
    criterion.exclude(open_, expected="repo:…:environment:…")


def _can_deploy(role: Resource) -> bool:
    return bool(managed_by_aws(role) & ADMINISTRATORS) or any(one.covers(*DEPLOYING) for one in grants(role))


def _subjects(trust: Statement) -> tuple[str, ...]:
    return trust.pinned(f"{GITHUB}:sub") or ("any job",)
