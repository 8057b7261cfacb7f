"""Who may take a role, and under which conditions."""

from collections.abc import Iterator

from prodgate import Criterion, Resource, policy
from prodgate.semantics.policy_documents import Principal, Statement

#: Services that state for whom they act when they take a role, so that the role can refuse to serve another account.
#: From the pages on cross-service confused deputies in the guides of the services; not every service does.
STATING_SERVICES = frozenset(
    f"{name}.amazonaws.com" for name in (
        "airflow", "airflow-env", "backup", "bedrock", "codebuild", "config", "ecs-tasks", "monitoring.rds", "pipes",
        "scheduler", "states", "vpc-flow-logs",
    )
)  # fmt: skip
AIRFLOW = {"airflow.amazonaws.com", "airflow-env.amazonaws.com"}
#: Keys that say for whom a service acts.
SOURCES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOwner")
#: Keys that say which organisation or principal stands behind a request.
CALLERS = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn",
           "kms:CallerAccount", "aws:SourceVpce", "aws:SourceVpc",
           "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
           "elasticfilesystem:AccessedViaMountTarget")  # fmt: skip
GITHUB = "token.actions.githubusercontent.com"
#: Claims of GitHub's that say whose a job is, where a subject begins with them.
OWNED = ("repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")
#: Those of them that name a repository by its owner and its name.
NAMED_WHOLE = ("repo", "repository", "job_workflow_ref")


def _trusted_principals(role: Resource) -> Iterator[tuple[Statement, Principal]]:
    for statement in role.allow_statements("assume_role_policy"):
        yield from ((statement, principal) for principal in statement.principals)


def _own_account(role: Resource) -> str:
    """Return the account that the configuration is for. Raises Unresolved."""
    for known in role.configuration.resources:
        if known.type == "aws_caller_identity" and (account := known.text("account_id")):
            return account
    return (role.text("arn") or "").split(":")[4]


@policy(
    "PG_IAM_9",
    criterion="iam-trust-conditions",
    resources=("aws_iam_role",),
    population=0,
    remedy="Name the accounts, roles or services that may take the role.",
)
def roles_trust_nobody_unnamed(role: Resource, criterion: Criterion) -> None:
    """No role can be taken by anybody, and by another account only under an external id or within the organisation.

    Without one, whoever may act in the other account, or makes a service there act, comes in.
    """
    for statement, principal in _trusted_principals(role):
        pinned = statement.pinned("sts:ExternalId", *CALLERS)
        if principal.is_anybody:
            criterion.hold(
                bool(statement.pinned(*CALLERS)), expected="named principals", observed="anybody", aspect="*"
            )
        elif principal.account and principal.account != _own_account(role):
            role.json("assume_role_policy")  # the place of the finding
            criterion.hold(
                bool(pinned),
                expected="sts:ExternalId or aws:PrincipalOrgID",
                observed=principal.name,
                aspect=principal.name,
            )


@policy(
    "PG_IAM_10",
    criterion="iam-trust-conditions",
    resources=("aws_iam_role",),
    population=0,
    remedy="Pin aud, and pin sub to your organisation, at best to a repository with its environment or branch.",
)
def federated_trust_pins_who_it_is(role: Resource, criterion: Criterion) -> None:
    """Roles for identity providers pin the audience and the subject.

    GitHub signs a token for every repository of the world, and what its subject begins with need not name any: a job
    of anybody can be in an environment of the same name. A token always has an audience, so a condition that holds for
    a request without one pins it as well.
    """
    for statement, principal in _trusted_principals(role):
        if principal.kind == "Federated":
            provider = principal.name.partition("oidc-provider/")[2] or principal.name
            for claim in ("SAML:aud",) if ":saml-provider/" in principal.name else _claims(provider):
                key = f"{provider}:{claim}" if ":" not in claim else claim
                values = statement.pinned(key) or (statement.pinned_if_given(key) if claim == "aud" else ())
                criterion.hold(
                    bool(values), expected=f"a condition on {claim}", observed=f"none for {provider}", aspect=provider
                )
                loose = [value for value in values if claim == "sub" and not _is_of_one_owner(value, provider)]
                criterion.exclude(loose, expected="one organisation" if provider == GITHUB else "one subject")


