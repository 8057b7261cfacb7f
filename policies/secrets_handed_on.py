"""Secrets that nobody wrote down and that are handed on all the same: from a password that Terraform makes, say."""

from __future__ import annotations

from prodgate import Configuration, Criterion, Resource, Unresolved, allow_unknown, policy
from prodgate.semantics.secret_forms import HANDED_IN, find_secret

#: What runs code -> the arguments that it is handed values in.
HANDED = {
    "aws_lambda_function": ("environment",),
    "aws_ecs_task_definition": ("container_definitions",),
    "aws_instance": ("user_data", "user_data_base64"),
    "aws_launch_template": ("user_data",),
    "aws_launch_configuration": ("user_data", "user_data_base64"),
    "aws_spot_instance_request": ("user_data", "user_data_base64"),
    "aws_lightsail_instance": ("user_data",),
    "aws_glue_job": ("default_arguments", "non_overridable_arguments"),
    "aws_amplify_app": ("environment_variables",),
    "aws_amplify_branch": ("environment_variables",),
    "aws_elastic_beanstalk_configuration_template": ("setting",),
    "aws_codebuild_project": ("environment",),
    "aws_batch_job_definition": ("container_properties",),
    "aws_apprunner_service": ("source_configuration",),
    "aws_elastic_beanstalk_environment": ("setting",),
    "aws_ssm_parameter": ("value", "insecure_value"),
}
#: Parameters that AWS publishes, of images, say.
PUBLIC = "/aws/service/"


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
    for name in (each for each in HANDED[holder.type] if each in holder.sensitive and not _is_kept(holder)):
        with allow_unknown(because="where the value comes from says enough"):
            holder.has(name)  # the place of the finding
        doubts = {source: _is_secret(source, holder) for source in holder.credentials.get(name, ())}
        for source in (each for each, secret in doubts.items() if secret):
            criterion.hold(False, expected=f"no value of {source}", observed="handed on", aspect=source)
        _refuse_doubts(name, holder, [each for each, secret in doubts.items() if secret is None])
    criterion.hold(True, expected="no credential", observed="none")


def _refuse_doubts(name: str, holder: Resource, parameters: list[str]) -> None:
    for source in parameters:
        raise Unresolved(source, "is of a parameter that is declared elsewhere, and may be a SecureString")
    if name not in holder.references:
        raise Unresolved(f"{holder.address}.{name}", "holds something sensitive, and nothing says where it comes from")


def _is_kept(holder: Resource) -> bool:
    return holder.type == "aws_ssm_parameter" and holder.text("type") == "SecureString"


def _is_secret(source: str, holder: Resource) -> bool | None:
    """Whether what a provider marks as sensitive is a secret; None where nothing says so.

    The value of any parameter is marked, though few are a SecureString or have the name of a secret.
    """
    parameter = holder.configuration.once(_list_parameters).get(source.rpartition(".")[0])
    if parameter is None:
        return True
    name = parameter.known("name") or ""
    if find_secret(name, "x") or (parameter.mode == "managed" and parameter.text("type") == "SecureString"):
        return True
    return False if parameter.mode == "managed" or name.startswith(PUBLIC) else None


def _list_parameters(configuration: Configuration) -> dict[str, Resource]:
    found = (one for one in configuration.resources if one.type == "aws_ssm_parameter")
    return {one.configured_as: one for one in found}


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
