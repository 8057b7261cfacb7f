"""Secrets that nobody wrote down and that are handed on all the same: from a password that Terraform makes, say."""

from __future__ import annotations

from prodgate import Criterion, Resource, allow_unknown, policy
from prodgate.semantics.secret_forms import HANDED_IN

#: What runs code -> the arguments that it is handed values in.
HANDED = {
    "aws_lambda_function": ("environment",),
    "aws_ecs_task_definition": ("container_definitions",),
    "aws_instance": ("user_data", "user_data_base64"),
    "aws_launch_template": ("user_data",),
    "aws_codebuild_project": ("environment",),
    "aws_batch_job_definition": ("container_properties",),
    "aws_apprunner_service": ("source_configuration",),
    "aws_elastic_beanstalk_environment": ("setting",),
}
#: Resources and data sources that hold a credential in an argument that is marked as sensitive.
CREDENTIALS = frozenset(
    {"aws_iam_access_key", "aws_iam_service_specific_credential", "random_password", "tls_private_key",
     "aws_secretsmanager_secret_version", "aws_secretsmanager_random_password", "aws_ssm_parameter", "aws_kms_secrets"}
)  # fmt: skip


@policy(
    "PG_SEC_8",
    criterion="secrets-no-plain-values",
    resources=tuple(HANDED),
    population=0,
    remedy="Keep the value in Secrets Manager and hand over its ARN; give code a role instead of an access key.",
)
def no_credential_is_handed_on(holder: Resource, criterion: Criterion) -> None:
    """Running code is handed no value that Terraform made or read as a credential.

    What is marked as sensitive is hidden in a plan, and stands in the environment in plain text all the same.
    """
    for name in HANDED[holder.type]:
        named = holder.references.get(name) if name in holder.sensitive else ()
        if named is None:
            raise criterion.undetermined(f"{name} holds something sensitive, and nothing says where it comes from")
        sources = sorted({address for address in named if CREDENTIALS.intersection(address.split("."))})
        with allow_unknown(because="where the value comes from says enough"):
            holder.has(name)  # the place of the finding
        for source in sources or ("",):
            wanted = f"no value of {source}" if source else "no credential"
            criterion.hold(not source, expected=wanted, observed="handed on" if source else "none", aspect=source)


@policy(
    "PG_SEC_9",
    criterion="secrets-no-plain-values",
    resources=("provider_block",),
    population=0,
    remedy="Drop it and let Terraform run with a role, or declare a variable without default and set it by TF_VAR_….",
)
def providers_are_given_no_lasting_key(block: Resource, criterion: Criterion) -> None:
    """No provider block holds a key, token or password that is written out, or a key that Terraform makes.

    What a variable without a value, a data source or an ephemeral resource hands in is nobody's to find in the source.
    """
    for name in block.search():
        source = block.text(name) or ""
        criterion.hold(source == HANDED_IN, expected="no key", observed=f"{name} {source}", aspect=name)