def _claims(provider: str) -> tuple[str, ...]:
    return ("aud", "amr") if provider.startswith("cognito-identity.") else ("aud", "sub")


def _is_of_one_owner(subject: str, provider: str) -> bool:
    """Whether a sub claim names one organisation of GitHub, as AWS asks, or one subject of another provider."""
    if provider != GITHUB:
        return bool(subject.strip("?")) and "*" not in subject
    kind, _, named = subject.partition(":")
    owner, slash, _ = named.partition(":")[0].partition("/")
    return kind in OWNED and bool(owner.strip("?")) and "*" not in owner and bool(slash or kind not in NAMED_WHOLE)


@policy(
    "PG_IAM_16",
    criterion="outsiders-named",
    resources=("aws_iam_role",),
    population=0,
    remedy="Pin sub to an environment or branch of the repository, by StringEquals.",
)
def workflows_come_from_one_environment(role: Resource, criterion: Criterion) -> None:
    """Roles for GitHub's workflows are taken from one environment or branch of one repository.

    Who may push a branch or open a pull request has the role else. Tags may be named by a pattern.
    """
    for statement, principal in _trusted_principals(role):
        if principal.kind == "Federated" and principal.name.partition("oidc-provider/")[2] == GITHUB:
            loose = [value for value in statement.pinned(f"{GITHUB}:sub") if not _is_one_place(value)]
            criterion.exclude(loose, expected="one environment or branch")


def _is_one_place(subject: str) -> bool:
    repository, _, claim = subject.removeprefix("repo:").partition(":")
    return (
        "*" not in repository
        and bool(claim)
        and claim != "pull_request"
        and (claim.startswith("ref:refs/tags/") or "*" not in claim)
    )


@policy(
    "PG_IAM_11",
    criterion="iam-trust-conditions",
    resources=("aws_iam_role",),
    population=0,
    remedy="Add a condition on aws:SourceAccount or aws:SourceArn.",
)
def services_take_roles_for_their_owner_only(role: Resource, criterion: Criterion) -> None:
    """Roles for services serve their own account: a condition says for whom the service may act.

    Without it, a customer of the same service in another account may make it act with this role. Only services that
    state their source can be held to it; the others are not judged.
    """
    judged = [(s, p) for s, p in _trusted_principals(role) if p.kind == "Service" and p.name in STATING_SERVICES]
    for statement, principal in judged:
        pinned = statement.pinned(*SOURCES)
        wanted = "aws:SourceAccount or aws:SourceArn"
        criterion.hold(bool(pinned), expected=wanted, observed=f"none: {principal.name}", aspect=principal.name)


@policy(
    "PG_IAM_12",
    criterion="mwaa-role-trust",
    resources=("aws_mwaa_environment",),
    population=0,
    remedy="Trust airflow.amazonaws.com and airflow-env.amazonaws.com only, with aws:SourceAccount or aws:SourceArn.",
)
def only_airflow_takes_the_execution_role(environment: Resource, criterion: Criterion) -> None:
    """Only the Airflow service, acting for this account, can take the execution role of an environment."""
    role = next(iter(environment.related("execution_role_arn", "aws_iam_role")), None)
    if role is None:
        raise criterion.undetermined("the execution role is declared elsewhere")
    for statement, principal in _trusted_principals(role):
        airflow = principal.kind == "Service" and principal.name in AIRFLOW
        criterion.hold(airflow, expected="the Airflow service only", observed=principal.name, aspect=principal.name)
        pinned = statement.pinned(*SOURCES)
        wanted = "aws:SourceAccount or aws:SourceArn"
        criterion.hold(bool(pinned), expected=wanted, observed=f"none: {principal.name}", aspect=principal.name)
